//! The systems that are measured, each behind the same few verbs.

mod ejabberd;
mod postgres;
mod prosody;
mod relay;
mod socketio;
mod xmpp;

use std::path::Path;

use anyhow::{Context, Result, bail};
use futures_util::future::LocalBoxFuture;
use tempfile::TempDir;

use crate::place::data_folder;
use crate::process::{Memory, Process};
use crate::socket::Line;

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

    /// Memory of all its processes.
    pub(crate) fn memory(&self) -> Memory {
        let all = self.processes.iter().map(Process::memory);
        all.fold(Memory::default(), |sum, one| Memory {
            rss_bytes: sum.rss_bytes + one.rss_bytes,
            pss_bytes: sum.pss_bytes + one.pss_bytes,
        })
    }

    /// The numbers of all its processes.
    pub(crate) fn ids(&self) -> Vec<u32> {
        self.processes.iter().flat_map(Process::ids).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A database outlives those who use it.
        while let Some(process) = self.processes.pop() {
            drop(process);
        }
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
    /// An agent's line, ready to be given visitors.
    fn agent(&self, number: usize) -> LocalBoxFuture<'_, Result<Line>>;
    /// A visitor's line, authenticated.
    fn visitor(&self, number: usize) -> LocalBoxFuture<'_, Result<Line>>;
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
