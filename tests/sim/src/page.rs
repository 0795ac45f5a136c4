//! Pages in browsers: the real sessions, their storage, their timers. A page may be loaded anew at any moment.

use std::collections::BTreeMap;

use relay_core::append::Uploader;
use widget_core::{
    AgentInput, AgentSession, AgentStart, ConnectionInput, KeptDraft, Output, Timeline, UploadInput, VisitorInput,
    VisitorSession, VisitorStart,
};
use wire::{AgentId, AttachmentId, ConversationId, MessageId, PageContext, Refusal, ServerFrame, SiteId, Token};

use crate::connection::{ConnectionNumber, News};
use crate::world::{Happening, World};

/// The longest run of outputs that one input may cause.
const OUTPUTS_MAX: usize = 10_000;

/// Whose browser it is.
#[derive(Clone, Debug)]
pub(crate) enum Person {
    Visitor(SiteId),
    Agent(AgentId),
}

/// What a browser keeps over reloads, shared by its tabs.
#[derive(Debug, Default)]
pub(crate) struct Storage {
    pub(crate) drafts: BTreeMap<MessageId, KeptDraft>,
    pub(crate) token: Option<Token>,
    conversation: Option<ConversationId>,
}

pub(crate) struct Browser {
    pub(crate) person: Person,
    pub(crate) storage: Storage,
}

#[expect(clippy::large_enum_variant, reason = "made once for each page")]
pub(crate) enum PageSession {
    Visitor(VisitorSession),
    Agent(AgentSession),
}

impl PageSession {
    pub(crate) fn timeline(&self) -> Option<&Timeline> {
        match self {
            Self::Visitor(session) => session.timeline(),
            Self::Agent(session) => session.timeline(),
        }
    }

    pub(crate) fn room(&self) -> bool {
        match self {
            Self::Visitor(session) => session.room(),
            Self::Agent(session) => session.room(),
        }
    }

    fn next_output(&mut self) -> Option<Output> {
        match self {
            Self::Visitor(session) => session.next_output(),
            Self::Agent(session) => session.next_output(),
        }
    }

    fn poll_timeout(&self) -> Option<u64> {
        match self {
            Self::Visitor(session) => session.poll_timeout(),
            Self::Agent(session) => session.poll_timeout(),
        }
    }

    fn connection(&mut self, now_ms: u64, input: ConnectionInput<ServerFrame>) {
        match self {
            Self::Visitor(session) => {
                session.handle(now_ms, VisitorInput::Connection(input.of_side().expect("a frame for visitors")))
            }
            Self::Agent(session) => {
                session.handle(now_ms, AgentInput::Connection(input.of_side().expect("a frame for agents")))
            }
        }
    }
}

/// A tab; closed while it has no session.
pub(crate) struct Page {
    pub(crate) browser: usize,
    pub(crate) session: Option<PageSession>,
    pub(crate) connection: Option<ConnectionNumber>,
    pub(crate) off_ms: i64,
    /// Counts the loads: what belongs to an earlier one is dropped.
    load: u64,
    turn: u64,
    files: u32,
    /// The revision of the timeline that was checked last.
    pub(crate) checked: (Option<ConversationId>, u64),
}

impl Page {
    pub(crate) const fn closed(browser: usize) -> Self {
        Self { browser, session: None, connection: None, off_ms: 0, load: 0, turn: 0, files: 0, checked: (None, 0) }
    }
}

impl World {
    pub(crate) fn page_clock_ms(&self, page: usize) -> u64 {
        self.now_ms.saturating_add_signed(self.pages[page].off_ms)
    }

    pub(crate) fn agent_of(&self, page: usize) -> Option<AgentId> {
        match &self.browsers[self.pages[page].browser].person {
            Person::Agent(agent) => Some(*agent),
            Person::Visitor(_) => None,
        }
    }

    /// Loads a page, anew if it was loaded.
    pub(crate) fn load(&mut self, page: usize) {
        self.drop_connection(page);
        let now_ms = self.page_clock_ms(page);
        let seed = self.rng.wide();
        let Browser { person, storage } = &self.browsers[self.pages[page].browser];
        let drafts = storage.drafts.values().cloned().collect();
        let session = match person {
            Person::Agent(_) => PageSession::Agent(AgentSession::new(now_ms, AgentStart { seed, drafts, away: false })),
            Person::Visitor(site) => {
                let context = PageContext { url: format!("https://example.com/{page}"), ..PageContext::default() };
                let (token, conversation) = (storage.token.clone(), storage.conversation);
                let start = VisitorStart { site: site.clone(), seed, page: context, token, conversation, drafts };
                PageSession::Visitor(VisitorSession::new(now_ms, start))
            }
        };
        let here = &mut self.pages[page];
        here.session = Some(session);
        here.load += 1;
        here.checked = (None, 0);
        self.after(page);
        if self.agent_of(page).is_some() {
            self.agent(page, AgentInput::Open);
        } else {
            self.visitor(page, VisitorInput::Open);
        }
    }

    /// Closes a tab.
    pub(crate) fn close_page(&mut self, page: usize) {
        self.drop_connection(page);
        self.pages[page].session = None;
        self.pages[page].load += 1;
    }

    pub(crate) fn visitor(&mut self, page: usize, input: VisitorInput) {
        let now_ms = self.page_clock_ms(page);
        if let Some(PageSession::Visitor(session)) = &mut self.pages[page].session {
            session.handle(now_ms, input);
            self.after(page);
        }
    }

    pub(crate) fn agent(&mut self, page: usize, input: AgentInput) {
        let now_ms = self.page_clock_ms(page);
        if let Some(PageSession::Agent(session)) = &mut self.pages[page].session {
            session.handle(now_ms, input);
            self.after(page);
        }
    }

    pub(crate) fn line_input(&mut self, page: usize, input: ConnectionInput<ServerFrame>) {
        let now_ms = self.page_clock_ms(page);
        if let Some(session) = &mut self.pages[page].session {
            session.connection(now_ms, input);
            self.after(page);
        }
    }

    /// Something came down the connection with this number.
    pub(crate) fn page_receives(&mut self, id: ConnectionNumber, news: News) {
        let Some(page) = self.connections.get(&id).map(|connection| connection.page) else { return };
        if self.pages[page].connection != Some(id) {
            return;
        }
        if self.tracing() {
            self.note(&format!("    page {page} gets {news:?}"));
        }
        let input = match news {
            News::Up => ConnectionInput::Up,
            News::Frame(frame) => ConnectionInput::Frame(frame),
            News::Closed(code) => {
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.page_end = false;
                }
                self.pages[page].connection = None;
                self.plan_in(0, Happening::RelayLoses(id));
                ConnectionInput::Down { code }
            }
        };
        self.line_input(page, input);
    }

    pub(crate) fn page_timer(&mut self, page: usize, turn: u64) {
        if self.pages[page].turn != turn {
            return;
        }
        let now_ms = self.page_clock_ms(page);
        match &mut self.pages[page].session {
            Some(PageSession::Visitor(session)) => session.handle_timeout(now_ms),
            Some(PageSession::Agent(session)) => session.handle_timeout(now_ms),
            None => return,
        }
        self.after(page);
    }

    /// Carries out what the session wants, sets its timer, and looks at what it shows.
    fn after(&mut self, page: usize) {
        let mut left = OUTPUTS_MAX;
        while let Some(output) = self.pages[page].session.as_mut().and_then(PageSession::next_output) {
            left -= 1;
            assert!(left > 0, "the session does not come to rest");
            self.carry_out_page(page, output);
        }
        let now_ms = self.page_clock_ms(page);
        self.pages[page].turn += 1;
        if let Some(at_ms) = self.pages[page].session.as_ref().and_then(PageSession::poll_timeout) {
            assert!(at_ms > now_ms, "the session would wake for ever");
            let turn = self.pages[page].turn;
            // Browsers count a timer's length, whatever is done to their clock.
            self.plan_in(at_ms - now_ms, Happening::PageTimer(page, turn));
        }
        self.check_page(page);
    }

    fn carry_out_page(&mut self, page: usize, output: Output) {
        if self.tracing() {
            self.note(&format!("    page {page}: {output:?}"));
        }
        let storage = &mut self.browsers[self.pages[page].browser].storage;
        match output {
            // Frames are the same over both.
            Output::Connect(_) => {
                self.drop_connection(page);
                self.open_connection(page);
            }
            Output::Disconnect => self.drop_connection(page),
            // Sockets can be opened here whenever a stream can.
            Output::Probe => self.plan_in(20, Happening::SocketOpen(page)),
            Output::Transmit(frame) => {
                if let Some(id) = self.pages[page].connection {
                    self.go_up(id, &frame);
                }
            }
            Output::Keep(draft) => drop(storage.drafts.insert(draft.id, draft)),
            Output::Forget(id) => drop(storage.drafts.remove(&id)),
            Output::KeepToken(token) => {
                storage.token = Some(token.clone());
                self.plan_in(5, Happening::TokenKept(page, token));
            }
            Output::ForgetToken => storage.token = None,
            Output::KeepConversation(conversation) => storage.conversation = conversation,
            Output::Upload { id, conversation, attachment, file } => {
                let load = self.pages[page].load;
                let wait_ms = self.rng.between(10, 3_000);
                self.plan_in(wait_ms, Happening::Uploaded { page, load, id, conversation, attachment, file });
            }
            Output::CancelUpload { .. } | Output::Arrived { .. } => {}
        }
    }

    /// The other tabs of the browser see what was kept.
    pub(crate) fn token_kept(&mut self, from: usize, token: &Token) {
        let browser = self.pages[from].browser;
        for page in 0..self.pages.len() {
            if page != from && self.pages[page].browser == browser {
                self.visitor(page, VisitorInput::TokenKept(token.clone()));
            }
        }
    }

    /// A visitor or agent chooses a file.
    pub(crate) fn attach(&mut self, page: usize) {
        self.pages[page].files += 1;
        let (name, bytes, file) = ("receipt.png".to_owned(), 1, self.pages[page].files);
        if self.agent_of(page).is_some() {
            self.agent(page, AgentInput::Attach { name, bytes, file });
        } else {
            self.visitor(page, VisitorInput::Attach { name, bytes, file });
        }
    }

    /// Who uploads from a page, as far as the relay knows them.
    fn uploader(&self, page: usize) -> Option<Uploader> {
        let browser = &self.browsers[self.pages[page].browser];
        match (&browser.person, &browser.storage.token) {
            (Person::Agent(agent), _) => Some(Uploader::Agent(*agent)),
            (Person::Visitor(_), Some(token)) => self.relay.tokens.get(token.reveal()).copied().map(Uploader::Visitor),
            (Person::Visitor(_), None) => None,
        }
    }

    /// An upload is over, well or not.
    pub(crate) fn uploaded(
        &mut self,
        page: usize,
        load: u64,
        id: MessageId,
        (conversation, attachment): (ConversationId, AttachmentId),
        file: u32,
    ) {
        if self.pages[page].load != load {
            return;
        }
        let broken = self.relay.core.is_none() || !self.healthy && self.rng.chance(100);
        let uploader = self.uploader(page).filter(|_| !broken);
        let input = if file == 0 {
            UploadInput::Failed { id, refusal: Refusal::FileMissing }
        } else if let Some(uploader) = uploader {
            self.relay.store.files.insert(attachment, Some((conversation, uploader)));
            UploadInput::Done { id, attachment: crate::model::file(attachment) }
        } else {
            UploadInput::Failed { id, refusal: Refusal::UploadBroken }
        };
        if self.agent_of(page).is_some() {
            self.agent(page, AgentInput::Upload(input));
        } else {
            self.visitor(page, VisitorInput::Upload(input));
        }
    }
}
