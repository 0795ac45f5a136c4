//! What the core reads from a store, and what a store answers.

use wire::{ConversationId, Event, Lane, Seq, VisitorId};

use crate::conversation::Conversation;

/// Something to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// A page of one lane: at most `PAGE_EVENTS_MAX` events and `PAGE_BYTES_MAX` bytes of bodies, with the conversation as it stands.
    Events {
        /// Where.
        conversation: ConversationId,
        /// In which lane.
        lane: Lane,
        /// After this number.
        after: Seq,
    },
    /// One conversation.
    Conversation {
        /// Which.
        conversation: ConversationId,
    },
    /// Ended conversations before a place in the order of (time of the end, id), newest first; one page of `PAGE_CONVERSATIONS_MAX`.
    Closed {
        /// The place's time.
        before_ms: u64,
        /// The place's id; without it, strictly before the time.
        before: Option<ConversationId>,
    },
    /// A visitor's conversations, newest first; one page.
    OfVisitor {
        /// Whose.
        visitor: VisitorId,
    },
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// For `Events`.
    Events {
        /// The conversation now.
        conversation: Box<Conversation>,
        /// In order, without a gap.
        events: Vec<Event>,
    },
    /// For `Conversation`.
    Conversation(Box<Conversation>),
    /// For `Closed` and `OfVisitor`.
    Conversations {
        /// Newest first.
        rows: Vec<Conversation>,
        /// Whether there are more.
        more: bool,
    },
}

/// Why nothing was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// It does not exist.
    NotFound,
    /// Too much waits for the store.
    Busy,
    /// The store cannot read.
    Down,
}
