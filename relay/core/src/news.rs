//! News: what a machine reports. `core.rs` passes each piece on to the machines that it concerns.

use wire::{
    AgentId, BlockSummary, Close, ConversationId, ConversationSummary, Event, Idle, Refusal, ServerFrame, SiteId,
    Subject, Tag, VisitorId,
};

use crate::append::Append;
use crate::input::ConnectionId;
use crate::online::OnlineCounts;
use crate::output::Output;
use crate::request::{Asker, Pending};
use crate::rights::Rights;
use crate::store::Query;

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// An output for the shell.
    Out(Output),
    /// A frame for these connections.
    Send(Audience, ServerFrame),
    /// A conversation's row, for the consoles of all agents who may read it.
    Row(ConversationSummary),
    /// Other agents are online, or may answer elsewhere: visitors are sent how many may answer them.
    Answering(OnlineCounts),
    /// The counts of conversations have changed: consoles are sent those of their sites.
    Counts,
    /// What an agent may do, or where, has changed: its connections begin anew, and what it may not answer any more is given back.
    RightsChanged(AgentId),
    /// Committed events of one conversation, for everybody they concern.
    Events {
        /// On which site.
        site: SiteId,
        /// Whose conversation it is.
        visitor: VisitorId,
        /// The agents who have it, or had it until now.
        agents: [Option<AgentId>; 2],
        /// The events, in order.
        events: Vec<Event>,
    },
    /// A connection ends.
    Close(ConnectionId, Close),
    /// An agent signed out: its connections end.
    CloseAgent(AgentId),
    /// The store is asked to record.
    Append(Pending, Append),
    /// The store is asked to read.
    Query(Pending, Query),
    /// A visitor's last connection is gone.
    VisitorWent(VisitorId),
    /// An agent's last connection is gone.
    AgentWent(AgentId),
    /// Nobody follows this conversation any more.
    Unfollowed(ConversationId),
    /// How many more visitors an agent can get has changed; none when there is no such agent any more.
    Availability(AgentId, Option<Availability>),
    /// An agent is gone for good: these conversations need somebody else.
    GiveBack(Vec<ConversationId>),
    /// Somebody is newly blocked.
    Blocked(BlockSummary),
    /// A conversation has changed its status: queued, assigned, idle, or gone.
    Transition(Transition),
    /// The visitor of this conversation has connected, or has been gone for longer than a reload takes.
    Here(ConversationId, bool),
    /// A conversation is offered to this agent.
    Offer {
        /// Which.
        conversation: ConversationId,
        /// To whom.
        agent: AgentId,
        /// How many conversations the agent may hold.
        capacity: u32,
        /// The connection that took it; none when the core offers it.
        asker: Option<Asker>,
    },
    /// Memory and store disagree about a conversation: it must be read again.
    Reread(ConversationId),
}

/// Which connections get a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// This one.
    One(ConnectionId),
    /// All of a visitor.
    Visitor(VisitorId),
    /// All of an agent, and of those who see it.
    Colleagues(AgentId, Rights),
    /// The agents who follow a conversation or have it and may read it, and its visitor when it concerns both sides.
    Conversation {
        /// On which site.
        site: SiteId,
        /// Which.
        conversation: ConversationId,
        /// The agent who has it.
        agent: Option<AgentId>,
        /// This agent is left out.
        except: Option<AgentId>,
        /// The visitor, when it concerns them.
        visitor: Option<VisitorId>,
    },
}

/// How many visitors an agent can get, and of which sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Availability {
    /// Whether it is online with a console connected.
    pub(crate) open: bool,
    /// How many conversations it may hold.
    pub(crate) capacity: u32,
    /// How many it holds.
    pub(crate) held: usize,
    /// Where it may answer.
    pub(crate) rights: Rights,
}

/// A conversation's change of status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transition {
    /// Which conversation.
    pub(crate) conversation: ConversationId,
    /// Whose it is.
    pub(crate) visitor: VisitorId,
    /// On which site.
    pub(crate) site: SiteId,
    /// Whether its visitor is here.
    pub(crate) here: bool,
    /// Its status before.
    pub(crate) was: Status,
    /// Its status now.
    pub(crate) is: Status,
}

/// Where a conversation is, for queue, counts and loads; always exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It has ended, or was not in memory a moment ago.
    Absent,
    /// In the queue.
    Queued(QueueEntry),
    /// With an agent.
    Assigned(AgentId),
    /// Open, with nobody.
    Idle(Idle),
}

/// What the queue must know of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueEntry {
    /// Lower turns are served first.
    pub(crate) turn: u64,
    /// Where its visitor comes from.
    pub(crate) network: Option<Tag>,
    /// Whether its visitor was known before.
    pub(crate) known: bool,
}

impl News {
    /// A refusal.
    pub(crate) const fn refused(connection: ConnectionId, subject: Subject, refusal: Refusal) -> Self {
        Self::Send(Audience::One(connection), ServerFrame::Refused { subject, refusal })
    }
}
