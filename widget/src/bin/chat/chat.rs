//! The chat's state: one link with a visitor's session, mirrored into signals that the components read.

use reactive_graph::owner::{LocalStorage, StoredValue};
use reactive_graph::prelude::*;
use reactive_graph::signal::RwSignal;
use wasm_bindgen::JsCast;
use wire::{ConversationId, Party, Refusal, SiteId, VisitorConversation};

use widget::download::Downloads;
use widget::env::{listen, random_seed, setting, window};
use widget::link::{Brain, CONVERSATION, Hooks, Link, TOKEN};
use widget::part::Board;
use widget::request::Headers;
use widget::storage::Storage;
use widget_core::{LineInput, Online, Output, UploadInput, VisitorInput, VisitorSession, VisitorStart};

use crate::host::Host;
use crate::page;

/// The visitor's session, as a link moves it.
pub(crate) struct Visitor {
    session: VisitorSession,
    site: String,
}

impl Brain for Visitor {
    type Input = VisitorInput;

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

    fn read_frame(text: &str) -> Option<wire::ServerFrame> {
        widget::codec::read_frame_of_visitor(text)
    }

    fn write_frame(frame: &wire::ClientFrame) -> String {
        widget::codec::write_frame_of_visitor(frame)
    }

    fn line(input: LineInput) -> VisitorInput {
        VisitorInput::Line(input)
    }

    fn upload(input: UploadInput) -> VisitorInput {
        VisitorInput::Upload(input)
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
    fn of(session: &VisitorSession) -> Self {
        let timeline = session.timeline();
        Self {
            online: session.online(),
            waiting: session.drafts_going_out(),
            queue: session.queue().map(|(place, _)| place),
            answering: session.answering(),
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
    link: StoredValue<Link<Visitor>, LocalStorage>,
    /// The rows of the shown conversation.
    pub(crate) board: Board,
    files: StoredValue<Downloads, LocalStorage>,
    shown: RwSignal<Shown>,
}

impl Chat {
    /// The chat of the site that the relay wrote into the page; none if that is no site.
    pub(crate) fn begin(host: StoredValue<Host, LocalStorage>) -> Option<Self> {
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
        let board = Board::new();
        let shown = RwSignal::new(Shown::of(&session));
        let visitor = Visitor { session, site: site.to_string() };
        let hooks = Hooks {
            changed: Box::new(move |visitor: &Visitor| {
                let session = &visitor.session;
                board.mirror(session.timeline(), Party::Visitor);
                let fresh = Shown::of(session);
                let unread = shown.with_untracked(|shown| (shown.unread != fresh.unread).then_some(fresh.unread));
                if let Some(count) = unread {
                    host.with_value(|host| host.unread(count));
                }
                if shown.with_untracked(|shown| *shown != fresh) {
                    shown.set(fresh);
                }
            }),
            arrived: Box::new(move |_, seq, _| host.with_value(|host| host.message(seq))),
        };
        let link = Link::new(visitor, storage, hooks);
        let files = StoredValue::new_local(link.downloads());
        let chat = Self { link: StoredValue::new_local(link), board, files, shown };
        chat.hear_other_tabs(&site);
        Some(chat)
    }

    /// Tells the session something.
    pub(crate) fn send(self, input: VisitorInput) {
        self.link.with_value(|link| link.send(input));
    }

    /// Sends words; false if the outbox is full and they must stay where they are.
    pub(crate) fn say(self, text: String) -> bool {
        let room = self.link.with_value(|link| link.read(|visitor| visitor.session.room()));
        if room {
            self.send(VisitorInput::Say { text });
        }
        room
    }

    /// Where files come from.
    pub(crate) fn files(self) -> Downloads {
        self.files.with_value(Clone::clone)
    }

    /// Sends a file.
    pub(crate) fn attach(self, file: web_sys::File) {
        self.link.with_value(|link| link.attach(file));
    }

    /// Reads what is shown; whoever reads it inside an effect follows it.
    pub(crate) fn read<T>(self, read: impl FnOnce(&Shown) -> T) -> T {
        self.shown.with(read)
    }

    /// A tab of the same visitor may register first; two tokens would be two visitors.
    fn hear_other_tabs(self, site: &SiteId) {
        let key = ["causeway.", site.as_str(), ".", TOKEN].concat();
        listen(&window(), "storage", move |event| {
            let event: web_sys::StorageEvent = event.unchecked_into();
            if event.key().as_ref() == Some(&key)
                && let Some(token) = event.new_value().and_then(|text| text.parse().ok())
            {
                self.send(VisitorInput::TokenKept(token));
            }
        });
    }
}
