//! The relay's shell as a model: the order of `relay/src/core_task/` and `transport/`, with the core itself inside. It may die between any two steps.

use std::collections::{BTreeMap, VecDeque};

use relay_core::{Agent, AppendError, ConnectionId, Core, Input, Output, Peer, QueryError, Start};
use relay_settings::{BuiltInRole, Scope, Snapshot};
use wire::{AgentId, ClientFrame, Close, Hello, Incoming, Party, Refusal, ServerFrame, Subject, VisitorId};

use crate::connection::{ConnectionNumber, Who};
use crate::followed::Followed;
use crate::jobs::{Back, Job};
use crate::model::ModelStore;
use crate::planted::Planted;
use crate::world::{Happening, World};

/// A client's end of a connection must not make the relay do this much at once; more would be a loop.
const OUTPUTS_MAX: usize = 100_000;

/// The one process, and its disk.
pub(crate) struct Relay {
    /// None while it is down.
    pub(crate) core: Option<Core>,
    /// Its clock minus the true time.
    pub(crate) off_ms: i64,
    turn: u64,
    /// It dies after so many more steps.
    pub(crate) crash_in: Option<u64>,
    pub(crate) store: ModelStore,
    /// What a crash leaves, when that is less than what was answered: a planted fault.
    pub(crate) durable: Option<ModelStore>,
    pub(crate) tokens: BTreeMap<String, VisitorId>,
    pub(crate) blocks: Vec<wire::BlockSummary>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) jobs: VecDeque<Job>,
    pub(crate) back: VecDeque<Back>,
    pub(crate) committing: bool,
    /// Who is connected, as the core knows it, and what they follow.
    pub(crate) peers: BTreeMap<ConnectionId, Option<VisitorId>>,
    pub(crate) followed: Followed,
    pub(crate) store_down_until_ms: u64,
    pub(crate) store_slow_until_ms: u64,
}

impl Relay {
    pub(crate) fn new(agents: usize) -> Self {
        let agent = |number: usize| Agent {
            id: AgentId(number as u128 + 1),
            name: format!("Agent {number}"),
            roles: [if number == 0 { BuiltInRole::Supervisor } else { BuiltInRole::Agent }.document_id()].into(),
            scope: Scope::EVERYWHERE,
            hours: None,
            capacity: 2,
        };
        Self {
            core: None,
            off_ms: 0,
            turn: 0,
            crash_in: None,
            store: ModelStore::default(),
            durable: None,
            tokens: BTreeMap::new(),
            blocks: Vec::new(),
            agents: (0..agents).map(agent).collect(),
            jobs: VecDeque::new(),
            back: VecDeque::new(),
            committing: false,
            peers: BTreeMap::new(),
            followed: Followed::default(),
            store_down_until_ms: 0,
            store_slow_until_ms: 0,
        }
    }

    /// What is certainly on the disk.
    pub(crate) fn disk(&self) -> &ModelStore {
        self.durable.as_ref().unwrap_or(&self.store)
    }
}

impl World {
    pub(crate) fn relay_clock_ms(&self) -> u64 {
        self.now_ms.saturating_add_signed(self.relay.off_ms)
    }

    /// The process starts, with what is on the disk.
    pub(crate) fn start_relay(&mut self) {
        if self.relay.core.is_some() {
            return;
        }
        self.note("the relay starts");
        if self.planted(Planted::Renumbers) {
            self.relay.store.forget_last_numbers();
        }
        let start = Start {
            seed: self.rng.wide(),
            attachment_bytes_max: 1_000,
            agents: self.relay.agents.clone(),
            open: self.relay.store.open(),
            settings: relay_core::Settings::default(),
            blocks: self.relay.blocks.clone(),
            sites: crate::world::sites().into(),
            documents: Snapshot::default(),
        };
        self.relay.core = Some(Core::new(self.relay_clock_ms(), start));
        self.drain();
    }

    /// The process dies here and now.
    pub(crate) fn crash(&mut self) {
        self.relay.crash_in = None;
        if self.relay.core.take().is_none() {
            return;
        }
        self.note("the relay dies");
        self.stats.crashes += 1;
        self.relay.jobs.clear();
        self.relay.back.clear();
        self.relay.committing = false;
        self.relay.peers.clear();
        self.relay.followed = Followed::default();
        if let Some(durable) = self.relay.durable.take() {
            self.relay.store = durable;
        }
        self.break_all();
        let wait_ms = self.rng.between(50, 8_000);
        self.plan_in(wait_ms, Happening::Start);
    }

    /// One step of the process: it may be its last.
    pub(crate) fn dies(&mut self) -> bool {
        match &mut self.relay.crash_in {
            Some(0) => self.crash(),
            Some(left) => *left -= 1,
            None => {}
        }
        self.relay.core.is_none()
    }

    /// A frame has come up a connection: the work of the socket's reader.
    pub(crate) fn relay_receives(&mut self, id: ConnectionNumber, frame: ClientFrame) {
        if self.dies() {
            return;
        }
        let connection = ConnectionId(id);
        let Some(known) = self.connections.get_mut(&id) else { return };
        let (page, greeted) = (known.page, known.who != Who::Unknown);
        let party = if known.who == Who::Agent { Party::Staff } else { Party::Visitor };
        let ClientFrame::Hello { hello, follow, .. } = frame else {
            if !greeted {
                return self.close_connection(id, Close::Malformed);
            }
            let Some(frame) = Incoming::of(party, frame) else {
                let frame = ServerFrame::Refused { subject: Subject::Connection, refusal: Refusal::UnknownFrame };
                return self.push(id, frame);
            };
            if !self.healthy && self.rng.chance(self.plan.core_full) {
                let frame = ServerFrame::Refused { subject: frame.subject(), refusal: Refusal::Busy };
                return self.push(id, frame);
            }
            return self.tell(Input::Frame { connection, frame });
        };
        if greeted {
            return self.close_connection(id, Close::Malformed);
        }
        if self.now_ms < self.relay.store_down_until_ms {
            return self.close_connection(id, Close::Busy);
        }
        let peer = match hello {
            Hello::Visitor { site, token, page: context } => {
                let known = token.as_ref().map(|token| self.relay.tokens.get(token.reveal()).copied());
                let visitor = match known {
                    Some(None) => return self.close_connection(id, Close::TokenInvalid),
                    Some(Some(visitor)) => Some(visitor),
                    None => None,
                };
                Peer::Visitor { site, visitor, page: context, source: self.source_of(page) }
            }
            Hello::Agent { state } => match self.agent_of(page) {
                Some(agent) => Peer::Agent { agent, state },
                None => return self.close_connection(id, Close::SignedOut),
            },
        };
        if let Some(known) = self.connections.get_mut(&id) {
            known.who = match &peer {
                Peer::Visitor { visitor, .. } => Who::Visitor(*visitor),
                Peer::Agent { .. } => Who::Agent,
            };
        }
        self.tell(Input::Connected { connection, peer, follow });
    }

    /// The core gets an input, and everything it wants is done.
    pub(crate) fn tell(&mut self, input: Input) {
        if self.dies() {
            return;
        }
        self.relay.note_input(&input);
        let now_ms = self.relay_clock_ms();
        if let Some(core) = &mut self.relay.core {
            core.handle(now_ms, input);
        }
        self.drain();
    }

    /// The core's timer.
    pub(crate) fn relay_timer(&mut self, turn: u64) {
        if turn != self.relay.turn || self.dies() {
            return;
        }
        let now_ms = self.relay_clock_ms();
        let Some(core) = &mut self.relay.core else { return };
        if core.poll_timeout().is_some_and(|at_ms| at_ms <= now_ms) {
            core.handle_timeout(now_ms);
            let next_ms = core.poll_timeout();
            assert!(next_ms.is_none_or(|at_ms| at_ms > now_ms), "the core would wake for ever");
        }
        self.drain();
    }

    fn drain(&mut self) {
        for _ in 0..OUTPUTS_MAX {
            let Some(output) = self.relay.core.as_mut().and_then(Core::next_output) else {
                self.topics_have_followers();
                return self.arm();
            };
            if self.dies() {
                return;
            }
            self.carry_out(output);
        }
        panic!("the core does not come to rest");
    }

    fn arm(&mut self) {
        let now_ms = self.relay_clock_ms();
        let Some(at_ms) = self.relay.core.as_ref().and_then(Core::poll_timeout) else { return };
        self.relay.turn += 1;
        let turn = self.relay.turn;
        // The shell sleeps by a clock that nobody can set.
        self.plan_in(at_ms.saturating_sub(now_ms).max(1), Happening::RelayTimer(turn));
    }

    fn carry_out(&mut self, output: Output) {
        let full = !self.healthy && self.rng.chance(self.plan.store_full);
        self.relay.note_output(&output);
        match output {
            Output::Send { to, frame } => {
                for connection in to {
                    if self.dies() {
                        return;
                    }
                    self.push(connection.0, frame.clone());
                }
            }
            Output::Close { connection, close } => self.close_connection(connection.0, close),
            Output::Append { request, .. } if full => {
                self.answer(Input::Appended { request, result: Err(AppendError::Busy) });
            }
            Output::Query { request, .. } if full => {
                self.answer(Input::Answered { request, result: Err(QueryError::Busy) });
            }
            Output::Append { request, append } => self.ask_store(Job::Append(request, append)),
            Output::Query { request, query } => self.ask_store(Job::Query(request, query)),
            Output::Register { connection, site } => self.ask_store(Job::Register(connection, site)),
            Output::Block { connection, block, .. } => {
                self.relay.blocks.push(block);
                self.tell_blocks(connection);
            }
            Output::Unblock { connection, block, .. } => {
                self.relay.blocks.retain(|known| known.block != block);
                self.tell_blocks(connection);
            }
            Output::Typing(typing) => self.answer(Input::Typing(typing)),
            // There is no other relay, and what this one is subscribed to is looked at.
            Output::Presence(_) | Output::Subscribe(_) | Output::Unsubscribe(_) => {}
        }
    }

    /// An answer within the same turn of the core's task.
    fn answer(&mut self, input: Input) {
        let now_ms = self.relay_clock_ms();
        if let Some(core) = &mut self.relay.core {
            core.handle(now_ms, input);
        }
    }

    /// Blocks are stored at once here; how a store fails at it is the contract suite's affair.
    fn tell_blocks(&mut self, connection: ConnectionId) {
        self.answer(Input::Blocks(self.relay.blocks.clone()));
        self.answer(Input::BlockAnswered { connection, result: Ok(()) });
    }
}
