//! Nothing lives on half, and nothing that is printed decides anything: the binary with each of its parts ended, and with each output closed, full
//! or blocked.

use std::fs::File;
use std::io::{PipeReader, pipe};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use relay::process::vital::EXIT_CODE;
use wire::{ClientFrame, Close, ServerFrame};

use crate::command::relay;
use crate::support::{
    ANSWER_WITHIN, Connection, PASSWORD, SITE_ORIGIN, add_agent, add_site, hello, new_conversation, new_message,
    sign_in,
};

const PARTS: [&str; 9] =
    ["core", "counter", "watch", "reserve", "sweep", "listener", "store-writer", "store-reader", "store-checkpoint"];

/// Ends its relay also when the test fails.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended by itself needs nothing more.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    async fn ends(&mut self) -> ExitStatus {
        let ended = async {
            loop {
                if let Some(status) = self.0.try_wait().expect("asked") {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(ANSWER_WITHIN, ended).await.expect("the process ends")
    }

    fn terminate(&self) {
        let done = std::process::Command::new("kill").arg(self.0.id().to_string()).status().expect("run");
        assert!(done.success());
    }
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    add_site(folder.path(), "demo", SITE_ORIGIN);
    add_agent(folder.path(), "ann", 4);
    folder
}

async fn registered(address: &str) -> Connection {
    let mut connection = Connection::connect(address, Some(&format!("http://{address}")), None).await;
    connection.send(&hello("demo", None)).await;
    connection.send(&ClientFrame::Register).await;
    connection.until(|frame| matches!(frame, ServerFrame::Registered { .. }).then_some(())).await;
    connection
}

/// A visitor writes, and an agent signs in.
async fn works(address: &str) {
    let mut connection = registered(address).await;
    let (conversation, id) = (new_conversation(), new_message());
    let say = wire::Say::Text { text: "It works".to_owned() };
    connection.send(&ClientFrame::Say { conversation, id, say }).await;
    connection.event(|event| event.id == id).await;
    assert_eq!(sign_in(&format!("http://{address}"), "ann@example.com", PASSWORD).await.status(), 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_ends_ends_the_process_with_a_code_of_its_own() {
    for part in PARTS {
        for how in ["panic", "return"] {
            let folder = folder();
            let word = folder.path().join("end");
            let mut command = relay(folder.path());
            command.env("RELAY_TEST_ENDS", format!("{part}:{how}:{}", word.display()));
            let (child, _out, address) = crate::command::start(&mut command);
            let mut process = Process(child);
            let mut connection = registered(&address).await;
            assert!(process.0.try_wait().expect("asked").is_none(), "{part}: it runs");
            File::create(&word).expect("the word is given");
            let since = Instant::now();
            // The store's writer and what carries its log over end at their next piece of work.
            connection
                .send(&ClientFrame::Say {
                    conversation: new_conversation(),
                    id: new_message(),
                    say: wire::Say::Text { text: "work".to_owned() },
                })
                .await;
            let status = process.ends().await;
            assert_eq!(status.code(), Some(EXIT_CODE.into()), "{part}, {how}");
            println!("{part}, {how}: ended after {} ms", since.elapsed().as_millis());
            let close = loop {
                if let Err(code) = connection.next().await {
                    break code;
                }
            };
            let known = Close::from_code(close);
            assert!(close >= 1005 && known.is_none_or(|close| close == Close::Restart), "{part}, {how}: {known:?}");
        }
    }
}

/// A pipe that nobody reads and that is full already.
fn full_pipe() -> (PipeReader, OwnedFd) {
    let (reader, writer) = pipe().expect("a pipe");
    // A child fills it and is ended while it waits for room.
    let mut filler = std::process::Command::new("cat")
        .arg("/dev/zero")
        .stdin(Stdio::null())
        .stdout(writer.try_clone().expect("copied"))
        .spawn()
        .expect("run");
    let waits = format!("/proc/{}/wchan", filler.id());
    let since = Instant::now();
    while !std::fs::read_to_string(&waits).is_ok_and(|place| place.contains("pipe_w"))
        && since.elapsed() < ANSWER_WITHIN
    {
        // Where the kernel does not tell, what a moment fills is all there is.
        if since.elapsed() > Duration::from_secs(1) {
            break;
        }
        std::thread::yield_now();
    }
    filler.kill().expect("ended");
    filler.wait().expect("ended");
    (reader, writer.into())
}

fn port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

async fn healthy(address: &str) {
    let asked = async {
        while reqwest::get(format!("http://{address}/health")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(ANSWER_WITHIN, asked).await.expect("healthy in time");
}

/// Serves with these outputs, is asked to work, and stops in order.
async fn serves_with(what: &str, folder: &Path, stdout: Stdio, stderr: Stdio) {
    let address = format!("127.0.0.1:{}", port());
    let mut command = relay(folder);
    command.args(["serve", "--listen", &address]).stdout(stdout).stderr(stderr);
    // Very many connections, also while it works.
    let child = command.env("CAUSEWAY_LOG__LEVEL", "trace").spawn().expect("run");
    drop(command);
    let mut process = Process(child);
    healthy(&address).await;
    for _ in 0..5 {
        works(&address).await;
    }
    assert!(process.0.try_wait().expect("asked").is_none(), "{what}: it runs");
    process.terminate();
    assert_eq!(process.ends().await.code(), Some(0), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_full_or_blocked_output_stops_nothing() {
    let folder = folder();
    let closed = || Stdio::from(OwnedFd::from(pipe().expect("a pipe").1));
    let full = || Stdio::from(File::options().write(true).open("/dev/full").expect("a full device"));
    serves_with("log closed", folder.path(), Stdio::null(), closed()).await;
    serves_with("log full", folder.path(), Stdio::null(), full()).await;
    serves_with("output closed", folder.path(), closed(), Stdio::null()).await;
    serves_with("output full", folder.path(), full(), Stdio::null()).await;
    let (_unread, blocked) = full_pipe();
    serves_with("log blocked", folder.path(), Stdio::null(), blocked.into()).await;
    let (_unread, blocked) = full_pipe();
    let again = blocked.try_clone().expect("copied");
    serves_with("both blocked", folder.path(), blocked.into(), again.into()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_ends_ends_the_process_also_with_a_blocked_log() {
    let folder = folder();
    let (_unread, blocked) = full_pipe();
    let word = folder.path().join("end");
    let address = format!("127.0.0.1:{}", port());
    let mut command = relay(folder.path());
    command.args(["serve", "--listen", &address]).stdout(Stdio::null()).stderr(blocked);
    let child = command.env("RELAY_TEST_ENDS", format!("core:panic:{}", word.display())).spawn().expect("run");
    drop(command);
    let mut process = Process(child);
    healthy(&address).await;
    File::create(&word).expect("the word is given");
    assert_eq!(process.ends().await.code(), Some(EXIT_CODE.into()));
}
