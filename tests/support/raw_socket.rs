//! A raw WebSocket to the relay: a colleague without a browser, or somebody hostile.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime};

use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::client::Request;
use tungstenite::http::HeaderValue;
use tungstenite::{Error, HandshakeError, Message, WebSocket};
use wire::{
    AgentState, ClientFrame, ConversationId, ConversationSummary, Event, Hello, Lane, MessageId, PageContext, Refusal,
    Say, Seq, ServerFrame, SessionStart, Token, VisitorId,
};

use crate::relay::Relay;
use crate::wait::BOUND;

/// How long one read waits before the bound is looked at again.
const READ_WAIT: Duration = Duration::from_millis(200);

/// A new id, as a client makes one.
#[must_use]
pub fn new_id() -> u128 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
    let mut random = [0; 16];
    getrandom::fill(&mut random).expect("the system has random bytes");
    wire::uuid_v7(u64::try_from(now.as_millis()).expect("milliseconds fit"), u128::from_le_bytes(random))
}

/// One open connection.
#[derive(Debug)]
pub struct RawSocket {
    socket: WebSocket<TcpStream>,
    /// The answer to `Hello`.
    welcome: Option<SessionStart>,
}

impl RawSocket {
    /// Opens a socket with these headers, says nothing; the HTTP status when the relay refuses the upgrade.
    ///
    /// # Errors
    /// The status of the refusal.
    pub fn open(relay: &Relay, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        Self::dial(relay.port(), headers, BOUND)
            .map_err(|why| why.unwrap_or_else(|| panic!("the relay does not listen, or the upgrade broke")))
    }

    /// The same on any port of loopback, a proxy's too, and with a bound of its own on every wait for the other side.
    ///
    /// # Errors
    /// The status of the refusal; none when nobody listens or the connection broke before there was one.
    pub fn dial(port: u16, headers: &[(&'static str, &str)], wait: Duration) -> Result<Self, Option<u16>> {
        let stream = TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), wait).map_err(|_| None)?;
        // Frames are small and wait for nobody.
        stream.set_nodelay(true).map_err(|_| None)?;
        stream.set_read_timeout(Some(wait)).expect("a socket takes a timeout");
        stream.set_write_timeout(Some(wait)).expect("a socket takes a timeout");
        match tungstenite::client(Self::request(port, headers), stream) {
            Ok((socket, _)) => {
                socket.get_ref().set_read_timeout(Some(READ_WAIT)).expect("a socket takes a timeout");
                Ok(Self { socket, welcome: None })
            }
            Err(HandshakeError::Failure(Error::Http(answer))) => Err(Some(answer.status().as_u16())),
            Err(_) => Err(None),
        }
    }

    /// The request that opens a connection on a port of loopback, with these headers.
    #[must_use]
    pub fn request(port: u16, headers: &[(&'static str, &str)]) -> Request {
        let mut request =
            format!("ws://127.0.0.1:{port}/socket").into_client_request().expect("the address is well-formed");
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).expect("a plain header"));
        }
        request
    }

    /// How long [`Self::receive`] waits for a frame.
    pub fn set_read_wait(&self, wait: Duration) {
        self.socket.get_ref().set_read_timeout(Some(wait)).expect("a socket takes a timeout");
    }

    /// A visitor of `demo`, welcomed.
    #[track_caller]
    #[must_use]
    pub fn visitor(relay: &Relay, token: Option<Token>) -> Self {
        let mut socket =
            Self::open(relay, &[("origin", &relay.origin())]).expect("the relay lets its own page connect");
        socket.send(&Self::hello(token));
        socket.welcomed()
    }

    /// A visitor's first frame on the site `demo`.
    #[must_use]
    pub fn hello(token: Option<Token>) -> ClientFrame {
        let page = PageContext { language: "en".into(), ..PageContext::default() };
        let site = "demo".parse().expect("a plain word is a site id");
        let hello = Hello::Visitor { site, token, page };
        ClientFrame::Hello { protocol: wire::PROTOCOL, hello, follow: Vec::new() }
    }

    /// An agent with this cookie, welcomed.
    #[track_caller]
    #[must_use]
    pub fn agent(relay: &Relay, cookie: &str) -> Self {
        Self::agent_as(relay, cookie, None)
    }

    /// The same, away by choice: it reads everything and is given nobody.
    #[track_caller]
    #[must_use]
    pub fn onlooker(relay: &Relay, cookie: &str) -> Self {
        Self::agent_as(relay, cookie, Some(AgentState::Away))
    }

    #[track_caller]
    fn agent_as(relay: &Relay, cookie: &str, state: Option<AgentState>) -> Self {
        let headers = [("origin", &*relay.origin()), ("cookie", cookie)];
        let mut socket = Self::open(relay, &headers).expect("the relay lets a signed-in agent connect");
        socket.send(&ClientFrame::Hello {
            protocol: wire::PROTOCOL,
            hello: Hello::Agent { state },
            follow: Vec::new(),
        });
        socket.welcomed()
    }

    #[track_caller]
    fn welcomed(mut self) -> Self {
        self.welcome = Some(self.until("a welcome", |frame| match frame {
            ServerFrame::Welcome { session, .. } => Some(session.clone()),
            _ => None,
        }));
        self
    }

    /// Sends one frame.
    #[track_caller]
    pub fn send(&mut self, frame: &ClientFrame) {
        self.send_raw(Message::text(serde_json::to_string(frame).expect("frames are JSON")));
    }

    /// Sends one frame; whether the connection still took it.
    #[must_use]
    pub fn try_send(&mut self, frame: &ClientFrame) -> bool {
        self.socket.send(Message::text(serde_json::to_string(frame).expect("frames are JSON"))).is_ok()
    }

    /// Sends anything; a connection that the relay closed meanwhile is no failure.
    pub fn send_raw(&mut self, message: Message) {
        self.socket.send(message).ok();
    }

    /// The next frame: `None` when nothing came for a moment, the close code when the relay ended the connection
    /// (1006 without one).
    ///
    /// # Errors
    /// The close code.
    #[track_caller]
    pub fn receive(&mut self) -> Result<Option<ServerFrame>, u16> {
        match self.socket.read() {
            Ok(Message::Text(text)) => Ok(Some(serde_json::from_str(&text).expect("the relay speaks the protocol"))),
            Ok(Message::Close(frame)) => Err(frame.map_or(1006, |frame| frame.code.into())),
            Ok(_) => Ok(None),
            Err(Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
            Err(_) => Err(1006),
        }
    }

    /// Reads frames until `pick` takes one.
    #[track_caller]
    pub fn until<T>(&mut self, what: &str, mut pick: impl FnMut(&ServerFrame) -> Option<T>) -> T {
        let end = Instant::now() + BOUND;
        while Instant::now() < end {
            match self.receive() {
                Ok(Some(frame)) => {
                    if let Some(found) = pick(&frame) {
                        return found;
                    }
                }
                Ok(None) => {}
                Err(code) => panic!("the relay closed with {code} instead of: {what}"),
            }
        }
        panic!("nothing came within {} s: {what}", BOUND.as_secs());
    }

    /// Hears until the relay closes, and gives the code.
    #[track_caller]
    pub fn close_code(&mut self) -> u16 {
        let end = Instant::now() + BOUND;
        while Instant::now() < end {
            if let Err(code) = self.receive() {
                return code;
            }
        }
        panic!("the relay did not close within {} s", BOUND.as_secs());
    }

    /// Asks for a token, as a visitor does before the first message.
    #[track_caller]
    pub fn register(&mut self) -> (VisitorId, Token) {
        self.send(&ClientFrame::Register);
        self.until("a token", |frame| match frame {
            ServerFrame::Registered { visitor, token } => Some((*visitor, token.clone())),
            _ => None,
        })
    }

    /// Sends a text and waits for the event that acknowledges it.
    #[track_caller]
    pub fn say(&mut self, conversation: ConversationId, text: &str) -> Event {
        let id = MessageId(new_id());
        self.send(&ClientFrame::Say { conversation, id, say: Say::Text { text: text.to_owned() } });
        self.until("the own event", |frame| match frame {
            ServerFrame::Event { event } if event.id == id => Some(event.clone()),
            ServerFrame::Refused { refusal, .. } => panic!("refused: {refusal:?}"),
            _ => None,
        })
    }

    /// An agent's choice of presence.
    #[track_caller]
    pub fn presence(&mut self, state: AgentState) {
        self.send(&ClientFrame::Presence { state });
    }

    /// Waits for the next row of the inbox that `wanted` takes.
    #[track_caller]
    pub fn row(&mut self, what: &str, wanted: impl Fn(&ConversationSummary) -> bool) -> ConversationSummary {
        let known = match &self.welcome {
            Some(SessionStart::Agent { open, .. }) => open.iter().find(|row| wanted(row)).cloned(),
            Some(SessionStart::Visitor { .. }) | None => None,
        };
        known.unwrap_or_else(|| {
            self.until(what, |frame| match frame {
                ServerFrame::Inbox { row } if wanted(row) => Some(row.clone()),
                _ => None,
            })
        })
    }

    /// The open conversations that the welcome of an agent listed.
    #[must_use]
    pub fn welcome_rows(&self) -> &[ConversationSummary] {
        match &self.welcome {
            Some(SessionStart::Agent { open, .. }) => open,
            Some(SessionStart::Visitor { .. }) | None => &[],
        }
    }

    /// The rows of the welcome, and every shared event of each.
    #[track_caller]
    #[must_use]
    pub fn read_all(mut self) -> BTreeMap<ConversationId, Vec<Event>> {
        let Some(SessionStart::Agent { open, .. }) = self.welcome.take() else {
            panic!("only agents may read everything")
        };
        open.iter().map(|row| (row.conversation, self.read(row.conversation))).collect()
    }

    /// Every shared event of one conversation.
    #[track_caller]
    pub fn read(&mut self, conversation: ConversationId) -> Vec<Event> {
        self.read_lane(conversation, Lane::Shared)
    }

    /// Every event of one lane.
    #[track_caller]
    pub fn read_lane(&mut self, conversation: ConversationId, lane: Lane) -> Vec<Event> {
        let mut all: Vec<Event> = Vec::new();
        loop {
            let after = all.last().map_or(Seq::ZERO, |event| event.seq);
            self.send(&ClientFrame::Fetch { conversation, lane, after });
            let answer = self.until("a page of events", |frame| match frame {
                ServerFrame::Events { conversation: of, lane: read, after: from, events, head }
                    if *of == conversation && *read == lane && *from == after =>
                {
                    Some(Ok((events.clone(), *head)))
                }
                ServerFrame::Refused { refusal: Refusal::RateLimited { retry_after_ms }, .. } => {
                    Some(Err(Duration::from_millis(*retry_after_ms)))
                }
                ServerFrame::Refused { refusal, .. } => panic!("refused: {refusal:?}"),
                _ => None,
            });
            let (mut page, head) = match answer {
                Ok(answer) => answer,
                // A reader of very many pages waits until there is room for some more, not for one: those refused are counted.
                Err(wait) => {
                    std::thread::sleep(wait.max(Duration::from_secs(1)));
                    continue;
                }
            };
            assert!(!page.is_empty() || after >= head, "an empty page before the head");
            all.append(&mut page);
            if all.last().map_or(Seq::ZERO, |event| event.seq) >= head {
                return all;
            }
        }
    }
}
