//! Recording: what is asked for, the conditions that must hold, and the one piece of code that decides. Every store calls [`decide`] inside its
//! transaction, the simulation's too; a store only looks rows up and writes them.

mod condition;
mod decide;
mod rows;

use wire::{AttachmentId, Author, Body, ConversationId, Event, Lane, MessageId, SiteId, VisitorId};

pub use self::condition::{By, Condition};
pub use self::decide::decide;
pub use self::rows::{Listed, Record, Rows, RowsFailed, Uploaded, Uploader};
use crate::input::Source;

/// Events to be recorded together or not at all.
///
/// **Idempotent**: when the first draft's id is already recorded in this conversation, nothing is written and the answer carries the events that
/// this append recorded then (at least the first draft's), marked `repeated`. That is looked at after [`Condition::Owner`] and before all
/// other conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Where.
    pub conversation: ConversationId,
    /// With what the conversation is opened if it does not exist. Without it, a missing conversation is [`AppendError::NotFound`].
    pub open: Option<Opening>,
    /// What must hold, in the order in which it is checked; beside it, what the drafts themselves need ([`Condition`]).
    pub conditions: Vec<Condition>,
    /// What, in order; never empty.
    pub drafts: Vec<Draft>,
}

impl Append {
    /// Records in a conversation that exists, with no condition but those of the drafts themselves.
    #[must_use]
    pub const fn new(conversation: ConversationId, drafts: Vec<Draft>) -> Self {
        Self { conversation, open: None, conditions: Vec::new(), drafts }
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
    /// On which site; it must be the visitor's.
    pub site: SiteId,
    /// Whose it is.
    pub visitor: VisitorId,
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
    /// A file message: the store puts in what is known of the attachment. It must have been uploaded to this conversation by the author's side:
    /// [`AppendError::FileMissing`] otherwise.
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
