//! A visitor's conversation, as a row of their own list.

use serde::{Deserialize, Serialize};

use crate::id::{ConversationId, Seq};

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
    pub head: Seq,
}
