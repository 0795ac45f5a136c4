//! The kinds of documents: one line for each in the table below.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::body::{self, AnyBody, Body};
use crate::{Problem, Right, Schema};

/// Declares the kinds with their names in paths, tables and files, and the type of their documents.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal: $body:path,)*) => {
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

            /// The fields of its documents.
            #[must_use]
            pub fn schema(self) -> &'static Schema {
                match self {
                    $(Self::$kind => {
                        static SCHEMA: LazyLock<Schema> = LazyLock::new(<$body as Body>::schema);
                        &SCHEMA
                    })*
                }
            }

            /// The right that changes its documents.
            #[must_use]
            pub const fn changed_by(self) -> Right {
                match self {
                    $(Self::$kind => <$body as Body>::CHANGED_BY,)*
                }
            }

            /// The right that reads them, besides [`Right::SettingsRead`], which reads all.
            #[must_use]
            pub const fn read_by(self) -> Right {
                match self {
                    $(Self::$kind => <$body as Body>::READ_BY,)*
                }
            }

            /// Ids that no document of this kind may have, because something built in has them.
            #[must_use]
            pub const fn ids_reserved(self) -> &'static [&'static str] {
                match self {
                    $(Self::$kind => <$body as Body>::IDS_RESERVED,)*
                }
            }

            /// Reads a document of this kind and checks it alone: fields, shapes, bounds, and what crosses fields.
            ///
            /// # Errors
            /// All its problems, [`crate::PROBLEMS_MAX`] at most.
            pub fn read(self, value: &Value) -> Result<Arc<dyn AnyBody>, Vec<Problem>> {
                match self.read_stored(value) {
                    (Some(body), problems) if problems.is_empty() => Ok(body),
                    (_, problems) => Err(problems),
                }
            }

            /// Reads a document of this kind that was taken before, by this version or another: its body if the type can hold it, and what this version
            /// finds wrong with it.
            #[must_use]
            pub fn read_stored(self, value: &Value) -> (Option<Arc<dyn AnyBody>>, Vec<Problem>) {
                match self {
                    $(Self::$kind => body::read::<$body>(self.schema(), value),)*
                }
            }

            /// Reads a body by its type alone and writes it again.
            #[cfg(test)]
            fn by_type_alone(self, value: &Value) -> Result<Value, serde_json::Error> {
                match self {
                    $(Self::$kind => serde_json::from_value::<$body>(body::without_nulls(value)).map(|body| AnyBody::value(&body)),)*
                }
            }
        }
    };
}

kinds! {
    /// A brand or region that visitors write from.
    Site = "site": crate::site::Site,
    /// A group of agents who answer the same topics.
    Department = "department": crate::department::Department,
    /// What a visitor's problem is about; it leads to a department.
    Topic = "topic": crate::topic::Topic,
    /// When a department is open.
    Hours = "hours": crate::hours::Hours,
    /// A canned reply.
    Reply = "reply": crate::reply::Reply,
    /// A label that agents put on conversations.
    Label = "label": crate::label::Label,
    /// A set of rights.
    Role = "role": crate::role::Role,
    /// A notice that visitors see before they write.
    Notice = "notice": crate::notice::Notice,
    /// An official contact of the site.
    Contact = "contact": crate::contact::Contact,
    /// What is done with links that visitors and agents write.
    LinkRule = "link_rule": crate::link_rule::LinkRule,
    /// Target times of answers.
    Sla = "sla": crate::sla::Sla,
    /// Texts that replace the product's own, for one site and language.
    Texts = "texts": crate::texts::Texts,
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

#[cfg(test)]
mod tests;
