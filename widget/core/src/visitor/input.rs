//! What a visitor's session begins with, and what happens to it.

use wire::{ConversationId, MessageId, PageContext, SiteId, ToVisitor, Token};

use crate::types::{ConnectionInput, KeptDraft, UploadInput};

/// What a visitor's session begins with.
#[derive(Clone, Debug)]
pub struct VisitorStart {
    /// The site the chat stands on.
    pub site: SiteId,
    /// 128 random bits, different on every page load; ids and jitter are drawn from them.
    pub seed: u128,
    /// Where the visitor is.
    pub page: PageContext,
    /// The kept token.
    pub token: Option<Token>,
    /// The conversation shown last.
    pub conversation: Option<ConversationId>,
    /// The kept drafts, in any order.
    pub drafts: Vec<KeptDraft>,
}

/// What happens to a visitor's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisitorInput {
    /// The chat is shown: connect if not connected. Nothing is sent before the first one.
    Open,
    /// Something happened to the connection.
    Connection(ConnectionInput<ToVisitor>),
    /// The visitor sends a text; ask [`crate::VisitorSession::room`] first. Without an open conversation shown, a new one begins.
    Say {
        /// The text.
        text: String,
    },
    /// The visitor sends a file: answered with [`crate::Output::Upload`] (when there is a token), or a failed item that says why.
    Attach {
        /// As the visitor calls it.
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
    /// The visitor leaves the queue.
    LeaveQueue,
    /// The visitor ends the shown conversation.
    EndConversation,
    /// The visitor rates the shown, ended conversation.
    Rate {
        /// 1 to 5.
        score: u8,
        /// May be empty.
        comment: String,
    },
    /// Show no conversation; the next message begins a new one.
    NewConversation,
    /// Show a conversation.
    Show {
        /// Which.
        conversation: ConversationId,
    },
    /// The visitor went to another page.
    Page(PageContext),
    /// Another tab of this visitor has kept a draft (a storage event).
    DraftKept(KeptDraft),
    /// Another tab of this visitor has dropped a kept draft: it was recorded or discarded there.
    DraftForgotten(MessageId),
    /// The page is left, perhaps for good.
    Leave,
    /// Another tab of this visitor has registered and kept this token (a storage event). Taken when this one has none.
    TokenKept(Token),
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
}

impl VisitorInput {
    /// Whether it can change nothing but a timeline.
    pub(super) const fn is_quiet(&self) -> bool {
        if let Self::Connection(input) = self {
            return matches!(input, ConnectionInput::Frame(ToVisitor::Pong { .. } | ToVisitor::Typing { .. }));
        }
        matches!(self, Self::Upload(UploadInput::Progress { .. }) | Self::Typing | Self::Visible { .. })
    }
}
