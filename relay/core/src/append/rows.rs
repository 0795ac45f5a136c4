//! What a store looks up and writes for an append, inside its transaction.

use wire::{
    AgentId, Attachment, AttachmentId, ConversationId, ConversationState, Event, MessageId, SiteId, Tag, VisitorId,
};

use super::AppendError;
use crate::conversation::Conversation;

/// The store failed; it has logged why.
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
    /// The conversation now.
    fn conversation(&mut self, id: ConversationId) -> Result<Option<Conversation>, RowsFailed>;
    /// The event that a message id was recorded as.
    fn event(&mut self, conversation: ConversationId, id: MessageId) -> Result<Option<Event>, RowsFailed>;
    /// The site of a visitor.
    fn visitor_site(&mut self, visitor: VisitorId) -> Result<Option<SiteId>, RowsFailed>;
    /// How many open conversations an agent has.
    fn load(&mut self, agent: AgentId) -> Result<u32, RowsFailed>;
    /// An uploaded file.
    fn uploaded(&mut self, id: AttachmentId) -> Result<Option<Uploaded>, RowsFailed>;
    /// The last turn given to anybody.
    fn last_turn(&mut self) -> Result<u64, RowsFailed>;
    /// Writes what was decided: all of it or nothing.
    fn record(&mut self, record: Record) -> Result<(), RowsFailed>;
}

/// Who uploaded a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Uploader {
    /// A visitor.
    Visitor(VisitorId),
    /// An agent.
    Agent(AgentId),
}

/// What an append must know of an uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// As everybody sees it.
    pub attachment: Attachment,
    /// The conversation that it was uploaded to.
    pub conversation: ConversationId,
    /// Who uploaded it.
    pub uploader: Uploader,
}

/// What an append writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// How lists had the conversation before; none when it is new.
    pub before: Option<Listed>,
    /// The conversation after.
    pub after: Conversation,
    /// The new events, numbered.
    pub events: Vec<Event>,
    /// Attachments that the new events name.
    pub named: Vec<AttachmentId>,
    /// The last turn, when one was given.
    pub turn: Option<u64>,
}

/// The columns by which lists of conversations are ordered and counted. They change seldom.
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
    /// Those of a conversation.
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
