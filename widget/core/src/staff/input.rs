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

/// What happens to an agent's session. Texts, notes, files and typing are for the shown conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentInput {
    /// Signed in: connect.
    Open,
    /// Something happened to the connection.
    Connection(ConnectionInput<ToAgent>),
    /// Show a conversation: follows it and loads the earlier ones of its visitor.
    Show {
        /// Which.
        conversation: ConversationId,
    },
    /// Show none.
    Hide,
    /// The agent sends a text; ask [`crate::AgentSession::room`] first.
    Say {
        /// The text.
        text: String,
    },
    /// The agent writes a private note.
    Note {
        /// The text.
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
    /// Something happened to an upload.
    Upload(UploadInput),
    /// A key was pressed in the composer.
    Typing,
    /// Whether the end of the timeline can be seen on the screen: then messages count as seen.
    Visible {
        /// Whether it is.
        visible: bool,
    },
    /// Take a conversation that nobody has. Needs the connection: without it, it is refused as busy.
    Take {
        /// Which.
        conversation: ConversationId,
    },
    /// Give a conversation back to the queue. Like `Take`, this and all up to `EndMany` need the connection.
    Release {
        /// Which.
        conversation: ConversationId,
    },
    /// Mark a conversation as spam, which ends it.
    Spam {
        /// Which.
        conversation: ConversationId,
    },
    /// Block the visitor of a conversation.
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
    /// Declare that there is a flood, or that it is over.
    Flood {
        /// Whether there is one.
        on: bool,
    },
    /// End many conversations.
    EndMany {
        /// Which.
        many: Many,
    },
    /// Search all open conversations; none ends the search.
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
    /// The agent chooses to be away or online. While it is *away*, every later hello has it.
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
    /// The page is left, perhaps for good.
    Leave,
}

impl AgentInput {
    /// Whether it can change nothing but a timeline.
    pub(super) const fn is_quiet(&self) -> bool {
        if let Self::Connection(input) = self {
            return matches!(input, ConnectionInput::Frame(ToAgent::Pong { .. } | ToAgent::Typing { .. }));
        }
        matches!(self, Self::Upload(UploadInput::Progress { .. }) | Self::Typing | Self::Visible { .. })
    }
}
