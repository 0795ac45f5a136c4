//! What an agent's session begins with, and what happens to it.

use wire::{BlockId, BlockScope, ConversationId, Many, MessageId, ToAgent, View};

use crate::types::{ConnectionInput, KeptDraft, UploadInput};

/// What an agent's session begins with.
#[derive(Clone, Debug)]
pub struct AgentStart {
    /// 128 random bits, different on every page load; ids and jitter are drawn from them.
    pub seed: u128,
    /// The kept drafts, in any order.
    pub drafts: Vec<KeptDraft>,
    /// Whether the agent chose to be away.
    pub away: bool,
}

/// What happens to an agent's session. Words, notes, files and typing go to the shown conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentInput {
    /// Signed in: connect.
    Open,
    /// The connection.
    Connection(ConnectionInput<ToAgent>),
    /// Show a conversation: follows it and loads the earlier ones of its visitor.
    Show {
        /// Which.
        conversation: ConversationId,
    },
    /// Show none.
    Hide,
    /// The agent sends words; ask [`crate::AgentSession::room`] first.
    Say {
        /// The words.
        text: String,
    },
    /// The agent writes a private note.
    Note {
        /// The words.
        text: String,
    },
    /// The agent sends a file.
    Attach {
        /// As the agent calls it.
        name: String,
        /// Its length.
        bytes: u64,
        /// The shell's own number for the file, not 0; comes back in [`crate::Output::Upload`].
        file: u32,
    },
    /// An upload.
    Upload(UploadInput),
    /// A key was pressed in the composer.
    Typing,
    /// Whether the timeline's end is before somebody's eyes: then messages count as seen.
    Visible {
        /// Whether it is.
        visible: bool,
    },
    /// Take a conversation that nobody has. Needs the connection: without it, it is refused as busy.
    Take {
        /// Which.
        conversation: ConversationId,
    },
    /// Give a conversation back. This and what follows up to `EndMany` needs the connection, as `Take` does.
    Release {
        /// Which.
        conversation: ConversationId,
    },
    /// Mark a conversation as spam, which ends it.
    Spam {
        /// Which.
        conversation: ConversationId,
    },
    /// Keep whoever writes in a conversation out.
    Block {
        /// Whose.
        conversation: ConversationId,
        /// How far it reaches.
        scope: BlockScope,
        /// For how long.
        for_ms: u64,
        /// Why; may be empty.
        reason: String,
    },
    /// Undo a block.
    Unblock {
        /// Which.
        block: BlockId,
    },
    /// Ask who is blocked.
    ListBlocks,
    /// Declare a flood, or its end.
    Flood {
        /// Which of both.
        on: bool,
    },
    /// End many.
    EndMany {
        /// Which.
        many: Many,
    },
    /// Look among all open conversations; none ends that.
    Find {
        /// Which of them, and what for (empty for all).
        wanted: Option<(View, String)>,
    },
    /// Load the next page of what was found.
    FindMore,
    /// End a conversation.
    End {
        /// Which.
        conversation: ConversationId,
    },
    /// The agent's choice; every later hello says it while it is "away".
    Presence {
        /// Whether to be away.
        away: bool,
    },
    /// Load the first or the next page of ended conversations.
    ListClosed {
        /// Whether to begin anew with the newest.
        newest: bool,
    },
    /// Send a failed draft again.
    Retry {
        /// Which.
        id: MessageId,
    },
    /// Drop a draft that is failed, uploading, or not yet sent.
    Discard {
        /// Which.
        id: MessageId,
    },
    /// The page goes away, perhaps for good.
    Leave,
}

impl AgentInput {
    /// Whether nothing but a timeline can change by it.
    pub(super) const fn is_quiet(&self) -> bool {
        if let Self::Connection(input) = self {
            return matches!(input, ConnectionInput::Frame(ToAgent::Pong { .. } | ToAgent::Typing { .. }));
        }
        matches!(self, Self::Upload(UploadInput::Progress { .. }) | Self::Typing | Self::Visible { .. })
    }
}
