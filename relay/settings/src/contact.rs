//! Official contacts of a site.

use serde::{Deserialize, Serialize};

use crate::body::{Body, Problems};
use crate::language::Language;
use crate::{DocumentId, Kind, ProblemCode, Right, Schema, Shape};

/// An official contact of the site, so that visitors can tell it from a false one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// What it is.
    pub kind: ContactKind,
    /// The address, number or name, as people see it.
    pub value: String,
    /// The site; none means all.
    pub site: Option<DocumentId>,
    /// When somebody answers there; none means always.
    pub hours: Option<DocumentId>,
    /// Languages that are spoken there; empty means all.
    #[serde(default)]
    pub languages: Vec<Language>,
    /// Whether the owner has shown that it is theirs.
    #[serde(default)]
    pub verified: bool,
}

/// What a contact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    /// A page: an address that begins with `https://`.
    Website,
    /// A mail address.
    Mail,
    /// A phone number, with `+` and the country.
    Phone,
    /// A name on Telegram, with `@`.
    Telegram,
    /// A name on X, with `@`.
    X,
    /// Anything else.
    Other,
}

impl Body for Contact {
    const KIND: Kind = Kind::Contact;
    const CHANGED_BY: Right = Right::SettingsSafety;
    const READ_BY: Right = Right::ConversationRead;

    fn schema() -> Schema {
        Schema::new()
            .required("kind", Shape::Choice(&["website", "mail", "phone", "telegram", "x", "other"]))
            .required("value", Shape::Line { chars_max: 254 })
            .optional("site", Shape::Reference(Kind::Site))
            .optional("hours", Shape::Reference(Kind::Hours))
            .optional("languages", Shape::Language.list_of(0, 40))
            .optional("verified", Shape::Flag)
    }

    fn check(&self, problems: &mut Problems) {
        let value = self.value.as_str();
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let (is_right, remedy) = match self.kind {
            ContactKind::Website => (
                value.strip_prefix("https://").is_some_and(|rest| {
                    !rest.is_empty() && !rest.starts_with('/') && !value.contains(char::is_whitespace)
                }),
                "Write the page as https://www.example.com/support.",
            ),
            ContactKind::Mail => (
                value.split_once('@').is_some_and(|(name, host)| {
                    !name.is_empty()
                        && host.contains('.')
                        && !host.contains('@')
                        && !value.contains(char::is_whitespace)
                }),
                "Write the address as support@example.com.",
            ),
            ContactKind::Phone => {
                let digits = value.bytes().filter(u8::is_ascii_digit).count();
                let plain = value
                    .bytes()
                    .skip(1)
                    .all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'(' | b')'));
                (value.starts_with('+') && plain && (7..=15).contains(&digits), "Write the number as +49 30 1234567.")
            }
            ContactKind::Telegram | ContactKind::X => {
                (value.strip_prefix('@').is_some_and(is_name), "Write the name as @example: letters, digits and _.")
            }
            ContactKind::Other => (true, ""),
        };
        if !is_right {
            problems.add("value", ProblemCode::Shape, remedy);
        }
    }

    fn site(&self) -> Option<&DocumentId> {
        self.site.as_ref()
    }

    fn names(&self) -> Vec<(&'static str, String)> {
        vec![("value", format!("{:?}/{}", self.kind, self.value.to_lowercase()))]
    }
}
