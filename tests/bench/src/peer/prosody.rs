//! Prosody with its message archive (mod_mam) in SQLite.

use std::fs;

use anyhow::Result;
use futures_util::future::{FutureExt, LocalBoxFuture};

use super::xmpp::{ACK_MARK, HOST, PASSWORD, agent, names, visitor};
use super::{Chat, Crowd, Server};
use crate::paths::peer_file;
use crate::process::{Process, done, free_port, pinned};
use crate::socket::Connection;

const PATH: &str = "/xmpp-websocket";

/// A running Prosody.
pub(crate) struct Prosody {
    port: u16,
    crowd: Crowd,
    server: Server,
}

impl Prosody {
    /// Starts it, with every account in place.
    pub(crate) fn start(crowd: Crowd) -> Result<Self> {
        let mut server = Server::new()?;
        let (port, data) = (free_port()?, server.folder().join("data"));
        let accounts = data.join(HOST).join("accounts");
        fs::create_dir_all(&accounts)?;
        for name in names(crowd) {
            fs::write(accounts.join(format!("{name}.dat")), format!("return {{ password = {PASSWORD:?} }};\n"))?;
        }
        // Prosody leaves SQLite as it is made: rollback journal, three syncs a commit. The write-ahead log stays with the
        // file, needs one, and keeps synchronous=FULL: the faster setting of the safe ones.
        let database = data.join("prosody.sqlite");
        done(std::process::Command::new("sqlite3").arg(&database), "PRAGMA journal_mode=WAL;")?;
        let config = server.folder().join("prosody.cfg.lua");
        let text = fs::read_to_string(peer_file("prosody.cfg.lua"))?;
        let text = text.replace("$PORT", &port.to_string()).replace("$DATA", &data.display().to_string());
        fs::write(&config, text)?;
        let mut command = pinned("prosody");
        command.arg("-F").arg("--config").arg(config);
        let mut process = Process::start(&mut command, &server.folder().join("prosody.log"))?;
        process.listens(port)?;
        server.add(process);
        Ok(Self { port, crowd, server })
    }
}

impl Chat for Prosody {
    fn name(&self) -> &'static str {
        "prosody"
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn ack_mark(&self) -> &'static str {
        ACK_MARK
    }

    fn agent(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>> {
        agent(self.port, PATH, number).boxed_local()
    }

    fn visitor(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>> {
        visitor(self.port, PATH, number, self.crowd.agent_of(number)).boxed_local()
    }
}
