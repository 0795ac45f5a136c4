//! The relay's brain: takes `(now, input)`, gives outputs; the same inputs always give the same outputs.
//!
//! Nothing here waits, reads a clock or draws a random number. The shell calls [`Core::handle`] for everything that
//! happens, carries out what [`Core::next_output`] gives until it gives none, and calls [`Core::handle_timeout`] when
//! [`Core::poll_timeout`] says so. Times are milliseconds since 1970 UTC.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wire::{AgentId, AgentSummary, BlockId, BlockSummary, ConversationId, VisitorId};

mod admit;
mod agent;
pub mod append;
mod assign;
mod attend;
mod clock;
mod commit;
mod connection;
pub mod conversation;
mod ending;
mod flood;
mod follow;
mod ids;
mod inbox;
pub mod input;
mod list;
pub mod output;
mod pace;
mod page;
#[doc(hidden)]
pub mod planted;
mod presence;
mod queue;
mod rate;
mod recorded;
mod request;
mod settings;
pub mod store;
mod timer;
mod typing;
mod visitor;
mod weight;

use clock::Clock;
use commit::Live;
use connection::{Connection, Who};
use ending::Endings;
use flood::Openings;
use ids::Ids;
use inbox::Inbox;
use list::Told;
use presence::AgentLive;
use queue::Queue;
use request::Pending;
use timer::Timer;
use visitor::VisitorLive;

pub use append::{Append, AppendError, Appended, Condition, Draft, DraftBody, Opening, Queueing};
pub use conversation::{Conversation, OutOfOrder};
pub use ending::concerns;
pub use input::{Agent, Commit, ConnectionId, Input, Peer, RequestId, Source, Start, Typing};
pub use output::Output;
pub use pace::Rate;
pub use settings::Settings;
pub use store::{Answer, Query, QueryError};

/// Plain counts for the metrics page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Lines to visitors, registered or not.
    pub visitors: usize,
    /// Lines to agents.
    pub agents: usize,
    /// Agents that take visitors now.
    pub agents_online: usize,
    /// Conversations in line, over all sites.
    pub waiting: usize,
    /// Since when the one that has waited longest is in line, while there is one.
    pub waiting_since_ms: Option<u64>,
    /// Conversations that have not ended.
    pub open_conversations: usize,
    /// `Fetch`es answered with events that the client had missed, since the start; turning to the next page of a long log does not count.
    pub gaps_repaired_by_clients: u64,
    /// Conversations that the core itself read again because events of it were missing, since the start.
    pub gaps_repaired_by_relay: u64,
}

/// The whole live state of one relay. Call [`Core::next_output`] until it gives none after each call that changes it.
#[derive(Debug)]
pub struct Core {
    clock: Clock,
    /// Inside time: never goes backwards.
    now_ms: u64,
    ids: Ids,
    attachment_bytes_max: u64,
    outputs: VecDeque<Output>,
    timers: BTreeSet<(u64, Timer)>,

    /// Every line to a client.
    connections: BTreeMap<ConnectionId, Connection>,
    /// Every agent there is.
    agents: BTreeMap<AgentId, AgentLive>,
    /// Visitors who are here or have an open conversation.
    visitors: BTreeMap<VisitorId, VisitorLive>,
    /// Visitors who have ended their session lately.
    ended_lately: VecDeque<VisitorId>,
    /// Every open conversation, and ended ones while an agent follows them.
    conversations: BTreeMap<ConversationId, Live>,
    /// Agents' lines that follow a conversation.
    followers: BTreeMap<ConversationId, BTreeSet<ConnectionId>>,

    /// Who stands in line.
    queue: Queue,
    /// Rows of the consoles' lists that wait to be told.
    inbox: Inbox,
    /// How many conversations agents have …
    owned: usize,
    /// … and how many nobody, by why.
    idle: [usize; 3],
    counts_told: Told,
    /// How fast conversations may be opened.
    openings: Openings,
    /// Who is kept out.
    blocks: BTreeMap<BlockId, BlockSummary>,
    /// Conversations that are being ended.
    endings: Endings,
    settings: Settings,
    /// Which agent holds which open conversations.
    holding: BTreeMap<AgentId, BTreeSet<ConversationId>>,
    /// Conversations on their way to an agent.
    offers: BTreeMap<ConversationId, AgentId>,
    /// Conversations whose opening is on its way, with their visitor.
    opening: BTreeMap<ConversationId, VisitorId>,

    /// What waits for the store.
    requests: BTreeMap<RequestId, Pending>,
    last_request: u64,
    /// Conversations that are being read again; true when they must be once more.
    refreshing: BTreeMap<ConversationId, bool>,

    /// Something changed since the last look for who could serve whom.
    assign_due: bool,
    /// No offer before this: the store was busy or down.
    assign_after_ms: u64,
    conversations_held_back: BTreeSet<ConversationId>,
    agents_held_back: BTreeSet<AgentId>,
    last_offer: u64,

    /// Agents that may look different to colleagues.
    agents_changed: BTreeSet<AgentId>,
    /// How agents looked when colleagues were last told.
    agents_told: BTreeMap<AgentId, AgentSummary>,
    /// How many online agents visitors were last told of.
    answering_told: u32,

    /// Missing events that clients have fetched.
    gaps_repaired_by_clients: u64,
    /// Conversations read again because of missing events.
    gaps_repaired_by_relay: u64,
}

impl Core {
    /// A core that knows every agent and every open conversation; nobody is connected yet.
    #[must_use]
    pub fn new(now_ms: u64, start: Start) -> Self {
        let mut core = Self {
            clock: Clock::new(now_ms),
            now_ms,
            ids: Ids::new(start.seed),
            attachment_bytes_max: start.attachment_bytes_max,
            outputs: VecDeque::new(),
            timers: BTreeSet::new(),
            connections: BTreeMap::new(),
            agents: BTreeMap::new(),
            visitors: BTreeMap::new(),
            ended_lately: VecDeque::new(),
            conversations: BTreeMap::new(),
            followers: BTreeMap::new(),
            queue: Queue::default(),
            inbox: Inbox::default(),
            owned: 0,
            idle: [0; 3],
            counts_told: Told::default(),
            openings: Openings::new(&start.settings),
            blocks: start.blocks.into_iter().map(|block| (block.block, block)).collect(),
            endings: Endings::default(),
            settings: start.settings,
            holding: BTreeMap::new(),
            offers: BTreeMap::new(),
            opening: BTreeMap::new(),
            requests: BTreeMap::new(),
            last_request: 0,
            refreshing: BTreeMap::new(),
            assign_due: false,
            assign_after_ms: 0,
            conversations_held_back: BTreeSet::new(),
            agents_held_back: BTreeSet::new(),
            last_offer: 0,
            agents_changed: BTreeSet::new(),
            agents_told: BTreeMap::new(),
            answering_told: 0,
            gaps_repaired_by_clients: 0,
            gaps_repaired_by_relay: 0,
        };
        core.agents_set(start.agents);
        for mut conversation in start.open {
            if planted::planted(planted::Planted::ForgetsTurns) {
                conversation.turn = 0;
            }
            core.adopt(conversation);
        }
        // Nobody is there yet: agents who do not come give back what they have.
        let holders: Vec<_> = core.holding.keys().copied().collect();
        for agent in holders {
            core.agent_gone(agent);
        }
        core.settle();
        core
    }

    /// Takes in what happened outside.
    pub fn handle(&mut self, now_ms: u64, input: Input) {
        self.now_ms = self.clock.tick(now_ms);
        match input {
            Input::Connected { connection, peer, follow } => self.connected(connection, peer, &follow),
            Input::Frame { connection, frame } => self.frame(connection, frame),
            Input::Disconnected { connection } => self.disconnected(connection),
            Input::Committed(commit) => self.committed(commit),
            Input::Typing(typing) => self.typing_heard(typing),
            Input::Appended { request, result } => self.appended(request, result),
            Input::Answered { request, result } => self.answered(request, result),
            Input::Registered { connection, visitor, token } => self.registered(connection, visitor, token),
            Input::RegisterFailed { connection, refusal } => self.register_failed(connection, refusal),
            Input::Agents(agents) => self.agents_set(agents),
            Input::SignedOut { agent } => self.signed_out(agent),
            Input::SessionEnded { visitor } => self.session_ended(visitor),
            Input::Blocks(blocks) => self.blocks_set(blocks),
            Input::BlockAnswered { connection, result } => self.tell_blocks(connection, result),
        }
        self.settle();
    }

    /// The next thing to do outside, in order.
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Core::handle_timeout`] wants to be called, by the clock of `now_ms`, if ever.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<u64> {
        self.timers.first().map(|(at_ms, _)| self.clock.outside_ms(*at_ms))
    }

    /// Does what time alone makes due.
    pub fn handle_timeout(&mut self, now_ms: u64) {
        self.now_ms = self.clock.tick(now_ms);
        self.run_timers();
        self.settle();
    }

    /// Draws the consequences of what changed: offers first, then news for those who were not told yet.
    fn settle(&mut self) {
        self.look_for_flood();
        self.assign();
        self.tell_queue();
        self.tell_agents();
        self.tell_answering();
        self.tell_counts();
    }

    /// Plain counts for the metrics page.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        let agents = self.connections.values().filter(|line| matches!(line.who(), Who::Agent(_))).count();
        let open = self.conversations.values().filter(|live| !live.conversation.closed()).count();
        let waiting = self.queue.ids().filter_map(|id| self.conversations.get(&id));
        let since = waiting.filter_map(|live| live.conversation.waiting_since_ms());
        Gauges {
            visitors: self.connections.len() - agents,
            agents,
            agents_online: self.answering() as usize,
            waiting: self.queue.len(),
            waiting_since_ms: since.min(),
            open_conversations: open,
            gaps_repaired_by_clients: self.gaps_repaired_by_clients,
            gaps_repaired_by_relay: self.gaps_repaired_by_relay,
        }
    }
}
