//! The log: the numbered events of conversations, and the conversations after them.

use relay_core::append::{Append, AppendError, Appended};
use relay_core::conversation::Conversation;
use relay_core::store::{Query, QueryAnswer, QueryError};
use wire::limit::PAGE_CONVERSATIONS_MAX;
use wire::{Body, ConversationId, ConversationState, Lane, Part, Parts, Seq, SiteId, VisitorId};

use super::{RemovedCount, StoreError, Transaction};

/// Events that a step of erasing looks at, at most: what holds the store for a few milliseconds.
pub const ERASE_EVENTS_MAX: usize = 200;

/// A step of erasing parts of an ended conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EraseStep {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Which parts.
    pub parts: Parts,
    /// The last event that the step before looked at; none for the first step.
    pub after: Option<(Lane, Seq)>,
}

/// What a step has erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasedStep {
    /// The conversation's site.
    pub site: SiteId,
    /// How many events.
    pub removed: RemovedCount,
    /// Where the next step goes on; none when this was the last.
    pub next: Option<(Lane, Seq)>,
}

/// Writes the log.
pub trait LogWriter: Transaction {
    /// Records events; see [`Append`] for its conditions.
    ///
    /// # Errors
    /// See [`AppendError`]; never `Busy`.
    fn append(&mut self, now_ms: u64, append: &Append) -> Result<Appended, AppendError>;

    /// Erases parts of what an ended conversation holds, of [`ERASE_EVENTS_MAX`] events at most: the events keep number, id, time and author, and no byte of
    /// what they said. The last step empties what its row repeats of them, and marks it as erased. Done twice it changes nothing.
    ///
    /// # Errors
    /// `Missing` when there is no such conversation, `Conflict` when it has not ended or is held, `Busy` when the same transaction has written in it.
    fn erase(&mut self, step: &EraseStep) -> Result<ErasedStep, StoreError>;

    /// Notes that parts of a conversation are gone, its files too. The next event in it undoes that.
    ///
    /// # Errors
    /// `Down`.
    fn note_erased(&mut self, conversation: ConversationId, parts: Parts) -> Result<(), StoreError>;

    /// Overwrites what databases leave behind where something was: unused parts of pages. A piece at a time, from the beginning with 0; gives where the next
    /// piece begins, none after the last.
    ///
    /// # Errors
    /// `Down`.
    fn scrub(&mut self, from: u64) -> Result<Option<u64>, StoreError>;
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

    /// Conversations of a visitor, open and ended, by id and after one of them; at most `count_max`.
    ///
    /// # Errors
    /// `Down`.
    fn all_of_visitor(
        &mut self,
        visitor: VisitorId,
        after: ConversationId,
        count_max: usize,
    ) -> Result<Vec<Conversation>, StoreError>;

    /// Conversations of a site that ended before a time, are not held, and of which a part is still there: with the time of their end, in this order, after
    /// one of them; at most `count_max`.
    ///
    /// # Errors
    /// `Down`.
    fn erasable(
        &mut self,
        due: &Due,
        after: (u64, ConversationId),
        count_max: usize,
    ) -> Result<Vec<(u64, ConversationId)>, StoreError>;

    /// Lets everything that was committed lie in the database alone: the log in front of it is empty then. False when somebody is reading.
    ///
    /// # Errors
    /// `Down`.
    fn settle(&mut self) -> Result<bool, StoreError>;
}

/// What is past its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// On which site.
    pub site: SiteId,
    /// Which part.
    pub part: Part,
    /// In conversations that ended before this time, in milliseconds since 1970 UTC.
    pub ended_before_ms: u64,
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

/// What is left of a body without these parts. Of a kind that is not known here nothing is left where everything goes.
pub(super) fn without(body: &Body, lane: Lane, parts: Parts) -> Option<(Part, Body)> {
    if *body == Body::Unknown && parts == Parts::ALL {
        return Some((Part::Texts, Body::erased(lane)));
    }
    body.without(parts)
}

/// Empties what a conversation's row repeats of its events, and marks it.
pub(super) fn clear(row: &mut Conversation, parts: Parts) {
    row.erased = true;
    if parts.texts || parts.files {
        row.last_line.clear();
    }
    if parts.names {
        row.language.clear();
    }
}
