//! The relay's shell as a model: the order of `relay/src/core_task/` and `transport/`, with the core itself inside. It may die between any two steps.

use std::collections::{BTreeMap, VecDeque};

use relay_core::{Agent, Answer, Commit, ConnectionId, Core, Input, Output, Peer, QueryError, RequestId, Start};
use relay_core::{Append, AppendError, Appended, Query};
use wire::{
    AgentId, ClientFrame, Close, Hello, Incoming, Party, Refusal, ServerFrame, SiteId, Subject, Token, VisitorId,
};

use crate::line::{LineId, Who};
use crate::model::ModelStore;
use crate::planted::Planted;
use crate::world::{Happening, World};

/// A client's end of a line must not make the relay do this much at once; more would be a loop.
const OUTPUTS_MAX: usize = 100_000;

/// What the store has to do.
#[derive(Debug)]
pub(crate) enum Job {
    Append(RequestId, Append),
    Query(RequestId, Query),
    Register(ConnectionId, SiteId),
}

/// What comes back from the store, in this order.
#[derive(Debug)]
pub(crate) enum Back {
    Notice(Commit),
    Append(RequestId, Result<Appended, AppendError>),
    Query(RequestId, Result<Answer, QueryError>),
    Register(ConnectionId, Option<(VisitorId, Token)>),
}

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
    durable: Option<ModelStore>,
    pub(crate) tokens: BTreeMap<String, VisitorId>,
    pub(crate) blocks: Vec<wire::BlockSummary>,
    pub(crate) agents: Vec<Agent>,
    jobs: VecDeque<Job>,
    back: VecDeque<Back>,
    committing: bool,
    pub(crate) store_down_until_ms: u64,
    pub(crate) store_slow_until_ms: u64,
}

impl Relay {
    pub(crate) fn new(agents: usize) -> Self {
        let agent = |number: usize| Agent {
            id: AgentId(number as u128 + 1),
            name: format!("Agent {number}"),
            role: if number == 0 { wire::Role::Supervisor } else { wire::Role::Agent },
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
        if let Some(durable) = self.relay.durable.take() {
            self.relay.store = durable;
        }
        self.break_all();
        let wait_ms = self.rng.between(50, 8_000);
        self.plan_in(wait_ms, Happening::Start);
    }

    /// One step of the process: it may be its last.
    fn dies(&mut self) -> bool {
        match &mut self.relay.crash_in {
            Some(0) => self.crash(),
            Some(left) => *left -= 1,
            None => {}
        }
        self.relay.core.is_none()
    }

    /// A frame has come up a line: the work of the socket's reader.
    pub(crate) fn relay_hears(&mut self, id: LineId, frame: ClientFrame) {
        if self.dies() {
            return;
        }
        let connection = ConnectionId(id);
        let Some(line) = self.lines.get_mut(&id) else { return };
        let (page, greeted) = (line.page, line.who != Who::Unknown);
        let party = if line.who == Who::Agent { Party::Staff } else { Party::Visitor };
        let ClientFrame::Hello { hello, follow, .. } = frame else {
            if !greeted {
                return self.close_line(id, Close::Malformed);
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
            return self.close_line(id, Close::Malformed);
        }
        if self.now_ms < self.relay.store_down_until_ms {
            return self.close_line(id, Close::Busy);
        }
        let peer = match hello {
            Hello::Visitor { site, token, page: context } => {
                let known = token.as_ref().map(|token| self.relay.tokens.get(token.reveal()).copied());
                let visitor = match known {
                    Some(None) => return self.close_line(id, Close::TokenInvalid),
                    Some(Some(visitor)) => Some(visitor),
                    None => None,
                };
                Peer::Visitor { site, visitor, page: context, source: self.source_of(page) }
            }
            Hello::Agent { state } => match self.agent_of(page) {
                Some(agent) => Peer::Agent { agent, state },
                None => return self.close_line(id, Close::SignedOut),
            },
        };
        if let Some(line) = self.lines.get_mut(&id) {
            line.who = match &peer {
                Peer::Visitor { visitor, .. } => Who::Visitor(*visitor),
                Peer::Agent { .. } => Who::Agent,
            };
        }
        self.tell(Input::Connected { connection, peer, follow });
    }

    /// The core hears something, and everything it wants is done.
    pub(crate) fn tell(&mut self, input: Input) {
        if self.dies() {
            return;
        }
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
        match output {
            Output::Send { to, frame } => {
                for connection in to {
                    if self.dies() {
                        return;
                    }
                    self.push(connection.0, frame.clone());
                }
            }
            Output::Close { connection, close } => self.close_line(connection.0, close),
            Output::Append { request, .. } if full => {
                self.answer(Input::Appended { request, result: Err(AppendError::Busy) });
            }
            Output::Query { request, .. } if full => {
                self.answer(Input::Answered { request, result: Err(QueryError::Busy) });
            }
            Output::Append { request, append } => self.ask_store(Job::Append(request, append)),
            Output::Query { request, query } => self.ask_store(Job::Query(request, query)),
            Output::Register { connection, site } => self.ask_store(Job::Register(connection, site)),
            Output::Block { connection, block } => {
                self.relay.blocks.push(block);
                self.tell_blocks(connection);
            }
            Output::Unblock { connection, block } => {
                self.relay.blocks.retain(|known| known.block != block);
                self.tell_blocks(connection);
            }
            Output::Typing(typing) => self.answer(Input::Typing(typing)),
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

    fn ask_store(&mut self, job: Job) {
        self.relay.jobs.push_back(job);
        if !std::mem::replace(&mut self.relay.committing, true) {
            self.plan_commit();
        }
    }

    fn plan_commit(&mut self) {
        let slow = self.now_ms < self.relay.store_slow_until_ms;
        let wait_ms = if slow { self.rng.between(500, 4_000) } else { self.rng.between(0, self.plan.commit_ms) };
        self.plan_in(wait_ms, Happening::Commit);
    }

    /// One transaction of the store: everything that queued up meanwhile, or nothing.
    pub(crate) fn commit(&mut self) {
        if !self.relay.committing || self.dies() {
            return;
        }
        let jobs = std::mem::take(&mut self.relay.jobs);
        let down =
            self.now_ms < self.relay.store_down_until_ms || !self.healthy && self.rng.chance(self.plan.store_error);
        let answer_lost = !down && !self.healthy && self.rng.chance(self.plan.answer_lost);
        if self.planted(Planted::AnswersBeforeCommit) {
            self.relay.durable = Some(self.relay.store.snapshot());
            self.plan_in(20, Happening::Durable);
        }
        for job in jobs {
            self.do_job(job, down, answer_lost);
        }
        // Committed, and nobody has heard of it yet.
        if self.dies() {
            return;
        }
        self.relay.committing = false;
        self.plan_in(0, Happening::Back);
    }

    /// A planted fault's disk has caught up.
    pub(crate) fn durable(&mut self) {
        self.relay.durable = None;
    }

    fn do_job(&mut self, job: Job, down: bool, answer_lost: bool) {
        let now_ms = self.relay_clock_ms();
        match job {
            Job::Append(request, _) if down => {
                self.relay.back.push_back(Back::Append(request, Err(AppendError::Down)));
            }
            Job::Query(request, _) if down => {
                self.relay.back.push_back(Back::Query(request, Err(QueryError::Down)));
            }
            Job::Register(connection, _) if down => self.relay.back.push_back(Back::Register(connection, None)),
            Job::Append(request, append) => {
                let mut result = self.relay.store.append(now_ms, &append);
                self.check_append(&append, &result);
                if answer_lost {
                    result = result.and(Err(AppendError::Down));
                }
                if let Ok(done) = &result
                    && !done.repeated
                {
                    self.stats.commits += 1;
                    if self.healthy || !self.rng.chance(self.plan.lose_on_bus) {
                        let (site, visitor) = (done.site.clone(), done.visitor);
                        let commit = Commit { site, visitor, events: done.events.clone() };
                        self.relay.back.push_back(Back::Notice(commit));
                    }
                }
                self.relay.back.push_back(Back::Append(request, result));
            }
            Job::Query(request, query) => {
                let result = self.relay.store.query(&query);
                self.relay.back.push_back(Back::Query(request, result));
            }
            Job::Register(connection, site) => {
                let mut bytes = [0; 32];
                for chunk in bytes.chunks_mut(8) {
                    chunk.copy_from_slice(&self.rng.next().to_le_bytes());
                }
                let (visitor, token) = (VisitorId(self.rng.wide()), Token::from_bytes(&bytes));
                self.relay.tokens.insert(token.reveal().to_owned(), visitor);
                self.relay.store.sites.insert(visitor, site);
                let answer = (!answer_lost).then_some((visitor, token));
                self.relay.back.push_back(Back::Register(connection, answer));
            }
        }
    }

    /// The core's task takes back what the store has done, one by one.
    pub(crate) fn take_back(&mut self) {
        while let Some(back) = self.relay.back.pop_front() {
            self.tell(match back {
                Back::Notice(commit) => Input::Committed(commit),
                Back::Append(request, result) => Input::Appended { request, result },
                Back::Query(request, result) => Input::Answered { request, result },
                Back::Register(connection, Some((visitor, token))) => Input::Registered { connection, visitor, token },
                Back::Register(connection, None) => Input::RegisterFailed { connection, refusal: Refusal::StoreDown },
            });
        }
        if !self.relay.committing && !self.relay.jobs.is_empty() {
            self.relay.committing = true;
            self.plan_commit();
        }
    }
}
