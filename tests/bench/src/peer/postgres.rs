//! A PostgreSQL cluster of our own: defaults that keep every commit (fsync, synchronous_commit), a free port, one database.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Server;
use crate::process::{Process, done, free_port, pinned};

/// Settings beside the defaults: room in memory, and no checkpoint in the middle of a measurement. Nothing that weakens a commit.
const SETTINGS: [&str; 5] =
    ["shared_buffers=256MB", "max_connections=200", "max_wal_size=4GB", "unix_socket_directories=", "jit=off"];
/// Where the binaries lie on Debian.
const DEBIAN: &str = "/usr/lib/postgresql";

const START_WAIT: Duration = Duration::from_secs(60);
const POLL_EVERY: Duration = Duration::from_millis(100);

/// A running database.
#[derive(Debug)]
pub(crate) struct Postgres {
    port: u16,
}

impl Postgres {
    /// Makes the cluster in the server's folder and starts it there.
    pub(crate) fn start(server: &mut Server) -> Result<Self> {
        let (port, data) = (free_port()?, server.folder().join("postgres"));
        fs::create_dir(&data)?;
        if root() {
            done(Command::new("chown").arg("postgres:").arg(&data), "")?;
        }
        let mut initdb = unprivileged(Command::new("env"));
        initdb.arg(binary("initdb")?).arg("-D").arg(&data);
        done(initdb.args(["-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C"]), "")?;
        let mut command = unprivileged(pinned("env"));
        command.arg(binary("postgres")?).arg("-D").arg(&data).args(["-p", &port.to_string(), "-h", "127.0.0.1"]);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        let mut process = Process::start(&mut command, &server.folder().join("postgres.log"))?;
        process.listens(port)?;
        server.add(process);
        let database = Self { port };
        database.ready()?;
        for (name, wanted) in [("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on")] {
            let is = database.run(&format!("SHOW {name}"))?;
            ensure!(is.trim() == wanted, "PostgreSQL's {name} is {is}");
        }
        Ok(database)
    }

    /// It listens a moment before it answers.
    fn ready(&self) -> Result<()> {
        let end = Instant::now() + START_WAIT;
        while let Err(error) = self.run("SELECT 1") {
            ensure!(Instant::now() < end, "PostgreSQL does not answer: {error:#}");
            thread::sleep(POLL_EVERY);
        }
        Ok(())
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Runs statements and gives the rows, columns apart by `|`.
    pub(crate) fn run(&self, sql: &str) -> Result<String> {
        done(&mut self.psql(), sql)
    }

    /// Runs a file of statements.
    pub(crate) fn load(&self, file: &Path) -> Result<()> {
        done(self.psql().arg("-f").arg(file), "").map(drop)
    }

    fn psql(&self) -> Command {
        let mut command = Command::new("psql");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "bench", "-d", "postgres"]);
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]);
        command
    }
}

fn root() -> bool {
    rustix::process::geteuid().is_root()
}

/// PostgreSQL refuses to serve as root. The command goes on with its next words as the program.
fn unprivileged(mut command: Command) -> Command {
    if root() {
        // Another user means a fresh promise of the kernel to end it with us.
        command.args(["setpriv", "--pdeathsig=TERM", "--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command
}

fn binary(name: &str) -> Result<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.exists());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.exists());
    found.max().or(on_path).with_context(|| format!("PostgreSQL's {name} is not installed"))
}
