//! The events of one conversation in order, read page by page: never more than one page of each lane is held, however long it is.

use std::collections::VecDeque;

use relay_core::conversation::Conversation;
use relay_core::store::{Query, QueryAnswer, QueryError};
use wire::{ConversationId, Event, Lane, Seq};

use crate::store::Reader;

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// This event.
    Event(Event),
    /// This page of a lane must be read and given to [`Lanes::turn`] first.
    Page(Lane, Query),
    /// The conversation's end, as it was when the reading began.
    End,
}

/// One lane or both, in the order of time; within a lane the number decides, even if the clock was set back.
#[derive(Debug)]
pub struct Lanes {
    conversation: ConversationId,
    lanes: Vec<OneLane>,
}

#[derive(Debug)]
struct OneLane {
    lane: Lane,
    /// The last number read from the store.
    read: Seq,
    /// The last number there is: later events are not part of this document, so that reading ends.
    last: Seq,
    /// The latest time given so far.
    latest_ms: u64,
    page: VecDeque<Event>,
}

impl Lanes {
    /// From the beginning, with what only agents see if asked.
    #[must_use]
    pub fn new(conversation: &Conversation, notes: bool) -> Self {
        let lanes: &[Lane] = if notes { &[Lane::Shared, Lane::Staff] } else { &[Lane::Shared] };
        let begin = |lane: &Lane| OneLane {
            lane: *lane,
            read: Seq::ZERO,
            last: conversation.head.of(*lane),
            latest_ms: 0,
            page: VecDeque::new(),
        };
        Self { conversation: conversation.id, lanes: lanes.iter().map(begin).collect() }
    }

    /// What comes next.
    pub fn next_step(&mut self) -> Step {
        if let Some(empty) = self.lanes.iter().find(|lane| lane.page.is_empty() && lane.read < lane.last) {
            let query = Query::Events { conversation: self.conversation, lane: empty.lane, after: empty.read };
            return Step::Page(empty.lane, query);
        }
        let first = self.lanes.iter_mut().filter(|lane| !lane.page.is_empty()).min_by_key(|lane| lane.next_ms());
        let Some(lane) = first else { return Step::End };
        lane.latest_ms = lane.next_ms();
        lane.page.pop_front().map_or(Step::End, Step::Event)
    }

    /// Takes the store's answer to [`Step::Page`].
    ///
    /// # Errors
    /// When it is not a page.
    pub fn turn(&mut self, lane: Lane, answer: QueryAnswer) -> Result<(), QueryError> {
        let QueryAnswer::Events { events, .. } = answer else { return Err(QueryError::Down) };
        let Some(one) = self.lanes.iter_mut().find(|one| one.lane == lane) else { return Err(QueryError::Down) };
        // A page with nothing in it is the end, whatever the conversation's row says.
        one.read = events.last().map_or(one.last, |event| event.seq);
        one.page = events.into();
        let last = one.last;
        while one.page.back().is_some_and(|event| event.seq > last) {
            one.page.pop_back();
        }
        Ok(())
    }
}

impl OneLane {
    /// The time its next event counts for.
    fn next_ms(&self) -> u64 {
        self.page.front().map_or(self.latest_ms, |event| event.at_ms.max(self.latest_ms))
    }
}

/// Reads a conversation.
///
/// # Errors
/// As the store's.
pub fn conversation(reader: &mut dyn Reader, id: ConversationId) -> Result<Conversation, QueryError> {
    match reader.query(&Query::Conversation { conversation: id })? {
        QueryAnswer::Conversation(conversation) => Ok(*conversation),
        QueryAnswer::Events { .. } | QueryAnswer::Conversations { .. } => Err(QueryError::Down),
    }
}
