//! One item of a timeline as it is shown.

use std::sync::Arc;

use wire::{Attachment, Author, Body, Lane, Media, MessageId, Party, Refusal, Seq};

/// One item of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The id that its client gave it. It stays the same when it is recorded, and is the item's key.
    pub id: MessageId,
    /// Its number in its lane; 0 while it is not recorded.
    pub seq: Seq,
    /// When it was recorded (the relay's clock), or written (this browser's clock).
    pub at_ms: u64,
    /// Who wrote or caused it. In a draft of an agent who is not yet known to the session, [`Author::System`].
    pub author: Author,
    /// What it says.
    pub content: Content,
    /// How far it has come on its way to the relay and the other side.
    pub state: ItemState,
}

/// What an item says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A message of text.
    Text(String),
    /// A message that is a file. A file draft that was kept by an older page may have an empty name.
    File(Attachment),
    /// A file on its way to the relay.
    Uploading {
        /// As its sender calls it.
        name: String,
        /// Guessed from the name; the relay decides by content.
        media: Media,
        /// Its length.
        bytes: u64,
    },
    /// A private note (agents).
    Note(String),
    /// Something that happened, which both sides are told.
    Notice(Notice),
    /// Something that happened on the staff lane, which agents alone are told. The console has the words for each kind. Copies share the body.
    /// Never a [`Body::Note`].
    StaffNotice(Arc<Body>),
}

/// Something that happened in a conversation, other than a message, and that both sides are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The visitor waits in the queue.
    Queued,
    /// The visitor left the queue.
    LeftQueue,
    /// An agent has joined.
    Joined {
        /// The agent's name.
        name: String,
    },
    /// The conversation ended.
    Closed {
        /// Which side ended it; none when it was the relay.
        by: Option<Party>,
    },
    /// What was here was erased.
    Erased,
    /// The visitor rated it.
    Rated {
        /// 1 to 5.
        score: u8,
        /// May be empty.
        comment: String,
    },
}

/// How far an item has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemState {
    /// Recorded: a message of the other side, a note or a notice.
    Recorded,
    /// There is a connection; the message is being sent, or is about to be.
    Sending,
    /// There is no connection; the message is kept and is sent by itself later.
    Waiting,
    /// The file is being uploaded.
    Uploading {
        /// Bytes sent so far.
        sent: u64,
        /// Bytes in all.
        total: u64,
    },
    /// The relay has recorded it.
    Sent,
    /// The other side has seen it.
    Seen,
    /// The relay will not take it; kept until it is retried or discarded.
    Failed(Refusal),
}

impl Content {
    /// What an event shows, if it is an item of its own.
    pub(crate) fn of(body: Body, author: &Author) -> Option<Self> {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "a body says itself whether it is a line; a test goes through all that are"
        )]
        Some(match body {
            Body::Text { text } => Self::Text(text),
            Body::File { attachment } => Self::File(attachment),
            Body::Note { text } => Self::Note(text),
            Body::Queued => Self::Notice(Notice::Queued),
            Body::LeftQueue => Self::Notice(Notice::LeftQueue),
            Body::Joined => Self::Notice(Notice::Joined { name: name_of(author).to_owned() }),
            Body::Closed => Self::Notice(Notice::Closed { by: author.party() }),
            Body::Erased => Self::Notice(Notice::Erased),
            Body::Rated { score, comment } => Self::Notice(Notice::Rated { score, comment }),
            body if body.is_line() && body.lane() == Lane::Staff => Self::StaffNotice(Arc::new(body)),
            _ => return None,
        })
    }

    /// Whether a person wrote it for the other side.
    pub(crate) const fn is_message(&self) -> bool {
        matches!(self, Self::Text(_) | Self::File(_) | Self::Uploading { .. })
    }

    /// Whether it stands in the staff lane.
    #[must_use]
    pub const fn is_staff(&self) -> bool {
        matches!(self, Self::Note(_) | Self::StaffNotice(_))
    }

    /// Whether it says that something happened, in the page's own words.
    #[must_use]
    pub const fn is_notice(&self) -> bool {
        matches!(self, Self::Notice(_) | Self::StaffNotice(_))
    }
}

/// The name of an agent, or nothing: a program is nobody whom one talks to.
pub(crate) fn name_of(author: &Author) -> &str {
    match author {
        Author::Agent { name, .. } => name,
        Author::Visitor | Author::Service { .. } | Author::System => "",
    }
}
