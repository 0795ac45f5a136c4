//! A real relay: its binary as a process of its own, on a port and a data folder that outlive a kill.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use wire::{ConversationId, Event};

use crate::paths::relay_binary;
use crate::process::{Process, free_port};
use crate::raw_socket::RawSocket;
use crate::wait::wait_until;

/// What every agent of a test signs in with.
const PASSWORD: &str = "correct horse battery staple";

/// A relay process, its address and its data.
pub struct Relay {
    port: u16,
    /// How browsers reach it, when that is not its own address.
    public: Option<String>,
    folder: TempDir,
    data: PathBuf,
    /// Words before the relay's own command: whatever runs it.
    wrapper: Vec<String>,
    process: Option<Process>,
}

/// What is unusual about a relay.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Under which address browsers know it, when that is not its own.
    pub public: Option<String>,
    /// Where its data lies, instead of a folder that goes with the test.
    pub data: Option<PathBuf>,
    /// Lines of configuration beyond the defaults.
    pub config: String,
    /// A command that runs the relay's, given after it: a tracer.
    pub wrapper: Vec<String>,
}

impl Setup {
    /// Few events wait to be moved to their table: they move while the test goes on, not only in a year of a small site.
    #[must_use]
    pub fn moving() -> Self {
        Self { config: "[limits]\nrecent_events_max = 100\n".to_owned(), ..Self::default() }
    }
}

/// What came back from one HTTP request.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Relay {
    /// A relay that serves the site `demo` to pages of `site_origin`, up and healthy.
    #[must_use]
    pub fn start(site_origin: &str) -> Self {
        Self::start_on(free_port(), site_origin)
    }

    /// The same on a port chosen before, because pages had to know it.
    #[must_use]
    pub fn start_on(port: u16, site_origin: &str) -> Self {
        Self::start_behind(port, None, site_origin)
    }

    /// The same behind a proxy under whose address browsers know it.
    #[must_use]
    pub fn start_behind(port: u16, public: Option<String>, site_origin: &str) -> Self {
        let mut relay = Self::prepare(port, site_origin, Setup { public, ..Setup::default() });
        relay.up();
        relay
    }

    /// Its data and its site, with nothing running yet; without an origin there is no site.
    #[must_use]
    pub fn prepare(port: u16, site_origin: &str, setup: Setup) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let data = setup.data.unwrap_or_else(|| folder.path().join("data"));
        let mut config = setup.config;
        if !config.contains("[quotas]") {
            // A crowd of machines on one address writes more in a minute than people in a day.
            for who in ["visitor", "address", "network"] {
                let head = if who == "visitor" { "\n[quotas]\n" } else { "" };
                config.push_str(&format!("{head}text_bytes_per_{who}_a_day = 1000000000000\n"));
            }
        }
        if !config.contains("[conversation]") {
            // The same crowd begins more conversations, too. The relay's own tests have this limit.
            config.push_str("\n[conversation]\n");
            for who in ["address", "network"] {
                config.push_str(&format!("openings_per_{who}_per_minute_max = 100000\n"));
            }
        }
        std::fs::write(folder.path().join("relay.toml"), config).expect("a temporary folder can be filled");
        let relay = Self { port, public: setup.public, folder, data, wrapper: setup.wrapper, process: None };
        if !site_origin.is_empty() {
            relay.command(&["site", "add", "demo", "--origin", site_origin, "--name", "Demo Exchange"], "");
        }
        relay
    }

    /// Without a site, on a port that is free, and running.
    #[must_use]
    pub fn start_empty(setup: Setup) -> Self {
        let mut relay = Self::prepare(free_port(), "", setup);
        relay.up();
        relay
    }

    /// The same on a port that is free, and running.
    #[must_use]
    pub fn start_with(setup: Setup) -> Self {
        let mut relay = Self::prepare(free_port(), "http://localhost:9", setup);
        relay.up();
        relay
    }

    /// Starts the process (again) and waits until it is healthy.
    pub fn up(&mut self) {
        let mut process = self.begin();
        wait_until("the relay is healthy", || {
            if let Some(status) = process.ended() {
                panic!("the relay ended by itself ({status}):\n{}", process.log());
            }
            (self.try_get("/health")?.status == 200).then_some(())
        });
        self.process = Some(process);
    }

    /// Starts the process (again) and asks it nothing.
    pub fn up_unasked(&mut self) {
        self.process = Some(self.begin());
    }

    /// Starts the process, which must end by itself within the bound, and gives what it said.
    #[must_use]
    pub fn fails_to_start(&self) -> String {
        let mut process = self.begin();
        wait_until("the relay gives up", || process.ended());
        process.log()
    }

    fn begin(&self) -> Process {
        let relay = relay_command();
        let mut command = match self.wrapper.split_first() {
            None => relay,
            Some((program, words)) => {
                let mut command = bare(program.as_ref());
                command.args(words).arg(relay.get_program());
                command
            }
        };
        if let Some(public) = &self.public {
            command.env("CAUSEWAY_PUBLIC_URL", public);
        }
        command.arg("serve").arg("--config").arg(self.folder.path().join("relay.toml"));
        command.args(["--listen", &format!("127.0.0.1:{}", self.port), "--data"]).arg(&self.data);
        Process::start(&mut command, &self.folder.path().join("relay.log"))
    }

    /// The number of the running process: the relay's, or its wrapper's.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.as_ref().expect("only a running relay has a number").id()
    }

    /// SIGKILL: no chance to say or write anything more.
    pub fn kill(&mut self) {
        self.process.take().expect("only a running relay can be killed").kill();
    }

    /// SIGKILL to the relay that a tracer runs; the tracer has written everything when this is done.
    pub fn kill_traced(&mut self) {
        let mut tracer = self.process.take().expect("only a running relay can be killed");
        assert!(kill_children(tracer.id()), "the tracer runs the relay");
        tracer.wait();
    }

    /// From the next start on it runs by itself.
    pub fn set_untraced(&mut self) {
        self.wrapper.clear();
    }

    /// SIGTERM, and whether it ended cleanly.
    pub fn stop(&mut self) -> bool {
        let mut process = self.process.take().expect("only a running relay can be stopped");
        let sent = Command::new("kill").arg(process.id().to_string()).status();
        sent.is_ok_and(|status| status.success()) && process.wait()
    }

    /// Adds an agent through the command line, while the relay runs.
    pub fn agent(&self, email: &str, name: &str, capacity: u32) {
        self.member("agent", email, name, capacity);
    }

    /// The same with another role.
    pub fn member(&self, role: &str, email: &str, name: &str, capacity: u32) {
        let capacity = capacity.to_string();
        let words =
            ["agent", "add", email, "--name", name, "--role", role, "--capacity", &capacity, "--password-stdin"];
        self.command(&words, PASSWORD);
    }

    /// The password of every agent made here.
    #[must_use]
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// Runs another subcommand on the same data folder and gives what it printed.
    #[track_caller]
    pub fn command(&self, words: &[&str], input: &str) -> String {
        let mut child = relay_command()
            .args(words)
            .arg("--data")
            .arg(&self.data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the relay's binary can be started");
        let mut stdin = child.stdin.take().expect("stdin is a pipe");
        // A command that reads nothing may have closed the pipe already.
        stdin.write_all(input.as_bytes()).ok();
        drop(stdin);
        let done = child.wait_with_output().expect("a child can be waited for");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "`relay {}` failed: {said}", words.join(" "));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// `http://127.0.0.1:<port>`, or the address of the proxy before it.
    #[must_use]
    pub fn origin(&self) -> String {
        self.public.clone().unwrap_or_else(|| format!("http://127.0.0.1:{}", self.port))
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder that holds what it stores.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Everything it logged, over all its lives.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("relay.log")).unwrap_or_default()
    }

    /// GET of a path that must get an answer.
    #[track_caller]
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        self.try_get(path).expect("the relay answers")
    }

    fn try_get(&self, path: &str) -> Option<Answer> {
        self.request("GET", path, &[], b"")
    }

    /// One HTTP request; `None` when no answer came.
    #[must_use]
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .into();
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.origin()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let with_body = !matches!(method, "GET" | "HEAD" | "DELETE");
        let answer = if with_body {
            agent.run(request.body(body).expect("a test writes well-formed headers"))
        } else {
            agent.run(request.body(()).expect("a test writes well-formed headers"))
        };
        let mut answer = answer.ok()?;
        let mut headers = BTreeMap::<String, String>::new();
        for (name, value) in answer.headers() {
            let value = String::from_utf8_lossy(value.as_bytes());
            // Several of one name stand one a line.
            let all = headers.entry(name.as_str().to_owned()).or_default();
            *all = if all.is_empty() { value.into_owned() } else { format!("{all}\n{value}") };
        }
        let body = answer.body_mut().with_config().limit(64 * 1024 * 1024).read_to_vec().ok()?;
        Some(Answer { status: answer.status().as_u16(), headers, body })
    }

    /// Signs an agent in by HTTP and gives the cookie as a request header carries it.
    #[track_caller]
    #[must_use]
    pub fn sign_in(&self, email: &str) -> String {
        let body = serde_json::json!({ "email": email, "password": PASSWORD }).to_string();
        let headers = [("origin", &*self.origin()), ("content-type", "application/json")];
        let answer = self.request("POST", "/api/v1/session", &headers, body.as_bytes()).expect("the relay answers");
        assert_eq!(answer.status, 204, "sign-in refused: {}", answer.text());
        let cookie = answer.headers.get("set-cookie").expect("signing in sets a cookie");
        let session = cookie.lines().find(|line| line.contains("causeway_session="));
        let session = session.expect("one of the cookies is the session");
        session.split(';').next().expect("a split has a first part").to_owned()
    }

    /// What the store holds: every open conversation's shared events, as an agent named `email` reads them.
    #[must_use]
    pub fn stored(&self, email: &str) -> BTreeMap<ConversationId, Vec<Event>> {
        RawSocket::agent(self, &self.sign_in(email)).read_all()
    }
}

/// The relay's binary, out of reach of settings in the environment of whoever runs the tests.
fn relay_command() -> Command {
    bare(relay_binary().as_os_str())
}

fn bare(program: &OsStr) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CAUSEWAY_") {
            command.env_remove(name);
        }
    }
    command
}

/// SIGKILL to what a process has started; whether there was anything.
fn kill_children(id: u32) -> bool {
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let mut killed = children.split_whitespace().map(|child| Command::new("kill").args(["-KILL", child]).status());
    killed.any(|done| done.is_ok_and(|status| status.success()))
}

impl Drop for Relay {
    fn drop(&mut self) {
        // A tracer that is killed lets its relay run on.
        if let Some(process) = self.process.as_ref().filter(|_| !self.wrapper.is_empty()) {
            kill_children(process.id());
        }
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let last = lines.len().saturating_sub(40);
            eprintln!("--- the relay's last words\n{}\n---", lines[last..].join("\n"));
        }
    }
}
