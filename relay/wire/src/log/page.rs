//! The page that a visitor writes from.

use serde::{Deserialize, Serialize};

/// What the visitor's browser says about the page that the chat is on. Each field is cut to
/// [`crate::limit::CONTEXT_FIELD_CHARS_MAX`] characters; shown to agents, never trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageContext {
    /// Origin and path, without query and fragment: those may hold secrets.
    pub url: String,
    /// The page's title.
    pub title: String,
    /// BCP 47 language tag of the chat.
    pub language: String,
    /// IANA time zone name.
    pub time_zone: String,
    /// The browser's user-agent text.
    pub browser: String,
    /// The languages that the browser prefers, best first, separated by commas; the chat may not have them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub languages: String,
}

impl PageContext {
    /// The visitor's own language, as far as it is known: the first that the browser prefers, else the chat's.
    #[must_use]
    pub fn own_language(&self) -> &str {
        self.languages.split(',').map(str::trim).find(|tag| !tag.is_empty()).unwrap_or(&self.language)
    }
}
