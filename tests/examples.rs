//! The clients that a reader of docs/protocol.md would write, in two languages: they must find each other on a real relay.

use std::path::PathBuf;
use std::process::Command;

use support::{BOUND, Process, Relay, eventually, wait_until, workspace};

const BOT: &str = "bot@example.com";

/// The bot of `examples/bot`, built now.
fn bot_binary() -> PathBuf {
    let own = std::env::current_exe().expect("a running program has a path");
    // <target>/<profile>/deps/<test>
    let profile = own.parent().and_then(|deps| deps.parent()).expect("tests run from <target>/<profile>/deps");
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.current_dir(workspace()).args(["build", "--quiet", "--package", "bot"]);
    build.env("CARGO_TARGET_DIR", profile.parent().expect("a profile lies in the target folder"));
    if profile.ends_with("release") {
        build.arg("--release");
    }
    let done = build.status().expect("cargo can be started");
    assert!(done.success(), "`cargo build -p bot` failed");
    profile.join("bot")
}

/// Lets the scripted visitor talk to whoever answers, and gives what it said at the end.
fn visit(relay: &Relay, log: &std::path::Path) -> String {
    let mut command = Command::new(xtask::python::python().expect("there is a Python to be had"));
    command.arg(workspace().join("examples/client.py")).args([relay.origin().as_str(), "demo"]);
    let mut client = Process::start(&mut command, log);
    let status = eventually(|| client.ended());
    let said = client.log();
    let status = status.unwrap_or_else(|| panic!("the visitor is not done within {BOUND:?}:\n{said}"));
    assert_eq!(status, "exit status: 0", "{said}");
    said
}

#[test]
fn a_visitor_in_python_and_a_bot_in_rust_understand_each_other() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut relay = Relay::start("http://shop.example.com");
    relay.agent(BOT, "Bot", 10);
    let host = format!("127.0.0.1:{}", relay.port());
    let mut command = Command::new(bot_binary());
    command.args([&*host, BOT]).env("BOT_PASSWORD", relay.password());
    let mut bot = Process::start(&mut command, &folder.path().join("bot.log"));

    let said = visit(&relay, &folder.path().join("first.log"));
    assert!(said.contains("nothing lost, doubled or out of order"), "{said}");

    // The bot comes back by itself after the relay was gone, and answers as before.
    relay.kill();
    relay.up();
    visit(&relay, &folder.path().join("second.log"));
    assert!(bot.ended().is_none(), "the bot has ended:\n{}", bot.log());
    assert!(bot.log().contains("coming back"), "the bot noticed nothing within {BOUND:?}:\n{}", bot.log());
}

#[test]
fn a_visitor_whom_nobody_answers_says_so() {
    // The check must be able to fail: a relay that is not there.
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut relay = Relay::start("http://shop.example.com");
    relay.kill();
    let mut command = Command::new(xtask::python::python().expect("there is a Python to be had"));
    command.arg(workspace().join("examples/client.py")).args([relay.origin().as_str(), "demo"]);
    let mut client = Process::start(&mut command, &folder.path().join("client.log"));
    let status = wait_until("the visitor gives up", || client.ended());
    assert_eq!(status, "exit status: 1", "{}", client.log());
    assert!(client.log().contains("failed: "), "{}", client.log());
}
