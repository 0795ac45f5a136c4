//! chromedriver and geckodriver, and the few words of the WebDriver protocol that are needed to talk with them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::look::Engine;
use crate::process::{Process, free_port};
use crate::wait::wait_until;

/// One command may take as long as starting a browser does on a busy machine.
const COMMAND_WAIT: Duration = Duration::from_secs(90);

/// What a driver prints, in a folder of its own.
const LOG: &str = "driver.log";

/// A running chromedriver, or geckodriver.
pub struct Driver {
    base: String,
    engine: Engine,
    http: ureq::Agent,
    _process: Process,
    folder: TempDir,
}

/// Why the driver did not do what it was told: its error code and message.
#[derive(Debug)]
pub(crate) struct Fault {
    /// A code of the WebDriver specification, as "no such element".
    pub(crate) code: String,
    /// What it says about it.
    pub(crate) message: String,
}

impl Driver {
    /// Starts chromedriver on a free port and waits until it is ready.
    #[must_use]
    pub fn start() -> Self {
        Self::start_for(Engine::Chromium)
    }

    /// The same for either browser. geckodriver serves one Firefox at a time.
    #[must_use]
    pub fn start_for(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let port = free_port();
        let mut command = match engine {
            Engine::Chromium => Command::new("chromedriver"),
            Engine::Firefox => {
                let mut command = Command::new("geckodriver");
                // Its profile and what it keeps beside stay in a folder that goes with the test.
                command.arg("--profile-root").arg(folder.path()).env("HOME", folder.path());
                // Two of them would talk with their browsers over the same port.
                command.arg(format!("--websocket-port={}", free_port()));
                // So that it passes on what Firefox prints.
                command.args(["--log", "debug"]);
                command
            }
        };
        command.arg(format!("--port={port}"));
        let log = folder.path().join(LOG);
        let process = Process::start(&mut command, Path::new(&log));
        let http =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(COMMAND_WAIT)).build().into();
        let driver = Self { base: format!("http://127.0.0.1:{port}"), engine, http, _process: process, folder };
        wait_until("the driver is ready", || {
            let status = driver.call("GET", "/status", &Value::Null).ok()?;
            status["ready"].as_bool().unwrap_or(false).then_some(())
        });
        driver
    }

    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    /// What pages in Firefox wrote to their console until now.
    pub(crate) fn printed(&self) -> Vec<String> {
        let log = std::fs::read(self.folder.path().join(LOG)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        log.lines().filter(|line| line.starts_with("console.")).map(str::to_owned).collect()
    }

    /// One command; the `value` of the answer.
    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value, Fault> {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        let answer = if body.is_null() {
            self.http.run(request.body(()).expect("the address is well-formed"))
        } else {
            self.http.run(request.body(body.to_string()).expect("the address is well-formed"))
        };
        let broken = |error: ureq::Error| Fault { code: "transport".into(), message: error.to_string() };
        let mut answer = answer.map_err(broken)?;
        let bytes = answer.body_mut().with_config().limit(64 * 1024 * 1024).read_to_vec().map_err(broken)?;
        let mut json: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let value = json["value"].take();
        match value["error"].as_str() {
            Some(code) => Err(Fault {
                code: code.to_owned(),
                message: value["message"].as_str().unwrap_or_default().lines().next().unwrap_or_default().to_owned(),
            }),
            None => Ok(value),
        }
    }
}
