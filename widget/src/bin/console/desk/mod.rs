//! The desk: the console's handle on the agent's session. Views read it, and tell it what the agent does.

pub(crate) mod rights;
pub(crate) mod route;
pub(crate) mod screen;
pub(crate) mod sound;
mod written;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use leptos::prelude::*;
use relay_settings::{Scope, Staff};
use widget::clock::{Timer, now_ms};
use widget::env::{listen, page_visible, random_seed, window};
use widget::part::Rows;
use widget::runner::{Hooks, Runner, Session};
use widget::storage::Storage;
use widget::transport::Headers;
use widget_core::{AgentInput, AgentSession, AgentStart, ConnectionInput, Output, UploadInput};
use wire::{AgentId, AgentState, AgentSummary, ConversationId, ConversationSummary, Party, StaffScope, ToAgent};

use crate::desk::screen::{Ending, Screen, What};
use crate::desk::sound::Sound;

/// The prefix of names in the browser's storage. Each agent has an own one after it: computers are shared.
const KEPT: &str = "causeway.console";
/// Waiting times are updated this often.
const TICK_MS: u64 = 1_000;
/// How long signing out waits for the relay to record the endings that are still to be sent.
const LEAVE_WAIT_MS: u64 = 5_000;
/// With more watched rows than this, those that are not known any more are dropped.
const WATCHED_MAX: usize = 8_000;

/// The agent's session as the runner drives it.
pub(crate) struct Agent {
    session: AgentSession,
    /// The rows that look different since the views were told.
    changed: RefCell<BTreeSet<ConversationId>>,
    /// Conversations of which something was erased since then.
    erased: RefCell<Vec<ConversationId>>,
}

impl Agent {
    fn gather(&mut self) {
        self.changed.get_mut().append(&mut self.session.take_changed());
    }
}

impl Session for Agent {
    type Input = AgentInput;
    type Frame = ToAgent;
    const FILES: &'static str = "/api/v1/files/";
    const UPLOADS: [&'static str; 2] = ["/api/v1/conversations/", "/files/"];

    fn handle(&mut self, now_ms: u64, input: AgentInput) {
        if let AgentInput::Connection(ConnectionInput::Frame(ToAgent::Erased { conversation, .. })) = &input {
            self.erased.get_mut().push(*conversation);
        }
        self.session.handle(now_ms, input);
        self.gather();
    }

    fn next_output(&mut self) -> Option<Output> {
        self.session.next_output()
    }

    fn poll_timeout(&self) -> Option<u64> {
        self.session.poll_timeout()
    }

    fn handle_timeout(&mut self, now_ms: u64) {
        self.session.handle_timeout(now_ms);
        self.gather();
    }

    fn read_frame(text: &str) -> Option<ToAgent> {
        serde_json::from_str(text).ok()
    }

    fn write_frame(frame: &wire::ClientFrame) -> String {
        serde_json::to_string(frame).unwrap_or_default()
    }

    fn connection(input: ConnectionInput<ToAgent>) -> AgentInput {
        AgentInput::Connection(input)
    }

    fn upload(input: UploadInput) -> AgentInput {
        AgentInput::Upload(input)
    }

    fn leave() -> AgentInput {
        AgentInput::Leave
    }

    fn attach(name: String, bytes: u64, file: u32) -> AgentInput {
        AgentInput::Attach { name, bytes, file }
    }

    /// None: the browser sends the cookie by itself.
    fn credentials(&self) -> Headers {
        Headers::new()
    }
}

/// The session, its clock and the state of the view. Copies are the same desk.
#[derive(Clone, Copy)]
pub(crate) struct Desk {
    runner: StoredValue<Runner<Agent>, LocalStorage>,
    ticker: StoredValue<Option<Timer>, LocalStorage>,
    /// Grows with every change of the session.
    revision: RwSignal<u64>,
    /// Grows when any row changed.
    lists: RwSignal<u64>,
    /// One for each row that a view shows: of many rows only those that changed are drawn anew.
    rows: StoredValue<BTreeMap<ConversationId, ArcTrigger>, LocalStorage>,
    /// All agents, as of the last change.
    team: RwSignal<Vec<AgentSummary>>,
    /// The signed-in agent, as of the last change.
    me: RwSignal<Option<AgentSummary>>,
    /// What the signed-in agent may do and where, as of the last change.
    staff: RwSignal<Staff>,
    /// While signing out: until when it waits for what is still to be sent.
    leaving: RwSignal<Option<u64>>,
    /// The relay's clock, updated about once a second.
    clock_ms: RwSignal<u64>,
    /// The timeline of the shown conversation.
    pub(crate) timeline: Rows,
    screen: Screen,
}

impl Desk {
    /// Connects as the signed-in agent.
    pub(crate) fn new(screen: Screen, sound: Sound, email: &str) -> Self {
        let revision = RwSignal::new(0);
        let lists = RwSignal::new(0);
        let team = RwSignal::new(Vec::new());
        let me = RwSignal::new(None);
        let staff = RwSignal::new(Staff::new([], Scope::EVERYWHERE));
        let told = StoredValue::new((Vec::<String>::new(), StaffScope::default()));
        let rows = StoredValue::new_local(BTreeMap::<ConversationId, ArcTrigger>::new());
        let timeline = Rows::new();
        let storage = Storage::new(&format!("{KEPT}.{email}"));
        let start = AgentStart { seed: random_seed(), drafts: storage.drafts(), away: false };
        let session = AgentSession::new(now_ms(), start);
        let shown = RwSignal::new(None);
        let fresh = screen.fresh;
        let hooks = Hooks {
            changed: Box::new(move |agent: &Agent| {
                revision.update(|revision| *revision += 1);
                shown.set(agent.session.shown());
                timeline.update(agent.session.timeline(), Party::Staff);
                if !team.with_untracked(|team: &Vec<AgentSummary>| team.iter().eq(agent.session.agents())) {
                    team.set(agent.session.agents().cloned().collect());
                }
                // Before who it is: whoever waits for that asks what they may.
                let (rights, scope) = (agent.session.rights(), agent.session.scope());
                // They change with a welcome alone, and this runs with every frame.
                let is_new = told.with_value(|(names, places)| names != rights || places != scope);
                if is_new {
                    staff.set(rights::staff(rights, scope));
                    told.set_value((rights.to_vec(), scope.clone()));
                }
                if me.with_untracked(|me: &Option<AgentSummary>| me.as_ref() != agent.session.me()) {
                    me.set(agent.session.me().cloned());
                }
                agent.erased.take().into_iter().for_each(|conversation| screen.forget(conversation));
                let changed = agent.changed.take();
                if !changed.is_empty() {
                    lists.update(|lists| *lists += 1);
                    rows.with_value(|rows| {
                        changed.iter().filter_map(|id| rows.get(id)).for_each(Notify::notify);
                    });
                }
            }),
            arrived: Box::new(move |conversation, _, assigned| {
                if assigned {
                    fresh.set(Some(conversation));
                }
                if assigned || !page_visible() || shown.get_untracked() != Some(conversation) {
                    sound.play();
                }
            }),
        };
        let runner =
            Runner::new(Agent { session, changed: RefCell::default(), erased: RefCell::default() }, storage, hooks);
        let desk = Self {
            runner: StoredValue::new_local(runner),
            ticker: StoredValue::new_local(None),
            revision,
            lists,
            rows,
            team,
            me,
            staff,
            leaving: RwSignal::new(None),
            clock_ms: RwSignal::new(now_ms()),
            timeline,
            screen,
        };
        desk.start_clock();
        desk.watch_page();
        desk.tell(AgentInput::Open);
        desk
    }

    /// Reads the session. The effect that calls this runs again when something changed.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&AgentSession) -> T) -> T {
        self.revision.track();
        self.peek(read)
    }

    /// Reads the session without following it.
    pub(crate) fn peek<T>(&self, read: impl FnOnce(&AgentSession) -> T) -> T {
        self.runner.with_value(|runner| runner.read(|agent| read(&agent.session)))
    }

    /// Tells the session something.
    pub(crate) fn tell(&self, input: AgentInput) {
        self.runner.with_value(Clone::clone).send(input);
    }

    /// Works with the runner: files do not go through the session.
    pub(crate) fn with_runner<T>(&self, work: impl FnOnce(&Runner<Agent>) -> T) -> T {
        work(&self.runner.with_value(Clone::clone))
    }

    /// The relay's clock, in milliseconds since 1970 UTC. The effect that calls this runs again every second.
    pub(crate) fn now_ms(&self) -> u64 {
        self.clock_ms.get()
    }

    /// A conversation's row, from whichever list has it. The effect that calls this runs again when that row changed.
    pub(crate) fn row(&self, conversation: ConversationId) -> Option<ConversationSummary> {
        self.watch(conversation);
        self.peek(|session| session.row(conversation).cloned())
    }

    /// Whether a colleague left a note there that was not looked at. The effect that calls this runs again when that row changed.
    pub(crate) fn noted(&self, conversation: ConversationId) -> bool {
        self.watch(conversation);
        self.peek(|session| session.noted(conversation))
    }

    fn watch(&self, conversation: ConversationId) {
        let trigger = self.rows.try_update_value(|rows| {
            if rows.len() >= WATCHED_MAX {
                self.runner.with_value(|link| {
                    link.read(|agent| rows.retain(|id, _| agent.session.row(*id).is_some()));
                });
            }
            rows.entry(conversation).or_default().clone()
        });
        if let Some(trigger) = trigger {
            trigger.track();
        }
    }

    /// Reads the session's lists. The effect that calls this runs again when a row changed.
    pub(crate) fn lists<T>(&self, read: impl FnOnce(&AgentSession) -> T) -> T {
        self.lists.track();
        self.peek(read)
    }

    /// An agent. The effect that calls this runs again when any agent changed.
    pub(crate) fn agent(&self, wanted: AgentId) -> Option<AgentSummary> {
        self.team.with(|team| team.iter().find(|agent| agent.id == wanted).cloned())
    }

    /// An agent's name; empty when it is not known.
    pub(crate) fn agent_name(&self, wanted: AgentId) -> String {
        self.agent(wanted).map(|agent| agent.name).unwrap_or_default()
    }

    /// An agent's state; offline when it is not known.
    pub(crate) fn agent_state(&self, wanted: AgentId) -> AgentState {
        self.agent(wanted).map_or(AgentState::Offline, |agent| agent.state)
    }

    /// The signed-in agent; none before the first welcome. The effect that calls this runs again when it changed.
    pub(crate) fn me(&self) -> Option<AgentSummary> {
        self.me.get()
    }

    /// What the signed-in agent may do and where; nothing before the first welcome. The effect that calls this runs again when it changed.
    pub(crate) fn staff<T>(&self, read: impl FnOnce(&Staff) -> T) -> T {
        self.staff.with(read)
    }

    /// Whether an agent is the signed-in one.
    pub(crate) fn is_me(&self, agent: AgentId) -> bool {
        self.me.with(|me| me.as_ref().is_some_and(|me| me.id == agent))
    }

    /// The conversation shown.
    pub(crate) fn shown(&self) -> Option<ConversationId> {
        self.read(AgentSession::shown)
    }

    /// Shows a conversation. The half-written text in the other one is kept.
    pub(crate) fn open(&self, conversation: ConversationId) {
        self.screen.switch(self.peek(AgentSession::shown), Some(conversation));
        self.screen.panel.set(false);
        self.tell(AgentInput::Show { conversation });
        self.tell(AgentInput::Visible { visible: page_visible() });
    }

    /// Back to the list.
    pub(crate) fn leave(&self) {
        self.screen.switch(self.peek(AgentSession::shown), None);
        self.screen.panel.set(false);
        self.tell(AgentInput::Hide);
    }

    /// Ends something, after a short time in which it can be undone.
    pub(crate) fn end(&self, ending: Ending) {
        self.end_now();
        self.screen.ending.set(Some(ending));
    }

    /// Sends now the ending that could still be undone.
    pub(crate) fn end_now(&self) {
        if let Some(ending) = self.screen.ending.get_untracked() {
            self.screen.ending.set(None);
            self.tell(match ending.what {
                What::One(conversation) => AgentInput::End { conversation },
                What::Many(many, _) => AgentInput::EndMany { many },
            });
        }
    }

    /// Signs out, once endings that could still be undone are recorded or the wait for them is over.
    pub(crate) fn sign_out(&self) {
        self.end_now();
        self.leaving.set(Some(now_ms() + LEAVE_WAIT_MS));
    }

    /// Whether signing out waits for something.
    pub(crate) fn leaving(&self) -> bool {
        self.leaving.read().is_some()
    }

    /// Whether the wait before signing out is over. The effect that calls this runs again with every change and every second.
    pub(crate) fn may_leave(&self) -> bool {
        self.clock_ms.track();
        let Some(until_ms) = self.leaving.get() else { return false };
        now_ms() >= until_ms || self.read(|session| session.ends_waiting() == 0)
    }

    /// Signing out failed: the agent stays signed in.
    pub(crate) fn stay(&self) {
        self.leaving.set(None);
    }

    fn start_clock(&self) {
        let desk = *self;
        let tick = move || {
            let now_ms = now_ms();
            desk.clock_ms.set(desk.peek(|session| session.relay_now_ms(now_ms)));
            if desk.screen.ending.get_untracked().is_some_and(|ending| ending.at_ms <= now_ms) {
                desk.end_now();
            }
            desk.ticker.with_value(|timer| timer.as_ref().map(|timer| timer.set(TICK_MS)));
        };
        let timer = Timer::new(tick);
        timer.set(0);
        self.ticker.set_value(Some(timer));
    }

    fn watch_page(&self) {
        let desk = *self;
        listen(&widget::env::document(), "visibilitychange", move |_| {
            if desk.alive() {
                desk.tell(AgentInput::Visible { visible: page_visible() });
            }
        });
        // The ending was wanted. It can no longer be undone when the page is left, so it is sent now.
        listen(&window(), "pagehide", move |_| {
            if desk.alive() {
                desk.end_now();
            }
        });
    }

    /// Whether this desk is still shown. Listeners on the page outlive it.
    fn alive(&self) -> bool {
        !self.revision.is_disposed()
    }
}
