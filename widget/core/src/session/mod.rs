//! What the sessions of both sides share: the connection, the outbox, the followed conversations, and what is due when.

mod receive;
mod upload;
mod write;

use std::collections::VecDeque;

use wire::limit::{ATTACHMENT_BYTES_MAX, FOLLOW_CONVERSATIONS_MAX, TYPING_EVERY_MS};
use wire::{Author, ClientFrame, ConversationId, Follow, Hello, Party, Refusal, Seq};

use crate::clock::{Clock, Earliest};
use crate::connection::Connection;
use crate::ids::Ids;
use crate::log::Followed;
use crate::log::Timeline;
use crate::outbox::Outbox;
use crate::planted::{Planted, planted};
use crate::types::{ConnectionInput, KeptDraft, Online, Output};

/// What was seen is reported at most this often.
const SEEN_EVERY_MS: u64 = 1_000;

/// The shared half of a session.
#[derive(Debug)]
pub(crate) struct ClientSession {
    /// Which side this is.
    pub(crate) party: Party,
    /// Who writes, as shown in drafts.
    pub(crate) author: Author,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) connection: Connection,
    pub(crate) outbox: Outbox,
    /// At most [`FOLLOW_CONVERSATIONS_MAX`].
    pub(crate) follows: Vec<Followed>,
    pub(crate) out: VecDeque<Output>,
    pub(crate) shown: Option<ConversationId>,
    pub(crate) visible: bool,
    pub(crate) bytes_max: u64,
    pub(crate) refusal: Option<(u64, Refusal)>,
    pub(crate) revision: u64,
    seen_next_ms: u64,
    typing_next_ms: u64,
    /// Counts what is shown, for [`Followed::used`].
    uses: u64,
}

/// What a session must do after an input of the connection.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing more.
    Nothing,
    /// Send hello.
    SayHello,
    /// The connection was lost, with all requests that were under way.
    Lost,
}

impl ClientSession {
    pub(crate) fn new(now_ms: u64, seed: u128, party: Party, drafts: Vec<KeptDraft>) -> Self {
        let drafts = if planted(Planted::ForgetsOutbox) { Vec::new() } else { drafts };
        let outbox = Outbox::new(drafts, party == Party::Visitor);
        let mut ids = Ids::new(seed);
        if let Some(last) = outbox.drafts.last() {
            ids.follow(last.id);
        }
        Self {
            party,
            author: if party == Party::Visitor { Author::Visitor } else { Author::System },
            clock: Clock::new(now_ms),
            ids,
            connection: Connection::new(),
            outbox,
            follows: Vec::new(),
            out: VecDeque::new(),
            shown: None,
            visible: false,
            bytes_max: ATTACHMENT_BYTES_MAX,
            refusal: None,
            revision: 0,
            seen_next_ms: 0,
            typing_next_ms: 0,
            uses: 0,
        }
    }

    /// Takes the connection's input, except for frames, which each side reads itself.
    pub(crate) fn connection<F>(&mut self, input: &ConnectionInput<F>) -> Step {
        let now_ms = self.clock.now_ms();
        let random = self.ids.random();
        let lost = match input {
            ConnectionInput::Up => return if self.connection.up(now_ms) { Step::SayHello } else { Step::Nothing },
            // Each side reads its own.
            ConnectionInput::Frame(_) => return Step::Nothing,
            ConnectionInput::Down { code } => self.connection.down(now_ms, *code, random),
            ConnectionInput::SocketOpen => self.connection.socket_open(now_ms, &mut self.out),
            ConnectionInput::NetworkUp => self.connection.network_up(now_ms, &mut self.out),
            ConnectionInput::NetworkDown => {
                self.connection.network_down(now_ms, &mut self.out);
                false
            }
        };
        if lost {
            self.lost();
            Step::Lost
        } else {
            Step::Nothing
        }
    }

    /// Does what the connection has due. True when the connection is lost by it.
    pub(crate) fn tick(&mut self) -> bool {
        let random = self.ids.random();
        let before = self.connection.online();
        let lost = self.connection.tick(self.clock.now_ms(), random, &mut self.out);
        if self.connection.online() != before {
            self.revision += 1;
        }
        if lost {
            self.lost();
        }
        lost
    }

    /// Gives the connection up, because something on it went wrong.
    pub(crate) fn give_up(&mut self) {
        let random = self.ids.random();
        self.connection.give_up(self.clock.now_ms(), random, &mut self.out);
        self.lost()
    }

    /// Requests that were under way are lost with the connection.
    pub(crate) fn lost(&mut self) {
        self.outbox.lost();
        for followed in &mut self.follows {
            followed.lost();
        }
    }

    /// Sends the first frame of a connection.
    pub(crate) fn say_hello(&mut self, hello: Hello, resume: bool) {
        let now_ms = self.clock.now_ms();
        let mut follow: Vec<Follow> = Vec::new();
        for followed in &mut self.follows {
            if resume && followed.known {
                follow.push(followed.ask_all(now_ms));
            }
        }
        self.transmit(ClientFrame::Hello { protocol: wire::PROTOCOL, hello, follow });
    }

    /// The relay said welcome.
    pub(crate) fn welcome(&mut self, relay_ms: u64, bytes_max: u64) {
        self.connection.welcome(self.clock.now_ms());
        self.outbox.wait_for_other_tabs(self.clock.now_ms());
        self.clock.set_relay(relay_ms);
        self.bytes_max = bytes_max;
    }

    /// How many messages wait to be recorded, without those that failed and wait for a person.
    pub(crate) fn waiting(&self) -> usize {
        self.outbox.drafts.iter().filter(|draft| draft.payload.is_shown() && !draft.failed()).count()
    }

    pub(crate) fn transmit(&mut self, frame: ClientFrame) {
        self.out.push_back(Output::Transmit(frame));
    }

    /// A key was pressed. The other side is told, at most every [`TYPING_EVERY_MS`].
    pub(crate) fn type_key(&mut self) {
        let now_ms = self.clock.now_ms();
        if !self.connection.live() || self.typing_next_ms > now_ms {
            return;
        }
        let Some(followed) = self.shown_follow() else { return };
        if !followed.known || followed.timeline.closed() {
            return;
        }
        let conversation = followed.conversation();
        self.typing_next_ms = now_ms.saturating_add(TYPING_EVERY_MS);
        self.transmit(ClientFrame::Typing { conversation });
    }

    /// The followed conversation. If it is not followed yet, it is from now on; where there is no room, the least recently shown one is dropped.
    pub(crate) fn follow(&mut self, conversation: ConversationId, known: bool) -> &mut Followed {
        let at = self.follows.iter().position(|followed| followed.conversation() == conversation);
        let at = at.unwrap_or_else(|| {
            if self.follows.len() >= FOLLOW_CONVERSATIONS_MAX {
                self.unfollow_one();
            }
            self.follows.push(Followed::new(conversation, self.party, known));
            self.follows.len() - 1
        });
        let followed = &mut self.follows[at];
        followed.known |= known;
        followed
    }

    pub(crate) fn find_follow(&self, conversation: ConversationId) -> Option<&Followed> {
        self.follows.iter().find(|followed| followed.conversation() == conversation)
    }

    pub(crate) fn follow_mut(&mut self, conversation: ConversationId) -> Option<&mut Followed> {
        self.follows.iter_mut().find(|followed| followed.conversation() == conversation)
    }

    /// Something of a conversation was erased: nothing of it stays here, and what is left is fetched.
    pub(crate) fn begin_anew(&mut self, conversation: ConversationId) {
        if let Some(followed) = self.follow_mut(conversation) {
            followed.begin_anew();
        }
    }

    fn shown_follow(&self) -> Option<&Followed> {
        self.shown.and_then(|shown| self.find_follow(shown))
    }

    /// The shown timeline.
    pub(crate) fn timeline(&self) -> Option<&Timeline> {
        self.shown_follow().map(|followed| &followed.timeline)
    }

    /// Shows a conversation.
    pub(crate) fn show(&mut self, conversation: ConversationId, known: bool) {
        self.shown = Some(conversation);
        self.uses += 1;
        let uses = self.uses;
        self.follow(conversation, known).used = uses;
    }

    /// Keeps only so many followed conversations, the most recently shown.
    pub(crate) fn follow_at_most(&mut self, count: usize) {
        while self.follows.len() > count {
            self.unfollow_one();
        }
    }

    fn unfollow_one(&mut self) {
        let mut least: Option<(bool, u64, usize)> = None;
        for (at, followed) in self.follows.iter().enumerate() {
            let needed = Some(followed.conversation()) == self.shown || self.outbox.holds(followed.conversation());
            let rank = (needed, followed.used, at);
            if least.is_none_or(|least| rank < least) {
                least = Some(rank);
            }
        }
        let Some((.., at)) = least else { return };
        let followed = self.follows.remove(at);
        if followed.followed && self.connection.live() {
            self.transmit(ClientFrame::Unfollow { conversation: followed.conversation() });
        }
    }

    /// Sends what may be sent, and brings timelines up to date. `writes`: drafts may be sent now; `sees`: what is shown may count as seen.
    pub(crate) fn settle(&mut self, writes: bool, sees: bool) {
        let now_ms = self.clock.now_ms();
        let live = self.connection.live();
        if live {
            for followed in &mut self.follows {
                followed.pump(now_ms, &mut self.out);
            }
        }
        if live && writes {
            self.outbox.pump(now_ms, &mut self.out);
            self.pump_uploads();
        }
        if let Some((conversation, up_to)) = self.unreported_seen(sees)
            && self.seen_next_ms <= now_ms
        {
            self.seen_next_ms = now_ms.saturating_add(SEEN_EVERY_MS);
            self.transmit(ClientFrame::Seen { conversation, up_to });
            if let Some(followed) = self.follow_mut(conversation) {
                followed.timeline.set_seen_reported(up_to);
            }
        }
        let online = matches!(self.connection.online(), Online::Live);
        let ahead_ms = self.clock.relay_ahead_ms();
        for followed in &mut self.follows {
            followed.timeline.expire(now_ms);
            if Some(followed.conversation()) == self.shown {
                self.outbox.show_in(&mut followed.timeline, &self.author, online, ahead_ms);
            }
        }
    }

    /// Reports what was seen once more, later.
    fn see_again(&mut self, conversation: ConversationId, again_ms: u64) {
        self.seen_next_ms = again_ms;
        if let Some(followed) = self.follow_mut(conversation) {
            followed.timeline.set_seen_reported(Seq::ZERO);
        }
    }

    fn unreported_seen(&self, sees: bool) -> Option<(ConversationId, Seq)> {
        if !sees || !self.visible || !self.connection.live() {
            return None;
        }
        let followed = self.shown_follow()?;
        Some((followed.conversation(), followed.timeline.unreported_seen()?))
    }

    /// Adds the times at which something is due by time alone.
    pub(crate) fn timeout(&self, earliest: &mut Earliest, sees: bool) {
        self.connection.timeout(earliest);
        for followed in &self.follows {
            earliest.add(followed.timeline.typing_until_ms().unwrap_or(0));
        }
        if !self.connection.live() {
            return;
        }
        self.outbox.timeout(earliest);
        for followed in &self.follows {
            followed.timeout(earliest);
        }
        if self.unreported_seen(sees).is_some() {
            earliest.add(self.seen_next_ms);
        }
    }

    /// How the connection stands, by the browser's clock.
    pub(crate) const fn online(&self) -> Online {
        let online = self.connection.online();
        if let Online::Reconnecting { retry_at_ms } = online {
            return Online::Reconnecting { retry_at_ms: self.clock.browser_ms(retry_at_ms) };
        }
        online
    }
}
