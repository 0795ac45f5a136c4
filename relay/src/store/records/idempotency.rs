//! Requests with an `Idempotency-Key`: which were begun, and which were answered. The answers themselves are sealed values of the same name.

use super::{SealedRecord, TokenHash};
use crate::store::StoreError;

/// The owner of the sealed answers.
pub const ANSWER_OWNER: &str = "idempotency";
/// How long a request is remembered.
pub const REMEMBERED_MS: u64 = 24 * 3_600_000;
/// Requests of one asker that are remembered at once, at most. The oldest that was answered makes room for the next.
pub const REMEMBERED_MAX: usize = 1_000;
/// Bytes of their answers, beyond the last.
pub const REMEMBERED_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// A request that must be carried out once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberedRequest {
    /// SHA-256, as hex digits, of who asked, the route, and the key that they chose.
    pub item: String,
    /// Who asked, as `audit::Who::key` gives it.
    pub asker: String,
    /// SHA-256 of the body.
    pub body: TokenHash,
    /// When it was begun, in milliseconds since 1970 UTC.
    pub begun_at_ms: u64,
    /// Bytes of its sealed answer; none while it has none.
    pub answer_bytes: Option<u64>,
}

/// Writes requests that must be carried out once.
pub trait IdempotencyWriter {
    /// Remembers that a request is begun, and forgets what [`to_forget`] names.
    ///
    /// # Errors
    /// `Conflict` when it was begun before, `Busy` when so many of the asker's are still without an answer.
    fn begin_request(&mut self, request: &RememberedRequest) -> Result<(), StoreError>;

    /// Keeps its answer, sealed for the place (`ANSWER_OWNER`, its item).
    ///
    /// # Errors
    /// `Missing` when it was not begun.
    fn answer_request(&mut self, answer: &SealedRecord) -> Result<(), StoreError>;

    /// Forgets a request with its answer; an unknown one is ignored.
    ///
    /// # Errors
    /// `Down`.
    fn forget_request(&mut self, item: &str) -> Result<(), StoreError>;

    /// Forgets the requests that were begun before a time.
    ///
    /// # Errors
    /// `Down`.
    fn forget_requests_before(&mut self, begun_at_ms: u64) -> Result<(), StoreError>;
}

/// Reads requests that must be carried out once.
pub trait IdempotencyReader {
    /// A request.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn remembered_request(&mut self, item: &str) -> Result<RememberedRequest, StoreError>;
}

/// Which requests of an asker are forgotten so that there is room for one more: those that were answered, from the oldest.
///
/// `all` are the asker's, from the oldest: the item, and the bytes of the answer.
///
/// # Errors
/// `Busy` when too many have no answer yet: to forget one of these would carry it out twice.
pub(in crate::store) fn to_forget(all: &[(String, Option<u64>)]) -> Result<Vec<String>, StoreError> {
    let mut count = all.len();
    let mut bytes: u64 = all.iter().filter_map(|(_, bytes)| *bytes).sum();
    let mut forgotten = Vec::new();
    let mut answered = all.iter().filter_map(|(item, bytes)| Some((item, (*bytes)?)));
    while count >= REMEMBERED_MAX || bytes >= REMEMBERED_BYTES_MAX {
        let (item, of_it) = answered.next().ok_or(StoreError::Busy)?;
        count -= 1;
        bytes -= of_it;
        forgotten.push(item.clone());
    }
    Ok(forgotten)
}
