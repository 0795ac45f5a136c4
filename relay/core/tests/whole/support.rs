//! A world around the core for tests: a model store, virtual time, and clients that keep what they are sent.

use std::collections::{BTreeMap, VecDeque};

pub(crate) use relay_core::ConnectionId;
use relay_core::{Agent, AppendError, Core, Input, Output, Peer, QueryAnswer, QueryError, RequestId, Start};
use relay_settings::Snapshot;
use wire::*;

pub(crate) use crate::agents::{of_supervisor, settings};
pub(crate) use crate::followed::Followed;
use crate::model::ModelStore;

/// When every test begins.
pub(crate) const START_MS: u64 = 1_000_000;

pub(crate) const fn conversation(n: u128) -> ConversationId {
    ConversationId(0xc000 + n)
}

pub(crate) const fn message(n: u128) -> MessageId {
    MessageId(0xe000 + n)
}

pub(crate) const fn visitor(n: u128) -> VisitorId {
    VisitorId(0xf000 + n)
}

pub(crate) const fn agent(n: u128) -> AgentId {
    AgentId(0xa000 + n)
}

pub(crate) fn site() -> SiteId {
    "demo".parse().expect("a site id")
}

pub(crate) fn page(url: &str) -> PageContext {
    PageContext { url: url.to_owned(), language: "en".to_owned(), ..PageContext::default() }
}

pub(crate) fn say(c: u128, m: u128, text: &str) -> ClientFrame {
    ClientFrame::Say { conversation: conversation(c), id: message(m), say: Say::Text { text: text.to_owned() } }
}

pub(crate) fn refused(subject: Subject, refusal: Refusal) -> ServerFrame {
    ServerFrame::Refused { subject, refusal }
}

pub(crate) fn about_message(c: u128, m: u128) -> Subject {
    Subject::Message { conversation: conversation(c), id: message(m) }
}

pub(crate) fn about(c: u128) -> Subject {
    Subject::Conversation { conversation: conversation(c) }
}

/// A core with everything around it.
pub(crate) struct World {
    pub(crate) core: Core,
    settings: relay_core::Settings,
    pub(crate) store: ModelStore,
    pub(crate) now_ms: u64,
    pub(crate) agents: Vec<Agent>,
    /// Who is at the end of each open connection.
    pub(crate) peers: BTreeMap<ConnectionId, Option<VisitorId>>,
    /// What each connection got and nobody looked at yet.
    pub(crate) got: BTreeMap<ConnectionId, Vec<ServerFrame>>,
    /// Why the core closed connections.
    pub(crate) closed: BTreeMap<ConnectionId, Close>,
    /// Requests to the store that were not answered yet.
    pub(crate) requests: VecDeque<Output>,
    /// While true, nothing is answered by itself.
    pub(crate) store_waits: bool,
    /// What the store answers to appends instead of recording, while there is something here.
    pub(crate) append_fails: VecDeque<AppendError>,
    /// What the store answers to queries instead of reading, while there is something here.
    pub(crate) query_fails: VecDeque<QueryError>,
    /// Connections that asked to be registered.
    pub(crate) registrations: Vec<ConnectionId>,
    /// Who is kept out.
    pub(crate) blocks: BTreeMap<BlockId, BlockSummary>,
    /// From so many networks visitors come in turn, unless it is said from where; 0: nothing is known of it.
    pub(crate) networks: u64,
    /// What clients follow, and the bus was asked for.
    pub(crate) followed: Followed,
    pub(crate) sites: Vec<SiteId>,
    next_connection: u64,
}

impl World {
    pub(crate) fn new(agents: Vec<Agent>) -> Self {
        Self::with(agents, relay_core::Settings::default())
    }

    pub(crate) fn with(agents: Vec<Agent>, settings: relay_core::Settings) -> Self {
        let start = Start {
            seed: 1,
            attachment_bytes_max: 1_000,
            agents: agents.clone(),
            open: Vec::new(),
            settings,
            blocks: Vec::new(),
            sites: vec![site()],
            documents: Snapshot::default(),
        };
        Self {
            core: Core::new(START_MS, start),
            settings,
            store: ModelStore::default(),
            now_ms: START_MS,
            agents,
            peers: BTreeMap::new(),
            got: BTreeMap::new(),
            closed: BTreeMap::new(),
            requests: VecDeque::new(),
            store_waits: false,
            append_fails: VecDeque::new(),
            query_fails: VecDeque::new(),
            registrations: Vec::new(),
            blocks: BTreeMap::new(),
            networks: 0,
            followed: Followed::default(),
            sites: vec![site()],
            next_connection: 1,
        }
    }

    /// The process was killed and started again: connections and memory are gone, the store is there.
    pub(crate) fn restart(&mut self) {
        let open = self.store.open();
        let start = Start {
            seed: self.now_ms.into(),
            attachment_bytes_max: 1_000,
            agents: self.agents.clone(),
            open,
            settings: self.settings,
            blocks: self.blocks.values().cloned().collect(),
            sites: self.sites.clone(),
            documents: Snapshot::default(),
        };
        self.core = Core::new(self.now_ms, start);
        self.followed = Followed::default();
        self.peers.clear();
        self.got.clear();
        self.requests.clear();
    }

    /// One input, then everything that follows from it.
    pub(crate) fn input(&mut self, input: Input) {
        self.core.handle(self.now_ms, input);
        self.settle();
    }

    pub(crate) fn frame(&mut self, connection: ConnectionId, frame: ClientFrame) {
        self.followed.said(connection, &frame);
        let party = if self.peers.get(&connection) == Some(&None) { Party::Staff } else { Party::Visitor };
        // As the shell does: what is not the side's own never reaches the core.
        match Incoming::of(party, frame) {
            Some(frame) => self.input(Input::Frame { connection, frame }),
            None if self.peers.contains_key(&connection) => {
                self.got.entry(connection).or_default().push(refused(Subject::Connection, Refusal::UnknownFrame));
            }
            None => {}
        }
    }

    pub(crate) fn connect(&mut self, peer: Peer, follow: Vec<Follow>) -> ConnectionId {
        let connection = ConnectionId(self.next_connection);
        self.next_connection += 1;
        let visitor = match &peer {
            Peer::Visitor { visitor, .. } => Some(visitor.unwrap_or(VisitorId(0))),
            Peer::Agent { .. } => None,
        };
        self.peers.insert(connection, visitor);
        self.followed.connected(connection, &peer, &follow);
        self.input(Input::Connected { connection, peer, follow });
        connection
    }

    pub(crate) fn visitor(&mut self, n: u128) -> ConnectionId {
        self.visitor_at(n, "https://example.com/", Vec::new())
    }

    pub(crate) fn visitor_at(&mut self, n: u128, url: &str, follow: Vec<Follow>) -> ConnectionId {
        let network = (n as u64).checked_rem(self.networks).map(Tag);
        let source = relay_core::Source { address: network.and(Some(Tag(n as u64))), network };
        self.connect(Peer::Visitor { site: site(), visitor: Some(visitor(n)), page: page(url), source }, follow)
    }

    /// A visitor of a network; each has an address of their own there.
    pub(crate) fn visitor_from(&mut self, n: u128, network: u64) -> ConnectionId {
        self.visitor_of(n, relay_core::Source { address: Some(Tag(n as u64)), network: Some(Tag(network)) })
    }

    pub(crate) fn visitor_of(&mut self, n: u128, source: relay_core::Source) -> ConnectionId {
        let peer =
            Peer::Visitor { site: site(), visitor: Some(visitor(n)), page: page("https://example.com/"), source };
        self.connect(peer, Vec::new())
    }

    pub(crate) fn stranger(&mut self) -> ConnectionId {
        self.connect(
            Peer::Visitor {
                site: site(),
                visitor: None,
                page: page("https://example.com/"),
                source: relay_core::Source::default(),
            },
            Vec::new(),
        )
    }

    pub(crate) fn agent(&mut self, n: u128) -> ConnectionId {
        self.agent_who_chose(n, None)
    }

    pub(crate) fn agent_who_chose(&mut self, n: u128, state: Option<AgentState>) -> ConnectionId {
        self.connect(Peer::Agent { agent: agent(n), state }, Vec::new())
    }

    pub(crate) fn disconnect(&mut self, connection: ConnectionId) {
        self.peers.remove(&connection);
        self.followed.gone(connection);
        self.input(Input::Disconnected { connection });
    }

    /// Time passes; timers run when they are due.
    pub(crate) fn advance(&mut self, wait_ms: u64) {
        let until_ms = self.now_ms + wait_ms;
        while let Some(at_ms) = self.core.poll_timeout().filter(|at_ms| *at_ms <= until_ms) {
            self.now_ms = self.now_ms.max(at_ms);
            self.core.handle_timeout(self.now_ms);
            self.settle();
        }
        self.now_ms = until_ms;
    }

    /// Carries out all outputs, and while the store does not wait, everything that follows.
    pub(crate) fn settle(&mut self) {
        loop {
            while let Some(output) = self.core.next_output() {
                self.carry_out(output);
            }
            if self.store_waits || !self.answer_one() {
                return;
            }
        }
    }

    /// The store answers its oldest request; false when there is none.
    pub(crate) fn answer_one(&mut self) -> bool {
        let Some(request) = self.requests.pop_front() else { return false };
        match request {
            Output::Append { request, append } => {
                let result = match self.append_fails.pop_front() {
                    Some(error) => Err(error),
                    None => self.store.append(self.now_ms, &append),
                };
                self.store.check(&self.agents);
                if let Ok(appended) = &result
                    && !appended.repeated
                {
                    let commit = relay_core::Commit {
                        site: appended.site.clone(),
                        visitor: appended.visitor,
                        events: appended.events.clone(),
                    };
                    self.core.handle(self.now_ms, Input::Committed(commit));
                    self.drain();
                }
                self.core.handle(self.now_ms, Input::Appended { request, result });
            }
            Output::Query { request, query } => {
                let result = match self.query_fails.pop_front() {
                    Some(error) => Err(error),
                    None => self.store.query(&query),
                };
                self.answer(request, result);
            }
            Output::Send { .. }
            | Output::Close { .. }
            | Output::Register { .. }
            | Output::Block { .. }
            | Output::Unblock { .. }
            | Output::Typing(_)
            | Output::Presence(_)
            | Output::Subscribe(_)
            | Output::Unsubscribe(_) => {}
        }
        self.drain();
        true
    }

    fn tell_blocks(&mut self, connection: ConnectionId, result: Result<(), Refusal>) {
        self.core.handle(self.now_ms, Input::Blocks(self.blocks.values().cloned().collect()));
        self.core.handle(self.now_ms, Input::BlockAnswered { connection, result });
    }

    fn answer(&mut self, request: RequestId, result: Result<QueryAnswer, QueryError>) {
        self.core.handle(self.now_ms, Input::Answered { request, result });
    }

    fn drain(&mut self) {
        while let Some(output) = self.core.next_output() {
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Append { .. } | Output::Query { .. } => self.requests.push_back(output),
            Output::Send { to, frame } => {
                assert!(!to.is_empty());
                for connection in to {
                    self.check_frame(connection, &frame);
                    self.followed.sent(connection, &frame);
                    self.got.entry(connection).or_default().push(frame.clone());
                }
            }
            Output::Close { connection, close } => {
                self.peers.remove(&connection);
                self.followed.gone(connection);
                self.closed.insert(connection, close);
                self.core.handle(self.now_ms, Input::Disconnected { connection });
            }
            Output::Register { connection, .. } => self.registrations.push(connection),
            Output::Block { connection, block, .. } => {
                self.blocks.insert(block.block, block);
                self.tell_blocks(connection, Ok(()));
            }
            Output::Unblock { connection, block, .. } => {
                let removed = self.blocks.remove(&block).map(drop);
                self.tell_blocks(connection, removed.ok_or(Refusal::NotFound));
            }
            Output::Typing(typing) => self.core.handle(self.now_ms, Input::Typing(typing)),
            Output::Presence(_) => {}
            Output::Subscribe(_) | Output::Unsubscribe(_) => self.followed.output(&output),
        }
    }

    /// What must hold for everything that leaves: it goes to an open connection, `Welcome` comes first, and a visitor sees
    /// the shared lane of their own conversations only.
    fn check_frame(&self, connection: ConnectionId, frame: &ServerFrame) {
        let peer = self.peers.get(&connection).unwrap_or_else(|| panic!("{connection:?} is closed and gets {frame:?}"));
        let Some(visitor) = peer else { return };
        let own = |id: &ConversationId| {
            assert!(self.store.owner(*id).is_none_or(|owner| owner == *visitor), "{connection:?} gets {frame:?}");
        };
        match frame {
            ServerFrame::Event { event } => {
                assert_eq!(event.lane, Lane::Shared);
                own(&event.conversation);
            }
            ServerFrame::Events { conversation, lane, events, .. } => {
                assert_eq!(*lane, Lane::Shared);
                assert!(events.iter().all(|event| event.lane == Lane::Shared));
                own(conversation);
            }
            ServerFrame::Typing { conversation, .. }
            | ServerFrame::Queue { conversation, .. }
            | ServerFrame::Erased { conversation, .. }
            | ServerFrame::Holder { conversation, .. } => own(conversation),
            ServerFrame::Pong { heads } => {
                for head in heads {
                    assert_eq!(head.head.staff, Seq::ZERO);
                    own(&head.conversation);
                }
            }
            ServerFrame::Welcome { session, .. } => assert!(matches!(session, SessionStart::Visitor { .. })),
            ServerFrame::Inbox { .. }
            | ServerFrame::Agent { .. }
            | ServerFrame::Closed { .. }
            | ServerFrame::OfVisitor { .. }
            | ServerFrame::Counts { .. }
            | ServerFrame::Open { .. }
            | ServerFrame::Ending { .. }
            | ServerFrame::Blocks { .. } => panic!("a visitor gets {frame:?}"),
            ServerFrame::Registered { .. }
            | ServerFrame::Refused { .. }
            | ServerFrame::Answering { .. }
            | ServerFrame::Look { .. } => {}
        }
    }

    /// Everything a connection got since the last look.
    pub(crate) fn got(&mut self, connection: ConnectionId) -> Vec<ServerFrame> {
        self.got.remove(&connection).unwrap_or_default()
    }

    /// Nobody looks at what came so far.
    pub(crate) fn ignore(&mut self) {
        self.got.clear();
    }

    pub(crate) fn state(&self, c: u128) -> ConversationState {
        self.store.conversation(conversation(c)).expect("it exists").state
    }
}
