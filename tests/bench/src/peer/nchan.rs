//! nginx with nchan: subscribers over WebSocket, let in by a token; it keeps messages, not sessions.

use std::fs;

use anyhow::Result;
use futures_util::future::{FutureExt, LocalBoxFuture};

use super::plain::Plain;
use super::{Hold, Publish, Server};
use crate::paths::peer_file;
use crate::process::{Process, free_port, pinned};
use crate::socket::{Connection, open};

const TOKEN: (&str, &str) = ("authorization", "Bearer secret");

/// A running nginx.
pub(crate) struct Nchan {
    port: u16,
    server: Server,
}

impl Nchan {
    /// Starts it.
    pub(crate) fn start() -> Result<Self> {
        let (mut server, port) = (Server::new()?, free_port()?);
        let config = server.folder().join("nginx.conf");
        let text = fs::read_to_string(peer_file("nginx.conf"))?;
        let text = text.replace("$PORT", &port.to_string());
        fs::write(&config, text.replace("$FOLDER", &server.folder().display().to_string()))?;
        let mut command = pinned("nginx");
        command.arg("-c").arg(config).arg("-p").arg(server.folder());
        let mut process = Process::start(&mut command, &server.folder().join("nginx.log"))?;
        process.listens(port)?;
        server.add(process);
        Ok(Self { port, server })
    }
}

impl Hold for Nchan {
    fn server(&self) -> &Server {
        &self.server
    }

    fn hold(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>> {
        async move { Ok(Plain::Watcher.on(open(self.port, &format!("/watch?id={number}"), &[TOKEN]).await?)) }
            .boxed_local()
    }
}

impl Publish for Nchan {
    fn server(&self) -> &Server {
        &self.server
    }

    fn publisher(&self) -> LocalBoxFuture<'_, Result<Connection>> {
        async move { Ok(Plain::Publisher.on(open(self.port, "/publish?id=all", &[TOKEN]).await?)) }.boxed_local()
    }

    fn watcher(&self, _: usize) -> LocalBoxFuture<'_, Result<Connection>> {
        async move { Ok(Plain::Watcher.on(open(self.port, "/watch?id=all", &[TOKEN]).await?)) }.boxed_local()
    }
}
