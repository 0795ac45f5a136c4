//! The chat's state: one link with a visitor's session, mirrored into signals that the components read.

use wasm_bindgen::JsCast;
use wire::{AgentState, ConversationId, Party, Refusal, SiteId, ToVisitor, VisitorConversation};

use widget::env::{listen, random_seed, setting, window};
use widget::part::Rows;
use widget::runner::{CONVERSATION, Hooks, Runner, Session, TOKEN};
use widget::signal::Signal;
use widget::storage::{Elsewhere, Storage};
use widget::transport::Downloads;
use widget::transport::Headers;
use widget_core::{ConnectionInput, Online, Output, UploadInput, VisitorInput, VisitorSession, VisitorStart};

use super::host::Host;
use super::page;

/// How the names of titles begin in what is kept.
const TITLE: &str = "title.";

/// The visitor's session, as a link moves it.
pub(crate) struct Visitor {
    session: VisitorSession,
    site: String,
}

impl Visitor {
    /// The shown conversation, when its first message is the last one written.
    fn begun(&self) -> Option<ConversationId> {
        let timeline = self.session.timeline()?;
        (!timeline.loading() && timeline.items().count() == 1).then(|| timeline.conversation())
    }
}

impl Session for Visitor {
    type Input = VisitorInput;
    type Frame = ToVisitor;
    const FILES: &'static str = "/file/";
    const UPLOADS: [&'static str; 2] = ["/upload/", "/"];

    fn handle(&mut self, now_ms: u64, input: VisitorInput) {
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

    fn read_frame(text: &str) -> Option<ToVisitor> {
        widget_core::read_frame_of_visitor(text)
    }

    fn write_frame(frame: &wire::ClientFrame) -> String {
        widget_core::write_frame_of_visitor(frame)
    }

    fn connection(input: ConnectionInput<ToVisitor>) -> VisitorInput {
        VisitorInput::Connection(input)
    }

    fn upload(input: UploadInput) -> VisitorInput {
        VisitorInput::Upload(input)
    }

    fn leave() -> VisitorInput {
        VisitorInput::Leave
    }

    fn attach(name: String, bytes: u64, file: u32) -> VisitorInput {
        VisitorInput::Attach { name, bytes, file }
    }

    fn credentials(&self) -> Headers {
        let Some(token) = self.session.token() else { return Headers::new() };
        vec![("authorization", ["Bearer ", token.reveal()].concat()), ("x-causeway-site", self.site.clone())]
    }
}

/// What the components see of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) online: Online,
    /// Messages that go out as soon as they can.
    pub(crate) waiting: usize,
    pub(crate) queue: Option<u32>,
    pub(crate) answering: u32,
    /// The number of the site's look, as the relay said it last.
    pub(crate) look: u32,
    /// Whether the agent who has the shown conversation is there.
    pub(crate) holder: bool,
    /// Whether the browser keeps what is to be kept.
    pub(crate) keeps: bool,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) agent: Option<String>,
    pub(crate) typing: Option<String>,
    pub(crate) loading: bool,
    pub(crate) closed: bool,
    pub(crate) rate: bool,
    pub(crate) unread: u32,
    pub(crate) conversations: Vec<VisitorConversation>,
    pub(crate) refusal: Option<(u64, Refusal)>,
}

impl Shown {
    fn of(session: &VisitorSession, keeps: bool) -> Self {
        let timeline = session.timeline();
        Self {
            online: session.online(),
            waiting: session.drafts_going_out(),
            queue: session.queue().map(|(place, _)| place),
            answering: session.answering(),
            look: session.look(),
            holder: session.holder() == Some(AgentState::Online),
            keeps,
            conversation: timeline.map(|timeline| timeline.conversation()),
            agent: timeline.and_then(|timeline| timeline.agent_name()).map(str::to_owned),
            typing: timeline.and_then(|timeline| timeline.typing()).map(str::to_owned),
            loading: timeline.is_some_and(|timeline| timeline.loading()),
            closed: timeline.is_some_and(|timeline| timeline.closed()),
            rate: session.show_rating(),
            unread: session.unread(),
            conversations: session.conversations().to_vec(),
            refusal: session.last_refusal().cloned(),
        }
    }
}

/// A handle on the chat; copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Chat {
    link: Signal<Runner<Visitor>>,
    /// The rows of the shown conversation.
    pub(crate) timeline: Rows,
    files: Signal<Downloads>,
    shown: Signal<Shown>,
    /// The name that another tab has changed last in what is kept, and its text.
    pub(crate) elsewhere: Signal<(String, Option<String>)>,
}

impl Chat {
    /// The chat of the site that the relay wrote into the page; none if that is no site.
    pub(crate) fn begin(host: Signal<Host>) -> Option<Self> {
        let site: SiteId = setting("site").parse().ok()?;
        let storage = Storage::new(&["causeway.", site.as_str()].concat());
        let session = VisitorSession::new(
            widget::clock::now_ms(),
            VisitorStart {
                site: site.clone(),
                seed: random_seed(),
                page: page::own_context(),
                token: storage.get(TOKEN).and_then(|text| text.parse().ok()),
                conversation: storage.get(CONVERSATION).and_then(|text| text.parse().ok()),
                drafts: storage.drafts(),
            },
        );
        let timeline = Rows::new();
        let shown = Signal::new(Shown::of(&session, storage.keeps()));
        let kept = storage.clone();
        let visitor = Visitor { session, site: site.as_str().to_owned() };
        let hooks = Hooks {
            changed: Box::new(move |visitor: &Visitor| {
                let session = &visitor.session;
                timeline.update(session.timeline(), Party::Visitor);
                let fresh = Shown::of(session, kept.keeps());
                // Without its token the next page could do nothing.
                let awake = if fresh.keeps { session.awake() } else { Some(false) };
                if let Some(awake) = awake {
                    host.with_untracked(|host| host.awake(awake));
                }
                let unread = shown.with_untracked(|shown| (shown.unread != fresh.unread).then_some(fresh.unread));
                if let Some(count) = unread {
                    host.with_untracked(|host| host.unread(count));
                }
                if shown.with_untracked(|shown| *shown != fresh) {
                    shown.set(fresh);
                }
            }),
            arrived: Box::new(move |_, seq, _| host.with_untracked(|host| host.message(seq))),
        };
        let link = Runner::new(visitor, storage, hooks);
        let files = Signal::new(link.downloads());
        let elsewhere = Signal::new((String::new(), None));
        let chat = Self { link: Signal::new(link), timeline, files, shown, elsewhere };
        chat.hear_other_tabs();
        Some(chat)
    }

    /// Tells the session something.
    pub(crate) fn send(self, input: VisitorInput) {
        self.link.with_untracked(|link| link.send(input));
    }

    /// Sends words; false if the outbox is full and they must stay where they are.
    pub(crate) fn say(self, text: String) -> bool {
        let room = self.link.with_untracked(|link| link.read(|visitor| visitor.session.room()));
        if room {
            let first = wire::first_line(&text);
            self.send(VisitorInput::Say { text });
            // What a conversation began with is its title later: it can only have begun here.
            if let Some(here) = self.link.with_untracked(|link| link.read(|visitor| visitor.begun())) {
                let name = [TITLE, &here.text()].concat();
                self.storage(|storage| storage.set(&name, &first));
            }
        }
        room
    }

    /// What a conversation began with, if that was kept.
    pub(crate) fn title(self, conversation: ConversationId) -> Option<String> {
        self.storage(|storage| storage.get(&[TITLE, &conversation.text()].concat()))
    }

    /// What the browser keeps for the chat.
    pub(crate) fn storage<T>(self, with: impl FnOnce(&Storage) -> T) -> T {
        self.link.with_untracked(|link| with(link.storage()))
    }

    /// Where files come from.
    pub(crate) fn files(self) -> Downloads {
        self.files.with_untracked(Clone::clone)
    }

    /// Sends a file.
    pub(crate) fn attach(self, file: web_sys::File) {
        self.link.with_untracked(|link| link.attach(file));
    }

    /// Reads what is shown; whoever reads it inside an effect follows it.
    pub(crate) fn read<T>(self, read: impl FnOnce(&Shown) -> T) -> T {
        self.shown.with(read)
    }

    /// Tabs of one visitor have one token, one outbox and one half-written text for each conversation.
    fn hear_other_tabs(self) {
        listen(&window(), "storage", move |event| {
            let Some(news) = self.storage(|storage| storage.elsewhere(event.unchecked_ref())) else { return };
            self.send(match news {
                Elsewhere::Draft(kept) => VisitorInput::DraftKept(kept),
                Elsewhere::NoDraft(id) => VisitorInput::DraftForgotten(id),
                Elsewhere::Text(name, text) if name == TOKEN => match text.and_then(|text| text.parse().ok()) {
                    Some(token) => VisitorInput::TokenKept(token),
                    // The session was ended there: what is shown here is nobody's any more.
                    None => return drop(window().location().reload()),
                },
                Elsewhere::Text(name, text) => return self.elsewhere.set((name, text)),
            });
        });
    }
}
