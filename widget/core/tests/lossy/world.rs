//! Three pages, their browsers and their lines to the relay.

use std::collections::{BTreeMap, VecDeque};

use widget_core::{
    AgentInput, AgentSession, AgentStart, ConnectionInput, Content, Item, ItemState, KeptDraft, Output, Timeline,
    VisitorInput, VisitorSession, VisitorStart,
};
use wire::{Body, ClientFrame, ConversationId, Event, MessageId, PageContext, ServerFrame, Token};

use crate::Step;
use crate::relay::{Client, Relay};

const FIRST_TAB: Client = 0;
const SECOND_TAB: Client = 1;
const AGENT: Client = 2;

#[expect(clippy::large_enum_variant, reason = "made once for each page")]
enum Session {
    Visitor(VisitorSession),
    Agent(AgentSession),
}

/// What the relay sends over a connection.
#[expect(clippy::large_enum_variant, reason = "there are few at a time")]
enum News {
    Up,
    Frame(ServerFrame),
}

/// A page in a browser, and its connection.
struct Page {
    session: Option<Session>,
    /// How far its clock is off.
    off_ms: i64,
    /// When its timer ends, by the true clock: browsers count a timer's length, whatever is done to their clock.
    due_ms: Option<u64>,
    /// Whether the next event does not reach it.
    loses: bool,
    up: VecDeque<ClientFrame>,
    down: VecDeque<News>,
}

/// What a browser keeps.
#[derive(Default)]
struct Storage {
    drafts: BTreeMap<MessageId, KeptDraft>,
    token: Option<Token>,
    conversation: Option<ConversationId>,
}

pub(crate) struct World {
    pub(crate) relay: Relay,
    now_ms: u64,
    seed: u128,
    pages: Vec<Page>,
    /// The visitor's, the agent's.
    storages: [Storage; 2],
    said: Vec<String>,
    /// Whether the order of writing is the order of the log: not when the relay refused what came first.
    ordered: bool,
}

const START_MS: u64 = 1_700_000_000_000;

impl World {
    pub(crate) fn new() -> Self {
        let page = || Page {
            session: None,
            off_ms: 0,
            due_ms: None,
            loses: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
        };
        let pages = (0..3).map(|_| page()).collect();
        let (relay, storages) = (Relay::default(), Default::default());
        let mut world = Self { relay, now_ms: START_MS, seed: 0, pages, storages, said: Vec::new(), ordered: true };
        world.load(FIRST_TAB);
        world.load(AGENT);
        world
    }

    fn load(&mut self, client: Client) {
        self.cut_quietly(client);
        self.seed += 1;
        let now_ms = self.clock_ms(client);
        let storage = &self.storages[usize::from(client == AGENT)];
        let drafts = storage.drafts.values().cloned().collect();
        let session = if client == AGENT {
            Session::Agent(AgentSession::new(now_ms, AgentStart { seed: self.seed, drafts, away: false }))
        } else {
            let start = VisitorStart {
                site: "demo".parse().expect("a site id"),
                seed: self.seed,
                page: PageContext::default(),
                token: storage.token.clone(),
                conversation: storage.conversation,
                drafts,
            };
            Session::Visitor(VisitorSession::new(now_ms, start))
        };
        self.pages[client].session = Some(session);
        self.drain(client);
        match client {
            AGENT => self.agent(AgentInput::Open),
            tab => self.visitor(tab, VisitorInput::Open),
        }
    }

    fn clock_ms(&self, client: Client) -> u64 {
        self.now_ms.saturating_add_signed(self.pages[client].off_ms)
    }

    fn visitor(&mut self, tab: Client, input: VisitorInput) {
        let now_ms = self.clock_ms(tab);
        let Some(Session::Visitor(session)) = &mut self.pages[tab].session else { return };
        session.handle(now_ms, input);
        self.drain(tab);
    }

    fn agent(&mut self, input: AgentInput) {
        let now_ms = self.clock_ms(AGENT);
        let Some(Session::Agent(session)) = &mut self.pages[AGENT].session else { return };
        session.handle(now_ms, input);
        self.drain(AGENT);
    }

    fn connection(&mut self, client: Client, input: ConnectionInput<ServerFrame>) {
        match client {
            AGENT => self.agent(AgentInput::Connection(input.of_side().expect("agents get it"))),
            tab => self.visitor(tab, VisitorInput::Connection(input.of_side().expect("visitors get it"))),
        }
    }

    fn drain(&mut self, client: Client) {
        loop {
            let output = match &mut self.pages[client].session {
                Some(Session::Visitor(session)) => session.next_output(),
                Some(Session::Agent(session)) => session.next_output(),
                None => None,
            };
            let storage = &mut self.storages[usize::from(client == AGENT)];
            match output {
                None => break,
                Some(Output::Connect(_)) => {
                    self.cut_quietly(client);
                    self.pages[client].down.push_back(News::Up);
                }
                Some(Output::Disconnect) => self.cut_quietly(client),
                Some(Output::Transmit(frame)) => self.pages[client].up.push_back(frame),
                Some(Output::Keep(draft)) => drop(storage.drafts.insert(draft.id, draft)),
                Some(Output::Forget(id)) => drop(storage.drafts.remove(&id)),
                Some(Output::KeepToken(token)) => storage.token = Some(token),
                Some(Output::KeepConversation(conversation)) => storage.conversation = conversation,
                Some(Output::Arrived { .. } | Output::Probe) => {}
                Some(other) => panic!("{other:?}"),
            }
        }
        let at_ms = match &self.pages[client].session {
            Some(Session::Visitor(session)) => session.poll_timeout(),
            Some(Session::Agent(session)) => session.poll_timeout(),
            None => None,
        };
        let now_ms = self.clock_ms(client);
        self.pages[client].due_ms = at_ms.map(|at_ms| self.now_ms + at_ms.saturating_sub(now_ms));
    }

    fn cut_quietly(&mut self, client: Client) {
        self.relay.cut(client);
        self.pages[client].up.clear();
        self.pages[client].down.clear();
    }

    fn go_up(&mut self, client: Client, count: usize) {
        for _ in 0..count {
            let Some(frame) = self.pages[client].up.pop_front() else { return };
            self.relay.now_ms = self.now_ms;
            for (to, frame) in self.relay.frame(client, frame) {
                let page = &mut self.pages[to];
                let lost = page.loses && matches!(frame, ServerFrame::Event { .. });
                page.loses &= !lost;
                if !lost {
                    page.down.push_back(News::Frame(frame));
                }
            }
        }
    }

    fn go_down(&mut self, client: Client, count: usize) {
        for _ in 0..count {
            let Some(news) = self.pages[client].down.pop_front() else { return };
            let input = match news {
                News::Up => ConnectionInput::Up,
                News::Frame(frame) => ConnectionInput::Frame(frame),
            };
            self.connection(client, input);
        }
    }

    fn say(&mut self, who: &str) -> String {
        let text = format!("{who} {}", self.said.len());
        self.said.push(text.clone());
        text
    }

    pub(crate) fn run(&mut self, step: &Step) {
        match *step {
            Step::VisitorSays(tab) if self.pages[tab].session.is_some() => {
                let text = self.say(if tab == FIRST_TAB { "first" } else { "second" });
                self.visitor(tab, VisitorInput::Say { text });
            }
            Step::AgentSays if self.shown().is_some() => {
                let text = self.say("agent");
                self.agent(AgentInput::Say { text });
            }
            Step::AgentNotes if self.shown().is_some() => {
                let text = self.say("note");
                self.agent(AgentInput::Note { text });
            }
            Step::VisitorSays(_) | Step::AgentSays | Step::AgentNotes => {}
            Step::Ends(AGENT) => {
                if let Some(conversation) = self.shown() {
                    self.agent(AgentInput::End { conversation });
                }
            }
            Step::Ends(tab) => self.visitor(tab, VisitorInput::EndConversation),
            Step::AgentShows(which) => {
                let Some(Session::Agent(session)) = &self.pages[AGENT].session else { return };
                let row = session.open().get(which).map(|row| row.conversation);
                if let Some(conversation) = row {
                    self.agent(AgentInput::Show { conversation });
                }
            }
            Step::Up(client, count) => self.go_up(client, count),
            Step::Down(client, count) => self.go_down(client, count),
            Step::Flow => self.flow(),
            Step::Lose(client) => self.pages[client].loses = true,
            Step::Cut(client) => {
                self.cut_quietly(client);
                self.connection(client, ConnectionInput::Down { code: 1006 });
            }
            // Two tabs that both register are two visitors: the second one opens when there is a token.
            Step::Reload(SECOND_TAB) if self.storages[0].token.is_none() => {}
            Step::Reload(client) => self.load(client),
            Step::Busy(count) => {
                self.relay.busy = count;
                self.ordered = false;
            }
            Step::Wait(ms) => self.wait(ms),
            Step::ClockJumps(client, by_ms) => self.pages[client].off_ms += by_ms,
            Step::Visible(AGENT, visible) => self.agent(AgentInput::Visible { visible }),
            Step::Visible(tab, visible) => self.visitor(tab, VisitorInput::Visible { visible }),
        }
    }

    fn shown(&self) -> Option<ConversationId> {
        match &self.pages[AGENT].session {
            Some(Session::Agent(session)) => session.shown(),
            Some(Session::Visitor(_)) | None => None,
        }
    }

    fn wait(&mut self, ms: u64) {
        self.now_ms += ms;
        for client in 0..self.pages.len() {
            if self.pages[client].due_ms.is_none_or(|due_ms| due_ms > self.now_ms) {
                continue;
            }
            let now_ms = self.clock_ms(client);
            match &mut self.pages[client].session {
                Some(Session::Visitor(session)) => session.handle_timeout(now_ms),
                Some(Session::Agent(session)) => session.handle_timeout(now_ms),
                None => {}
            }
            self.drain(client);
            assert!(self.pages[client].due_ms.is_none_or(|due_ms| due_ms > self.now_ms), "it would wake for ever");
        }
    }

    fn flow(&mut self) {
        while self.pages.iter().any(|page| !page.up.is_empty() || !page.down.is_empty()) {
            for client in 0..self.pages.len() {
                self.go_up(client, usize::MAX);
                self.go_down(client, usize::MAX);
            }
        }
    }

    /// Good lines from now on, for long enough.
    pub(crate) fn heal(&mut self, ms: u64) {
        self.relay.busy = 0;
        for page in &mut self.pages {
            page.loses = false;
        }
        let end_ms = self.now_ms + ms;
        while self.now_ms < end_ms {
            self.flow();
            self.wait(250);
        }
    }

    pub(crate) fn check(&mut self) {
        self.check_log();
        let conversations: Vec<_> = self.relay.logs.keys().copied().collect();
        for conversation in conversations {
            self.agent(AgentInput::Show { conversation });
            for tab in [FIRST_TAB, SECOND_TAB] {
                self.visitor(tab, VisitorInput::Show { conversation });
            }
            self.heal(2_000);
            let log = &self.relay.logs[&conversation];
            for page in &self.pages {
                match &page.session {
                    None => {}
                    Some(Session::Visitor(session)) => {
                        let timeline = session.timeline().expect("one is shown");
                        assert_eq!(ids(timeline, |_| true), shown(&log.shared), "the visitor's timeline");
                        assert_eq!(session.drafts_waiting(), 0);
                    }
                    Some(Session::Agent(session)) => {
                        let timeline = session.timeline().expect("one is shown");
                        assert_eq!(ids(timeline, |item| !staff(item)), shown(&log.shared), "the agent's timeline");
                        assert_eq!(ids(timeline, staff), shown(&log.staff), "the agent's notes");
                        assert_eq!(session.drafts_waiting(), 0);
                    }
                }
            }
        }
        assert_eq!(self.storages[0].drafts, BTreeMap::new());
        assert_eq!(self.storages[1].drafts, BTreeMap::new());
    }

    /// In each conversation, what one page wrote stands in the order written.
    fn check_order(&self) {
        for log in self.relay.logs.values() {
            for who in ["first", "second", "agent"] {
                let mut last = 0;
                for event in &log.shared {
                    let Body::Text { text } = &event.body else { continue };
                    let (by, number) = said(text);
                    assert!(by != who || number >= last, "{text} after {last}");
                    last = if by == who { number } else { last };
                }
            }
        }
    }

    /// Everything said is in the log once; only an agent's word to an ended conversation may have failed, and says so.
    fn check_log(&mut self) {
        let mut failed = Vec::new();
        let shown: Vec<ConversationId> = self.relay.logs.keys().copied().collect();
        for conversation in shown {
            self.agent(AgentInput::Show { conversation });
            self.flow();
            let Some(Session::Agent(session)) = &self.pages[AGENT].session else { unreachable!() };
            let timeline = session.timeline().expect("one is shown");
            for item in timeline.items().filter(|item| item.seq.0 == 0) {
                assert!(matches!(item.state, ItemState::Failed(wire::Refusal::Ended)), "{item:?}");
                let Content::Text(text) = &item.content else { panic!("{item:?}") };
                failed.push((item.id, text.clone()));
            }
        }
        let events = || self.relay.logs.values().flat_map(|log| log.shared.iter().chain(&log.staff));
        for text in &self.said {
            let is_it = |event: &&Event| matches!(&event.body, Body::Text { text: recorded } | Body::Note { text: recorded } if recorded == text);
            let failed = failed.iter().filter(|(_, failed)| failed == text).count();
            assert_eq!(events().filter(is_it).count() + failed, 1, "{text}");
        }
        if self.ordered {
            self.check_order();
        }
        for (id, _) in failed {
            self.agent(AgentInput::Discard { id });
        }
    }
}

/// Who said the what-th thing.
fn said(text: &str) -> (&str, usize) {
    let (who, number) = text.split_once(' ').expect("who and number");
    (who, number.parse().expect("a number"))
}

fn staff(item: &Item) -> bool {
    item.content.is_staff()
}

fn ids(timeline: &Timeline, which: fn(&Item) -> bool) -> Vec<MessageId> {
    timeline.items().filter(|item| which(item)).map(|item| item.id).collect()
}

fn shown(events: &[Event]) -> Vec<MessageId> {
    events.iter().filter(|event| !matches!(event.body, Body::Seen { .. })).map(|event| event.id).collect()
}
