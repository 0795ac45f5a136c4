//! A sign-in that has ended, by whatever way: its connections are closed within a second, whatever they say or do not say.

use std::process::Stdio;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use wire::{ClientFrame, Close, Hello, PROTOCOL, Role, ServerFrame};

use crate::support::{ANSWER_WITHIN, Connection, PASSWORD, Relay};

/// From the end of the command, or of the request, to the end of the connection.
const AT_ONCE: Duration = Duration::from_secs(1);
/// How often a connection says what it says.
const OFTEN: Duration = Duration::from_millis(40);

/// What a connection does that will not go.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Habit {
    Nothing,
    Pings,
    SocketPings,
    UnknownFrames,
    Requests,
    StreamNothing,
    StreamEmptyPosts,
    StreamPings,
}

const HABITS: [Habit; 8] = [
    Habit::Nothing,
    Habit::Pings,
    Habit::SocketPings,
    Habit::UnknownFrames,
    Habit::Requests,
    Habit::StreamNothing,
    Habit::StreamEmptyPosts,
    Habit::StreamPings,
];

fn hello() -> ClientFrame {
    ClientFrame::Hello { protocol: PROTOCOL, hello: Hello::Agent { state: None }, follow: Vec::new() }
}

fn json(frame: &ClientFrame) -> String {
    serde_json::to_string(frame).expect("JSON")
}

/// A console with this habit; gives the code it was closed with, and when.
async fn console(relay: &Relay, cookie: &str, habit: Habit) -> JoinHandle<(u16, Instant)> {
    let origin = relay.origin();
    let is_stream = matches!(habit, Habit::StreamNothing | Habit::StreamEmptyPosts | Habit::StreamPings);
    let mut connection = if is_stream {
        relay.streamed(Some(&origin), Some(cookie), json(&hello())).await
    } else {
        let mut connection = relay.connection(Some(&origin), Some(cookie)).await;
        connection.send(&hello()).await;
        connection
    };
    connection.until(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(())).await;
    match connection {
        Connection::Streamed(mut streamed) => {
            let (url, key) = (relay.url("/frame"), streamed.key.clone());
            tokio::spawn(async move {
                let talk = async {
                    if habit == Habit::StreamNothing {
                        return std::future::pending::<()>().await;
                    }
                    let mut pause = tokio::time::interval(OFTEN);
                    let body = if habit == Habit::StreamPings { json(&ClientFrame::Ping) } else { String::new() };
                    loop {
                        pause.tick().await;
                        let post = reqwest::Client::new().post(&url).header("x-line", &key).body(body.clone());
                        // One that has ended answers 410, which changes nothing.
                        let _ = post.send().await;
                    }
                };
                let listen = async {
                    loop {
                        if let Err(code) = streamed.next().await {
                            return (code, Instant::now());
                        }
                    }
                };
                tokio::select! { ended = listen => ended, () = talk => unreachable!("it never ends") }
            })
        }
        Connection::Socket(socket) => {
            let (mut sink, mut stream) = socket.split();
            tokio::spawn(async move {
                let word = match habit {
                    Habit::Pings => Some(Message::text(json(&ClientFrame::Ping))),
                    Habit::SocketPings => Some(Message::Ping(Vec::new().into())),
                    Habit::UnknownFrames => Some(Message::text(r#"{"type":"dance"}"#)),
                    Habit::Requests => Some(Message::text(r#"{"type":"list_closed","before_ms":1}"#)),
                    _ => None,
                };
                let talk = async {
                    let mut pause = tokio::time::interval(OFTEN);
                    while let Some(word) = &word {
                        pause.tick().await;
                        if sink.send(word.clone()).await.is_err() {
                            break;
                        }
                    }
                    std::future::pending::<()>().await;
                };
                let listen = async {
                    loop {
                        match stream.next().await {
                            Some(Ok(Message::Close(Some(frame)))) => return (frame.code.into(), Instant::now()),
                            Some(Ok(_)) => {}
                            Some(Err(_)) | None => return (1006, Instant::now()),
                        }
                    }
                };
                tokio::select! { ended = listen => ended, () = talk => unreachable!("it never ends") }
            })
        }
    }
}

/// One console of each habit, all of one sign-in.
async fn consoles(relay: &Relay, cookie: &str) -> Vec<(Habit, JoinHandle<(u16, Instant)>)> {
    let mut consoles = Vec::new();
    for habit in HABITS {
        consoles.push((habit, console(relay, cookie, habit).await));
    }
    consoles
}

/// Runs a command in a process of its own, beside the serving relay; gives when it had ended.
async fn command(relay: &Relay, arguments: &[&str]) -> Instant {
    let mut command = crate::command::relay(relay.folder.path());
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let done = tokio::task::spawn_blocking(move || command.status()).await.expect("joined").expect("run");
    assert!(done.success(), "{arguments:?}");
    Instant::now()
}

async fn all_end(what: &str, since: Instant, consoles: Vec<(Habit, JoinHandle<(u16, Instant)>)>) {
    for (habit, console) in consoles {
        let ended = tokio::time::timeout(ANSWER_WITHIN, console).await;
        let (code, at) = ended.unwrap_or_else(|_| panic!("{what}, {habit:?}: still open")).expect("joined");
        assert_eq!(Close::from_code(code), Some(Close::SignedOut), "{what}, {habit:?}: {code}");
        let took = at.saturating_duration_since(since);
        assert!(took <= AT_ONCE, "{what}, {habit:?}: {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_changed_by_the_command_line_ends_every_console_at_once() {
    let relay = Relay::start().await;
    let consoles = consoles(&relay, &relay.cookie("ann").await).await;
    let other = console(&relay, &relay.cookie("bob").await, Habit::Pings).await;
    let since = command(&relay, &["agent", "password", "ann@example.com"]).await;
    all_end("password", since, consoles).await;
    assert!(!other.is_finished(), "a colleague stays");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_disabled_by_the_command_line_is_out_at_once_until_it_is_enabled() {
    let relay = Relay::start().await;
    let cookie = relay.cookie("ann").await;
    let consoles = consoles(&relay, &cookie).await;
    let since = command(&relay, &["agent", "disable", "ann@example.com"]).await;
    all_end("disable", since, consoles).await;
    assert_eq!(relay.sign_in("ann@example.com", PASSWORD).await.status(), 401);
    let client = reqwest::Client::new();
    let me = client.get(relay.url("/api/v1/me")).header("cookie", &cookie).send().await.expect("answered");
    assert_eq!(me.status(), 401);
    let mut connection = relay.connection(Some(&relay.origin()), Some(&cookie)).await;
    connection.send(&hello()).await;
    connection.closes(Close::SignedOut).await;
    command(&relay, &["agent", "enable", "ann@example.com"]).await;
    let back = relay.agent("ann").await;
    assert!(!back.cookie.is_empty());
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_every_console_of_that_sign_in_at_once() {
    let relay = Relay::start().await;
    let cookie = relay.cookie("ann").await;
    let consoles = consoles(&relay, &cookie).await;
    let other = console(&relay, &relay.cookie("ann").await, Habit::Nothing).await;
    let client = reqwest::Client::new();
    let out = client.delete(relay.url("/api/v1/session")).header("cookie", &cookie).header("origin", relay.origin());
    assert_eq!(out.send().await.expect("answered").status(), 204);
    all_end("sign-out", Instant::now(), consoles).await;
    assert!(!other.is_finished(), "another sign-in of the same agent stays");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_changed_by_the_command_line_is_sent_at_once_and_counts_at_once() {
    let relay = Relay::start().await;
    let mut ann = relay.agent("ann").await;
    let mut bob = relay.agent("bob").await;
    let since = command(&relay, &["agent", "role", "ann@example.com", "administrator"]).await;
    bob.connection
        .until(|frame| match frame {
            ServerFrame::Agent { agent } => (agent.name == "ann" && agent.role == Role::Administrator).then_some(()),
            _ => None,
        })
        .await;
    ann.connection.closes(Close::RightsChanged).await;
    assert!(since.elapsed() <= AT_ONCE, "{:?}", since.elapsed());
    let mut again = relay.agent("ann").await;
    again.connection.send(&ClientFrame::ListBlocks).await;
    again.connection.until(|frame| matches!(frame, ServerFrame::Blocks { .. }).then_some(())).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_ends_the_session_ends_every_connection_of_it_at_once() {
    let relay = Relay::start().await;
    let first = relay.registered().await;
    let token = first.token.clone().expect("registered");
    let mut others = vec![first.connection];
    for _ in 0..2 {
        others.push(relay.visitor(Some(&token)).await.connection);
        others.push(relay.streamed_visitor(Some(&token)).await.connection);
    }
    let mut bystander = relay.registered().await;
    let end = reqwest::Client::new()
        .delete(relay.url("/visitor"))
        .header("origin", relay.origin())
        .header("x-causeway-site", "demo")
        .header("authorization", format!("Bearer {}", token.reveal()));
    assert_eq!(end.send().await.expect("answered").status(), 204);
    let since = Instant::now();
    for connection in &mut others {
        connection.closes(Close::TokenInvalid).await;
        assert!(since.elapsed() <= AT_ONCE, "{:?}", since.elapsed());
    }
    let mut again = relay.connection(Some(&relay.origin()), None).await;
    again.send(&crate::support::hello("demo", Some(&token))).await;
    again.closes(Close::TokenInvalid).await;
    bystander.say(crate::support::new_conversation(), "still here").await;
    relay.running.stop().await.expect("stopped");
}
