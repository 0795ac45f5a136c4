//! The systems that are measured, each behind the same few verbs.

mod consoles;
mod echo;
mod ejabberd;
mod nats;
mod nchan;
mod plain;
mod postgres;
mod prosody;
pub(crate) mod relay;
mod socketio;
mod ws;
mod xmpp;

use std::path::Path;

use anyhow::{Context, Result, bail};
use futures_util::future::LocalBoxFuture;
use tempfile::TempDir;

use crate::paths::data_folder;
use crate::process::{Memory, Process};
use crate::socket::Connection;

/// Conversations that one agent holds: the most that the relay lets an agent have.
pub(crate) const VISITORS_PER_AGENT: usize = 100;

/// How many people a system must know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowd {
    /// Those who write.
    pub(crate) visitors: usize,
    /// Those who read.
    pub(crate) agents: usize,
}

impl Crowd {
    /// Visitors, and as many agents as they need.
    pub(crate) fn of(visitors: usize) -> Self {
        Self { visitors, agents: visitors.div_ceil(VISITORS_PER_AGENT) }
    }

    /// The agent of a visitor, where the system does not choose by itself.
    pub(crate) fn agent_of(self, visitor: usize) -> usize {
        visitor % self.agents
    }
}

/// The processes of one running system and their data, removed with it.
#[derive(Debug)]
pub(crate) struct Server {
    /// The last one started is ended first.
    processes: Vec<Process>,
    folder: TempDir,
}

impl Server {
    /// With nothing running yet.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { processes: Vec::new(), folder: data_folder()? })
    }

    /// Where it keeps everything.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// One more process that belongs to it.
    pub(crate) fn add(&mut self, process: Process) {
        self.processes.push(process);
    }

    /// Processor time of all its processes.
    pub(crate) fn cpu_s(&self) -> f64 {
        self.processes.iter().map(Process::cpu_s).sum()
    }

    /// Memory of the process that clients talk to, without a database behind it: in the peers' favour.
    pub(crate) fn front_memory(&self) -> Memory {
        self.processes.last().map(Process::memory).unwrap_or_default()
    }

    /// The numbers of all its processes.
    pub(crate) fn ids(&self) -> Vec<u32> {
        self.processes.iter().flat_map(Process::ids).collect()
    }
}

impl Server {
    /// Ends every process. A database outlives those who use it.
    pub(crate) fn stop(&mut self) {
        while let Some(process) = self.processes.pop() {
            drop(process);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A system in which visitors write to agents.
pub(crate) trait Chat {
    /// Its name in tables.
    fn name(&self) -> &'static str;
    /// Its processes.
    fn server(&self) -> &Server;
    /// Stands in the frame that tells a visitor its message is stored, so that it is found among all that is written.
    fn ack_mark(&self) -> &'static str;
    /// An agent's connection, ready to be given visitors.
    fn agent(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>>;
    /// A visitor's connection, authenticated.
    fn visitor(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>>;
}

/// The systems of the durable axis, in the order of the tables.
pub(crate) const CHATS: [&str; 4] = ["relay", "socket.io", "ejabberd", "prosody"];

/// Starts a system on a fresh folder, with these people.
pub(crate) fn start(name: &str, crowd: Crowd) -> Result<Box<dyn Chat>> {
    let started: Result<Box<dyn Chat>> = match name {
        "relay" => relay::Relay::start(crowd).map(|chat| Box::new(chat) as Box<dyn Chat>),
        "socket.io" => socketio::SocketIo::start(crowd).map(|chat| Box::new(chat) as Box<dyn Chat>),
        "ejabberd" => ejabberd::Ejabberd::start(crowd).map(|chat| Box::new(chat) as Box<dyn Chat>),
        "prosody" => prosody::Prosody::start(crowd).map(|chat| Box::new(chat) as Box<dyn Chat>),
        other => bail!("no such system: {other}"),
    };
    started.with_context(|| format!("{name} does not start"))
}

/// A system that holds connections of people who are there and say nothing.
pub(crate) trait Hold {
    /// Its processes.
    fn server(&self) -> &Server;
    /// One authenticated person's connection.
    fn hold(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>>;
}

/// A chat's visitors.
struct Visitors(Box<dyn Chat>);

impl Hold for Visitors {
    fn server(&self) -> &Server {
        self.0.server()
    }

    fn hold(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>> {
        self.0.visitor(number)
    }
}

/// The systems of the idle axis.
pub(crate) const HOLDERS: [&str; 6] = ["relay", "ws", "socket.io", "ejabberd", "nchan", "axum"];

/// Starts a system for so many who only are there.
pub(crate) fn start_holder(name: &str, people: usize) -> Result<Box<dyn Hold>> {
    let crowd = Crowd { visitors: people, agents: 1 };
    let started: Result<Box<dyn Hold>> = match name {
        "ws" => ws::Ws::start().map(|held| Box::new(held) as Box<dyn Hold>),
        "nchan" => nchan::Nchan::start().map(|held| Box::new(held) as Box<dyn Hold>),
        "axum" => echo::Echo::start("axum").map(|held| Box::new(held) as Box<dyn Hold>),
        chat => return Ok(Box::new(Visitors(start(chat, crowd)?))),
    };
    started.with_context(|| format!("{name} does not start"))
}

/// A system in which one event goes to everybody who watches.
pub(crate) trait Publish {
    /// Its processes.
    fn server(&self) -> &Server;
    /// The connection of who causes the events.
    fn publisher(&self) -> LocalBoxFuture<'_, Result<Connection>>;
    /// The connection of one who watches.
    fn watcher(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>>;
}

/// The systems of the fan-out.
pub(crate) const PUBLISHERS: [&str; 4] = ["relay", "ws", "nchan", "nats"];

/// Starts a system for one who causes events and many who watch.
pub(crate) fn start_publisher(name: &str) -> Result<Box<dyn Publish>> {
    let started: Result<Box<dyn Publish>> = match name {
        "relay" => consoles::Consoles::start().map(|one| Box::new(one) as Box<dyn Publish>),
        "ws" => ws::Ws::start().map(|one| Box::new(one) as Box<dyn Publish>),
        "nchan" => nchan::Nchan::start().map(|one| Box::new(one) as Box<dyn Publish>),
        "nats" => nats::Nats::start().map(|one| Box::new(one) as Box<dyn Publish>),
        other => bail!("no such system: {other}"),
    };
    started.with_context(|| format!("{name} does not start"))
}

/// The servers that are only a floor to compare with.
pub(crate) use echo::{Echo, serve};
