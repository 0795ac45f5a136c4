//! The log: the numbered events of conversations, and the conversations after them.

use relay_core::append::{Append, AppendError, Appended};
use relay_core::conversation::Conversation;
use relay_core::store::{Query, QueryAnswer, QueryError};
use wire::limit::PAGE_CONVERSATIONS_MAX;
use wire::{ConversationId, ConversationState, SiteId};

use super::{StoreError, Transaction};

/// Writes the log.
pub trait LogWriter: Transaction {
    /// Records events; see [`Append`] for its conditions.
    ///
    /// # Errors
    /// See [`AppendError`]; never `Busy`.
    fn append(&mut self, now_ms: u64, append: &Append) -> Result<Appended, AppendError>;
}

/// Reads the log.
pub trait LogReader {
    /// Answers the core.
    ///
    /// # Errors
    /// `NotFound` or `Down`.
    fn query(&mut self, query: &Query) -> Result<QueryAnswer, QueryError>;

    /// Every open conversation, to start from.
    ///
    /// # Errors
    /// `Down`.
    fn open_conversations(&mut self) -> Result<Vec<Conversation>, StoreError>;

    /// Open conversations after one of them, in the order of their ids, so many at most.
    ///
    /// # Errors
    /// `Down`.
    fn open_conversations_after(
        &mut self,
        after: ConversationId,
        count_max: usize,
    ) -> Result<Vec<Conversation>, StoreError>;

    /// How many conversations a site has: in all, and of these not ended. Counts them one by one.
    ///
    /// # Errors
    /// `Down`.
    fn conversations_of(&mut self, site: &SiteId) -> Result<(u64, u64), StoreError>;
}

/// Cuts a page of ended conversations from one row more than a page, newest first. An older client asks for what ended strictly before the last
/// row's time, so rows of one millisecond stay together on the next page, if there are rows before them.
pub(super) fn page_of_closed(mut rows: Vec<Conversation>) -> QueryAnswer {
    let more = rows.len() > PAGE_CONVERSATIONS_MAX;
    if more {
        let next = closed_at_ms(&rows[PAGE_CONVERSATIONS_MAX]);
        rows.truncate(PAGE_CONVERSATIONS_MAX);
        if closed_at_ms(&rows[0]) != next {
            rows.retain(|row| closed_at_ms(row) != next);
        }
    }
    QueryAnswer::Conversations { rows, more }
}

/// The time of its end, 0 while open.
pub(super) const fn closed_at_ms(conversation: &Conversation) -> u64 {
    match conversation.state {
        ConversationState::Closed { at_ms } => at_ms,
        ConversationState::Idle { .. } | ConversationState::Waiting { .. } | ConversationState::Assigned { .. } => 0,
    }
}
