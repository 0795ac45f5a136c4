//! The audit log's entries. What they are, and what their hashes say, is in `relay/src/audit`.

use wire::SiteId;

use crate::audit::{Action, ChainHash, Head, NewEntry, SignedHead, StoredEntry};
use crate::store::StoreError;

/// Entries read at once, at most.
pub const AUDIT_PAGE_ENTRIES_MAX: usize = 200;

/// Which entries are wanted: all that fit everything that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Not before this time, in milliseconds since 1970 UTC.
    pub from_ms: Option<u64>,
    /// Before this time.
    pub until_ms: Option<u64>,
    /// Who did it, as [`crate::audit::Who::key`] gives it.
    pub who: Option<String>,
    /// What was done.
    pub action: Option<Action>,
    /// To what, as [`crate::audit::Subject::key`] gives it.
    pub subject: Option<String>,
    /// On which site.
    pub site: Option<SiteId>,
}

/// Writes the audit log.
pub trait AuditWriter {
    /// Adds an entry in the running transaction, with the next number. Whatever makes it fail fails the whole transaction: what it tells of is never
    /// kept without it. Entries are written one after the other: in PostgreSQL a transaction that has added one makes others wait that want to.
    ///
    /// # Errors
    /// `Down`.
    fn append_audit(&mut self, entry: &NewEntry) -> Result<Head, StoreError>;

    /// Removes the entries up to a head, which stays in their place, so that the rest can still be verified. The head that stays there already may be
    /// given again, signed with another key.
    ///
    /// # Errors
    /// `Conflict` when it is neither that nor the head of an entry that is there.
    fn cut_audit(&mut self, cut: &SignedHead) -> Result<(), StoreError>;
}

/// Reads the audit log.
pub trait AuditReader {
    /// Entries before a number that fit a filter, the newest first: at most `count_max`, and at most [`AUDIT_PAGE_ENTRIES_MAX`].
    ///
    /// # Errors
    /// `Down`.
    fn audit_page(
        &mut self,
        filter: &AuditFilter,
        before: u64,
        count_max: usize,
    ) -> Result<Vec<StoredEntry>, StoreError>;

    /// Entries after a number in their order: at most [`AUDIT_PAGE_ENTRIES_MAX`].
    ///
    /// # Errors
    /// `Down`.
    fn audit_entries(&mut self, after: u64) -> Result<Vec<StoredEntry>, StoreError>;

    /// The hash after an entry; of number 0 the hash before the first. None when it was cut off or is not there; that of the last entry that was cut
    /// off is kept.
    ///
    /// # Errors
    /// `Down`.
    fn audit_hash(&mut self, number: u64) -> Result<Option<ChainHash>, StoreError>;

    /// The head: the number and hash of the last entry, and its time.
    ///
    /// # Errors
    /// `Down`.
    fn audit_head(&mut self) -> Result<Head, StoreError>;

    /// The head of the entries that were removed in front; none while all are there.
    ///
    /// # Errors
    /// `Down`.
    fn audit_cut(&mut self) -> Result<Option<SignedHead>, StoreError>;
}
