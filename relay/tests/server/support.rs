//! A relay with a folder of its own, and clients that speak to it.

use std::path::Path;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use relay::audit::By;
use relay::config::Config;
use relay::serve::{Running, start};
use relay::store::sqlite::SqliteStore;
use relay::store::{AgentRecord, Site, Store, write_once};
use relay::web::Web;
use relay_settings::{BuiltInRole, Scope};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use wire::{
    AgentId, ClientFrame, Close, ConversationId, Event, Hello, MessageId, PROTOCOL, PageContext, Say, ServerFrame,
    Token, VisitorId, uuid_v7,
};

use crate::streamed::Streamed;

/// The site's page.
pub(crate) const SITE_ORIGIN: &str = "http://shop.example.com";
/// The agents' password.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// Nothing here takes longer.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A relay under test.
pub(crate) struct Relay {
    pub(crate) running: Running,
    pub(crate) folder: TempDir,
}

impl Relay {
    /// With the site `demo` and the agents ann and bob.
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// The same with a few lines of configuration.
    pub(crate) async fn start_with(extra: &str) -> Self {
        Self::start_filled(extra, |_| ()).await
    }

    /// The same on a folder with more in it.
    pub(crate) async fn start_filled(extra: &str, fill: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        add_site(folder.path(), "demo", SITE_ORIGIN);
        add_site(folder.path(), "other", "http://other.example.com");
        add_agent(folder.path(), "ann", 4);
        add_agent(folder.path(), "bob", 4);
        fill(folder.path());
        let running = run(folder.path(), extra).await;
        Self { running, folder }
    }

    /// Stops it and starts another one on the same folder.
    pub(crate) async fn restart(self) -> Self {
        let Self { running, folder } = self;
        running.stop().await.expect("stopped");
        Self::start_on(folder).await
    }

    /// On a folder with data in it.
    pub(crate) async fn start_on(folder: TempDir) -> Self {
        let running = run(folder.path(), "").await;
        Self { running, folder }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address)
    }

    pub(crate) fn origin(&self) -> String {
        self.running.origin.to_string()
    }

    /// A connection that has not said anything yet.
    pub(crate) async fn connection(&self, origin: Option<&str>, cookie: Option<&str>) -> Connection {
        Connection::connect(&self.running.address.to_string(), origin, cookie).await
    }

    /// A connection without a socket, on which this hello was said.
    pub(crate) async fn streamed(&self, origin: Option<&str>, cookie: Option<&str>, hello: String) -> Connection {
        let given = [("origin", origin), ("cookie", cookie)];
        let headers: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))).collect();
        let opened = Streamed::open(&self.running.address.to_string(), &headers, hello).await;
        Connection::Streamed(Box::new(opened.expect("a stream")))
    }

    /// A visitor who has said hello without a socket.
    pub(crate) async fn streamed_visitor(&self, token: Option<&Token>) -> Visitor {
        let hello = serde_json::to_string(&hello("demo", token)).expect("JSON");
        let mut connection = self.streamed(Some(&self.origin()), None, hello).await;
        connection.until(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(())).await;
        Visitor { connection, token: token.cloned(), id: None }
    }

    /// A visitor who has said hello.
    pub(crate) async fn visitor(&self, token: Option<&Token>) -> Visitor {
        let mut connection = self.connection(Some(&self.origin()), None).await;
        connection.send(&hello("demo", token)).await;
        connection.until(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(())).await;
        Visitor { connection, token: token.cloned(), id: None }
    }

    /// A visitor with a token.
    pub(crate) async fn registered(&self) -> Visitor {
        let mut visitor = self.visitor(None).await;
        visitor.register().await;
        visitor
    }

    /// Signs in and gives the cookie.
    pub(crate) async fn cookie(&self, name: &str) -> String {
        let response = self.sign_in(&format!("{name}@example.com"), PASSWORD).await;
        assert_eq!(response.status(), 204);
        cookie_of(&response)
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> reqwest::Response {
        sign_in(&self.origin(), email, password).await
    }

    /// An agent's console, signed in, connected and online.
    pub(crate) async fn agent(&self, name: &str) -> Agent {
        let mut agent = self.console(name, None).await;
        agent.connection.send(&ClientFrame::Presence { state: wire::AgentState::Online }).await;
        agent
    }

    /// The same, but away.
    pub(crate) async fn away(&self, name: &str) -> Agent {
        self.console(name, Some(wire::AgentState::Away)).await
    }

    async fn console(&self, name: &str, state: Option<wire::AgentState>) -> Agent {
        let cookie = self.cookie(name).await;
        let mut connection = self.connection(Some(&self.origin()), Some(&cookie)).await;
        let hello = Hello::Agent { state };
        connection.send(&ClientFrame::Hello { protocol: PROTOCOL, hello, follow: Vec::new() }).await;
        connection.until(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(())).await;
        Agent { connection, cookie }
    }
}

/// Stops a relay and starts another one on the same folder, with a few lines of configuration.
pub(crate) async fn run_again(relay: Relay, extra: &str) -> Relay {
    let Relay { running, folder } = relay;
    running.stop().await.expect("stopped");
    let running = run(folder.path(), extra).await;
    Relay { running, folder }
}

async fn run(folder: &Path, extra: &str) -> Running {
    let text = format!("listen = \"127.0.0.1:0\"\ndata = {:?}\n{extra}", folder.display().to_string());
    let config = Config::parse(&text).expect("a configuration");
    Box::pin(start(config, Web::Folder(folder.join("web")), None)).await.expect("started")
}

pub(crate) fn add_site(folder: &Path, id: &str, origin: &str) {
    let (by, name) = (By::command_line(1), format!("Site <{id}>"));
    let site = Site { id: id.parse().expect("a site id"), name, origins: vec![origin.to_owned()] };
    let mut writer = SqliteStore::attach(folder).expect("a store").writer().expect("a writer");
    write_once(&mut *writer, |writer| writer.put_site(&site, &by)).expect("added");
}

pub(crate) fn add_agent(folder: &Path, name: &str, capacity: u32) {
    add(folder, name, BuiltInRole::Agent, capacity);
}

/// One that may do more than answer.
pub(crate) fn add_agent_as(folder: &Path, name: &str, role: BuiltInRole) {
    add(folder, name, role, 4);
}

fn add(folder: &Path, name: &str, role: BuiltInRole, capacity: u32) {
    // One hash for all: hashing is slow on purpose.
    static HASH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let hash = HASH.get_or_init(|| relay::identity::hash_password(PASSWORD).expect("hashed"));
    let agent = AgentRecord {
        id: AgentId(relay::clock::new_id()),
        email: format!("{name}@example.com"),
        name: name.to_owned(),
        roles: [role.document_id()].into(),
        scope: Scope::EVERYWHERE,
        hours: None,
        capacity,
        password_hash: hash.clone(),
        disabled: false,
    };
    let mut writer = SqliteStore::attach(folder).expect("a store").writer().expect("a writer");
    write_once(&mut *writer, |writer| writer.put_agent(&agent)).expect("added");
}

pub(crate) fn hello(site: &str, token: Option<&Token>) -> ClientFrame {
    let page = PageContext {
        url: "http://shop.example.com/trade".to_owned(),
        title: "Trade".to_owned(),
        language: "en".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        browser: "test".to_owned(),
        languages: String::new(),
    };
    ClientFrame::Hello {
        protocol: PROTOCOL,
        hello: Hello::Visitor { site: site.parse().expect("a site id"), token: token.cloned(), page },
        follow: Vec::new(),
    }
}

/// Asks a relay at this origin for a sign-in.
pub(crate) async fn sign_in(origin: &str, email: &str, password: &str) -> reqwest::Response {
    let body = serde_json::json!({ "email": email, "password": password });
    let request = reqwest::Client::new().post(format!("{origin}/api/v1/session")).header("origin", origin);
    request.json(&body).send().await.expect("answered")
}

pub(crate) fn cookie_of(response: &reqwest::Response) -> String {
    let value = response.headers().get("set-cookie").expect("a cookie").to_str().expect("text");
    value.split(';').next().expect("a pair").to_owned()
}

pub(crate) fn new_conversation() -> ConversationId {
    ConversationId(relay::clock::new_id())
}

pub(crate) fn new_message() -> MessageId {
    MessageId(uuid_v7(relay::clock::now_ms(), u128::from_be_bytes(relay::clock::random_bytes())))
}

/// One connection.
pub(crate) enum Connection {
    Socket(Box<WebSocketStream<MaybeTlsStream<TcpStream>>>),
    Streamed(Box<Streamed>),
}

impl Connection {
    pub(crate) async fn connect(address: &str, origin: Option<&str>, cookie: Option<&str>) -> Self {
        let mut request = format!("ws://{address}/socket").into_client_request().expect("a request");
        for (name, value) in [("origin", origin), ("cookie", cookie)] {
            if let Some(value) = value {
                request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a header"));
            }
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await.expect("connected");
        Self::Socket(Box::new(socket))
    }

    pub(crate) async fn send(&mut self, frame: &ClientFrame) {
        match self {
            Self::Socket(_) => self.raw(Message::text(serde_json::to_string(frame).expect("JSON"))).await,
            Self::Streamed(streamed) => streamed.send(frame).await,
        }
    }

    pub(crate) async fn raw(&mut self, message: Message) {
        let Self::Socket(socket) = self else { panic!("only sockets take messages") };
        // A relay that has ended the connection already is noticed by whoever reads.
        let _ = socket.send(message).await;
    }

    /// What it is when it is no socket.
    pub(crate) fn streamed(self) -> Streamed {
        match self {
            Self::Streamed(streamed) => *streamed,
            Self::Socket(_) => panic!("a socket is no stream"),
        }
    }

    /// The next frame, or the code the connection was closed with.
    pub(crate) async fn next(&mut self) -> Result<ServerFrame, u16> {
        self.next_within(ANSWER_WITHIN).await
    }

    pub(crate) async fn next_within(&mut self, wait: Duration) -> Result<ServerFrame, u16> {
        let socket = match self {
            Self::Socket(socket) => socket,
            Self::Streamed(streamed) => {
                return tokio::time::timeout(wait, streamed.next()).await.expect("an answer in time");
            }
        };
        loop {
            let next = tokio::time::timeout(wait, socket.next()).await.expect("an answer in time");
            match next {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("a frame")),
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                Some(Ok(Message::Close(None))) | None => return Err(1005),
                Some(Err(Error::ConnectionClosed | Error::AlreadyClosed)) => return Err(1005),
                Some(Err(_)) => return Err(1006),
                Some(Ok(_)) => {}
            }
        }
    }

    /// Reads frames until one is what is looked for.
    pub(crate) async fn until<T>(&mut self, mut wanted: impl FnMut(&ServerFrame) -> Option<T>) -> T {
        loop {
            let frame = self.next().await.expect("the connection stays open");
            if let Some(found) = wanted(&frame) {
                return found;
            }
        }
    }

    /// The next event of this kind.
    pub(crate) async fn event(&mut self, mut wanted: impl FnMut(&Event) -> bool) -> Event {
        self.until(|frame| match frame {
            ServerFrame::Event { event } if wanted(event) => Some(event.clone()),
            _ => None,
        })
        .await
    }

    /// Reads until the connection is closed; it must be for this reason.
    pub(crate) async fn closes(&mut self, close: Close) {
        self.closes_within(close, ANSWER_WITHIN).await;
    }

    pub(crate) async fn closes_within(&mut self, close: Close, wait: Duration) {
        loop {
            match self.next_within(wait).await {
                Ok(_) => {}
                Err(code) => {
                    assert_eq!(Close::from_code(code), Some(close), "closed with {code}");
                    return;
                }
            }
        }
    }

    /// The next refusal.
    pub(crate) async fn refusal(&mut self) -> wire::Refusal {
        self.until(|frame| match frame {
            ServerFrame::Refused { refusal, .. } => Some(refusal.clone()),
            _ => None,
        })
        .await
    }
}

/// A visitor's chat.
pub(crate) struct Visitor {
    pub(crate) connection: Connection,
    pub(crate) token: Option<Token>,
    pub(crate) id: Option<VisitorId>,
}

impl Visitor {
    pub(crate) async fn register(&mut self) {
        self.connection.send(&ClientFrame::Register).await;
        let (visitor, token) = self
            .connection
            .until(|frame| match frame {
                ServerFrame::Registered { visitor, token } => Some((*visitor, token.clone())),
                _ => None,
            })
            .await;
        self.token = Some(token);
        self.id = Some(visitor);
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token.as_ref().expect("registered").reveal())
    }

    /// Says something and waits until it is recorded.
    pub(crate) async fn say(&mut self, conversation: ConversationId, text: &str) -> Event {
        let id = new_message();
        let say = Say::Text { text: text.to_owned() };
        self.connection.send(&ClientFrame::Say { conversation, id, say }).await;
        self.connection.event(|event| event.id == id).await
    }
}

/// An agent's console.
pub(crate) struct Agent {
    pub(crate) connection: Connection,
    pub(crate) cookie: String,
}

impl Agent {
    pub(crate) async fn say(&mut self, conversation: ConversationId, text: &str) -> Event {
        let id = new_message();
        let say = Say::Text { text: text.to_owned() };
        self.connection.send(&ClientFrame::Say { conversation, id, say }).await;
        self.connection.event(|event| event.id == id).await
    }

    pub(crate) async fn follow(&mut self, conversation: ConversationId) {
        let follow = wire::Follow { conversation, after: wire::Cursor::default() };
        self.connection.send(&ClientFrame::Follow { follow }).await;
    }
}
