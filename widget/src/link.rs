//! The `Link`: owns a session (the brain), its line, timer, storage and uploads, and carries out what the session asks for.
//!
//! Components call [`Link::send`] and read what the owner of the link mirrors into signals after each change.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use web_sys::File;
use widget_core::{ConnectionInput, Output, Transport, UploadInput};
use wire::{AttachmentId, ClientFrame, ConversationId, MessageId, Refusal, Seq};

use crate::clock::{Timer, now_ms};
use crate::download::Downloads;
use crate::env::{document, listen, page_visible, window};
use crate::request::Headers;
use crate::socket::{LineNews, Socket};
use crate::storage::Storage;
use crate::stream::Stream;
use crate::upload::Upload;

/// The storage names that a link uses beside those of drafts.
pub const TOKEN: &str = "token";
/// The conversation shown last.
pub const CONVERSATION: &str = "conversation";

/// What a link needs of a session: the four verbs, and how to phrase what every session hears.
pub trait Brain: 'static {
    /// What the session takes.
    type Input: 'static;
    /// What the relay says to this side.
    type Frame;
    /// Something happened.
    fn handle(&mut self, now_ms: u64, input: Self::Input);
    /// The next thing to carry out.
    fn next_output(&mut self) -> Option<Output>;
    /// When to call `handle_timeout`, in absolute milliseconds.
    fn poll_timeout(&self) -> Option<u64>;
    /// Time has passed.
    fn handle_timeout(&mut self, now_ms: u64);
    /// A frame from the relay; none when it is none of this side's.
    fn read_frame(text: &str) -> Option<Self::Frame>;
    /// One of this side's frames as JSON text.
    fn write_frame(frame: &ClientFrame) -> String;
    /// News of the line.
    fn line(input: ConnectionInput<Self::Frame>) -> Self::Input;
    /// News of an upload.
    fn upload(input: UploadInput) -> Self::Input;
    /// The page goes away, perhaps for good.
    fn leave() -> Self::Input;
    /// A file was chosen; `file` is the link's own number for it.
    fn attach(name: String, bytes: u64, file: u32) -> Self::Input;
    /// The headers by which the relay knows this side in uploads and downloads; none for those with a cookie.
    fn credentials(&self) -> Headers;
}

/// What the owner of a link does with its news.
pub struct Hooks<B> {
    /// Something may look different now: mirror it into signals.
    pub changed: Box<dyn Fn(&B)>,
    /// A message of the other side arrived live; the last value says that the conversation was assigned to this agent just now.
    pub arrived: Box<dyn Fn(ConversationId, Seq, bool)>,
}

/// A chosen file: sessions do not hold what belongs to the browser.
struct Chosen {
    /// Our own number for it.
    number: u32,
    file: File,
    /// The draft that uploads it, once the session asked for that.
    draft: Option<MessageId>,
    running: Option<Rc<Upload>>,
}

/// An open or opening line.
enum Line {
    Socket(Socket),
    Stream(Stream),
}

struct Inner<B: Brain> {
    brain: RefCell<B>,
    /// What waits for the brain to be free.
    inbox: RefCell<VecDeque<B::Input>>,
    busy: Cell<bool>,
    line: RefCell<Option<Line>>,
    /// A socket that is only to show whether one can be opened.
    probe: RefCell<Option<Socket>>,
    timer: Timer,
    storage: Storage,
    hooks: Hooks<B>,
    chosen: RefCell<Vec<Chosen>>,
    last_chosen: Cell<u32>,
    downloads: Downloads,
}

/// A handle on the session and everything it moves; copies are the same link.
pub struct Link<B: Brain>(Rc<Inner<B>>);

impl<B: Brain> Clone for Link<B> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<B: Brain> Link<B> {
    /// Puts a session to work. Nothing is sent before the session asks for it.
    pub fn new(brain: B, storage: Storage, hooks: Hooks<B>) -> Self {
        let link = Self(Rc::new_cyclic(|inner: &Weak<Inner<B>>| {
            let late = inner.clone();
            Inner {
                brain: RefCell::new(brain),
                inbox: RefCell::default(),
                busy: Cell::new(false),
                line: RefCell::default(),
                probe: RefCell::default(),
                timer: Timer::new(move || {
                    if let Some(inner) = late.upgrade() {
                        Self(inner).run(|brain| brain.handle_timeout(now_ms()));
                    }
                }),
                storage,
                hooks,
                chosen: RefCell::default(),
                last_chosen: Cell::new(0),
                downloads: Downloads::new({
                    let late = inner.clone();
                    move || late.upgrade().map(|inner| inner.brain.borrow().credentials()).unwrap_or_default()
                }),
            }
        }));
        link.watch_network();
        link.watch_leaving();
        link.run(|_| ());
        link
    }

    /// Tells the session something, carries out what it asks for, and lets the owner mirror the change.
    pub fn send(&self, input: B::Input) {
        self.0.inbox.borrow_mut().push_back(input);
        self.run(|_| ());
    }

    /// Reads the session.
    pub fn read<T>(&self, read: impl FnOnce(&B) -> T) -> T {
        read(&self.0.brain.borrow())
    }

    /// What the browser keeps for this side.
    #[must_use]
    pub fn storage(&self) -> &Storage {
        &self.0.storage
    }

    /// Sends a file into the shown conversation.
    pub fn attach(&self, file: File) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a file's length, never negative")]
        let bytes = file.size() as u64;
        let number = self.0.last_chosen.get() + 1;
        self.0.last_chosen.set(number);
        let input = B::attach(file.name(), bytes, number);
        self.0.chosen.borrow_mut().push(Chosen { number, file, draft: None, running: None });
        self.send(input);
    }

    /// Files of the conversations, fetched with this side's own right to see them.
    #[must_use]
    pub fn downloads(&self) -> Downloads {
        self.0.downloads.clone()
    }

    /// Lets the session act and works until nothing is left to do. Calls from within are queued, never nested.
    fn run(&self, act: impl FnOnce(&mut B)) {
        let inner = &*self.0;
        if inner.busy.replace(true) {
            return;
        }
        act(&mut inner.brain.borrow_mut());
        loop {
            let output = inner.brain.borrow_mut().next_output();
            if let Some(output) = output {
                self.carry_out(output);
                continue;
            }
            let Some(input) = inner.inbox.borrow_mut().pop_front() else { break };
            inner.brain.borrow_mut().handle(now_ms(), input);
        }
        let timeout = inner.brain.borrow().poll_timeout();
        match timeout {
            Some(at_ms) => inner.timer.set(at_ms.saturating_sub(now_ms())),
            None => inner.timer.clear(),
        }
        inner.busy.set(false);
        (inner.hooks.changed)(&inner.brain.borrow());
    }

    fn carry_out(&self, output: Output) {
        let inner = &*self.0;
        match output {
            Output::Connect(transport) => self.connect(transport),
            Output::Disconnect => *inner.line.borrow_mut() = None,
            Output::Probe => self.probe(),
            Output::Transmit(frame) => {
                let frame = B::write_frame(&frame);
                match &*inner.line.borrow() {
                    Some(Line::Socket(socket)) => socket.send(&frame),
                    Some(Line::Stream(stream)) => stream.send(frame),
                    None => {}
                }
            }
            Output::Keep(draft) => inner.storage.keep_draft(&draft),
            Output::Forget(id) => {
                inner.storage.forget_draft(id);
                inner.chosen.borrow_mut().retain(|chosen| chosen.draft != Some(id));
            }
            Output::KeepToken(token) => inner.storage.set(TOKEN, token.reveal()),
            Output::ForgetToken => inner.storage.remove(TOKEN),
            Output::KeepConversation(Some(conversation)) => inner.storage.set(CONVERSATION, &conversation.text()),
            Output::KeepConversation(None) => inner.storage.remove(CONVERSATION),
            Output::Upload { id, conversation, attachment, file } => self.upload(id, conversation, attachment, file),
            Output::CancelUpload { id } => {
                if let Some(chosen) = inner.chosen.borrow_mut().iter_mut().find(|chosen| chosen.draft == Some(id)) {
                    chosen.running = None;
                }
            }
            Output::Arrived { conversation, seq, assigned } => (inner.hooks.arrived)(conversation, seq, assigned),
        }
    }

    /// A handle for callbacks, which must not keep the link alive.
    fn later(&self) -> impl Fn(B::Input) + 'static {
        let inner = Rc::downgrade(&self.0);
        move |input| {
            if let Some(inner) = inner.upgrade() {
                Self(inner).send(input);
            }
        }
    }

    fn connect(&self, transport: Transport) {
        let tell = self.later();
        let news = move |news| match news {
            LineNews::Up => tell(B::line(ConnectionInput::Up)),
            LineNews::Frame(text) => {
                // A frame of a newer relay that this page does not know is passed over; its lane's number tells of the gap.
                if let Some(frame) = B::read_frame(&text) {
                    tell(B::line(ConnectionInput::Frame(frame)));
                }
            }
            LineNews::Down(code) => tell(B::line(ConnectionInput::Down { code })),
        };
        let line = match transport {
            Transport::Socket => Socket::open(news).map(Line::Socket),
            Transport::Stream => Stream::open(news).map(Line::Stream),
        };
        let said = match line {
            // A socket says itself when it is open; a stream waits for the hello.
            Some(Line::Socket(_)) => None,
            Some(Line::Stream(_)) => Some(ConnectionInput::Up),
            None => Some(ConnectionInput::Down { code: 1006 }),
        };
        self.0.inbox.borrow_mut().extend(said.map(B::line));
        *self.0.line.borrow_mut() = line;
    }

    /// Opens a socket for nothing but to see whether that can be done.
    fn probe(&self) {
        let (tell, late) = (self.later(), Rc::downgrade(&self.0));
        let socket = Socket::open(move |news| {
            let over = late.upgrade().and_then(|inner| inner.probe.take());
            if matches!(news, LineNews::Up) {
                tell(B::line(ConnectionInput::SocketOpen));
            }
            drop(over);
        });
        *self.0.probe.borrow_mut() = socket;
    }

    fn upload(&self, id: MessageId, conversation: ConversationId, attachment: AttachmentId, number: u32) {
        let inner = &*self.0;
        let input = match inner.chosen.borrow_mut().iter_mut().find(|chosen| chosen.number == number) {
            Some(chosen) => {
                let path = ["/upload/", &conversation.text(), "/", &attachment.text()].concat();
                let (tell, headers) = (self.later(), inner.brain.borrow().credentials());
                let tell = move |input| tell(B::upload(input));
                chosen.draft = Some(id);
                chosen.running =
                    Some(Upload::start(id, (path, headers), chosen.file.clone(), inner.downloads.clone(), tell));
                return;
            }
            None => UploadInput::Failed { id, refusal: Refusal::FileMissing },
        };
        inner.inbox.borrow_mut().push_back(B::upload(input));
    }

    /// A page that goes takes the files of its uploads with it: that is asked about where the browser lets us, and said afterwards.
    fn watch_leaving(&self) {
        let (asked, tell) = (Rc::downgrade(&self.0), self.later());
        listen(&window(), "beforeunload", move |event| {
            let running = |inner: Rc<Inner<B>>| inner.chosen.borrow().iter().any(|chosen| chosen.running.is_some());
            if asked.upgrade().is_some_and(running) {
                event.prevent_default();
            }
        });
        listen(&window(), "pagehide", move |_| {
            tell(B::leave());
        });
    }

    /// The browser often knows before the line does that the network went or came back.
    fn watch_network(&self) {
        let (up, down, shown, lost) = (self.later(), self.later(), self.later(), self.later());
        let held = Rc::downgrade(&self.0);
        listen(&window(), "online", move |_| up(B::line(ConnectionInput::NetworkUp)));
        listen(&window(), "offline", move |_| down(B::line(ConnectionInput::NetworkDown)));
        listen(&document(), "visibilitychange", move |_| {
            if page_visible() && window().navigator().on_line() {
                shown(B::line(ConnectionInput::NetworkUp));
            }
        });
        // A page that the browser keeps for the way back hears nothing; with its connection its person would still be called here.
        listen(&document(), "freeze", move |_| {
            if let Some(inner) = held.upgrade() {
                *inner.line.borrow_mut() = None;
            }
            lost(B::line(ConnectionInput::Down { code: 1006 }));
        });
        if !window().navigator().on_line() {
            self.send(B::line(ConnectionInput::NetworkDown));
        }
    }
}
