//! Visitors, and the tokens that make them known again.

use wire::limit::KNOWN_AFTER_MS;
use wire::{SiteId, VisitorId};

use super::TokenHash;
use crate::store::StoreError;

/// A visitor and the token that makes them known again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitorRecord {
    /// Which visitor.
    pub id: VisitorId,
    /// The one site they write from.
    pub site: SiteId,
    /// Hash of their token.
    pub token: TokenHash,
    /// When they registered, in milliseconds since 1970 UTC.
    pub created_at_ms: u64,
    /// Last use, as last recorded.
    pub used_at_ms: u64,
}

impl VisitorRecord {
    /// Whether the visitor counts as known: registered for longer than a flood would prepare itself.
    #[must_use]
    pub const fn is_known(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.created_at_ms) >= KNOWN_AFTER_MS
    }
}

/// Writes visitors.
pub trait VisitorWriter {
    /// Keeps a new visitor.
    ///
    /// # Errors
    /// `Missing` when there is no such site, `Conflict` when the id or the token is known.
    fn add_visitor(&mut self, visitor: &VisitorRecord) -> Result<(), StoreError>;

    /// Notes that a visitor's token was used. An unknown visitor is ignored.
    ///
    /// # Errors
    /// `Down`.
    fn touch_visitor(&mut self, visitor: VisitorId, used_at_ms: u64) -> Result<(), StoreError>;
}

/// Reads visitors.
pub trait VisitorReader {
    /// The visitor with this token. Whether it is too old is the caller's question.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn visitor_by_token(&mut self, token: &TokenHash) -> Result<VisitorRecord, StoreError>;

    /// A visitor.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn visitor(&mut self, id: VisitorId) -> Result<VisitorRecord, StoreError>;

    /// Visitors by id, after one, so many at most.
    ///
    /// # Errors
    /// `Down`.
    fn visitors_after(&mut self, after: VisitorId, count_max: usize) -> Result<Vec<VisitorRecord>, StoreError>;
}
