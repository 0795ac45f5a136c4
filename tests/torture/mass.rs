//! Thousands of clients in one thread: sockets that never block, each asked in turn.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use support::{RawSocket, new_id};
use tungstenite::handshake::client::ClientHandshake;
use tungstenite::handshake::{HandshakeError, MidHandshake};
use tungstenite::{Error, Message, WebSocket};
use wire::{
    ClientFrame, Close, ConversationId, Cursor, Follow, Hello, Lane, MessageId, Say, ServerFrame, SessionStart, Token,
};

/// The pause between two attempts of one client, and how much longer it may be by chance.
const DIAL_PAUSE_MS: u64 = 200;
const DIAL_JITTER_MS: u64 = 200;

/// How the first frame to an agent begins.
const AGENTS_WELCOME: &str = r#"{"type":"welcome""#;

/// Who one of them is.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    /// A visitor; before the first connection without token and conversation.
    Visitor { token: Option<Token>, conversation: ConversationId },
    /// An agent with this cookie.
    Agent { cookie: String },
}

enum State {
    Down,
    Shaking(Option<MidHandshake<ClientHandshake<TcpStream>>>),
    Up(Box<WebSocket<TcpStream>>),
}

/// One client.
pub(crate) struct Member {
    pub(crate) who: Who,
    /// The address its proxy reports.
    address: String,
    dial_after: Instant,
    /// When it last knocked.
    pub(crate) dialled: Instant,
    state: State,
    welcomed: bool,
    /// Since when it has everything it needs; none while it has not.
    pub(crate) resumed: Option<Instant>,
    /// Status of refused upgrades and codes of closed connections since [`Mass::forget`].
    pub(crate) refused: Vec<u16>,
}

/// All of them.
pub(crate) struct Mass {
    port: u16,
    origin: String,
    pub(crate) members: Vec<Member>,
}

impl Mass {
    /// Nobody connects yet.
    pub(crate) fn new(port: u16, origin: &str, who: Vec<Who>) -> Self {
        let now = Instant::now();
        let member = |(number, who): (usize, Who)| Member {
            who,
            // In a network of its own: those of one share what a network may do.
            address: format!("10.{}.{}.{}", (number >> 8) & 255, number & 255, number >> 16),
            dial_after: now,
            dialled: now,
            state: State::Down,
            welcomed: false,
            resumed: None,
            refused: Vec::new(),
        };
        let members = who.into_iter().enumerate().map(member).collect();
        Self { port, origin: origin.to_owned(), members }
    }

    /// Every connection is broken, and resuming is counted anew.
    pub(crate) fn forget(&mut self) {
        let now = Instant::now();
        for member in &mut self.members {
            member.state = State::Down;
            member.dial_after = now;
            member.resumed = None;
            member.refused.clear();
        }
    }

    /// Asks everybody in turn, again and again, until all have resumed, or the bound is over; whether all have. At most `dialling_max` connect at
    /// the same time.
    pub(crate) fn resume(&mut self, bound: Duration, dialling_max: usize) -> bool {
        let end = Instant::now() + bound;
        while Instant::now() < end {
            let on_the_way = |member: &&Member| member.resumed.is_none() && !matches!(member.state, State::Down);
            let mut room = dialling_max.saturating_sub(self.members.iter().filter(on_the_way).count());
            let mut busy = false;
            for member in &mut self.members {
                if matches!(member.state, State::Down) && room > 0 && Instant::now() >= member.dial_after {
                    room -= 1;
                    member.dial(self.port, &self.origin);
                }
                busy |= member.step();
            }
            if self.members.iter().all(|member| member.resumed.is_some()) {
                return true;
            }
            if !busy {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        false
    }
}

impl Member {
    /// Whether it is an agent.
    pub(crate) const fn is_agent(&self) -> bool {
        matches!(self.who, Who::Agent { .. })
    }

    fn dial(&mut self, port: u16, origin: &str) {
        let pause = DIAL_PAUSE_MS + u64::try_from(new_id() % u128::from(DIAL_JITTER_MS)).unwrap_or(0);
        self.dial_after = Instant::now() + Duration::from_millis(pause);
        self.dialled = Instant::now();
        let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) else { return };
        stream.set_nonblocking(true).expect("a socket can be told not to block");
        let mut headers = vec![("origin", origin), ("x-forwarded-for", &*self.address)];
        if let Who::Agent { cookie } = &self.who {
            headers.push(("cookie", cookie));
        }
        let shaken = tungstenite::client(RawSocket::request(port, &headers), stream);
        self.shaken(shaken.map(|(socket, _)| socket));
    }

    fn shaken(&mut self, result: Result<WebSocket<TcpStream>, HandshakeError<ClientHandshake<TcpStream>>>) {
        self.state = match result {
            Ok(socket) => {
                self.welcomed = false;
                let mut socket = Box::new(socket);
                let sent = put(&mut socket, &self.hello());
                if sent { State::Up(socket) } else { State::Down }
            }
            Err(HandshakeError::Interrupted(half)) => State::Shaking(Some(half)),
            Err(HandshakeError::Failure(Error::Http(answer))) => {
                self.refused.push(answer.status().as_u16());
                State::Down
            }
            Err(HandshakeError::Failure(_)) => State::Down,
        };
    }

    fn hello(&self) -> ClientFrame {
        match &self.who {
            Who::Agent { .. } => {
                ClientFrame::Hello { protocol: wire::PROTOCOL, hello: Hello::Agent { state: None }, follow: Vec::new() }
            }
            Who::Visitor { token, conversation } => {
                let ClientFrame::Hello { protocol, hello, .. } = RawSocket::hello(token.clone()) else {
                    unreachable!("a hello is a hello")
                };
                let follow = Follow { conversation: *conversation, after: Cursor::default() };
                let follow = if token.is_some() { vec![follow] } else { Vec::new() };
                ClientFrame::Hello { protocol, hello, follow }
            }
        }
    }

    /// Looks at its connection once. Whether there was anything.
    fn step(&mut self) -> bool {
        let is_agent = self.is_agent();
        match &mut self.state {
            State::Down => false,
            State::Shaking(half) => {
                let Some(half) = half.take() else { return false };
                self.shaken(half.handshake().map(|(socket, _)| socket));
                !matches!(self.state, State::Shaking(_))
            }
            State::Up(socket) => match socket.read() {
                // The first picture of a console is large, and reading a thousand rows twenty times would hold up everybody here.
                Ok(Message::Text(text)) if is_agent && text.starts_with(AGENTS_WELCOME) => {
                    self.resumed = Some(Instant::now());
                    true
                }
                Ok(Message::Text(text)) => {
                    let frame = serde_json::from_str(&text).expect("the relay speaks the protocol");
                    self.take(frame);
                    true
                }
                Ok(Message::Close(frame)) => {
                    self.down(frame.map_or(1006, |frame| frame.code.into()));
                    true
                }
                Ok(_) => true,
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => false,
                Err(_) => {
                    self.down(1006);
                    true
                }
            },
        }
    }

    fn down(&mut self, code: u16) {
        assert!(Close::come_back(code), "closed for good with {code}");
        self.state = State::Down;
        self.resumed = None;
        self.refused.push(code);
    }

    fn take(&mut self, frame: ServerFrame) {
        let (State::Up(socket), who) = (&mut self.state, &mut self.who) else { return };
        match (frame, who) {
            (ServerFrame::Welcome { session: SessionStart::Visitor { visitor, .. }, .. }, _) => {
                self.welcomed = true;
                if visitor.is_none() {
                    put(socket, &ClientFrame::Register);
                }
            }
            (ServerFrame::Registered { token: fresh, .. }, Who::Visitor { token, conversation }) => {
                *token = Some(fresh);
                let say = Say::Text { text: "My withdrawal has been pending for two hours.".to_owned() };
                put(socket, &ClientFrame::Say { conversation: *conversation, id: MessageId(new_id()), say });
            }
            (ServerFrame::Event { event }, Who::Visitor { conversation, .. }) if event.body.is_message() => {
                assert_eq!(event.conversation, *conversation, "an event of somebody else");
                self.resumed = Some(Instant::now());
            }
            (ServerFrame::Events { conversation: of, lane, events, .. }, Who::Visitor { conversation, .. }) => {
                assert_eq!((of, lane), (*conversation, Lane::Shared), "a page of somebody else");
                assert!(events.iter().any(|event| event.body.is_message()), "the message is not there any more");
                if self.welcomed {
                    self.resumed = Some(Instant::now());
                }
            }
            (ServerFrame::Refused { subject, refusal }, _) => panic!("refused: {refusal:?} {subject:?}"),
            _ => {}
        }
    }
}

/// Sends one frame. What the socket does not take at once goes out with its next look.
fn put(socket: &mut WebSocket<TcpStream>, frame: &ClientFrame) -> bool {
    match socket.send(Message::text(serde_json::to_string(frame).expect("frames are JSON"))) {
        Ok(()) => true,
        Err(Error::Io(error)) => error.kind() == ErrorKind::WouldBlock,
        Err(_) => false,
    }
}
