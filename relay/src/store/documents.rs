//! Documents: what people configure, a typed JSON document for each thing. The store keeps them as text; `relay-settings` knows what is in them.
//!
//! One counter numbers the changes. A change writes any number of documents, which carry its number as their version: so a version is never used
//! twice, and an older one is never mistaken for a newer one. A site exists as long as its document does.

use std::collections::BTreeMap;

use relay_settings::{DocumentId, DocumentKey, Kind};
use wire::SiteId;

use super::{StoreError, Transaction};
use crate::audit::{Action, By, NewEntry, Subject, Who};

/// Versions of one document that its history keeps, with the present one.
pub const DOCUMENT_VERSIONS_MAX: usize = 100;
/// Removed documents whose history is kept; those that were removed first are forgotten first.
pub const REMOVED_DOCUMENTS_MAX: usize = 200;

/// A document as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDocument {
    /// Which one.
    pub key: DocumentKey,
    /// The site it belongs to; none when it is for all. A site's document has its own site here.
    pub site: Option<SiteId>,
    /// The number of the change that wrote it.
    pub version: u64,
    /// Its JSON.
    pub body: String,
}

/// What one change made of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentVersion {
    /// The number of the change.
    pub version: u64,
    /// Who changed it.
    pub who: Who,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: u64,
    /// Its site then.
    pub site: Option<SiteId>,
    /// Its JSON since then; none when it was removed.
    pub body: Option<String>,
}

/// Which version of a document a change was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there.
    Any,
    /// There must be none.
    Absent,
    /// This one.
    Version(u64),
}

impl Expected {
    /// Whether a document's version, or that there is none, is what was expected.
    pub(super) fn holds(self, found: Option<u64>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => found.is_none(),
            Self::Version(version) => found == Some(version),
        }
    }
}

/// What is to become of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentWrite {
    /// It is added or replaced.
    Put {
        /// Its site.
        site: Option<SiteId>,
        /// Its JSON.
        body: String,
    },
    /// It is removed. What else names it is the caller's question, but for a site: one with conversations is removed only with `keep`; they are
    /// kept with their visitors.
    Remove {
        /// Whether a site may have conversations.
        keep: bool,
    },
}

/// A change of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentChange {
    /// What must be there before.
    pub expected: Expected,
    /// What is there after.
    pub write: DocumentWrite,
}

/// A change of documents: all of it happens or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentsChange {
    /// The version of all documents that it was checked at; none when it need not be checked together with others.
    pub checked_at: Option<u64>,
    /// What becomes of each document.
    pub changes: BTreeMap<DocumentKey, DocumentChange>,
    /// Who makes it, and when.
    pub by: By,
}

/// Why documents were not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentsError {
    /// Some document was changed since the change was checked: it must be checked again.
    #[error("documents were changed meanwhile; this is version {version}")]
    Moved {
        /// The version of all documents now.
        version: u64,
    },
    /// A document is not the one that the change was made from.
    #[error("{key} was changed meanwhile")]
    Conflict {
        /// Which document.
        key: DocumentKey,
        /// Its version now; none when there is no such document.
        version: Option<u64>,
    },
    /// What is to be removed is not there.
    #[error("there is no {0}")]
    Missing(DocumentKey),
    /// A site has conversations, and they were not to be kept.
    #[error("{0} has conversations")]
    InUse(DocumentKey),
    /// People have it among their roles, or in their scope or hours; so have keys of the API and invitations.
    #[error("{key} is used {count} times, among others by {}; give them another, or remove them, first", users.join(", "))]
    OnStaff {
        /// What was to be removed.
        key: DocumentKey,
        /// Some of those who name it: addresses of agents, "the key …", "the invitation of …".
        users: Vec<String>,
        /// How many name it.
        count: usize,
    },
    /// Nobody could give rights any more.
    #[error("there would be no administrator any more; make another one first")]
    LastAdministrator,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The audit entry of what a change makes of one document.
pub(super) fn entry(
    key: &DocumentKey,
    version: u64,
    before: Option<&StoredDocument>,
    write: &DocumentWrite,
    by: &By,
) -> NewEntry {
    let (site, after) = match write {
        DocumentWrite::Put { site, body } => (site.clone(), serde_json::from_str(body).ok()),
        DocumentWrite::Remove { .. } => (before.and_then(|before| before.site.clone()), None),
    };
    let earlier: Option<serde_json::Value> = before.and_then(|before| serde_json::from_str(&before.body).ok());
    let differences = relay_settings::differences(earlier.as_ref(), after.as_ref());
    let what = match (before, write) {
        (_, DocumentWrite::Remove { .. }) => "removed",
        (None, DocumentWrite::Put { .. }) => "added",
        (Some(_), DocumentWrite::Put { .. }) => "changed",
    };
    let action = if key.kind == Kind::Role { Action::RightsChanged } else { Action::SettingChanged };
    let subject = Subject { kind: key.kind.to_string(), id: key.id.to_string(), site };
    NewEntry::new(by.clone(), action)
        .on(subject)
        .with("what", what)
        .with("version", version)
        .with("fields", serde_json::to_value(differences.fields).unwrap_or_default())
        .with("left_out", differences.left_out)
}

/// Writes documents.
pub trait DocumentWriter: Transaction {
    /// Changes documents, writes their history and an audit entry for each, and raises the versions of documents and of settings.
    /// Returns the new version of the documents, which is also that of every document it has put.
    ///
    /// # Errors
    /// See [`DocumentsError`].
    fn change_documents(&mut self, change: &DocumentsChange) -> Result<u64, DocumentsError>;

    /// Says what [`Self::change_documents`] would say to a change, and changes nothing.
    ///
    /// # Errors
    /// See [`DocumentsError`].
    fn try_documents(&mut self, change: &DocumentsChange) -> Result<(), DocumentsError>;
}

/// Reads documents. Documents of a kind that this relay does not know, which a newer one wrote, are left out.
pub trait DocumentReader {
    /// The number of the last change, 0 before the first.
    ///
    /// # Errors
    /// `Down`.
    fn documents_version(&mut self) -> Result<u64, StoreError>;

    /// All documents by kind and id, and the number of the last change, at one moment.
    ///
    /// # Errors
    /// `Down`.
    fn documents(&mut self) -> Result<(u64, Vec<StoredDocument>), StoreError>;

    /// One document.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn document(&mut self, key: &DocumentKey) -> Result<StoredDocument, StoreError>;

    /// What became of a document before a version, newest first: at most `count_max` changes, of the last [`DOCUMENT_VERSIONS_MAX`].
    ///
    /// # Errors
    /// `Down`.
    fn document_history(
        &mut self,
        key: &DocumentKey,
        before: u64,
        count_max: usize,
    ) -> Result<Vec<DocumentVersion>, StoreError>;
}

/// The key of a site's document.
///
/// # Panics
/// Never: a site's id has the shape of a document's.
#[must_use]
pub fn site_key(site: &SiteId) -> DocumentKey {
    let id: DocumentId = site.as_str().parse().expect("a site's id is 1 to 40 of a-z, 0-9 and -");
    DocumentKey { kind: Kind::Site, id }
}
