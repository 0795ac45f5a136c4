//! Appends: what is to be recorded, under which conditions, and the one function that decides. Every store calls [`decide`] inside its
//! transaction, also the simulation's; a store only looks rows up and writes them.

mod condition;
mod decide;
mod rows;

use wire::{AgentId, AttachmentId, Author, Body, ConversationId, Event, Lane, MessageId, Refusal, SiteId, VisitorId};

pub use self::condition::{By, Condition};
pub use self::decide::decide;
pub use self::rows::{Listed, Record, Rows, RowsFailed, Uploaded, Uploader};
use crate::input::Source;

/// Events to be recorded together or not at all.
///
/// **Idempotent**: when the id of the first new event is already recorded in this conversation, nothing is written. The answer then holds the
/// events that this append recorded the first time (at least the first one), marked `repeated`. This is checked after [`Condition::Owner`] and
/// before all other conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Where.
    pub conversation: ConversationId,
    /// How the conversation is opened if it does not exist. Without this, a missing conversation is [`AppendError::NotFound`].
    pub open: Option<Opening>,
    /// What must hold, in the order of checking. What the new events themselves need is checked beside these ([`Condition`]).
    pub conditions: Vec<Condition>,
    /// What is recorded, in order; never empty.
    pub new_events: Vec<NewEvent>,
    /// The colleague from whom the conversation is taken, when it is noted: the shell writes that into its audit log, in the same transaction.
    pub taken_from: Option<AgentId>,
}

impl Append {
    /// Records in a conversation that exists, without conditions of its own.
    #[must_use]
    pub const fn new(conversation: ConversationId, new_events: Vec<NewEvent>) -> Self {
        Self { conversation, open: None, conditions: Vec::new(), new_events, taken_from: None }
    }

    /// With one more condition.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// With these conditions, too.
    #[must_use]
    pub fn when_all(mut self, conditions: impl IntoIterator<Item = Condition>) -> Self {
        self.conditions.extend(conditions);
        self
    }

    /// Opens the conversation if it does not exist.
    #[must_use]
    pub fn opening(mut self, opening: Opening) -> Self {
        self.open = Some(opening);
        self
    }

    /// The visitor whose conversation it must be, if that is a condition.
    #[must_use]
    pub fn owner(&self) -> Option<VisitorId> {
        self.conditions
            .iter()
            .find_map(|condition| if let Condition::Owner(visitor) = condition { Some(*visitor) } else { None })
    }

    /// Bytes of the texts that people wrote.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        let of = |new_event: &NewEvent| match &new_event.body {
            NewBody::Ready(body) => crate::weight::of_body(body),
            NewBody::File(_) | NewBody::Turn(_) => 0,
        };
        self.new_events.iter().map(of).sum()
    }
}

/// How a new conversation is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// On which site; it must be the visitor's.
    pub site: SiteId,
    /// Whose it is.
    pub visitor: VisitorId,
    /// BCP 47 tag from the visitor's page context, or empty.
    pub language: String,
}

/// An event before it has a number and a time; the store gives both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Unique in the conversation.
    pub id: MessageId,
    /// Who causes it.
    pub author: Author,
    /// What.
    pub body: NewBody,
}

/// A body, complete or to be completed by the store in its transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewBody {
    /// Complete.
    Ready(Body),
    /// A file message: the store adds the attachment's record. The file must have been uploaded to this conversation by the author's side:
    /// [`AppendError::FileMissing`] otherwise.
    File(AttachmentId),
    /// A [`Body::Turn`]: the store gives the next turn, unless an earlier one is kept.
    Turn(Queueing),
}

/// How a conversation is queued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queueing {
    /// The turn that it had before, when it returns to the queue.
    pub keep: Option<u64>,
    /// Where its visitor comes from.
    pub source: Source,
    /// Whether its visitor was known before.
    pub known: bool,
}

impl Queueing {
    /// The body with its turn.
    #[must_use]
    pub const fn body(self, turn: u64) -> Body {
        let Source { address, network } = self.source;
        Body::Turn { turn, address, network, known: self.known }
    }
}

impl NewBody {
    /// The lane that it belongs to.
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
    /// Whether they had been recorded before: then they are not published again.
    pub repeated: bool,
}

/// Why nothing was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendError {
    /// No such conversation, or not this visitor's.
    NotFound,
    /// It has ended.
    Ended,
    /// The conversation has changed since the append was decided on.
    Moved,
    /// The agent is full.
    AtCapacity,
    /// The named file is not there.
    FileMissing,
    /// The store's queue is full.
    Busy,
    /// The store cannot write (disk full, I/O error …).
    Down,
    /// The disk is nearly full; what is left is reserved for others.
    DiskFull,
    /// The visitor has recorded as much as one may in a day.
    OverQuota {
        /// When the quota allows more, in milliseconds from now.
        retry_after_ms: u64,
    },
}

impl AppendError {
    /// What whoever asked is answered.
    #[must_use]
    pub const fn refusal(self) -> Refusal {
        match self {
            Self::NotFound => Refusal::NotFound,
            Self::Ended => Refusal::Ended,
            Self::Moved => Refusal::Taken,
            Self::AtCapacity => Refusal::AtCapacity,
            Self::FileMissing => Refusal::FileMissing,
            Self::Busy => Refusal::Busy,
            Self::Down => Refusal::StoreDown,
            Self::DiskFull => Refusal::DiskFull,
            Self::OverQuota { retry_after_ms } => Refusal::QuotaExceeded { retry_after_ms },
        }
    }
}
