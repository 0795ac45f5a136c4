//! Requests to the store that wait for an answer: for whom, and what the answer means.

use wire::{AgentId, BlockScope, Body, ConversationId, Lane, MessageId, Party, Refusal, Seq, Subject, VisitorId};

use crate::append::NewBody;
use crate::input::ConnectionId;
use crate::store::QueryError;

/// How often a request is tried again when the staff lane has changed meanwhile.
pub(crate) const ATTEMPTS_MAX: u8 = 3;

/// An agent's connection that wants something, and how often it was tried before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) connection: ConnectionId,
    pub(crate) attempts: u8,
    /// Whether it may take what an online colleague has.
    pub(crate) over: bool,
}

/// A conversation that is offered to an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) conversation: ConversationId,
    pub(crate) agent: wire::AgentId,
    /// Where the staff lane ended when it was offered.
    pub(crate) staff_head: Seq,
    /// Who took it; none when the core offered it.
    pub(crate) asker: Option<Asker>,
}

/// One request that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    /// A client wants something recorded.
    Asked {
        /// Who asked.
        connection: ConnectionId,
        /// What a refusal would be about.
        subject: Subject,
        /// What it is about to change.
        change: PendingChange,
    },
    /// A conversation was offered to an agent.
    Offered(Offer),
    /// The core records something for itself in this conversation; nobody waits.
    Quiet(ConversationId),
    /// A conversation is queued or set aside by the relay.
    Moved(ConversationId),
    /// One of many ends; with the number of the action.
    Ending(u64, ConversationId),
    /// A visitor waits for `Welcome`.
    Welcome {
        /// Who.
        connection: ConnectionId,
        /// Who they are.
        visitor: VisitorId,
    },
    /// A client wants a page of a lane.
    Page(Page),
    /// A client has seen something in a conversation that is not in memory.
    Seen {
        /// Who.
        connection: ConnectionId,
        /// Where.
        conversation: ConversationId,
        /// The last message seen.
        up_to: Seq,
    },
    /// An agent wants ended conversations.
    ListClosed {
        /// Who.
        connection: ConnectionId,
        /// Ended before this.
        before_ms: u64,
    },
    /// An agent wants a visitor's conversations.
    ListOfVisitor {
        /// Who.
        connection: ConnectionId,
        /// Whose.
        visitor: VisitorId,
    },
    /// Somebody asks for something in a conversation that is not in memory.
    Action(Action),
    /// The core reads a conversation again because it missed events.
    Refresh(ConversationId),
}

/// What somebody asks for in one conversation, where the answer depends on the conversation's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    /// Who asked.
    pub(crate) connection: ConnectionId,
    /// In which conversation.
    pub(crate) conversation: ConversationId,
    /// What.
    pub(crate) kind: ActionKind,
}

/// Each kind of [`Action`], with who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ActionKind {
    /// A visitor leaves the queue.
    LeaveQueue(VisitorId),
    /// An agent wants something.
    OfAgent(AgentId, AgentAction),
}

/// Each kind of an agent's [`Action`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AgentAction {
    /// An agent answers.
    Say(MessageId, NewBody),
    /// An agent records something on the staff lane.
    Record(MessageId, Body),
    /// An agent ends it.
    End(MessageId),
    /// An agent marks it as spam.
    Spam(MessageId),
    /// An agent takes it.
    Take,
    /// An agent gives it back.
    Release,
    /// A supervisor blocks its visitor, or their address or network: for how long, and why.
    Block(BlockScope, u64, String),
    /// A supervisor ends all open conversations from its visitor's network.
    EndNetwork,
}

impl Action {
    /// What a refusal would be about.
    pub(crate) const fn subject(&self) -> Subject {
        let conversation = self.conversation;
        match &self.kind {
            ActionKind::LeaveQueue(_) => Subject::Conversation { conversation },
            ActionKind::OfAgent(_, action) => match action {
                AgentAction::Say(id, _) | AgentAction::Record(id, _) | AgentAction::End(id) | AgentAction::Spam(id) => {
                    Subject::Message { conversation, id: *id }
                }
                AgentAction::Take | AgentAction::Release | AgentAction::Block(..) => {
                    Subject::Conversation { conversation }
                }
                AgentAction::EndNetwork => Subject::Connection,
            },
        }
    }
}

/// A page of a lane that a client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Who.
    pub(crate) connection: ConnectionId,
    /// Where.
    pub(crate) conversation: ConversationId,
    /// In which lane.
    pub(crate) lane: Lane,
    /// After this number.
    pub(crate) after: Seq,
    /// Whether it also follows the conversation from here on; it does not when the page is refused.
    pub(crate) follow: bool,
}

/// What a pending append is about to change, so that it is not requested twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PendingChange {
    /// Nothing of that kind.
    None,
    /// It opens a conversation.
    Opening(ConversationId, VisitorId),
    /// It comes right after one that opens the conversation, and needs that to succeed.
    AfterOpening,
    /// It queues the conversation.
    Queueing(ConversationId),
    /// The visitor leaves the queue; how often this was tried before.
    Leaving(ConversationId, u8),
    /// An agent gives the conversation back.
    Moving(ConversationId),
    /// It moves one side's cursor.
    Seen(ConversationId, Party),
}

impl Pending {
    /// The conversation that an append was to change.
    pub(crate) const fn appends_to(&self) -> Option<ConversationId> {
        match self {
            Self::Asked {
                subject: Subject::Message { conversation, .. } | Subject::Conversation { conversation },
                ..
            }
            | Self::Quiet(conversation)
            | Self::Moved(conversation)
            | Self::Ending(_, conversation) => Some(*conversation),
            Self::Offered(offer) => Some(offer.conversation),
            Self::Asked { subject: Subject::Connection, .. }
            | Self::Welcome { .. }
            | Self::Page(_)
            | Self::Seen { .. }
            | Self::ListClosed { .. }
            | Self::ListOfVisitor { .. }
            | Self::Action(_)
            | Self::Refresh(_) => None,
        }
    }

    /// The connection that waits for the answer.
    pub(crate) const fn connection(&self) -> Option<ConnectionId> {
        match self {
            Self::Asked { connection, .. }
            | Self::Welcome { connection, .. }
            | Self::Page(Page { connection, .. })
            | Self::Action(Action { connection, .. })
            | Self::Seen { connection, .. }
            | Self::ListClosed { connection, .. }
            | Self::ListOfVisitor { connection, .. } => Some(*connection),
            Self::Offered(offer) => match offer.asker {
                Some(asker) => Some(asker.connection),
                None => None,
            },
            Self::Quiet(_) | Self::Refresh(_) | Self::Moved(_) | Self::Ending(..) => None,
        }
    }

    /// The connection that waits for a page or a list, when that is what is read.
    pub(crate) const fn reader(&self) -> Option<ConnectionId> {
        match self {
            Self::Page(Page { connection, .. })
            | Self::ListClosed { connection, .. }
            | Self::ListOfVisitor { connection, .. } => Some(*connection),
            Self::Asked { .. }
            | Self::Offered(_)
            | Self::Quiet(_)
            | Self::Moved(_)
            | Self::Ending(..)
            | Self::Welcome { .. }
            | Self::Seen { .. }
            | Self::Action(_)
            | Self::Refresh(_) => None,
        }
    }
}

/// What a client is answered when a query failed.
pub(crate) const fn refusal_of_query(error: QueryError) -> Refusal {
    match error {
        QueryError::NotFound => Refusal::NotFound,
        QueryError::Busy => Refusal::Busy,
        QueryError::Down => Refusal::StoreDown,
    }
}
