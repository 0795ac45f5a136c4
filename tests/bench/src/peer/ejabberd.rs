//! ejabberd with its message archive (mod_mam) in PostgreSQL.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use futures_util::future::{FutureExt, LocalBoxFuture};

use super::postgres::Postgres;
use super::xmpp::{ACK_MARK, PASSWORD, agent, names, visitor};
use super::{Chat, Crowd, Server};
use crate::paths::peer_file;
use crate::process::{Process, free_port, pinned};
use crate::socket::Connection;

/// Where the program lies on Debian, below a folder named by the machine's kind; and its tables.
const LIBRARIES: &str = "/usr/lib";
const TABLES: &str = "/usr/share/ejabberd/sql/pg.sql";
const PATH: &str = "/ws";

/// A running ejabberd with its database.
pub(crate) struct Ejabberd {
    port: u16,
    crowd: Crowd,
    server: Server,
}

impl Ejabberd {
    /// Starts both, with every account in place.
    pub(crate) fn start(crowd: Crowd) -> Result<Self> {
        let mut server = Server::new()?;
        let database = Postgres::start(&mut server)?;
        database.load(Path::new(TABLES))?;
        let mut accounts = "COPY users (username, password) FROM STDIN;\n".to_owned();
        for name in names(crowd) {
            writeln!(accounts, "{name}\t{PASSWORD}")?;
        }
        database.run(&accounts)?;
        let port = free_port()?;
        let config = server.folder().join("ejabberd.yml");
        let text = fs::read_to_string(peer_file("ejabberd.yml"))?;
        let text = text.replace("$PORT", &port.to_string()).replace("$DATABASE_PORT", &database.port().to_string());
        fs::write(&config, text)?;
        let mut command = pinned("erl");
        command.args(["-noinput", "+K", "true", "+P", "250000", "-mnesia", "dir"]);
        command.arg(format!("{:?}", server.folder().join("mnesia"))).args(["-s", "ejabberd"]);
        command.env("ERL_LIBS", libraries()?).env("EJABBERD_CONFIG_PATH", config);
        command.env("EJABBERD_LOG_PATH", server.folder().join("ejabberd.log")).env("HOME", server.folder());
        let mut process = Process::start(&mut command, &server.folder().join("erl.log"))?;
        process.listens(port)?;
        server.add(process);
        Ok(Self { port, crowd, server })
    }
}

fn libraries() -> Result<PathBuf> {
    let below = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_ejabberd =
        |path: PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ejabberd-"));
    let found = below(Path::new(LIBRARIES)).find(|folder| below(folder).any(is_ejabberd));
    found.context("ejabberd is not installed")
}

impl Chat for Ejabberd {
    fn name(&self) -> &'static str {
        "ejabberd"
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
