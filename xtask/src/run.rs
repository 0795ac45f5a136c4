//! The working demo: builds everything, makes a site and an agent on the first run, serves until Ctrl-C.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::shell::{cargo, program, run as run_shown, say};
use crate::{demo, root, target, web};

const RELAY: &str = "127.0.0.1:8080";
/// The same for people: browsers make passkeys for a name, never for an address.
const RELAY_SHOWN: &str = "http://localhost:8080";
const DEMO_PORT: u16 = 8081;
const AGENT: &str = "ada@example.com";
const START_WAIT: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Neither `l` nor `1`, `o` nor `0`: somebody will type it.
const PASSWORD_LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Builds what changed, starts relay and demo site, and stops both on Ctrl-C.
pub(crate) fn run() -> Result<()> {
    let root = root();
    web::ensure_built(&root)?;
    run_shown(
        "Building the relay, with the pages inside it",
        cargo().args(["build", "--release", "--package", "relay", "--bin", "relay"]),
        "The compiler's words stand above.",
    )?;
    let relay = target().join("release/relay");
    let data = root.join("data");
    fs::create_dir_all(&data).context("cannot make the folder data/")?;
    let password = first_run(&relay, &data)?;

    let stop = stop_signal()?;
    let relay_origin = format!("http://{RELAY}");
    let pages = root.join("www/demo");
    let taken = || format!("port {DEMO_PORT} is taken: stop what listens there");
    let _site = demo::serve(&pages, &format!("127.0.0.1:{DEMO_PORT}"), &relay_origin).with_context(taken)?;
    // `localhost` may mean this one first; machines without IPv6 do without.
    let _site_v6 = demo::serve(&pages, &format!("[::1]:{DEMO_PORT}"), &relay_origin);
    ensure!(TcpStream::connect(RELAY).is_err(), "{RELAY} is taken: stop what listens there, perhaps another relay");
    let mut child = start(&relay, &data)?;
    let result = serve(&mut child, &stop, &password);
    stop_child(&mut child)?;
    result
}

fn serve(child: &mut Child, stop: &Receiver<()>, password: &str) -> Result<()> {
    wait_healthy(child)?;
    println!(
        "
  The exchange, with the chat in its corner   http://localhost:{DEMO_PORT}
  The relay                                   {RELAY_SHOWN}
  The agents' console                         {RELAY_SHOWN}/console
      sign in as                              {AGENT}
      password                                {password}

  Ctrl-C stops both.
"
    );
    loop {
        match stop.recv_timeout(LOOK_EVERY) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {
                if let Some(status) = child.try_wait()? {
                    bail!("the relay stopped by itself ({status}); its words stand above");
                }
            }
        }
    }
}

/// Makes the demo's site and agent once; the password is kept where only the user can read it.
fn first_run(relay: &Path, data: &Path) -> Result<String> {
    let kept = data.join("demo-agent.txt");
    if let Ok(text) = fs::read_to_string(&kept) {
        return Ok(text.split_whitespace().last().unwrap_or_default().to_owned());
    }
    let password = password()?;
    let subcommand = |words: &[&str]| {
        let mut command = program(&relay.to_string_lossy());
        command.args(words).arg("--data").arg(data);
        command
    };
    let origins = [format!("http://localhost:{DEMO_PORT}"), format!("http://127.0.0.1:{DEMO_PORT}")];
    run_shown(
        "First run: the site that the demo page names",
        subcommand(&["site", "add", "demo"]).args([
            "--origin",
            &origins[0],
            "--origin",
            &origins[1],
            "--name",
            "Example Exchange",
        ]),
        "If the site is there already, remove the folder data/ and start again.",
    )?;
    say("First run: an agent for the console");
    let mut command = subcommand(&["agent", "add", AGENT, "--name", "Ada L.", "--role", "administrator"]);
    let mut child = command.arg("--password-stdin").stdin(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().context("the relay takes no password")?;
    writeln!(input, "{password}")?;
    drop(input);
    ensure!(child.wait()?.success(), "the agent could not be added; remove the folder data/ and start again");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&kept)?;
    writeln!(file, "{AGENT} {password}")?;
    Ok(password)
}

fn password() -> Result<String> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    Ok(bytes.iter().map(|byte| char::from(PASSWORD_LETTERS[usize::from(byte % 32)])).collect())
}

/// In a process group of its own: Ctrl-C reaches only us, and we stop it in order.
fn start(relay: &PathBuf, data: &Path) -> Result<Child> {
    let mut command = Command::new(relay);
    command.args(["serve", "--listen", RELAY, "--data"]).arg(data).stdin(Stdio::null()).process_group(0);
    command.spawn().context("cannot start the relay")
}

fn wait_healthy(child: &mut Child) -> Result<()> {
    let until = Instant::now() + START_WAIT;
    while Instant::now() < until {
        if let Some(status) = child.try_wait()? {
            bail!("the relay did not start ({status}); its words stand above");
        }
        if healthy().unwrap_or(false) {
            return Ok(());
        }
        thread::sleep(LOOK_EVERY);
    }
    bail!("the relay did not answer on {RELAY} within {} s", START_WAIT.as_secs())
}

fn healthy() -> Result<bool> {
    let mut stream = TcpStream::connect(RELAY)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    write!(stream, "GET /health HTTP/1.1\r\nHost: {RELAY}\r\nConnection: close\r\n\r\n")?;
    let mut start = [0; 12];
    stream.read_exact(&mut start)?;
    Ok(start.ends_with(b" 200"))
}

fn stop_signal() -> Result<Receiver<()>> {
    let (sender, receiver) = channel();
    // A second Ctrl-C finds the receiver gone, which is fine.
    ctrlc::set_handler(move || sender.send(()).unwrap_or_default()).context("cannot listen for Ctrl-C")?;
    Ok(receiver)
}

/// Asks the relay to stop, as a service manager would, and waits for it.
fn stop_child(child: &mut Child) -> Result<()> {
    if child.try_wait()?.is_some() {
        return Ok(());
    }
    say("Stopping the relay");
    let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    if !asked.is_ok_and(|status| status.success()) {
        child.kill()?;
    }
    child.wait()?;
    Ok(())
}
