//! The id of a document, and the key by which a store finds one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Kind;

/// The longest id of a document, in characters.
pub const DOCUMENT_ID_CHARS_MAX: usize = 40;

/// The id of a document, unique among those of its kind: 1 to 40 of a-z, 0-9 and `-`. A site's document has the site's id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DocumentId(String);

/// A text that is no id of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is 1 to {DOCUMENT_ID_CHARS_MAX} characters: a-z, 0-9 and -")]
pub struct DocumentIdError;

impl DocumentId {
    /// Before all others in order; no document has it.
    pub(crate) const fn least() -> Self {
        Self(String::new())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DocumentId {
    type Err = DocumentIdError;

    fn from_str(text: &str) -> Result<Self, DocumentIdError> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for DocumentId {
    type Error = DocumentIdError;

    fn try_from(text: String) -> Result<Self, DocumentIdError> {
        let shape = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if text.is_empty() || text.len() > DOCUMENT_ID_CHARS_MAX || !shape {
            return Err(DocumentIdError);
        }
        Ok(Self(text))
    }
}

impl From<DocumentId> for String {
    fn from(id: DocumentId) -> Self {
        id.0
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which document: its kind and its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentKey {
    /// Of which kind.
    pub kind: Kind,
    /// Which one of that kind.
    pub id: DocumentId,
}

impl fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_words() {
        for good in ["a", "withdrawals-eu", "2fa", &"a".repeat(DOCUMENT_ID_CHARS_MAX)] {
            assert!(good.parse::<DocumentId>().is_ok_and(|id| id.as_str() == good), "{good}");
        }
        for bad in ["", "A", "a b", "../x", "ü", &"a".repeat(DOCUMENT_ID_CHARS_MAX + 1)] {
            assert_eq!(bad.parse::<DocumentId>(), Err(DocumentIdError), "{bad}");
        }
    }
}
