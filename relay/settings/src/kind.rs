//! The kinds of documents: one line for each in the table below.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Declares the kinds with their names in paths, tables and files.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What a document is about. The name of a kind stands in paths, tables and files and never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind {
            $($(#[$doc])* #[serde(rename = $name)] $kind,)*
        }

        impl Kind {
            /// Every kind, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its name in paths, tables and files.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// A brand or region that visitors write from.
    Site = "site",
    /// A group of agents who answer the same topics.
    Department = "department",
    /// What a visitor's problem is about; it leads to a department.
    Topic = "topic",
    /// When a department is open.
    Hours = "hours",
    /// A canned reply.
    Reply = "reply",
    /// A label that agents put on conversations.
    Label = "label",
    /// A set of rights.
    Role = "role",
    /// A notice that visitors see before they write.
    Notice = "notice",
    /// An official contact of the site.
    Contact = "contact",
    /// What is done with links that visitors and agents write.
    LinkRule = "link_rule",
    /// Target times of answers.
    Sla = "sla",
    /// Texts that replace the product's own, for one site and language.
    Texts = "texts",
}

/// A text that names no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such kind of document")]
pub struct KindError;

impl FromStr for Kind {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Self, KindError> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or(KindError)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
