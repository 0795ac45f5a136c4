//! Visitors who are erased, or are to be: what is left of them says so.

use wire::{SiteId, Tag, VisitorId};

use super::TokenHash;
use crate::store::StoreError;

/// Erasures that are read at once, at most.
pub const ERASURES_READ_MAX: usize = 50;

/// The wish to erase a visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureRecord {
    /// Whom.
    pub visitor: VisitorId,
    /// Their site.
    pub site: SiteId,
    /// When it was asked for, in milliseconds since 1970 UTC.
    pub asked_at_ms: u64,
    /// When everything was gone; none while something may be left.
    pub done_at_ms: Option<u64>,
}

/// Writes erasures.
pub trait ErasureWriter {
    /// Notes that a visitor is to be erased. Their token is replaced by one that nobody has, so that they are not known from then on. Asked for again,
    /// it begins again.
    ///
    /// # Errors
    /// `Missing` when the site has no such visitor, `Conflict` when a conversation of theirs is held.
    fn begin_erasure(&mut self, erasure: &ErasureRecord, nobodys: &TokenHash) -> Result<(), StoreError>;

    /// Notes that everything of a visitor is gone. An unknown one is ignored.
    ///
    /// # Errors
    /// `Down`.
    fn finish_erasure(&mut self, visitor: VisitorId, done_at_ms: u64) -> Result<(), StoreError>;

    /// Empties the reasons of blocks that name a visitor, or the address or network that a conversation of theirs came from. Raises the settings version
    /// where there were any.
    ///
    /// # Errors
    /// `Down`.
    fn forget_block_reasons(&mut self, visitor: VisitorId, tags: &[Tag]) -> Result<(), StoreError>;
}

/// Reads erasures.
pub trait ErasureReader {
    /// The erasure of a visitor.
    ///
    /// # Errors
    /// `Missing` when nobody asked for it, or `Down`.
    fn erasure(&mut self, visitor: VisitorId) -> Result<ErasureRecord, StoreError>;

    /// Erasures that are not done, the oldest first; [`ERASURES_READ_MAX`] at most.
    ///
    /// # Errors
    /// `Down`.
    fn pending_erasures(&mut self) -> Result<Vec<ErasureRecord>, StoreError>;
}
