//! An event of a conversation: its lane, its author, its number.

use serde::{Deserialize, Serialize};

use super::Body;
use crate::id::{AgentId, ConversationId, MessageId, Seq, ServiceKeyId};
use crate::newer::or_default;

/// One of a conversation's two logs, each numbered from 1 without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Both sides see it.
    Shared,
    /// Only agents see it: notes, assignment, context. A lane of its own, so that hiding it never looks like a gap.
    Staff,
}

/// One of the two sides of a conversation. A side that is not known here reads as the staff's: nobody else writes for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The person who asked.
    Visitor,
    /// Whoever answers.
    #[serde(other)]
    Staff,
}

/// Who caused an event. One that is not known here reads as the system: it is on neither side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Author {
    /// The visitor of the conversation.
    Visitor,
    /// An agent, with the name it bore then.
    Agent {
        /// Which agent.
        id: AgentId,
        /// The name shown to the visitor.
        name: String,
    },
    /// A program, by its key of the API. It writes for the staff's side and is nobody of them: it holds no conversation, and what it writes is no answer.
    Service {
        /// Which key.
        id: ServiceKeyId,
        /// The name of the program, shown to the visitor.
        name: String,
    },
    /// The relay itself.
    #[default]
    #[serde(other)]
    System,
}

impl Author {
    /// The side the author is on; the system is on neither.
    #[must_use]
    pub const fn party(&self) -> Option<Party> {
        match self {
            Self::Visitor => Some(Party::Visitor),
            Self::Agent { .. } | Self::Service { .. } => Some(Party::Staff),
            Self::System => None,
        }
    }
}

/// A recorded fact. Immutable once it has a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The conversation it belongs to.
    pub conversation: ConversationId,
    /// The lane that it belongs to.
    pub lane: Lane,
    /// Its number there.
    pub seq: Seq,
    /// When the relay recorded it, in milliseconds since 1970 UTC. For display only: order is `seq`.
    pub at_ms: u64,
    /// The id its maker gave it; unique in the conversation.
    pub id: MessageId,
    /// Who caused it.
    #[serde(default, deserialize_with = "or_default")]
    pub author: Author,
    /// What happened.
    #[serde(default, deserialize_with = "or_default")]
    pub body: Body,
}

/// How far a follower has read both lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Last shared event.
    pub shared: Seq,
    /// Last staff event; always 0 for visitors.
    pub staff: Seq,
}

impl Cursor {
    /// The number for one lane.
    #[must_use]
    pub const fn of(self, lane: Lane) -> Seq {
        match lane {
            Lane::Shared => self.shared,
            Lane::Staff => self.staff,
        }
    }

    /// The number for one lane, to be changed.
    pub const fn of_mut(&mut self, lane: Lane) -> &mut Seq {
        match lane {
            Lane::Shared => &mut self.shared,
            Lane::Staff => &mut self.staff,
        }
    }
}
