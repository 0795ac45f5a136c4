//! The agent's session: the inbox, the shown conversation, and what the agent writes.

mod defence;
mod ended;
mod found;
mod inbox;
mod input;
mod noted;
mod receive;

use wire::{
    AgentState, AgentSummary, ClientFrame, ConversationId, ConversationState, ConversationSummary, Hello, PageContext,
    Party, Refusal, StaffScope, ToAgent, VisitorId,
};

pub use ended::ENDED_ROWS_MAX;
pub use found::{FOUND_ROWS_MAX, Found};
pub use inbox::{OPEN_ROWS_MAX, waits_since_ms};
pub use input::{AgentInput, AgentStart};

use defence::Defence;
use ended::Ended;
use inbox::Rows;

use crate::clock::Earliest;
use crate::log::Timeline;
use crate::outbox::Payload;
use crate::session::{ClientSession, Step};
use crate::types::{ConnectionInput, Online, Output};

/// Timelines kept at most, so that one of the last shown is there at once when it is shown again.
const TIMELINES_MAX: usize = 12;
/// Later than any time. The largest whole number that every JSON reader takes (2^53 - 1).
const LATEST_MS: u64 = 9_007_199_254_740_991;

/// An agent's session.
#[derive(Debug)]
pub struct AgentSession {
    session: ClientSession,
    me: Option<AgentSummary>,
    /// The names of the agent's rights, as the relay said last.
    rights: Vec<String>,
    /// Where these count.
    scope: StaffScope,
    agents: Vec<AgentSummary>,
    rows: Rows,
    /// The latest row of the shown conversation, also when it is not open.
    shown_row: Option<ConversationSummary>,
    ended: Ended,
    /// The search that the relay was asked for.
    found: Option<Found>,
    defence: Defence,
    /// Whose conversations `earlier` lists (or will), and whether they were asked for on this connection.
    earlier_of: Option<(VisitorId, bool)>,
    earlier: Vec<ConversationSummary>,
    away: bool,
    /// Away or online was chosen, and the relay has not confirmed it.
    choosing: bool,
    taking: Option<ConversationId>,
    welcomed: bool,
}

impl AgentSession {
    /// A session that does nothing until it is opened.
    #[must_use]
    pub fn new(now_ms: u64, start: AgentStart) -> Self {
        Self {
            session: ClientSession::new(now_ms, start.seed, Party::Staff, start.drafts),
            me: None,
            rights: Vec::new(),
            scope: StaffScope::default(),
            agents: Vec::new(),
            rows: Rows::default(),
            shown_row: None,
            ended: Ended::new(),
            found: None,
            defence: Defence::default(),
            earlier_of: None,
            earlier: Vec::new(),
            away: start.away,
            choosing: false,
            taking: None,
            welcomed: false,
        }
    }

    /// Takes what happened.
    pub fn handle(&mut self, now_ms: u64, input: AgentInput) {
        self.session.clock.tick(now_ms);
        let now_ms = self.session.clock.now_ms();
        self.session.revision += u64::from(!input.is_quiet());
        let shown = self.session.shown;
        match (input, shown) {
            (AgentInput::Open, _) => self.session.connection.open(now_ms, &mut self.session.out),
            (AgentInput::Connection(input), _) => self.connection(input),
            (AgentInput::Show { conversation }, _) => self.show(conversation),
            (AgentInput::Hide, _) => {
                self.session.shown = None;
                self.shown_row = None;
            }
            (AgentInput::Say { text }, Some(shown)) => self.session.write_text(shown, &text, false),
            (AgentInput::Note { text }, Some(shown)) => self.session.write_text(shown, &text, true),
            (AgentInput::Attach { name, bytes, file }, Some(shown)) => self.session.attach(shown, name, bytes, file),
            (AgentInput::Say { .. } | AgentInput::Note { .. } | AgentInput::Attach { .. }, None) => {
                self.session.report(Refusal::NotFound);
            }
            (AgentInput::Upload(input), _) => self.session.upload(input),
            (AgentInput::Typing, _) => self.session.type_key(),
            (AgentInput::Visible { visible }, _) => self.session.visible = visible,
            (AgentInput::Take { conversation }, _) => self.take(conversation),
            (AgentInput::Release { conversation }, _) => self.ask_now(ClientFrame::Release { conversation }),
            (AgentInput::Spam { conversation }, _) => self.spam(conversation),
            (AgentInput::Block { conversation, scope, for_ms, reason }, _) => {
                self.ask_now(ClientFrame::Block { conversation, scope, for_ms, reason });
            }
            (AgentInput::Unblock { block }, _) => self.ask_now(ClientFrame::Unblock { block }),
            (AgentInput::ListBlocks, _) => self.ask_now(ClientFrame::ListBlocks),
            (AgentInput::Flood { on }, _) => self.ask_now(ClientFrame::Flood { on }),
            (AgentInput::EndMany { many }, _) => self.ask_now(ClientFrame::EndMany { many }),
            (AgentInput::Find { wanted }, _) => self.find(wanted),
            (AgentInput::FindMore, _) => self.find_more(),
            (AgentInput::End { conversation }, _) => self.end(conversation),
            (AgentInput::Presence { away }, _) => self.choose(away),
            (AgentInput::ListClosed { newest }, _) => self.want_closed(newest),
            (AgentInput::Retry { id }, _) => self.session.retry(id),
            (AgentInput::Discard { id }, _) => self.session.discard(id),
            (AgentInput::Leave, _) => self.session.leave(),
        }
        self.settle();
    }

    /// The next thing for the shell to do. To be called until there is none.
    pub fn next_output(&mut self) -> Option<Output> {
        self.session.out.pop_front()
    }

    /// When [`Self::handle_timeout`] wants to be called, by the clock of `now_ms`.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<u64> {
        let mut earliest = Earliest::after(self.session.clock.now_ms());
        self.session.timeout(&mut earliest, self.sees());
        earliest.get().map(|at_ms| self.session.clock.browser_ms(at_ms))
    }

    /// Takes the time that has passed.
    pub fn handle_timeout(&mut self, now_ms: u64) {
        self.session.clock.tick(now_ms);
        self.settle();
    }

    /// How the connection stands.
    #[must_use]
    pub const fn online(&self) -> Online {
        self.session.online()
    }

    /// The signed-in agent; none before the first welcome.
    #[must_use]
    pub const fn me(&self) -> Option<&AgentSummary> {
        self.me.as_ref()
    }

    /// The names of the signed-in agent's rights; none before the first welcome.
    #[must_use]
    pub fn rights(&self) -> &[String] {
        &self.rights
    }

    /// Where the signed-in agent's rights count.
    #[must_use]
    pub const fn scope(&self) -> &StaffScope {
        &self.scope
    }

    /// Whether the agent chose to be away. The choice may not have reached the relay yet.
    #[must_use]
    pub const fn away(&self) -> bool {
        self.away
    }

    /// All agents, the signed-in one too.
    pub fn agents(&self) -> impl Iterator<Item = &AgentSummary> {
        self.agents.iter()
    }

    /// Which conversation is shown.
    #[must_use]
    pub const fn shown(&self) -> Option<ConversationId> {
        self.session.shown
    }

    /// The shown conversation.
    #[must_use]
    pub fn timeline(&self) -> Option<&Timeline> {
        self.session.timeline()
    }

    /// The page from which the visitor of the shown conversation writes.
    #[must_use]
    pub fn context(&self) -> Option<&PageContext> {
        self.timeline()?.context()
    }

    /// How many messages and notes are not recorded yet, failed ones too.
    #[must_use]
    pub fn drafts_waiting(&self) -> usize {
        self.session.outbox.drafts.iter().filter(|draft| draft.payload.is_shown()).count()
    }

    /// How many messages and notes are sent by themselves as soon as the connection allows; those that failed are not.
    #[must_use]
    pub fn drafts_going_out(&self) -> usize {
        self.session.waiting()
    }

    /// How many endings of conversations are not recorded yet. Signing out waits for them.
    #[must_use]
    pub fn ends_waiting(&self) -> usize {
        self.session.outbox.drafts.iter().filter(|draft| matches!(draft.payload, Payload::End)).count()
    }

    /// Whether there is room for one more draft; otherwise the composer keeps its text.
    #[must_use]
    pub fn room(&self) -> bool {
        self.session.room()
    }

    /// The largest file taken.
    #[must_use]
    pub const fn attachment_bytes_max(&self) -> u64 {
        self.session.bytes_max
    }

    /// The last refusal that belongs to no item of the timeline, and when it came: for a toast.
    #[must_use]
    pub const fn last_refusal(&self) -> Option<&(u64, Refusal)> {
        self.session.refusal.as_ref()
    }

    /// What the relay's clock shows now, as far as it is known. Waiting times are counted by it.
    #[must_use]
    pub const fn relay_now_ms(&self, now_ms: u64) -> u64 {
        self.session.clock.relay_ms(now_ms)
    }

    /// Grows when anything but the timeline may have changed; that has a revision of its own.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.session.revision
    }

    fn show(&mut self, conversation: ConversationId) {
        if self.session.shown != Some(conversation) {
            self.earlier_of = None;
        }
        self.shown_row = self.row(conversation).cloned();
        self.session.show(conversation, true);
        self.session.follow_at_most(TIMELINES_MAX);
    }

    fn take(&mut self, conversation: ConversationId) {
        // Not kept for later: by then somebody else may have it, or the agent may be gone.
        if !self.session.connection.live() {
            return self.session.report(Refusal::Busy);
        }
        self.taking = Some(conversation);
        self.session.transmit(ClientFrame::Take { conversation });
    }

    fn end(&mut self, conversation: ConversationId) {
        let ending = self
            .session
            .outbox
            .drafts
            .iter()
            .any(|draft| draft.conversation == conversation && matches!(draft.payload, Payload::End));
        if !ending {
            self.session.write(conversation, Payload::End, 0, None);
        }
    }

    fn choose(&mut self, away: bool) {
        self.away = away;
        self.choosing = true;
        if self.session.connection.live() {
            self.say_choice();
        }
    }

    fn say_choice(&mut self) {
        let state = self.choice();
        self.session.transmit(ClientFrame::Presence { state });
    }

    const fn choice(&self) -> AgentState {
        if self.away { AgentState::Away } else { AgentState::Online }
    }

    /// Whether what is shown may count as seen. Only in the agent's own conversation: who looks at a colleague's, or at one in the queue, does not
    /// answer there.
    fn sees(&self) -> bool {
        self.session.shown.and_then(|shown| self.row(shown)).is_some_and(|row| self.is_mine(row))
    }

    fn is_mine(&self, row: &ConversationSummary) -> bool {
        matches!((row.state, &self.me), (ConversationState::Assigned { agent }, Some(me)) if agent == me.id)
    }

    fn connection(&mut self, input: ConnectionInput<ToAgent>) {
        if let ConnectionInput::Frame(frame) = input {
            self.notice_notes(&frame);
            if self.session.connection.frame_came(matches!(frame, ToAgent::Pong { .. })) {
                self.receive(frame);
            }
            return;
        }
        match self.session.connection(&input) {
            Step::Nothing => {}
            Step::SayHello => {
                // Sent with the hello: a relay that has just started would take the agent for online and assign visitors to it.
                let state = (self.away || self.choosing).then(|| self.choice());
                self.session.say_hello(Hello::Agent { state }, true);
            }
            Step::Lost => self.lost(),
        }
    }

    /// The agent may do this from now on. When it is something else than before, nothing stays of what was shown before: some of it may not be for
    /// this agent any more. What is still wanted is asked for again.
    fn take_rights(&mut self, rights: Vec<String>, scope: StaffScope) {
        let before = (std::mem::replace(&mut self.rights, rights), std::mem::replace(&mut self.scope, scope));
        if !self.welcomed || before == (self.rights.clone(), self.scope.clone()) {
            return;
        }
        self.ended = Ended::new();
        self.found = None;
        self.defence = Defence::default();
        self.earlier_of = None;
        self.earlier.clear();
        let shown = self.session.shown.take();
        self.session.follow_at_most(0);
        if let Some(shown) = shown {
            self.show(shown);
        }
        // The rows of before are replaced next.
        self.shown_row = None;
    }

    fn lost(&mut self) {
        self.taking = None;
        self.ended.lost();
        self.defence.ending = None;
        if let Some(found) = &mut self.found {
            found.lost();
        }
        if let Some((_, said)) = &mut self.earlier_of {
            *said = false;
        }
    }

    /// Does everything that may be done now.
    fn settle(&mut self) {
        if self.session.tick() {
            self.lost();
        }
        self.unmark_shown();
        self.pump_lists();
        let sees = self.sees();
        self.session.settle(true, sees);
    }
}
