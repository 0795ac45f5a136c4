//! socket.io on PostgreSQL, as a team would build it: INSERT, then the agent's event and the acknowledgement.

use anyhow::Result;
use futures_util::future::{FutureExt, LocalBoxFuture};

use super::postgres::Postgres;
use super::{Chat, Crowd, Server};
use crate::board::{Received, body, index};
use crate::paths::{kept, peer_file};
use crate::peer::relay::new_id;
use crate::process::{Process, free_port, pinned};
use crate::socket::{Codec, Connection, Socket, open, send, until};

/// A running socket.io with its database.
pub(crate) struct SocketIo {
    port: u16,
    server: Server,
}

impl SocketIo {
    /// Starts both.
    pub(crate) fn start(crowd: Crowd) -> Result<Self> {
        let mut server = Server::new()?;
        let database = Postgres::start(&mut server)?;
        database.load(&peer_file("socketio.sql"))?;
        database.run(&people(crowd))?;
        let port = free_port()?;
        // Node looks for packages above the program's folder: it runs from where npm has put them.
        let program = kept().join("node/socketio.mjs");
        std::fs::copy(peer_file("socketio.mjs"), &program)?;
        let mut command = pinned("node");
        command.arg(program).args([port.to_string(), database.port().to_string()]).env("NODE_ENV", "production");
        let mut process = Process::start(&mut command, &server.folder().join("socketio.log"))?;
        process.listens(port)?;
        server.add(process);
        Ok(Self { port, server })
    }

    async fn connected(&self, token: &str) -> Result<Socket> {
        let mut socket = open(self.port, "/socket.io/?EIO=4&transport=websocket", &[]).await?;
        until(&mut socket, "the transport", |text| text.starts_with('0').then_some(())).await?;
        send(&mut socket, format!("40{}", serde_json::json!({ "token": token }))).await?;
        until(&mut socket, "a session", |text| text.starts_with("40{\"sid\"").then_some(())).await?;
        Ok(socket)
    }
}

/// One row for each person; the token is the number.
fn people(crowd: Crowd) -> String {
    let (visitors, agents) = (crowd.visitors, crowd.agents);
    format!(
        "INSERT INTO person SELECT 'agent' || n, n, true, n FROM generate_series(0, {agents} - 1) n;
         INSERT INTO person SELECT 'visitor' || n, 1000000 + n, false, n % {agents} FROM generate_series(0, {visitors} - 1) n;
         ANALYZE person;"
    )
}

impl Chat for SocketIo {
    fn name(&self) -> &'static str {
        "socket.io"
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn ack_mark(&self) -> &'static str {
        "[{\"seq\""
    }

    fn agent(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>> {
        async move {
            let socket = self.connected(&format!("agent{number}")).await?;
            Ok(Connection { socket, codec: Box::new(Words) })
        }
        .boxed_local()
    }

    fn visitor(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>> {
        async move {
            let socket = self.connected(&format!("visitor{number}")).await?;
            Ok(Connection { socket, codec: Box::new(Words) })
        }
        .boxed_local()
    }
}

/// Engine.IO 4 packets; the number of the message is the number of its acknowledgement.
struct Words;

impl Codec for Words {
    fn say(&mut self, index: u64, frames: &mut Vec<String>) {
        let id = wire::MessageId(new_id());
        frames.push(format!("42{index}[\"say\",{{\"id\":\"{id}\",\"text\":\"{}\"}}]", body(index)));
    }

    fn receive(&mut self, text: &str, received: &mut Vec<Received>) {
        if text == "2" {
            received.push(Received::Answer("3".to_owned()));
        } else if let Some(rest) = text.strip_prefix("43") {
            let digits = rest.split('[').next().unwrap_or_default();
            match digits.parse() {
                Ok(index) if rest.contains("\"seq\"") => received.push(Received::Acknowledged(index)),
                _ => received.push(Received::Refused(rest.to_owned())),
            }
        } else if text.starts_with("42[\"message\"") {
            received.extend(index(text).map(Received::Delivered));
        }
    }
}
