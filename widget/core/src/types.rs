//! What sessions are told and what they ask for, for both sides.

use wire::{Attachment, AttachmentId, ClientFrame, Close, ConversationId, MessageId, Refusal, Seq, ServerFrame, Token};

/// How the connection to the relay stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Online {
    /// Not connected on purpose: nothing was opened yet.
    Idle,
    /// The browser says that there is no network.
    Offline,
    /// The first connection is being made.
    Connecting,
    /// The connection was lost, or could not be made. It is tried again without end.
    Reconnecting {
        /// When the next try begins, by the clock of `now_ms`. Not later than now while a try is under way.
        retry_at_ms: u64,
    },
    /// As `Reconnecting`, and the network seems to be the reason: WebSockets fail, and streams get no answer.
    Blocked,
    /// Connected, and the relay has said welcome.
    Live,
    /// The relay closed the connection and said why coming back is useless.
    Refused(Close),
}

/// What carries the frames of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A WebSocket.
    Socket,
    /// Server-sent events down and posts up, for networks that block WebSockets. The shell may say `Up` at once: the first frame sent,
    /// the hello, opens it.
    Stream,
}

/// What happens to the connection, and to the browser's network.
///
/// After [`Output::Connect`] the shell drops any older connection and reports on the new one only. After [`Output::Disconnect`] it
/// drops the connection and reports nothing more of it, not even `Down`. `F` is what the relay says to this side: [`wire::ToVisitor`], [`wire::ToAgent`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionInput<F> {
    /// The connection is open; for a stream see [`Transport::Stream`].
    Up,
    /// A frame came.
    Frame(F),
    /// The connection closed, or could not be opened.
    Down {
        /// The close code; 1006 when there was none.
        code: u16,
    },
    /// A WebSocket that [`Output::Probe`] asked for could be opened.
    SocketOpen,
    /// The browser says that the network is back, or the page was shown again: try at once.
    NetworkUp,
    /// The browser says that the network is gone.
    NetworkDown,
}

impl ConnectionInput<ServerFrame> {
    /// The same for one side; none for a frame that this side does not get. For tests, which stand for the relay of both sides.
    #[must_use]
    pub fn of_side<F: TryFrom<ServerFrame>>(self) -> Option<ConnectionInput<F>> {
        Some(match self {
            Self::Up => ConnectionInput::Up,
            Self::Frame(frame) => ConnectionInput::Frame(frame.try_into().ok()?),
            Self::Down { code } => ConnectionInput::Down { code },
            Self::SocketOpen => ConnectionInput::SocketOpen,
            Self::NetworkUp => ConnectionInput::NetworkUp,
            Self::NetworkDown => ConnectionInput::NetworkDown,
        })
    }
}

/// What happens to an upload that [`Output::Upload`] asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadInput {
    /// Some of it was sent.
    Progress {
        /// Which draft.
        id: MessageId,
        /// Bytes so far.
        sent: u64,
    },
    /// The relay has it.
    Done {
        /// Which draft.
        id: MessageId,
        /// The relay's answer.
        attachment: Attachment,
    },
    /// It failed, with the relay's refusal: [`Refusal::UploadBroken`] when there was no answer, [`Refusal::FileMissing`] when the shell
    /// does not hold the file (any more).
    Failed {
        /// Which draft.
        id: MessageId,
        /// Why.
        refusal: Refusal,
    },
}

/// Something for the shell to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a connection; answered with [`ConnectionInput::Up`] or [`ConnectionInput::Down`].
    Connect(Transport),
    /// Close the connection and forget it.
    Disconnect,
    /// Open a WebSocket beside the connection and close it as soon as it is open. Report [`ConnectionInput::SocketOpen`] if it could be opened,
    /// else nothing.
    Probe,
    /// Send a frame.
    Transmit(ClientFrame),
    /// Keep this draft over reloads, in place of an earlier one with the same id.
    Keep(KeptDraft),
    /// The draft is recorded or discarded: drop what is kept of it, and its file.
    Forget(MessageId),
    /// Keep the visitor's token over reloads, in place of any other.
    KeepToken(Token),
    /// The relay does not know the token: drop it.
    ForgetToken,
    /// Keep which conversation is shown, or that none is.
    KeepConversation(Option<ConversationId>),
    /// Upload a file; answered with [`UploadInput`]s. Asked for again after some failures: the shell holds the file until
    /// `Forget` or `CancelUpload`.
    Upload {
        /// The draft it belongs to.
        id: MessageId,
        /// Where to.
        conversation: ConversationId,
        /// The id in the request's path. The same again when only the connection broke; a new one for another conversation.
        attachment: AttachmentId,
        /// The shell's own number from `Attach`; 0 when the draft was restored after a reload, so that no file is at hand.
        file: u32,
    },
    /// Stop an upload and report nothing more of it. `Upload` may follow for the same draft, or `Forget` when it is discarded.
    CancelUpload {
        /// The draft it belongs to.
        id: MessageId,
    },
    /// A message of the other side arrived (not from the first load of a timeline), or an agent got a conversation: sound, badge, page event.
    Arrived {
        /// Where.
        conversation: ConversationId,
        /// Its number; for an assignment the conversation's last number.
        seq: Seq,
        /// Whether it is a new assignment.
        assigned: bool,
    },
}

/// A draft as it is kept in the browser's storage: one key for each, so that tabs never overwrite each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDraft {
    /// Where it goes.
    pub conversation: ConversationId,
    /// Its id, kept on every retry.
    pub id: MessageId,
    /// When it was written, by this browser's clock.
    pub at_ms: u64,
    /// What it wants recorded.
    pub what: Kept,
}

/// What a kept draft wants recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A message of text.
    Text(String),
    /// A private note.
    Note(String),
    /// A file that is uploaded.
    File(Attachment),
    /// A file whose upload was under way when its page went: only its name is left, so that a person can be told.
    Upload {
        /// As its sender calls it.
        name: String,
        /// Its length.
        bytes: u64,
    },
    /// The end of the conversation.
    End,
    /// The visitor's rating.
    Rate {
        /// 1 to 5.
        score: u8,
        /// May be empty.
        comment: String,
    },
}
