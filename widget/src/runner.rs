//! The `Runner`: owns a session of `widget-core`, its connection, timer, storage and uploads, and carries out what the session asks for.
//!
//! Components call [`Runner::send`]. They read signals, into which the owner of the runner copies what changed.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use web_sys::File;
use widget_core::{ConnectionInput, Output, Transport, UploadInput};
use wire::{AttachmentId, ClientFrame, ConversationId, MessageId, Refusal, Seq};

use crate::clock::{Timer, now_ms};
use crate::env::{document, listen, page_visible, window};
use crate::storage::Storage;
use crate::transport::Downloads;
use crate::transport::Headers;
use crate::transport::Stream;
use crate::transport::Upload;
use crate::transport::{ConnectionNews, Socket};

/// The name under which the visitor's token is kept.
pub const TOKEN: &str = "token";
/// The name under which the conversation shown last is kept.
pub const CONVERSATION: &str = "conversation";

/// What a runner needs of a session: the four verbs, and how to phrase what every session is told.
pub trait Session: 'static {
    /// What the session takes.
    type Input: 'static;
    /// What the relay says to this side.
    type Frame;
    /// Where files are downloaded: what stands before a file's id.
    const FILES: &'static str;
    /// Where they are uploaded: what stands before the conversation's id, and before the file's.
    const UPLOADS: [&'static str; 2];
    /// Something happened.
    fn handle(&mut self, now_ms: u64, input: Self::Input);
    /// The next thing to carry out.
    fn next_output(&mut self) -> Option<Output>;
    /// When to call `handle_timeout`, in absolute milliseconds.
    fn poll_timeout(&self) -> Option<u64>;
    /// Time has passed.
    fn handle_timeout(&mut self, now_ms: u64);
    /// Reads a frame of the relay; none when this side gets no such frame.
    fn read_frame(text: &str) -> Option<Self::Frame>;
    /// Writes a frame of this side as JSON text.
    fn write_frame(frame: &ClientFrame) -> String;
    /// Something happened to the connection.
    fn connection(input: ConnectionInput<Self::Frame>) -> Self::Input;
    /// Something happened to an upload.
    fn upload(input: UploadInput) -> Self::Input;
    /// The page goes away, perhaps for good.
    fn leave() -> Self::Input;
    /// A file was chosen; `file` is the runner's own number for it.
    fn attach(name: String, bytes: u64, file: u32) -> Self::Input;
    /// The headers by which the relay knows this side in uploads and downloads. Empty for agents, whose cookie does that.
    fn credentials(&self) -> Headers;
}

/// What the owner of a runner wants to be told.
pub struct Hooks<S> {
    /// Something may look different now: copy it into signals.
    pub changed: Box<dyn Fn(&S)>,
    /// A message of the other side arrived, and was not loaded from before. The last value says that the conversation was assigned to this agent
    /// just now.
    pub arrived: Box<dyn Fn(ConversationId, Seq, bool)>,
}

/// A chosen file. A session has a number for it only: it cannot hold what belongs to the browser.
struct Chosen {
    /// Our own number for it.
    number: u32,
    file: File,
    /// The draft that uploads it, once the session asked for that.
    draft: Option<MessageId>,
    running: Option<Rc<Upload>>,
}

/// An open or opening connection.
enum Connection {
    Socket(Socket),
    Stream(Stream),
}

struct Inner<S: Session> {
    session: RefCell<S>,
    /// What the session is told next. It waits while the session is busy.
    inbox: RefCell<VecDeque<S::Input>>,
    busy: Cell<bool>,
    connection: RefCell<Option<Connection>>,
    /// A socket that only tries whether one can be opened.
    probe: RefCell<Option<Socket>>,
    timer: Timer,
    storage: Storage,
    hooks: Hooks<S>,
    chosen: RefCell<Vec<Chosen>>,
    last_chosen: Cell<u32>,
    downloads: Downloads,
}

/// A handle on the session and all that it uses; copies are the same runner.
pub struct Runner<S: Session>(Rc<Inner<S>>);

impl<S: Session> Clone for Runner<S> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<S: Session> Runner<S> {
    /// Starts to run a session. Nothing is sent before the session asks for it.
    pub fn new(session: S, storage: Storage, hooks: Hooks<S>) -> Self {
        let runner = Self(Rc::new_cyclic(|inner: &Weak<Inner<S>>| {
            let late = inner.clone();
            Inner {
                session: RefCell::new(session),
                inbox: RefCell::default(),
                busy: Cell::new(false),
                connection: RefCell::default(),
                probe: RefCell::default(),
                timer: Timer::new(move || {
                    if let Some(inner) = late.upgrade() {
                        Self(inner).run(|session| session.handle_timeout(now_ms()));
                    }
                }),
                storage,
                hooks,
                chosen: RefCell::default(),
                last_chosen: Cell::new(0),
                downloads: Downloads::new(S::FILES, {
                    let late = inner.clone();
                    move || late.upgrade().map(|inner| inner.session.borrow().credentials()).unwrap_or_default()
                }),
            }
        }));
        runner.watch_network();
        runner.watch_leaving();
        runner.run(|_| ());
        runner
    }

    /// Tells the session something, carries out what it asks for, and tells the owner that it changed.
    pub fn send(&self, input: S::Input) {
        self.0.inbox.borrow_mut().push_back(input);
        self.run(|_| ());
    }

    /// Reads the session.
    pub fn read<T>(&self, read: impl FnOnce(&S) -> T) -> T {
        read(&self.0.session.borrow())
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
        let input = S::attach(file.name(), bytes, number);
        self.0.chosen.borrow_mut().push(Chosen { number, file, draft: None, running: None });
        self.send(input);
    }

    /// Fetches the files of conversations, with this side's own right to see them.
    #[must_use]
    pub fn downloads(&self) -> Downloads {
        self.0.downloads.clone()
    }

    /// Lets the session act, and carries out what it asks for until it asks for nothing more. What it is told meanwhile is queued, never nested.
    fn run(&self, act: impl FnOnce(&mut S)) {
        let inner = &*self.0;
        if inner.busy.replace(true) {
            return;
        }
        act(&mut inner.session.borrow_mut());
        loop {
            let output = inner.session.borrow_mut().next_output();
            if let Some(output) = output {
                self.carry_out(output);
                continue;
            }
            let Some(input) = inner.inbox.borrow_mut().pop_front() else { break };
            inner.session.borrow_mut().handle(now_ms(), input);
        }
        let timeout = inner.session.borrow().poll_timeout();
        match timeout {
            Some(at_ms) => inner.timer.set(at_ms.saturating_sub(now_ms())),
            None => inner.timer.clear(),
        }
        inner.busy.set(false);
        (inner.hooks.changed)(&inner.session.borrow());
    }

    fn carry_out(&self, output: Output) {
        let inner = &*self.0;
        match output {
            Output::Connect(transport) => self.connect(transport),
            Output::Disconnect => *inner.connection.borrow_mut() = None,
            Output::Probe => self.probe(),
            Output::Transmit(frame) => {
                let frame = S::write_frame(&frame);
                match &*inner.connection.borrow() {
                    Some(Connection::Socket(socket)) => socket.send(&frame),
                    Some(Connection::Stream(stream)) => stream.send(frame),
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

    /// Tells the session something from a callback, which must not keep the runner alive.
    fn sender(&self) -> impl Fn(S::Input) + 'static {
        let inner = Rc::downgrade(&self.0);
        move |input| {
            if let Some(inner) = inner.upgrade() {
                Self(inner).send(input);
            }
        }
    }

    fn connect(&self, transport: Transport) {
        let tell = self.sender();
        let news = move |news| match news {
            ConnectionNews::Up => tell(S::connection(ConnectionInput::Up)),
            ConnectionNews::Frame(text) => {
                // A newer relay may send frames that this page does not know. They are skipped; a skipped event is found by the gap in its numbers.
                if let Some(frame) = S::read_frame(&text) {
                    tell(S::connection(ConnectionInput::Frame(frame)));
                }
            }
            ConnectionNews::Down(code) => tell(S::connection(ConnectionInput::Down { code })),
        };
        let connection = match transport {
            Transport::Socket => Socket::open(news).map(Connection::Socket),
            Transport::Stream => Stream::open(news).map(Connection::Stream),
        };
        let first = match connection {
            // A socket tells when it is open. A stream opens with the hello, so the session may say it at once.
            Some(Connection::Socket(_)) => None,
            Some(Connection::Stream(_)) => Some(ConnectionInput::Up),
            None => Some(ConnectionInput::Down { code: 1006 }),
        };
        self.0.inbox.borrow_mut().extend(first.map(S::connection));
        *self.0.connection.borrow_mut() = connection;
    }

    /// Opens a socket only to see whether that can be done.
    fn probe(&self) {
        let (tell, late) = (self.sender(), Rc::downgrade(&self.0));
        let socket = Socket::open(move |news| {
            let probe = late.upgrade().and_then(|inner| inner.probe.take());
            if matches!(news, ConnectionNews::Up) {
                tell(S::connection(ConnectionInput::SocketOpen));
            }
            drop(probe);
        });
        *self.0.probe.borrow_mut() = socket;
    }

    fn upload(&self, id: MessageId, conversation: ConversationId, attachment: AttachmentId, number: u32) {
        let inner = &*self.0;
        let input = match inner.chosen.borrow_mut().iter_mut().find(|chosen| chosen.number == number) {
            Some(chosen) => {
                let [before, between] = S::UPLOADS;
                let path = [before, &conversation.text(), between, &attachment.text()].concat();
                let (tell, headers) = (self.sender(), inner.session.borrow().credentials());
                let tell = move |input| tell(S::upload(input));
                chosen.draft = Some(id);
                chosen.running =
                    Some(Upload::start(id, (path, headers), chosen.file.clone(), inner.downloads.clone(), tell));
                return;
            }
            None => UploadInput::Failed { id, refusal: Refusal::FileMissing },
        };
        inner.inbox.borrow_mut().push_back(S::upload(input));
    }

    /// The files of uploads are lost when the page is left. So the browser is made to ask first, where it lets us, and the session is told.
    fn watch_leaving(&self) {
        let (asked, tell) = (Rc::downgrade(&self.0), self.sender());
        listen(&window(), "beforeunload", move |event| {
            let running = |inner: Rc<Inner<S>>| inner.chosen.borrow().iter().any(|chosen| chosen.running.is_some());
            if asked.upgrade().is_some_and(running) {
                event.prevent_default();
            }
        });
        listen(&window(), "pagehide", move |_| {
            tell(S::leave());
        });
    }

    /// The browser often knows before the connection does that the network is gone or back.
    fn watch_network(&self) {
        let (up, down, shown, frozen) = (self.sender(), self.sender(), self.sender(), self.sender());
        let inner = Rc::downgrade(&self.0);
        listen(&window(), "online", move |_| up(S::connection(ConnectionInput::NetworkUp)));
        listen(&window(), "offline", move |_| down(S::connection(ConnectionInput::NetworkDown)));
        listen(&document(), "visibilitychange", move |_| {
            if page_visible() && window().navigator().on_line() {
                shown(S::connection(ConnectionInput::NetworkUp));
            }
        });
        // The browser keeps a page for the button *back*, and it runs nothing meanwhile. With an open connection the relay would still count its
        // visitor as here.
        listen(&document(), "freeze", move |_| {
            if let Some(inner) = inner.upgrade() {
                *inner.connection.borrow_mut() = None;
            }
            frozen(S::connection(ConnectionInput::Down { code: 1006 }));
        });
        if !window().navigator().on_line() {
            self.send(S::connection(ConnectionInput::NetworkDown));
        }
    }
}
