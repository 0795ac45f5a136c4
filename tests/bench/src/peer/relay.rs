//! The relay: SQLite with `synchronous=FULL`, as it stands, with every one of its limits.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use futures_util::future::{FutureExt, LocalBoxFuture};
use wire::{
    AgentState, ClientFrame, ConversationId, Hello, MessageId, PROTOCOL, PageContext, Say, ServerFrame, Token, uuid_v7,
};

use super::{Chat, Crowd, Server, VISITORS_PER_AGENT};
use crate::board::{Received, body, index};
use crate::paths::relay_binary;
use crate::process::{Process, done, free_port, pinned};
use crate::socket::{Codec, Connection, Socket, open, send, until};

const PASSWORD: &str = "correct horse battery staple";

/// A running relay.
pub(crate) struct Relay {
    port: u16,
    server: Server,
    /// The agents' sign-ins.
    cookies: Vec<String>,
}

impl Relay {
    /// Starts it and signs every agent in.
    pub(crate) fn start(crowd: Crowd) -> Result<Self> {
        let mut relay = Self::prepare(crowd)?;
        relay.up()?;
        relay.cookies = (0..crowd.agents).map(|agent| relay.sign_in(agent)).collect::<Result<_>>()?;
        Ok(relay)
    }

    /// Adds the site and the agents, and starts nothing.
    pub(crate) fn prepare(crowd: Crowd) -> Result<Self> {
        let relay = Self { port: free_port()?, server: Server::new()?, cookies: Vec::new() };
        relay.command(&["site", "add", "demo", "--origin", "http://localhost:9", "--name", "Demo"], "")?;
        let capacity = VISITORS_PER_AGENT.to_string();
        for agent in 0..crowd.agents {
            let (email, name) = (email(agent), format!("Agent {agent}"));
            let words = ["agent", "add", &email, "--name", &name, "--role", "agent", "--capacity", &capacity];
            relay.command(&[&words[..], &["--password-stdin"]].concat(), PASSWORD)?;
        }
        Ok(relay)
    }

    /// Where it keeps its data.
    pub(crate) fn data(&self) -> PathBuf {
        self.server.folder().join("data")
    }

    /// Ends the process; the data stay.
    pub(crate) fn down(&mut self) {
        self.server.stop();
    }

    /// Asks for its health, and waits for the answer.
    pub(crate) fn first_byte(&self) -> Result<()> {
        let answer = ureq::get(format!("{}/health", self.origin())).call()?;
        ensure!(answer.status().as_u16() == 200, "health gives {}", answer.status());
        Ok(())
    }

    /// Starts the process on the folder as it is.
    pub(crate) fn up(&mut self) -> Result<()> {
        let config = self.server.folder().join("relay.toml");
        // Visitors come from many networks, as they would through a proxy: the limits for one stay in force. That so many come at once is no flood.
        let text = "trusted_proxies = [\"127.0.0.1\"]\n[log]\nlevel = \"warn\"\n\
                    [conversation]\nflood_waiting = 1000000\n[quotas]\ntext_bytes_per_visitor_a_day = 1000000000000\n";
        fs::write(&config, text)?;
        let mut command = pinned(relay_binary()?);
        command.args(["serve", "--listen", &format!("127.0.0.1:{}", self.port), "--config"]).arg(config);
        command.arg("--data").arg(self.data());
        let mut process = Process::start(&mut command, &self.server.folder().join("relay.log"))?;
        process.listens(self.port)?;
        self.server.add(process);
        Ok(())
    }

    fn command(&self, words: &[&str], input: &str) -> Result<String> {
        done(Command::new(relay_binary()?).args(words).arg("--data").arg(self.data()), input)
    }

    fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn sign_in(&self, agent: usize) -> Result<String> {
        let body = serde_json::json!({ "email": email(agent), "password": PASSWORD }).to_string();
        let request = ureq::post(format!("{}/api/v1/session", self.origin()));
        let request = request.header("origin", self.origin()).header("content-type", "application/json");
        let answer = request.send(body.as_bytes()).context("the relay refuses to sign an agent in")?;
        ensure!(answer.status().as_u16() == 204, "sign-in gives {}", answer.status());
        let cookie = answer.headers().get("set-cookie").context("signing in sets no cookie")?.to_str()?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }

    /// Its processes.
    pub(crate) fn processes(&self) -> &Server {
        &self.server
    }

    /// A visitor's socket, welcomed and registered.
    pub(crate) async fn greeted(&self, number: usize) -> Result<Socket> {
        let address = format!("10.{}.{}.{}", (number >> 8) & 255, number & 255, number >> 16);
        let mut socket = self.welcomed(&address, None).await?;
        say(&mut socket, &ClientFrame::Register).await?;
        received(&mut socket, "a token", |frame| matches!(frame, ServerFrame::Registered { .. })).await?;
        Ok(socket)
    }

    /// A visitor's socket from this address, welcomed.
    pub(crate) async fn welcomed(&self, address: &str, token: Option<Token>) -> Result<Socket> {
        let origin = self.origin();
        let mut socket = open(self.port, "/socket", &[("origin", &origin), ("x-forwarded-for", address)]).await?;
        let page = PageContext {
            url: "http://localhost:9/trade".to_owned(),
            title: "Trade".to_owned(),
            language: "en".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            browser: "bench".to_owned(),
            languages: String::new(),
        };
        let hello = Hello::Visitor { site: "demo".parse()?, token, page };
        say(&mut socket, &ClientFrame::Hello { protocol: PROTOCOL, hello, follow: Vec::new() }).await?;
        received(&mut socket, "a welcome", |frame| matches!(frame, ServerFrame::Welcome { .. })).await?;
        Ok(socket)
    }

    /// An agent's socket, welcomed and online. `number` also chooses the address it comes from.
    pub(crate) async fn console(&self, agent: usize, number: usize) -> Result<Socket> {
        let (origin, cookie) = (self.origin(), self.cookies.get(agent).context("no such agent")?);
        let address = format!("172.{}.{}.{}", number >> 16, (number >> 8) & 255, number & 255);
        let headers = [("origin", &*origin), ("cookie", cookie), ("x-forwarded-for", &address)];
        let mut socket = open(self.port, "/socket", &headers).await?;
        let hello = ClientFrame::Hello { protocol: PROTOCOL, hello: Hello::Agent { state: None }, follow: Vec::new() };
        say(&mut socket, &hello).await?;
        received(&mut socket, "a welcome", |frame| matches!(frame, ServerFrame::Welcome { .. })).await?;
        say(&mut socket, &ClientFrame::Presence { state: AgentState::Online }).await?;
        Ok(socket)
    }
}

fn email(agent: usize) -> String {
    format!("agent{agent}@example.com")
}

/// Sends one frame.
pub(crate) async fn say(socket: &mut Socket, frame: &ClientFrame) -> Result<()> {
    send(socket, serde_json::to_string(frame)?).await
}

/// Hears frames until one is wanted.
pub(crate) async fn received(socket: &mut Socket, what: &str, wanted: impl Fn(&ServerFrame) -> bool) -> Result<()> {
    until(socket, what, |text| serde_json::from_str(text).is_ok_and(|frame| wanted(&frame)).then_some(())).await
}

/// A new id, as a client makes one.
pub(crate) fn new_id() -> u128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    let mut random = [0; 16];
    getrandom::fill(&mut random).expect("the system has random bytes");
    uuid_v7(u64::try_from(now.as_millis()).unwrap_or(u64::MAX), u128::from_le_bytes(random))
}

impl Chat for Relay {
    fn name(&self) -> &'static str {
        "relay"
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn ack_mark(&self) -> &'static str {
        "\"type\":\"event\""
    }

    fn agent(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>> {
        async move {
            let socket = self.console(number, number).await?;
            Ok(Connection { socket, codec: Box::new(Words { side: Side::Agent }) })
        }
        .boxed_local()
    }

    fn visitor(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>> {
        async move {
            let socket = self.greeted(number).await?;
            let side = Side::Visitor(ConversationId(new_id()));
            Ok(Connection { socket, codec: Box::new(Words { side }) })
        }
        .boxed_local()
    }
}

/// Which side of a conversation a connection is on.
pub(crate) enum Side {
    /// Writes in this conversation.
    Visitor(ConversationId),
    /// Reads.
    Agent,
}

/// The relay's own frames.
pub(crate) struct Words {
    /// The side.
    pub(crate) side: Side,
}

impl Codec for Words {
    fn say(&mut self, index: u64, frames: &mut Vec<String>) {
        let Side::Visitor(conversation) = self.side else { return };
        let say = Say::Text { text: body(index) };
        let frame = ClientFrame::Say { conversation, id: MessageId(new_id()), say };
        frames.extend(serde_json::to_string(&frame));
    }

    /// Told apart by how they begin: reading every frame whole would keep the generator's core from its schedule.
    fn receive(&mut self, text: &str, received: &mut Vec<Received>) {
        if text.starts_with("{\"type\":\"event\"") {
            let told = index(text).map(|index| match self.side {
                Side::Visitor(_) => Received::Acknowledged(index),
                Side::Agent => Received::Delivered(index),
            });
            received.extend(told);
        } else if text.starts_with("{\"type\":\"refused\"") {
            let refusal = text.split("\"refusal\":").nth(1).unwrap_or(text);
            received.push(Received::Refused(refusal.to_owned()));
        }
    }

    fn ping(&self) -> Option<&'static str> {
        Some("{\"type\":\"ping\"}")
    }
}
