//! Server processes: pinned to one core, measured with everything they start, ended by their number.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// All that serves runs on this core; the generator has the other.
const SERVER_CORE: usize = 0;
/// The generator's core.
pub(crate) const GENERATOR_CORE: usize = 1;

const START_WAIT: Duration = Duration::from_secs(60);
const STOP_WAIT: Duration = Duration::from_secs(10);
const POLL_EVERY: Duration = Duration::from_millis(2);
/// Lines of a log that are shown when a server fails.
const LAST_LINES: usize = 20;

/// One server process and all it starts.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

/// Memory of a process and its descendants.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Bytes in memory; pages shared between processes count once for each.
    pub(crate) rss_bytes: u64,
    /// The same, but each shared page is split among those who share it.
    pub(crate) pss_bytes: u64,
}

/// A command that will run on the servers' core, without the product's own settings of whoever measures, and that the kernel
/// ends should the generator be killed.
pub(crate) fn pinned(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "taskset", "-c", &SERVER_CORE.to_string()]).arg(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CAUSEWAY_") {
            command.env_remove(name);
        }
    }
    command
}

impl Process {
    /// Starts a command; what it prints is appended to the log.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        let both = file.try_clone()?;
        let child = command.stdin(Stdio::null()).stdout(file).stderr(both).spawn();
        let child = child.with_context(|| format!("cannot start {:?}", command.get_program()))?;
        Ok(Self { child, log: log.to_owned() })
    }

    /// Waits until it takes connections there.
    pub(crate) fn listens(&mut self, port: u16) -> Result<()> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let end = Instant::now() + START_WAIT;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended by itself ({status}):\n{}", self.last_words());
            }
            if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
                return Ok(());
            }
            thread::sleep(POLL_EVERY);
        }
        bail!("it does not listen on {port} after {} s:\n{}", START_WAIT.as_secs(), self.last_words())
    }

    fn last_words(&self) -> String {
        let text = String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }

    /// Its number and those of all it started.
    pub(crate) fn ids(&self) -> Vec<u32> {
        descendants(self.child.id())
    }

    /// Seconds of processor time that it and its descendants used so far.
    pub(crate) fn cpu_s(&self) -> f64 {
        self.ids().into_iter().map(cpu_s).sum()
    }

    /// What it and its descendants hold in memory.
    pub(crate) fn memory(&self) -> Memory {
        let mut sum = Memory::default();
        for id in self.ids() {
            let table = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
            sum.rss_bytes += kib(&table, "Rss:") * 1024;
            sum.pss_bytes += kib(&table, "Pss:") * 1024;
        }
        sum
    }
}

impl Drop for Process {
    /// Asks it to end, and ends it and its descendants when it does not.
    fn drop(&mut self) {
        let all = self.ids();
        signal(self.child.id(), Signal::TERM);
        let end = Instant::now() + STOP_WAIT;
        while Instant::now() < end {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(POLL_EVERY);
        }
        for id in all {
            signal(id, Signal::KILL);
        }
        // It fails only when it has been waited for already.
        let _ = self.child.wait();
    }
}

/// A process that ended meanwhile needs no signal.
fn signal(id: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// Runs a command to its end and gives what it printed; fails with its complaint.
pub(crate) fn done(command: &mut Command, input: &str) -> Result<String> {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.with_context(|| format!("cannot start {:?}", command.get_program()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that reads nothing may have closed the pipe already.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {}\n{said}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A port of 127.0.0.1 that nobody listens on at this moment.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// A process and everything below it, by asking each process for its parent.
fn descendants(root: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    for id in entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) {
        if let Some(parent) = stat(id).and_then(|fields| fields.get(1)?.parse().ok()) {
            children.entry(parent).or_default().push(id);
        }
    }
    let mut found = vec![root];
    let mut at = 0;
    while let Some(id) = found.get(at) {
        found.extend(children.remove(id).unwrap_or_default());
        at += 1;
    }
    found
}

/// The fields of /proc/ID/stat after the name: state, parent, …
fn stat(id: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

/// Seconds of processor time that one process used so far; 0 when it is gone.
pub(crate) fn cpu_s(id: u32) -> f64 {
    let fields = stat(id).unwrap_or_default();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    // Fields 14 and 15 of proc(5), user and system time, counted here from the state.
    #[expect(clippy::cast_precision_loss, reason = "a few days at most")]
    let seconds = (ticks(11) + ticks(12)) as f64 / rustix::param::clock_ticks_per_second() as f64;
    seconds
}

/// The number of KiB behind a name in a table of /proc.
pub(crate) fn kib(table: &str, name: &str) -> u64 {
    let line = table.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
