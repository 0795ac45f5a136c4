//! Node's `ws`: everybody authenticated by a signed token, one session object each, and a loop that sends to all.

use anyhow::Result;
use futures_util::future::{FutureExt, LocalBoxFuture};

use super::plain::Plain;
use super::{Hold, Publish, Server};
use crate::paths::{kept, peer_file};
use crate::process::{Process, free_port, pinned};
use crate::socket::{Connection, Socket, open, send, until};

/// A running server.
pub(crate) struct Ws {
    port: u16,
    server: Server,
}

impl Ws {
    /// Starts it.
    pub(crate) fn start() -> Result<Self> {
        let (mut server, port) = (Server::new()?, free_port()?);
        // Node looks for packages above the program's folder: it runs from where npm has put them.
        let program = kept().join("node/ws.mjs");
        std::fs::copy(peer_file("ws.mjs"), &program)?;
        let mut command = pinned("node");
        command.arg(program).arg(port.to_string()).env("NODE_ENV", "production");
        let mut process = Process::start(&mut command, &server.folder().join("ws.log"))?;
        process.listens(port)?;
        server.add(process);
        Ok(Self { port, server })
    }

    async fn connected(&self, number: usize) -> Result<Socket> {
        let mut socket = open(self.port, "/", &[]).await?;
        until(&mut socket, "a token", |text| text.starts_with("token ").then_some(())).await?;
        send(&mut socket, format!("hello {number}")).await?;
        until(&mut socket, "a welcome", |text| (text == "welcome").then_some(())).await?;
        Ok(socket)
    }
}

impl Hold for Ws {
    fn server(&self) -> &Server {
        &self.server
    }

    fn hold(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>> {
        async move { Ok(Plain::Watcher.on(self.connected(number).await?)) }.boxed_local()
    }
}

impl Publish for Ws {
    fn server(&self) -> &Server {
        &self.server
    }

    fn publisher(&self) -> LocalBoxFuture<'_, Result<Connection>> {
        async move { Ok(Plain::Publisher.on(self.connected(0).await?)) }.boxed_local()
    }

    fn watcher(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>> {
        async move { Ok(Plain::Watcher.on(self.connected(number + 1).await?)) }.boxed_local()
    }
}
