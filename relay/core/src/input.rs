//! What the shell tells the core.

use std::collections::{BTreeMap, BTreeSet};

use relay_settings::{DocumentId, Scope, Snapshot, shown_role};
use wire::{
    AgentId, AgentState, AgentSummary, BlockSummary, Event, Follow, Incoming, PageContext, Party, SiteId, Tag, Token,
    VisitorId,
};

use crate::append::{AppendError, Appended};
use crate::conversation::Conversation;
use crate::settings::Settings;
use crate::store::{QueryAnswer, QueryError};

/// A connection of one client, numbered by the shell; no number is used twice in the life of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// Ties the answer of a store to the request; made by the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// Something happened outside.
#[derive(Clone, Debug)]
pub enum Input {
    /// A client said hello, and the shell has proven who it is (token or cookie, origin, site, protocol version).
    Connected {
        /// The new connection.
        connection: ConnectionId,
        /// Who the client is.
        peer: Peer,
        /// What it had before.
        follow: Vec<Follow>,
    },
    /// A later frame of a connected client (never `Hello`).
    Frame {
        /// The connection it came by.
        connection: ConnectionId,
        /// What it said.
        frame: Incoming,
    },
    /// The connection is gone, whoever ended it.
    Disconnected {
        /// Which connection.
        connection: ConnectionId,
    },
    /// The bus: a relay (maybe this one) has committed these events of one conversation. All events come in this way. When such a message
    /// was lost, the events are taken from the answer to the append.
    Committed(Commit),
    /// The bus: somebody is typing in a conversation.
    Typing(Typing),
    /// The bus: who of the agents has a console at another relay. It holds until that relay says otherwise, or its lease runs out.
    Presence {
        /// Which relay says so; never this one.
        relay: RelayId,
        /// What it says.
        presence: Presence,
    },
    /// The bus has dropped messages of other relays, and nobody knows which. Everything in memory is read again.
    BusMessagesLost,
    /// The store has answered an `Append`. When it succeeded, its `Committed` came before.
    Appended {
        /// Which.
        request: RequestId,
        /// The result.
        result: Result<Appended, AppendError>,
    },
    /// The store has answered a `Query`.
    Answered {
        /// Which.
        request: RequestId,
        /// What it found.
        result: Result<QueryAnswer, QueryError>,
    },
    /// The shell has made (and stored) a visitor for this connection.
    Registered {
        /// Which connection.
        connection: ConnectionId,
        /// The new visitor.
        visitor: VisitorId,
        /// Their token, to be handed over once.
        token: Token,
    },
    /// The visitor could not be stored.
    RegisterFailed {
        /// Which connection.
        connection: ConnectionId,
        /// What to tell them.
        refusal: wire::Refusal,
    },
    /// The agents in the store now: added, changed, removed.
    Agents(Vec<Agent>),
    /// The sites in the store now.
    Sites(Vec<SiteId>),
    /// The number of each site's look now: another one when what its chat shows is another. Visitors are sent it.
    Looks(BTreeMap<SiteId, u32>),
    /// The documents in force now.
    Settings(Snapshot),
    /// The blocks in the store now.
    Blocks(Vec<BlockSummary>),
    /// The shell has answered a `Block` or `Unblock`. When it succeeded, `Blocks` came before.
    BlockAnswered {
        /// Whose request it was.
        connection: ConnectionId,
        /// The result.
        result: Result<(), wire::Refusal>,
    },
    /// A visitor has ended their session: their token is no longer valid, and all connections that used it are closed.
    SessionEnded {
        /// Whose.
        visitor: VisitorId,
    },
    /// A visitor is to be erased: their token is no longer valid, all connections that used it are closed, and what they have open ends.
    Erasing {
        /// Whom.
        visitor: VisitorId,
    },
    /// Something that an ended conversation held was erased in the store, which knows it like this now: memory and clients keep no word of it.
    Erased(Box<Conversation>),
    /// An agent signed out everywhere, or was removed: it is offline at once.
    SignedOut {
        /// Which agent.
        agent: AgentId,
    },
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly every connection is a visitor's")]
pub enum Peer {
    /// A visitor of a site; `visitor` is none until they registered.
    Visitor {
        /// On which site.
        site: SiteId,
        /// Who, when known.
        visitor: Option<VisitorId>,
        /// Where they are.
        page: PageContext,
        /// Where they come from.
        source: Source,
    },
    /// A signed-in agent.
    Agent {
        /// Which one.
        agent: AgentId,
        /// What it chose, when it chose.
        state: Option<AgentState>,
    },
}

/// Where a visitor connects from: keyed hashes, never the address itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The tag of the address (IPv6: its /64).
    pub address: Option<Tag>,
    /// The tag of the network (IPv4 /24, IPv6 /48).
    pub network: Option<Tag>,
}

/// An agent's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Which agent.
    pub id: AgentId,
    /// Name shown to visitors.
    pub name: String,
    /// Its roles, built-in ones or documents: it may do what any of them allows.
    pub roles: BTreeSet<DocumentId>,
    /// Where it may.
    pub scope: Scope,
    /// The hours outside which nothing is assigned to it; none is always.
    pub hours: Option<DocumentId>,
    /// Conversations it may hold at once, 1 to [`wire::limit::CAPACITY_MAX`].
    pub capacity: u32,
}

/// Committed events of one conversation, with what is needed to fold them into a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The conversation's site.
    pub site: SiteId,
    /// The conversation's visitor.
    pub visitor: VisitorId,
    /// Both lanes, each in order.
    pub events: Vec<Event>,
}

/// Somebody is typing: passed on, never recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    /// Where.
    pub conversation: wire::ConversationId,
    /// Which side.
    pub party: Party,
    /// The agent, when it is one: its own typing is not sent to it.
    pub agent: Option<AgentId>,
    /// The agent's name, or empty.
    pub name: String,
}

/// One process of the relay, among those that share a store: drawn at random when it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayId(pub u128);

/// Who of the agents has a console at one relay, as that relay says. Agents that it does not name are unchanged. The same message
/// twice changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// At most [`PRESENCE_AGENTS_MAX`](crate::PRESENCE_AGENTS_MAX); further ones are ignored.
    pub agents: Vec<Present>,
    /// How long it holds unless it is renewed, in milliseconds; at most [`PRESENCE_LEASE_MS`](crate::PRESENCE_LEASE_MS) counts.
    pub lease_ms: u64,
}

/// One agent at one relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// Which agent.
    pub agent: AgentId,
    /// Its state there.
    pub state: AgentState,
    /// Whether it has a console there, or had one a moment ago.
    pub here: bool,
}

/// What a core starts with.
#[derive(Clone, Debug)]
pub struct Start {
    /// 128 random bits from outside; the core's own ids are drawn from them.
    pub seed: u128,
    /// The largest attachment taken, for `Welcome`.
    pub attachment_bytes_max: u64,
    /// Every agent.
    pub agents: Vec<Agent>,
    /// Every open conversation, folded by the store.
    pub open: Vec<Conversation>,
    /// How conversations are queued and kept.
    pub settings: Settings,
    /// Who is blocked.
    pub blocks: Vec<BlockSummary>,
    /// Every site.
    pub sites: Vec<SiteId>,
    /// The documents in force.
    pub documents: Snapshot,
}

/// An agent as colleagues see it is made of its settings and the core's live state.
impl Agent {
    /// The view of it.
    #[must_use]
    pub fn summary(&self, state: wire::AgentState, load: u32, off_hours: bool) -> AgentSummary {
        let role = shown_role(&self.roles);
        AgentSummary { id: self.id, name: self.name.clone(), role, state, capacity: self.capacity, load, off_hours }
    }
}
