//! What the frames of both sides are made of.

use serde::{Deserialize, Serialize};

use crate::id::{AttachmentId, ConversationId, MessageId};
use crate::log::Cursor;
use crate::newer::tolerant;

/// A conversation and how far the client has read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follow {
    /// Which conversation.
    pub conversation: ConversationId,
    /// The last numbers the client has.
    pub after: Cursor,
}

/// A conversation and the last numbers of its lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Its last numbers; `staff` is 0 towards visitors.
    pub head: Cursor,
}

/// What a message is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Say {
    /// Words.
    Text {
        /// Not blank, at most [`crate::limit::TEXT_CHARS_MAX`] characters, no NUL.
        text: String,
    },
    /// A file that was uploaded to this conversation before.
    File {
        /// Which.
        attachment: AttachmentId,
    },
}

/// What a refusal is about. Something that is not known here is judged by the ids it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", tag = "about", rename_all = "snake_case")]
pub enum Subject {
    /// Something that was to be recorded.
    Message {
        /// Where.
        conversation: ConversationId,
        /// Its id.
        id: MessageId,
    },
    /// A request about a conversation.
    Conversation {
        /// Which.
        conversation: ConversationId,
    },
    /// Anything else.
    Connection,
}

tolerant! {
    Subject,
    Newer { about: String, conversation: Option<ConversationId>, id: Option<MessageId> } => {
        drop(about);
        match (conversation, id) {
            (Some(conversation), Some(id)) => Self::Message { conversation, id },
            (Some(conversation), None) => Self::Conversation { conversation },
            (None, _) => Self::Connection,
        }
    }
}
