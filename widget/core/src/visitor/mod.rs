//! The visitor's session: registers with the first message, shows one conversation, and loses nothing the visitor wrote.

mod conversations;
mod input;
mod receive;

use wire::limit::{ACKNOWLEDGE_WAIT_MS, COMMENT_CHARS_MAX};
use wire::{
    AgentState, ClientFrame, Close, ConversationId, Hello, PageContext, Party, Refusal, SiteId, ToVisitor, Token,
    VisitorConversation,
};

pub use input::{VisitorInput, VisitorStart};

use crate::clock::Earliest;
use crate::log::Timeline;
use crate::outbox::{Draft, Payload, Phase};
use crate::session::{ClientSession, Step};
use crate::types::{ConnectionInput, Online, Output};

/// A visitor's session.
#[derive(Debug)]
pub struct VisitorSession {
    session: ClientSession,
    site: SiteId,
    page: PageContext,
    token: Option<Token>,
    register: Register,
    /// The visitor wants a new conversation. Until they write, no old one is shown by itself.
    fresh: bool,
    answering: u32,
    /// The number of the site's look; 0 before the relay has said it.
    look: u32,
    rows: Vec<VisitorConversation>,
    /// Whether the relay has said which conversations there are.
    listed: bool,
    /// Conversation, position in its queue, how many wait.
    queues: Vec<(ConversationId, u32, u32)>,
    /// The state of the agents who hold the visitor's conversations.
    holders: Vec<(ConversationId, AgentState)>,
    /// The conversation whose queue the visitor wants to leave, and whether that was sent on this connection.
    leaving: Option<(ConversationId, bool)>,
}

/// How the registration stands. Times are session times (see `Clock`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Register {
    No,
    Asked { since_ms: u64 },
    Later { at_ms: u64 },
}

impl VisitorSession {
    /// A session that does nothing until it is opened.
    #[must_use]
    pub fn new(now_ms: u64, start: VisitorStart) -> Self {
        let mut session = ClientSession::new(now_ms, start.seed, Party::Visitor, start.drafts);
        let last_written = session.outbox.drafts.last().map(|draft| draft.conversation);
        if let Some(conversation) = start.conversation.or(last_written) {
            // Without a token the relay has no conversation of this visitor.
            session.show(conversation, start.token.is_some());
        }
        let mut visitor = Self {
            session,
            site: start.site,
            page: start.page,
            token: start.token,
            register: Register::No,
            fresh: false,
            answering: 0,
            look: 0,
            rows: Vec::new(),
            listed: false,
            queues: Vec::new(),
            holders: Vec::new(),
            leaving: None,
        };
        visitor.settle();
        visitor
    }

    /// Takes what happened.
    pub fn handle(&mut self, now_ms: u64, input: VisitorInput) {
        self.session.clock.tick(now_ms);
        let now_ms = self.session.clock.now_ms();
        self.session.revision += u64::from(!input.is_quiet());
        match input {
            VisitorInput::Open => self.session.connection.open(now_ms, &mut self.session.out),
            VisitorInput::Connection(input) => self.connection(input),
            VisitorInput::Say { text } => {
                if !wire::is_blank(&text) {
                    let conversation = self.writable();
                    self.session.write_text(conversation, &text, false);
                }
            }
            VisitorInput::Attach { name, bytes, file } => {
                let conversation = self.writable();
                self.session.attach(conversation, name, bytes, file);
            }
            VisitorInput::Upload(input) => self.session.upload(input),
            VisitorInput::Typing => self.session.type_key(),
            VisitorInput::Visible { visible } => self.session.visible = visible,
            VisitorInput::LeaveQueue => {
                let waiting = self.timeline().filter(|timeline| timeline.waiting());
                self.leaving = waiting.map(|timeline| (timeline.conversation(), false));
            }
            VisitorInput::EndConversation => self.end(),
            VisitorInput::Rate { score, comment } => self.rate(score, comment),
            VisitorInput::NewConversation => {
                self.fresh = true;
                self.show_none();
            }
            VisitorInput::Show { conversation } => {
                let known = self.row(conversation).is_some();
                self.show(conversation, known);
            }
            VisitorInput::Page(page) => {
                if self.token.is_some() && self.session.connection.live() && page != self.page {
                    self.session.transmit(ClientFrame::Page { page: page.clone() });
                }
                self.page = page;
            }
            VisitorInput::DraftKept(kept) => self.session.outbox.add_from_other_tab(kept, now_ms),
            VisitorInput::DraftForgotten(id) => drop(self.session.outbox.remove(id)),
            VisitorInput::Leave => self.session.leave(),
            VisitorInput::TokenKept(token) => self.adopt(token),
            VisitorInput::Retry { id } => self.retry(id),
            VisitorInput::Discard { id } => self.session.discard(id),
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
        self.session.timeout(&mut earliest, true);
        match self.register {
            Register::No => {}
            Register::Asked { since_ms } => earliest.add(since_ms.saturating_add(ACKNOWLEDGE_WAIT_MS)),
            Register::Later { at_ms } => earliest.add(at_ms),
        }
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

    /// The shown conversation.
    #[must_use]
    pub fn timeline(&self) -> Option<&Timeline> {
        self.session.timeline()
    }

    /// The position in the queue of the shown conversation, 1 is next, and how many wait in it. None while it is not known.
    #[must_use]
    pub fn queue(&self) -> Option<(u32, u32)> {
        let timeline = self.timeline().filter(|timeline| timeline.waiting())?;
        let of = |queue: &&(ConversationId, u32, u32)| queue.0 == timeline.conversation();
        self.queues.iter().find(of).map(|(_, position, waiting)| (*position, *waiting))
    }

    /// Whether the agent who holds the shown conversation is there; none when nobody holds it, or the relay has not said.
    #[must_use]
    pub fn holder(&self) -> Option<AgentState> {
        let shown = self.session.shown?;
        self.holders.iter().find(|holder| holder.0 == shown).map(|holder| holder.1)
    }

    /// How many agents answer now.
    #[must_use]
    pub const fn answering(&self) -> u32 {
        self.answering
    }

    /// The number of what the site's chat shows; 0 before the relay has said it.
    #[must_use]
    pub const fn look(&self) -> u32 {
        self.look
    }

    /// The visitor's conversations, the latest first.
    #[must_use]
    pub fn conversations(&self) -> &[VisitorConversation] {
        &self.rows
    }

    /// The agents' messages the visitor has not seen, in all conversations.
    #[must_use]
    pub fn unread(&self) -> u32 {
        self.rows.iter().map(|row| row.unread).fold(0, u32::saturating_add)
    }

    /// How many messages are not recorded yet, failed ones too.
    #[must_use]
    pub fn drafts_waiting(&self) -> usize {
        self.session.outbox.drafts.iter().filter(|draft| draft.payload.is_shown()).count()
    }

    /// How many messages are sent by themselves as soon as the connection allows; those that failed are not.
    #[must_use]
    pub fn drafts_going_out(&self) -> usize {
        self.session.waiting()
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

    /// The token, for uploads and downloads.
    #[must_use]
    pub const fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Whether the chat should run although it is closed: something is not sent yet, a conversation is open, or a message unread. None while
    /// the relay has not said.
    #[must_use]
    pub fn awake(&self) -> Option<bool> {
        if self.session.outbox.drafts.iter().any(|draft| !draft.failed()) {
            return Some(true);
        }
        let listed = self.token.is_none() || self.listed;
        listed.then(|| self.rows.iter().any(|row| !row.closed || row.unread > 0))
    }

    /// Whether to ask for a rating: the shown conversation has ended, an agent took part, and none is given yet.
    #[must_use]
    pub fn show_rating(&self) -> bool {
        self.timeline().is_some_and(|timeline| {
            timeline.closed()
                && timeline.rated().is_none()
                && timeline.agent_name().is_some()
                && !self.holds(timeline.conversation(), |payload| matches!(payload, Payload::Rate { .. }))
        })
    }

    /// The last refusal that belongs to no item of the timeline, and when it came.
    #[must_use]
    pub const fn last_refusal(&self) -> Option<&(u64, Refusal)> {
        self.session.refusal.as_ref()
    }

    /// What the relay's clock shows now, as far as it is known.
    #[must_use]
    pub const fn relay_now_ms(&self, now_ms: u64) -> u64 {
        self.session.clock.relay_ms(now_ms)
    }

    /// Grows when anything but the timeline may have changed; that has a revision of its own.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.session.revision
    }

    fn end(&mut self) {
        let Some(conversation) = self.session.shown else { return };
        let begun = self.session.find_follow(conversation).is_some_and(|followed| followed.known);
        if !self.ended(conversation) && (begun || self.session.outbox.holds(conversation)) {
            self.session.write(conversation, Payload::End, 0, None);
        }
    }

    fn rate(&mut self, score: u8, comment: String) {
        let Some(conversation) = self.timeline().filter(|timeline| timeline.closed()).map(Timeline::conversation)
        else {
            return;
        };
        if !(1..=5).contains(&score) || comment.chars().count() > COMMENT_CHARS_MAX || comment.as_bytes().contains(&0) {
            return self.session.report(Refusal::RatingInvalid);
        }
        self.session.write(conversation, Payload::Rate { score, comment }, 0, None);
    }

    /// Does everything that may be done now.
    fn settle(&mut self) {
        if self.session.tick() {
            self.lost();
        }
        let now_ms = self.session.clock.now_ms();
        if let Register::Asked { since_ms } = self.register
            && since_ms.saturating_add(ACKNOWLEDGE_WAIT_MS) <= now_ms
        {
            // Asking again on this connection could register two visitors. A new connection cannot mix the answers up.
            self.session.give_up();
            self.lost();
        }
        self.move_checked();
        self.pump_register(now_ms);
        self.pump_leaving();
        self.session.settle(self.token.is_some(), true);
        self.list();
    }

    fn pump_register(&mut self, now_ms: u64) {
        let due = match self.register {
            Register::No => true,
            Register::Later { at_ms } => at_ms <= now_ms,
            Register::Asked { .. } => false,
        };
        // For a draft of another tab that tab registers, until the draft is due here.
        let due_here = |draft: &Draft| match draft.phase {
            Phase::Failed(_) => false,
            Phase::Later { at_ms } => at_ms <= now_ms,
            Phase::Ready | Phase::InFlight { .. } | Phase::Uploading | Phase::Checking => true,
        };
        let wanted = self.token.is_none() && self.session.outbox.drafts.iter().any(due_here);
        if due && wanted && self.session.connection.live() {
            self.register = Register::Asked { since_ms: now_ms };
            self.session.transmit(ClientFrame::Register);
        }
    }

    fn pump_leaving(&mut self) {
        let Some((conversation, said)) = self.leaving else { return };
        if !self.session.find_follow(conversation).is_some_and(|followed| followed.timeline.waiting()) {
            self.leaving = None;
        } else if !said && self.session.connection.live() {
            self.leaving = Some((conversation, true));
            self.session.transmit(ClientFrame::LeaveQueue { conversation });
        }
    }

    fn hello(&self) -> Hello {
        Hello::Visitor { site: self.site.clone(), token: self.token.clone(), page: self.page.clone() }
    }

    fn holds(&self, conversation: ConversationId, what: fn(&Payload) -> bool) -> bool {
        self.session.outbox.drafts.iter().any(|draft| draft.conversation == conversation && what(&draft.payload))
    }

    fn connection(&mut self, mut input: ConnectionInput<ToVisitor>) {
        if let ConnectionInput::Frame(frame) = input {
            if self.session.connection.frame_came(matches!(frame, ToVisitor::Pong { .. })) {
                self.receive(frame);
            }
            return;
        }
        let token_lost = self.token.is_some() && input == (ConnectionInput::Down { code: Close::TokenInvalid.code() });
        if token_lost {
            // Coming back without the token helps.
            input = ConnectionInput::Down { code: 1006 };
        }
        match self.session.connection(&input) {
            Step::Nothing => {}
            Step::SayHello => {
                let hello = self.hello();
                self.session.say_hello(hello, self.token.is_some());
            }
            Step::Lost => {
                self.lost();
                if token_lost {
                    self.drop_token();
                }
            }
        }
    }

    fn lost(&mut self) {
        self.register = Register::No;
        if let Some((_, said)) = &mut self.leaving {
            *said = false;
        }
    }
}
