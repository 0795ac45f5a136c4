//! What the core reads from a store, and what a store answers.

use relay_settings::Reach;
use wire::{ConversationId, Event, Lane, Seq, SiteId, VisitorId};

use crate::conversation::Conversation;

/// Something to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// A page of one lane: at most `PAGE_EVENTS_MAX` events and `PAGE_BYTES_MAX` bytes of bodies, with the conversation's state.
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
    /// Ended conversations, newest first, in the order of (time of the end, id); one page of `PAGE_CONVERSATIONS_MAX`.
    Closed {
        /// Those that ended before this time.
        before_ms: u64,
        /// Also those that ended at this time with a lower id than this one; none for only those before.
        before: Option<ConversationId>,
        /// Only those of these sites.
        sites: Reach<SiteId>,
    },
    /// A visitor's conversations, newest first; one page.
    OfVisitor {
        /// Whose.
        visitor: VisitorId,
        /// Only those of these sites. All of a visitor are of the same one.
        sites: Reach<SiteId>,
    },
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryAnswer {
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
    /// The store's queue is full.
    Busy,
    /// The store cannot read.
    Down,
}
