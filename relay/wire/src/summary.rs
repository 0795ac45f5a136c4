//! Short views of agents and conversations, for lists.

use serde::{Deserialize, Serialize};

use crate::event::{Cursor, Party};
use crate::id::{AgentId, ConversationId, SiteId, Tag, VisitorId};
use crate::newer::{or_default, tolerant};

/// What an agent may do. Greater roles may do all that lesser ones may; one that is not known here reads as the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Also watches over others.
    Supervisor = 1,
    /// Also changes settings.
    Administrator = 2,
    /// Answers visitors.
    #[serde(other)]
    Agent = 0,
}

/// Whether an agent gets visitors. A state that is not known here reads as away: nobody is sent to it for a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Connected and takes visitors.
    Online,
    /// Signed out, or never here.
    Offline,
    /// Takes nobody new: by choice, or because its last console connection is gone for
    /// [`crate::limit::AGENT_GRACE_MS`].
    #[serde(other)]
    Away,
}

/// An agent, as colleagues see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSummary {
    /// Which agent.
    pub id: AgentId,
    /// Name shown to visitors.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Whether it gets visitors.
    pub state: AgentState,
    /// Conversations it may hold at once.
    pub capacity: u32,
    /// Conversations it holds now.
    pub load: u32,
}

/// Where a conversation stands. A state that is not known here reads as idle: open, and with nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", tag = "is", rename_all = "snake_case")]
pub enum ConversationState {
    /// In line for an agent.
    Waiting {
        /// Since when.
        since_ms: u64,
    },
    /// An agent has it.
    Assigned {
        /// Which one.
        agent: AgentId,
    },
    /// Open, with nobody and not in the queue; a new message of the visitor queues it.
    Idle {
        /// How it came to that.
        #[serde(default, skip_serializing_if = "Idle::is_stepped_out")]
        why: Idle,
        /// Since when; 0 when an older relay does not say.
        #[serde(default, skip_serializing_if = "is_zero")]
        since_ms: u64,
    },
    /// Ended.
    Closed {
        /// When.
        at_ms: u64,
    },
}

tolerant! {
    ConversationState,
    Newer { is: String } => {
        drop(is);
        Self::Idle { why: Idle::SteppedOut, since_ms: 0 }
    }
}

/// How an open conversation came to be with nobody and not in the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Idle {
    /// The visitor is gone; it returns to the queue with them.
    Left,
    /// The visitor is gone, and their last words wait for an answer. Nothing ends it by time alone.
    Message,
    /// The visitor left the queue themselves.
    #[default]
    #[serde(other)]
    SteppedOut,
}

impl Idle {
    /// What older peers mean by "idle".
    #[must_use]
    pub const fn is_stepped_out(&self) -> bool {
        matches!(self, Self::SteppedOut)
    }
}

const fn is_zero(value: &u64) -> bool {
    *value == 0
}

const fn is_false(value: &bool) -> bool {
    !*value
}

/// Whether the visitor of an open conversation is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum VisitorPresence {
    /// A page of theirs is connected, or was a moment ago.
    Here,
    /// None is.
    Gone {
        /// Since when, as far as this relay knows.
        since_ms: u64,
    },
}

/// How many conversations stand where: true however many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// In the queue.
    pub waiting: u32,
    /// With an agent.
    pub owned: u32,
    /// Their visitor is gone.
    pub left: u32,
    /// To be answered without the visitor being there.
    pub message: u32,
    /// Their visitor left the queue themselves.
    pub stepped_out: u32,
    /// Whether a flood is declared: visitors who were known before are served first.
    pub flood: bool,
}

/// Which open conversations are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// Every open one.
    Open,
    /// Those in the queue.
    Waiting,
    /// Those with an agent.
    Owned,
    /// Those whose visitor is gone.
    Left,
    /// Those to be answered without the visitor being there.
    Message,
}

/// A place in the order of a list of open conversations: by the time since when a row stands where it stands, then by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowCursor {
    /// The last row's time.
    pub at_ms: u64,
    /// The last row's conversation.
    pub conversation: ConversationId,
}

/// One row of an agent's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationSummary {
    /// Which conversation.
    pub conversation: ConversationId,
    /// On which site.
    pub site: SiteId,
    /// With whom.
    pub visitor: VisitorId,
    /// Where it stands.
    pub state: ConversationState,
    /// When it began.
    pub opened_at_ms: u64,
    /// When the last message was recorded.
    pub last_at_ms: u64,
    /// The last message's beginning (or a file's name), at most [`crate::limit::LAST_LINE_CHARS_MAX`] characters.
    pub last_line: String,
    /// Who wrote it.
    pub last_party: Party,
    /// The visitor's messages no agent has seen, at most [`crate::limit::UNREAD_MAX`].
    pub unread: u32,
    /// The visitor's language, as their browser says; empty when unknown.
    pub language: String,
    /// The visitor's rating, 0 when there is none.
    pub score: u8,
    /// The last numbers of both lanes.
    pub head: Cursor,
    /// Whether the visitor is there; unknown of ended conversations and from older relays.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Option::is_none")]
    pub presence: Option<VisitorPresence>,
    /// Whether an agent marked it as spam.
    #[serde(default, skip_serializing_if = "is_false")]
    pub spam: bool,
    /// Whether the visitor was known when they last queued: a token older than a day, and an agent has answered them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub known: bool,
    /// What stands for the network that the visitor last queued from: rows with the same tag come from one network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Tag>,
}

/// One row of a visitor's own list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorConversation {
    /// Which conversation.
    pub conversation: ConversationId,
    /// When it began.
    pub opened_at_ms: u64,
    /// When the last message was recorded.
    pub last_at_ms: u64,
    /// The last message's beginning.
    pub last_line: String,
    /// Whether it has ended.
    pub closed: bool,
    /// The agents' messages the visitor has not seen, at most [`crate::limit::UNREAD_MAX`].
    pub unread: u32,
    /// The last shared number.
    pub head: crate::Seq,
}
