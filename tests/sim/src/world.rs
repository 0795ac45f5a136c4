//! The whole: one agenda in virtual time. Nothing happens but by it, so one seed is one run.

use std::collections::{BTreeMap, BTreeSet};

use wire::{AgentId, AttachmentId, ConversationId, MessageId, SiteId, Tag, Token};

use crate::connection::{Connection, ConnectionNumber};
use crate::page::{Browser, Page, Person, Storage};
use crate::people::Said;
use crate::plan::Plan;
use crate::planted::{Fault, Planted};
use crate::relay::Relay;
use crate::rng::Rng;

/// When every run begins, in milliseconds since 1970 UTC.
const START_MS: u64 = 1_700_000_000_000;
/// The longest trace that is kept.
const TRACE_LINES_MAX: usize = 100_000;

/// Something that is going to happen.
#[derive(Debug)]
pub(crate) enum Happening {
    Act(usize),
    Trouble,
    PageTimer(usize, u64),
    RelayTimer(u64),
    Up(ConnectionNumber),
    Down(ConnectionNumber),
    /// The core learns that a connection is gone which the relay has closed.
    Gone(ConnectionNumber),
    RelayLoses(ConnectionNumber),
    PageLoses(ConnectionNumber),
    NetworkUp(usize),
    SocketOpen(usize),
    Commit,
    Durable,
    Back,
    Start,
    TokenKept(usize, Token),
    Uploaded {
        page: usize,
        load: u64,
        id: MessageId,
        conversation: ConversationId,
        attachment: AttachmentId,
        file: u32,
    },
}

/// What a run has seen, for the figures of many.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stats {
    pub(crate) happenings: u64,
    pub(crate) commits: u64,
    pub(crate) crashes: u64,
    pub(crate) slow_closed: u64,
    pub(crate) said: u64,
    pub(crate) virtual_ms: u64,
}

pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) rng: Rng,
    /// The true time.
    pub(crate) now_ms: u64,
    agenda: BTreeMap<(u64, u64), Happening>,
    order: u64,
    /// No faults any more.
    pub(crate) healthy: bool,
    pub(crate) relay: Relay,
    pub(crate) connections: BTreeMap<ConnectionNumber, Connection>,
    pub(crate) last_connection: ConnectionNumber,
    pub(crate) browsers: Vec<Browser>,
    pub(crate) pages: Vec<Page>,
    pub(crate) said: Vec<Said>,
    /// What was refused for good once: it may go again after a reload, or when its writer says so, and stands where that was.
    pub(crate) refused: BTreeSet<MessageId>,
    /// The networks and turns of those who were served, in that order, and when.
    pub(crate) served: Vec<(Option<Tag>, u64, u64)>,
    pub(crate) stats: Stats,
    fault: Option<Fault>,
    trace: Option<Vec<String>>,
}

/// The sites that visitors come to.
const SITES: [&str; 2] = ["demo", "demo-eu"];

/// The same, as the relay knows them.
pub(crate) fn sites() -> [SiteId; 2] {
    SITES.map(|site| site.parse().expect("a site id"))
}

impl World {
    pub(crate) fn new(seed: u64, fault: Option<Fault>, trace: bool) -> Self {
        let mut rng = Rng::new(seed);
        let plan = Plan::draw(&mut rng);
        let mut browsers = Vec::new();
        let mut pages = Vec::new();
        for number in 0..plan.visitors + plan.agents {
            let site = SITES[number % 2];
            let person = match number.checked_sub(plan.visitors) {
                None => Person::Visitor(site.parse().expect("a site id")),
                Some(number) => Person::Agent(AgentId(number as u128 + 1)),
            };
            browsers.push(Browser { person, storage: Storage::default() });
            // Each has two tabs, of which the second is closed at first.
            pages.extend([Page::closed(number), Page::closed(number)]);
        }
        let relay = Relay::new(plan.agents);
        let mut world = Self {
            plan,
            rng,
            now_ms: START_MS,
            agenda: BTreeMap::new(),
            order: 0,
            healthy: false,
            relay,
            connections: BTreeMap::new(),
            last_connection: 0,
            browsers,
            pages,
            said: Vec::new(),
            refused: BTreeSet::new(),
            served: Vec::new(),
            stats: Stats::default(),
            fault,
            trace: trace.then(Vec::new),
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        self.note(&format!("{:?}", self.plan));
        self.start_relay();
        for page in 0..self.pages.len() {
            if page % 2 == 0 {
                self.load(page);
            }
            let wait_ms = self.rng.between(1, self.plan.act_every_ms * 2);
            self.plan_in(wait_ms, Happening::Act(page));
        }
        self.plan_in(self.plan.trouble_every_ms, Happening::Trouble);
    }

    /// Whether a fault of the shell is planted.
    pub(crate) fn planted(&self, fault: Planted) -> bool {
        self.fault == Some(Fault::Shell(fault))
    }

    pub(crate) fn plan_in(&mut self, wait_ms: u64, happening: Happening) {
        self.plan_at(self.now_ms + wait_ms, happening);
    }

    pub(crate) fn plan_at(&mut self, at_ms: u64, happening: Happening) {
        self.order += 1;
        self.agenda.insert((at_ms.max(self.now_ms), self.order), happening);
    }

    /// Writes into the trace, when there is one.
    pub(crate) fn note(&mut self, what: &str) {
        let at_ms = self.now_ms - START_MS;
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{at_ms:>8} ms  {what}"));
            if trace.len() > TRACE_LINES_MAX {
                trace.drain(..TRACE_LINES_MAX / 2);
            }
        }
    }

    /// Whether there is a trace.
    pub(crate) const fn tracing(&self) -> bool {
        self.trace.is_some()
    }

    /// Prints the end of the trace.
    pub(crate) fn print_trace(&self) {
        for line in self.trace.iter().flatten() {
            println!("{line}");
        }
    }

    /// Lets this much time pass, with everything that happens in it.
    pub(crate) fn run_for(&mut self, ms: u64) {
        let end_ms = self.now_ms + ms;
        while let Some(entry) = self.agenda.first_entry() {
            if entry.key().0 > end_ms {
                break;
            }
            let ((at_ms, _), happening) = entry.remove_entry();
            self.stats.virtual_ms += at_ms - self.now_ms;
            self.now_ms = at_ms;
            self.stats.happenings += 1;
            if self.tracing() {
                self.note(&format!("{happening:?}"));
            }
            self.happen(happening);
        }
        self.stats.virtual_ms += end_ms - self.now_ms;
        self.now_ms = end_ms;
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Act(page) => self.act(page),
            Happening::Trouble => self.trouble(),
            Happening::PageTimer(page, turn) => self.page_timer(page, turn),
            Happening::RelayTimer(turn) => self.relay_timer(turn),
            Happening::Up(connection) => self.arrive_up(connection),
            Happening::Down(connection) => self.arrive_down(connection),
            Happening::Gone(connection) => self.gone(connection),
            Happening::RelayLoses(connection) => self.relay_loses(connection),
            Happening::PageLoses(connection) => self.page_loses(connection),
            Happening::NetworkUp(page) => self.line_input(page, widget_core::ConnectionInput::NetworkUp),
            Happening::SocketOpen(page) => self.line_input(page, widget_core::ConnectionInput::SocketOpen),
            Happening::Commit => self.commit(),
            Happening::Durable => self.durable(),
            Happening::Back => self.take_back(),
            Happening::Start => self.start_relay(),
            Happening::TokenKept(page, token) => self.token_kept(page, &token),
            Happening::Uploaded { page, load, id, conversation, attachment, file } => {
                self.uploaded(page, load, id, (conversation, attachment), file);
            }
        }
    }
}
