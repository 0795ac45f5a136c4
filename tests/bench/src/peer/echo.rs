//! The floors: a bare axum WebSocket with the relay's buffers, and a bare tungstenite one; both only echo.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::any;
use futures_util::future::{FutureExt, LocalBoxFuture};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;
use wire::limit::READ_BUFFER_BYTES;

use super::plain::Plain;
use super::{Hold, Server};
use crate::process::{Process, free_port, pinned};
use crate::socket::{Connection, open};

/// A running echo: this program itself, as a process of its own.
pub(crate) struct Echo {
    port: u16,
    server: Server,
}

impl Echo {
    /// Starts the one of this kind: `axum` or `tungstenite`.
    pub(crate) fn start(kind: &str) -> Result<Self> {
        let (mut server, port) = (Server::new()?, free_port()?);
        let mut command = pinned(std::env::current_exe()?);
        command.args(["serve", kind, &port.to_string()]);
        let mut process = Process::start(&mut command, &server.folder().join("echo.log"))?;
        process.listens(port)?;
        server.add(process);
        Ok(Self { port, server })
    }
}

impl Hold for Echo {
    fn server(&self) -> &Server {
        &self.server
    }

    fn hold(&self, _: usize) -> LocalBoxFuture<'_, Result<Connection>> {
        async move { Ok(Plain::Echo.on(open(self.port, "/", &[]).await?)) }.boxed_local()
    }
}

/// Is such an echo until it is ended.
pub(crate) fn serve(kind: &str, port: u16) -> Result<()> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        match kind {
            "axum" => {
                let upgrade = async |upgrade: WebSocketUpgrade| {
                    upgrade.read_buffer_size(READ_BUFFER_BYTES).write_buffer_size(READ_BUFFER_BYTES).on_upgrade(echo)
                };
                Ok(axum::serve(listener, Router::new().route("/", any(upgrade))).await?)
            }
            "tungstenite" => loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                tokio::spawn(async {
                    let Ok(mut socket) = accept_async(stream).await else { return };
                    while let Some(Ok(message)) = socket.next().await {
                        if message.is_text() && socket.send(message).await.is_err() {
                            return;
                        }
                    }
                });
            },
            other => bail!("no such floor: {other}"),
        }
    })
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if let Message::Text(_) = &message
            && socket.send(message).await.is_err()
        {
            return;
        }
    }
}
