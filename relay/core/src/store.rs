//! What the core asks of a store, and what a store answers: the store numbers, checks the conditions in one transaction, and folds.

use wire::{AgentId, AttachmentId, Author, Body, ConversationId, Event, Lane, MessageId, Seq, SiteId, VisitorId};

use crate::conversation::Conversation;
use crate::input::Source;

/// Events to be recorded together or not at all.
///
/// **Idempotent**: when the first draft's id is already recorded in this conversation, nothing is written and the
/// answer carries the events that this append recorded then (at least the first draft's), marked `repeated`.
/// That check comes before every condition below (but after `owner`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Where.
    pub conversation: ConversationId,
    /// When given, the conversation must be this visitor's: otherwise [`AppendError::NotFound`].
    pub owner: Option<VisitorId>,
    /// When given and the conversation does not exist, it is opened with this; the owner is `owner` (which must be given).
    /// When not given, a missing conversation is [`AppendError::NotFound`].
    pub open: Option<Opening>,
    /// When given, the staff lane must still end here (compare-and-set): otherwise [`AppendError::Moved`].
    pub staff_head: Option<Seq>,
    /// When given, this agent must hold fewer open conversations than this: otherwise [`AppendError::AtCapacity`].
    pub capacity: Option<(AgentId, u32)>,
    /// What, in order; never empty. An ended conversation takes only `Rated`, `Seen` and `Note`: otherwise [`AppendError::Ended`].
    /// Only who waits leaves the line: otherwise [`AppendError::Moved`].
    pub drafts: Vec<Draft>,
}

impl Append {
    /// Bytes of the texts in it, as far as people write them.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        let of = |draft: &Draft| match &draft.body {
            DraftBody::Ready(body) => crate::weight::of_body(body),
            DraftBody::File(_) | DraftBody::Turn(_) => 0,
        };
        self.drafts.iter().map(of).sum()
    }
}

/// What a new conversation is opened with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// On which site.
    pub site: SiteId,
    /// BCP 47 tag from the visitor's page context, or empty.
    pub language: String,
}

/// An event before it has a number and a time; the store gives both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Unique in the conversation.
    pub id: MessageId,
    /// Who causes it.
    pub author: Author,
    /// What.
    pub body: DraftBody,
}

/// A body, or what the store must complete in its transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftBody {
    /// Complete.
    Ready(Body),
    /// A file message: the store puts the attachment's record in; it must have been uploaded to this conversation by the
    /// author's side ([`AppendError::FileMissing`] otherwise).
    File(AttachmentId),
    /// A [`Body::Turn`]: the store gives the next number, unless one is kept.
    Turn(Queueing),
}

/// With what a conversation is queued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queueing {
    /// The number that it had before, for one that returns.
    pub keep: Option<u64>,
    /// Where its visitor comes from.
    pub source: Source,
    /// Whether its visitor was known before.
    pub known: bool,
}

impl Queueing {
    /// The body with a number.
    #[must_use]
    pub const fn body(self, turn: u64) -> Body {
        let Source { address, network } = self.source;
        Body::Turn { turn, address, network, known: self.known }
    }
}

impl DraftBody {
    /// The lane it will stand in.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        match self {
            Self::Ready(body) => body.lane(),
            Self::File(_) => Lane::Shared,
            Self::Turn(_) => Lane::Staff,
        }
    }
}

/// A recorded append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The conversation's site.
    pub site: SiteId,
    /// The conversation's visitor.
    pub visitor: VisitorId,
    /// The events, numbered.
    pub events: Vec<Event>,
    /// True when they had been recorded before: then they are not published again.
    pub repeated: bool,
}

/// Why nothing was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendError {
    /// No such conversation, or not this visitor's.
    NotFound,
    /// It has ended.
    Ended,
    /// The staff lane has moved on.
    Moved,
    /// The agent is full.
    AtCapacity,
    /// The named file is not there.
    FileMissing,
    /// Too much waits for the store.
    Busy,
    /// The store cannot write (disk full, I/O error …).
    Down,
    /// The disk is nearly full, and the rest is kept for others.
    DiskFull,
    /// The visitor has recorded as much as one may in a day.
    OverQuota {
        /// After this long there is room again, in milliseconds.
        retry_after_ms: u64,
    },
}

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
