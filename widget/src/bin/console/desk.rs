//! The console's handle on the session: what views read, and what they tell it.

use leptos::prelude::*;
use widget::clock::{Timer, now_ms};
use widget::env::{listen, page_visible, random_seed, window};
use widget::link::{Brain, Hooks, Link};
use widget::part::Board;
use widget::request::Headers;
use widget::storage::Storage;
use widget_core::{AgentInput, AgentSession, AgentStart, LineInput, Output, UploadInput};
use wire::{ConversationId, ConversationSummary, Party};

use crate::screen::{END_UNDO_MS, Screen};
use crate::sound::Sound;

/// What the browser keeps for the console stands under this prefix; drafts are per agent (a shared computer).
const KEPT: &str = "causeway.console";
/// Waiting times move this often.
const TICK_MS: u64 = 1_000;

/// The agent's session as the link drives it.
pub(crate) struct AgentBrain {
    session: AgentSession,
}

impl Brain for AgentBrain {
    type Input = AgentInput;

    fn handle(&mut self, now_ms: u64, input: AgentInput) {
        self.session.handle(now_ms, input);
    }

    fn next_output(&mut self) -> Option<Output> {
        self.session.next_output()
    }

    fn poll_timeout(&self) -> Option<u64> {
        self.session.poll_timeout()
    }

    fn handle_timeout(&mut self, now_ms: u64) {
        self.session.handle_timeout(now_ms);
    }

    fn read_frame(text: &str) -> Option<wire::ServerFrame> {
        widget::codec::read_frame_of_staff(text)
    }

    fn line(input: LineInput) -> AgentInput {
        AgentInput::Line(input)
    }

    fn upload(input: UploadInput) -> AgentInput {
        AgentInput::Upload(input)
    }

    fn attach(name: String, bytes: u64, file: u32) -> AgentInput {
        AgentInput::Attach { name, bytes, file }
    }

    /// None: the browser sends the cookie by itself.
    fn credentials(&self) -> Headers {
        Headers::new()
    }
}

/// The session, its clock and the view's state; copies are the same desk.
#[derive(Clone, Copy)]
pub(crate) struct Desk {
    link: StoredValue<Link<AgentBrain>, LocalStorage>,
    ticker: StoredValue<Option<Timer>, LocalStorage>,
    /// Grows with every change of the session.
    revision: RwSignal<u64>,
    /// The relay's clock, about once a second.
    clock_ms: RwSignal<u64>,
    /// The lines of the shown conversation.
    pub(crate) board: Board,
    screen: Screen,
}

impl Desk {
    /// Connects as the agent that is signed in.
    pub(crate) fn new(screen: Screen, sound: Sound, email: &str) -> Self {
        let revision = RwSignal::new(0);
        let board = Board::new();
        let storage = Storage::new(&format!("{KEPT}.{email}"));
        let start = AgentStart { seed: random_seed(), drafts: storage.drafts(), away: false };
        let session = AgentSession::new(now_ms(), start);
        let shown = RwSignal::new(None);
        let fresh = screen.fresh;
        let hooks = Hooks {
            changed: Box::new(move |brain: &AgentBrain| {
                revision.update(|revision| *revision += 1);
                shown.set(brain.session.shown());
                board.mirror(brain.session.timeline(), Party::Staff);
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
        let link = Link::new(AgentBrain { session }, storage, hooks);
        let desk = Self {
            link: StoredValue::new_local(link),
            ticker: StoredValue::new_local(None),
            revision,
            clock_ms: RwSignal::new(now_ms()),
            board,
            screen,
        };
        desk.start_clock();
        desk.watch_page();
        desk.tell(AgentInput::Open);
        desk
    }

    /// Reads the session; the caller runs again when something changed.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&AgentSession) -> T) -> T {
        self.revision.track();
        self.peek(read)
    }

    /// Reads the session once.
    pub(crate) fn peek<T>(&self, read: impl FnOnce(&AgentSession) -> T) -> T {
        self.link.with_value(|link| link.read(|brain| read(&brain.session)))
    }

    /// Tells the session something.
    pub(crate) fn tell(&self, input: AgentInput) {
        self.link.with_value(Clone::clone).send(input);
    }

    /// Works with the link: files go past the session.
    pub(crate) fn with_link<T>(&self, work: impl FnOnce(&Link<AgentBrain>) -> T) -> T {
        work(&self.link.with_value(Clone::clone))
    }

    /// The relay's clock, in milliseconds since 1970 UTC; the caller runs again every second.
    pub(crate) fn now_ms(&self) -> u64 {
        self.clock_ms.get()
    }

    /// A conversation's row, wherever it is known from.
    pub(crate) fn row(&self, conversation: ConversationId) -> Option<ConversationSummary> {
        self.read(|session| session.row(conversation).cloned())
    }

    /// The conversation shown.
    pub(crate) fn shown(&self) -> Option<ConversationId> {
        self.read(AgentSession::shown)
    }

    /// Shows a conversation; what was being written in the other one is kept.
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

    /// Ends a conversation after a moment in which it can be taken back.
    pub(crate) fn end(&self, conversation: ConversationId) {
        self.end_now();
        self.screen.ending.set(Some((conversation, now_ms() + END_UNDO_MS)));
    }

    /// Sends the end that still could be taken back.
    pub(crate) fn end_now(&self) {
        if let Some((conversation, _)) = self.screen.ending.get_untracked() {
            self.screen.ending.set(None);
            self.tell(AgentInput::End { conversation });
        }
    }

    fn start_clock(&self) {
        let desk = *self;
        let tick = move || {
            let now_ms = now_ms();
            desk.clock_ms.set(desk.peek(|session| session.relay_now_ms(now_ms)));
            if desk.screen.ending.get_untracked().is_some_and(|(_, at_ms)| at_ms <= now_ms) {
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
        // Who closes the page meant the end that was still to be sent.
        listen(&window(), "pagehide", move |_| {
            if desk.alive() {
                desk.end_now();
            }
        });
    }

    /// Whether the page still belongs to this desk: after signing out, listeners find an empty place.
    fn alive(&self) -> bool {
        !self.revision.is_disposed()
    }
}
