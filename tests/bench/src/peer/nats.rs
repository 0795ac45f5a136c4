//! nats-server by its WebSocket listener: core NATS, at most once.

use std::fs;

use anyhow::Result;
use futures_util::future::{FutureExt, LocalBoxFuture};

use super::{Publish, Server};
use crate::board::{Received, body, index};
use crate::paths::peer_file;
use crate::process::{Process, free_port, pinned};
use crate::socket::{Codec, Connection, Socket, open, send, until};

/// A running server.
pub(crate) struct Nats {
    port: u16,
    server: Server,
}

impl Nats {
    /// Starts it.
    pub(crate) fn start() -> Result<Self> {
        let (mut server, port, plain) = (Server::new()?, free_port()?, free_port()?);
        let config = server.folder().join("nats.conf");
        let text = fs::read_to_string(peer_file("nats.conf"))?;
        fs::write(&config, text.replace("$PORT", &port.to_string()).replace("$PLAIN", &plain.to_string()))?;
        let mut command = pinned("nats-server");
        command.arg("-c").arg(config);
        let mut process = Process::start(&mut command, &server.folder().join("nats.log"))?;
        process.listens(port)?;
        server.add(process);
        Ok(Self { port, server })
    }

    async fn connected(&self, then: &str) -> Result<Socket> {
        let mut socket = open(self.port, "/", &[]).await?;
        until(&mut socket, "a greeting", |text| text.starts_with("INFO").then_some(())).await?;
        let hello = r#"CONNECT {"verbose":false,"pedantic":false,"auth_token":"secret","lang":"bench","version":"1"}"#;
        send(&mut socket, format!("{hello}\r\n{then}PING\r\n")).await?;
        until(&mut socket, "an answer", |text| text.contains("PONG").then_some(())).await?;
        Ok(socket)
    }
}

impl Publish for Nats {
    fn server(&self) -> &Server {
        &self.server
    }

    fn publisher(&self) -> LocalBoxFuture<'_, Result<Connection>> {
        async move { Ok(Connection { socket: self.connected("").await?, codec: Box::new(Words) }) }.boxed_local()
    }

    fn watcher(&self, _: usize) -> LocalBoxFuture<'_, Result<Connection>> {
        async move { Ok(Connection { socket: self.connected("SUB all 1\r\n").await?, codec: Box::new(Words) }) }
            .boxed_local()
    }
}

/// Lines of the client protocol; a frame may hold several.
struct Words;

impl Codec for Words {
    fn say(&mut self, index: u64, frames: &mut Vec<String>) {
        let text = body(index);
        frames.push(format!("PUB all {}\r\n{text}\r\n", text.len()));
    }

    fn receive(&mut self, text: &str, received: &mut Vec<Received>) {
        for line in text.split("\r\n") {
            if line == "PING" {
                received.push(Received::Answer("PONG\r\n".to_owned()));
            } else if line.starts_with("-ERR") {
                received.push(Received::Refused(line.to_owned()));
            } else {
                received.extend(index(line).map(Received::Delivered));
            }
        }
    }
}
