//! What a store looks up and writes for an append, inside its transaction.

use wire::{
    AgentId, Attachment, AttachmentId, ConversationId, ConversationState, Event, MessageId, SiteId, Tag, VisitorId,
};

use super::AppendError;
use crate::conversation::Conversation;

/// The store failed; it knows why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowsFailed;

impl From<RowsFailed> for AppendError {
    fn from(RowsFailed: RowsFailed) -> Self {
        Self::Down
    }
}

/// What a store does for an append, inside the running transaction. An error means that the store failed.
#[expect(clippy::missing_errors_doc, reason = "all have the same one")]
pub trait Rows {
    /// The conversation as it stands.
    fn conversation(&mut self, id: ConversationId) -> Result<Option<Conversation>, RowsFailed>;
    /// The event that a message id was recorded as.
    fn event(&mut self, conversation: ConversationId, id: MessageId) -> Result<Option<Event>, RowsFailed>;
    /// The site of a visitor.
    fn visitor_site(&mut self, visitor: VisitorId) -> Result<Option<SiteId>, RowsFailed>;
    /// How many open conversations an agent has.
    fn load(&mut self, agent: AgentId) -> Result<u32, RowsFailed>;
    /// An uploaded file.
    fn uploaded(&mut self, id: AttachmentId) -> Result<Option<Uploaded>, RowsFailed>;
    /// The last number in the queue given to anybody.
    fn last_turn(&mut self) -> Result<u64, RowsFailed>;
    /// Writes what was decided, all or nothing.
    fn record(&mut self, record: Record) -> Result<(), RowsFailed>;
}

/// Who brought a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Uploader {
    /// A visitor.
    Visitor(VisitorId),
    /// An agent.
    Agent(AgentId),
}

/// An uploaded file, as far as an append asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// As everybody sees it.
    pub attachment: Attachment,
    /// Where it may be named.
    pub conversation: ConversationId,
    /// Who brought it.
    pub uploader: Uploader,
}

/// What an append comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What lists went by before; none when the conversation is new.
    pub before: Option<Listed>,
    /// The conversation after.
    pub after: Conversation,
    /// The new events, numbered.
    pub events: Vec<Event>,
    /// Attachments that messages name from now on.
    pub named: Vec<AttachmentId>,
    /// The last number in the queue, when one was given.
    pub turn: Option<u64>,
}

/// What lists of conversations are ordered and counted by: changes seldom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    state: ConversationState,
    agent: Option<AgentId>,
    turn: u64,
    with_language: bool,
    source: (Option<Tag>, Option<Tag>, bool),
    spam: bool,
    answered: bool,
}

impl Listed {
    /// Of a conversation as it stands.
    #[must_use]
    pub const fn of(conversation: &Conversation) -> Self {
        Self {
            state: conversation.state,
            agent: conversation.agent,
            turn: conversation.turn,
            with_language: !conversation.language.is_empty(),
            source: (conversation.address, conversation.network, conversation.known),
            spam: conversation.spam,
            answered: conversation.answered,
        }
    }
}
