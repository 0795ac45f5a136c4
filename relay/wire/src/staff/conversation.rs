//! A conversation, as a row of an agent's list.

use serde::{Deserialize, Serialize};

use crate::id::{AgentId, ConversationId, SiteId, Tag, VisitorId};
use crate::log::{Cursor, Party};
use crate::newer::{or_default, tolerant};

/// The state of a conversation. A state that is not known here reads as idle: open, and with nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", tag = "is", rename_all = "snake_case")]
pub enum ConversationState {
    /// In the queue for an agent.
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
    /// The visitor is gone, and their last message waits for an answer. Nothing ends it by time alone.
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

/// One row of an agent's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationSummary {
    /// Which conversation.
    pub conversation: ConversationId,
    /// On which site.
    pub site: SiteId,
    /// With whom.
    pub visitor: VisitorId,
    /// Its state.
    pub state: ConversationState,
    /// When it began.
    pub opened_at_ms: u64,
    /// When the last message was recorded.
    pub last_at_ms: u64,
    /// The last message's beginning (or a file's name), at most [`crate::limit::LAST_LINE_CHARS_MAX`] characters.
    pub last_line: String,
    /// Who wrote it.
    pub last_party: Party,
    /// Whether a program wrote it, and what the visitor wrote before still waits for an agent's answer.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unanswered: bool,
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
    /// The tag of the network that the visitor last queued from: rows with the same tag come from one network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Tag>,
}
