//! Many conversations that are ended together.

use serde::{Deserialize, Serialize};

use super::View;
use crate::id::ConversationId;

/// Many open conversations at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "are", rename_all = "snake_case")]
pub enum Many {
    /// These, at most [`crate::limit::END_MANY_MAX`].
    Listed {
        /// Which.
        conversations: Vec<ConversationId>,
    },
    /// Every one in the queue, set aside or with an agent whose visitor queued from the same network as this one's; of a visitor whose
    /// network is not known (an older log), all of theirs.
    OfNetwork {
        /// Whose.
        conversation: ConversationId,
    },
    /// Every one that `ListOpen` would list.
    Found {
        /// As in `ListOpen`.
        view: View,
        /// As in `ListOpen`.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        find: String,
    },
}
