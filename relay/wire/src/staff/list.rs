//! The lists of open conversations: which there are, how long each is, and where a page ends.

use serde::{Deserialize, Serialize};

use crate::id::ConversationId;

/// How many conversations have each state, also those that no list shows.
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

/// A position in a list of open conversations, which is ordered by the time since when a row has its state, then by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowCursor {
    /// The last row's time.
    pub at_ms: u64,
    /// The last row's conversation.
    pub conversation: ConversationId,
}
