//! Short views of agents and conversations, for lists.

use serde::{Deserialize, Serialize};

use crate::event::{Cursor, Party};
use crate::id::{AgentId, ConversationId, SiteId, VisitorId};
use crate::newer::tolerant;

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
    /// Open, but the visitor left the line; a new message queues it again.
    Idle,
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
        Self::Idle
    }
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
