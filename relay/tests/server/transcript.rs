//! Transcripts: whole however long the conversation is, and only a few at once for whoever does not take them.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use wire::limit::{TEXT_CHARS_MAX, TRANSCRIPTS_PER_ADDRESS_MAX, TRANSCRIPTS_PER_PERSON_MAX};
use wire::{ConversationId, Event, Refusal};

use crate::filled::recorded;
use crate::support::{ANSWER_WITHIN, Relay, Visitor, new_conversation};

/// Texts of the longest kind: their document is far beyond what the kernel takes for a reader with the least of room.
const TEXTS: usize = 40;

/// Asks for a transcript and reads nothing.
async fn ask(relay: &Relay, visitor: &Visitor, conversation: ConversationId) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4 * 1024).expect("a small one");
    let mut stream = socket.connect(relay.running.address).await.expect("connected");
    let head = format!(
        "GET /transcript/{conversation}?format=json HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\nconnection: close\r\n\r\n",
        visitor.bearer()
    );
    stream.write_all(head.as_bytes()).await.expect("asked");
    stream
}

/// The first line of the answer.
async fn status(stream: &mut TcpStream) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let byte = tokio::time::timeout(ANSWER_WITHIN, stream.read_u8()).await.expect("answered in time");
        line.push(byte.expect("an answer"));
    }
    String::from_utf8_lossy(&line).trim_end().to_owned()
}

async fn long_conversation(visitor: &mut Visitor) -> ConversationId {
    let conversation = new_conversation();
    for number in 0..TEXTS {
        visitor.say(conversation, &format!("{number} {}", "长".repeat(TEXT_CHARS_MAX - 4))).await;
    }
    conversation
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_one_is_whole_and_few_are_written_at_once() {
    let relay = Relay::start().await;
    let mut visitor = relay.registered().await;
    let conversation = long_conversation(&mut visitor).await;
    let url = relay.url(&format!("/transcript/{conversation}?format=json"));
    let get = async || {
        let request = reqwest::Client::new().get(&url).header("authorization", visitor.bearer());
        request.send().await.expect("answered")
    };
    let json: serde_json::Value = get().await.json().await.expect("JSON");
    let events: Vec<Event> = serde_json::from_value(json["events"].clone()).expect("events");
    assert_eq!(events, recorded(relay.folder.path(), conversation));
    assert_eq!(events.iter().filter(|event| event.body.is_message()).count(), TEXTS);

    // Who does not take what was asked for has no more of it.
    let mut unread = Vec::new();
    for _ in 0..TRANSCRIPTS_PER_PERSON_MAX {
        let mut stream = ask(&relay, &visitor, conversation).await;
        assert_eq!(status(&mut stream).await, "HTTP/1.1 200 OK");
        unread.push(stream);
    }
    let refused = get().await;
    assert_eq!(refused.status(), 429);
    let refusal: Refusal = refused.json().await.expect("a refusal in words");
    assert!(matches!(refusal, Refusal::RateLimited { .. }), "{refusal:?}");

    // Nor has the address, whoever asks.
    for _ in unread.len()..TRANSCRIPTS_PER_ADDRESS_MAX {
        let mut other = relay.registered().await;
        let conversation = long_conversation(&mut other).await;
        let mut stream = ask(&relay, &other, conversation).await;
        assert_eq!(status(&mut stream).await, "HTTP/1.1 200 OK");
        unread.push(stream);
    }
    let mut last = relay.registered().await;
    let conversation = last.say(new_conversation(), "short").await.conversation;
    let mut stream = ask(&relay, &last, conversation).await;
    assert_eq!(status(&mut stream).await, "HTTP/1.1 429 Too Many Requests");

    // An agent of the same address has places of its own.
    let cookie = relay.cookie("ann").await;
    let of_staff = url.replace("/transcript/", "/api/v1/conversations/").replace('?', "/transcript?");
    let read = reqwest::Client::new().get(of_staff).header("cookie", &cookie).send().await.expect("answered");
    assert_eq!(read.status(), 200);
    read.bytes().await.expect("all of it");

    // Whoever goes away gives the place back.
    drop(unread);
    let again = tokio::time::timeout(ANSWER_WITHIN, async {
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        while get().await.status() != 200 {
            pause.tick().await;
        }
    });
    again.await.expect("a place in time");
    relay.running.stop().await.expect("stopped");
}
