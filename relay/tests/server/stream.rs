//! Where WebSocket is blocked: the same frames, the same bounds, the same ends over a stream and posts.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use wire::limit::{FRAME_BYTES_MAX, FRAMES_BURST_MAX, POST_BYTES_MAX};
use wire::{Body, ClientFrame, Close, Hello, Lane, PROTOCOL, Refusal, Say, Seq, ServerFrame, Token};

use crate::streamed::Streamed;
use crate::support::{ANSWER_WITHIN, Agent, Relay, SITE_ORIGIN, hello, new_conversation, new_message};

fn json(frame: &ClientFrame) -> String {
    serde_json::to_string(frame).expect("JSON")
}

fn agent_hello(protocol: u16) -> String {
    json(&ClientFrame::Hello { protocol, hello: Hello::Agent { state: None }, follow: Vec::new() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_message_is_answered_resumed_and_recorded_once() {
    let relay = Relay::start().await;
    let cookie = relay.cookie("ann").await;
    let mut connection = relay.streamed(Some(&relay.origin()), Some(&cookie), agent_hello(PROTOCOL)).await;
    connection.until(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(())).await;
    let mut agent = Agent { connection, cookie };
    agent.connection.send(&ClientFrame::Presence { state: wire::AgentState::Online }).await;

    let mut visitor = relay.streamed_visitor(None).await;
    visitor.register().await;
    let conversation = new_conversation();
    let said = visitor.say(conversation, "Hello, my withdrawal is stuck").await;
    visitor.connection.event(|event| event.body == Body::Joined).await;
    agent.follow(conversation).await;
    let answer = agent.say(conversation, "Hi, I am looking into it").await;
    assert_eq!(visitor.connection.event(|event| event.id == answer.id).await, answer);

    // The connection goes; on the next one the same message is recorded once, and the answer is there.
    let token = visitor.token.clone();
    drop(visitor);
    let mut visitor = relay.streamed_visitor(token.as_ref()).await;
    let follow = wire::Follow { conversation, after: wire::Cursor::default() };
    visitor.connection.send(&ClientFrame::Follow { follow }).await;
    let page = visitor.connection.until(|frame| match frame {
        ServerFrame::Events { events, lane: Lane::Shared, .. } => Some(events.clone()),
        _ => None,
    });
    let page = page.await;
    assert!(page.contains(&said) && page.contains(&answer));
    let say = Say::Text { text: "Hello, my withdrawal is stuck".to_owned() };
    visitor.connection.send(&ClientFrame::Say { conversation, id: said.id, say }).await;
    assert_eq!(visitor.connection.event(|event| event.id == said.id).await, said);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_frames_go_up_in_one_post_and_keep_their_order() {
    let relay = Relay::start().await;
    let mut visitor = relay.streamed_visitor(None).await;
    visitor.register().await;
    let conversation = new_conversation();
    let ids: Vec<_> = (0..10).map(|_| new_message()).collect();
    let frame = |id| ClientFrame::Say { conversation, id, say: Say::Text { text: "in order".to_owned() } };
    let body: Vec<String> = ids.iter().map(|id| json(&frame(*id))).collect();
    let mut streamed = visitor.connection.streamed();
    assert_eq!(streamed.post(body.join("\n")).await, 204);
    let mut received = Vec::new();
    while received.len() < ids.len() {
        if let ServerFrame::Event { event } = streamed.next().await.expect("open")
            && ids.contains(&event.id)
        {
            received.push(event.id);
        }
    }
    assert_eq!(received, ids);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_is_checked_as_on_a_socket() {
    let relay = Relay::start().await;
    let own = relay.origin();
    let forged = json(&hello("demo", Some(&Token::from_bytes(&[9; 32]))));
    let demo = json(&hello("demo", None));
    let own = Some(&*own);
    for (origin, first, close) in [
        (own, json(&hello("nowhere", None)), Close::SiteUnknown),
        (Some("http://evil.example.com"), demo.clone(), Close::OriginRefused),
        (Some("http://other.example.com"), demo.clone(), Close::OriginRefused),
        (Some("null"), demo.clone(), Close::OriginRefused),
        (None, demo.clone(), Close::OriginRefused),
        (own, forged, Close::TokenInvalid),
        (own, json(&ClientFrame::Ping), Close::Malformed),
        (own, String::new(), Close::Malformed),
        (own, format!("{demo}\n{demo}"), Close::Malformed),
        (own, r#"{"type":"hello","protocol":7,"shape":"of the future"}"#.to_owned(), Close::Version),
        (own, agent_hello(PROTOCOL + 1), Close::Version),
        (own, agent_hello(PROTOCOL), Close::SignedOut),
        (Some(SITE_ORIGIN), agent_hello(PROTOCOL), Close::OriginRefused),
        (own, "x".repeat(FRAME_BYTES_MAX + 1), Close::TooLarge),
    ] {
        let connection = relay.streamed(origin, None, first.clone()).await;
        let mut streamed = connection.streamed();
        assert_eq!(streamed.next().await.err(), Some(close.code()), "{origin:?} {first:.80}");
        assert_eq!(streamed.key, "", "who is refused gets no key");
    }
    relay.running.stop().await.expect("stopped");
}

/// The next frame but the site's look, which comes when the relay has made it.
async fn pong(streamed: &mut Streamed) {
    loop {
        match streamed.next().await {
            Ok(ServerFrame::Look { .. }) => {}
            other => return assert!(matches!(other, Ok(ServerFrame::Pong { .. })), "{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_needs_the_key_of_an_open_line() {
    let relay = Relay::start().await;
    let mut streamed = relay.streamed_visitor(None).await.connection.streamed();
    let ping = json(&ClientFrame::Ping);
    assert_eq!(streamed.key.len(), 64);
    let key = std::mem::replace(&mut streamed.key, "0".repeat(64));
    assert_eq!(streamed.post(ping.clone()).await, 410);
    streamed.key = "no key".to_owned();
    assert_eq!(streamed.post(ping.clone()).await, 410);
    streamed.key = key;
    assert_eq!(streamed.post(ping.clone()).await, 204);
    pong(&mut streamed).await;

    // What is too much is not taken, and the connection stays.
    assert_eq!(streamed.post("x".repeat(POST_BYTES_MAX + 1)).await, 413);
    assert_eq!(streamed.post(ping.clone()).await, 204);
    pong(&mut streamed).await;

    // One at a time: while a post is on its way, there is no room for another. Whichever comes second is refused: the
    // slow one is begun anew when the one that looked had the place.
    let head = format!("POST /frame HTTP/1.1\r\nhost: x\r\nx-line: {}\r\ncontent-length: 15\r\n\r\n", streamed.key);
    let begun = async || {
        let mut slow = TcpStream::connect(relay.running.address).await.expect("connected");
        slow.write_all(head.as_bytes()).await.expect("sent");
        slow
    };
    let mut slow = begun().await;
    until("the second post is refused", async || {
        let refused = streamed.post("").await == 409;
        if !refused && slow.try_read(&mut [0; 64]).is_ok() {
            slow = begun().await;
        }
        refused
    })
    .await;
    slow.write_all(ping.as_bytes()).await.expect("sent");
    pong(&mut streamed).await;

    // Nonsense ends the connection, and a connection that has ended is not known any more.
    assert_eq!(streamed.post("{").await, 204);
    assert_eq!(streamed.next().await.err(), Some(Close::Malformed.code()));
    until("the key is worthless", async || streamed.post("").await == 410).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_frame_is_refused_and_a_flood_is_closed() {
    let relay = Relay::start().await;
    let mut visitor = relay.streamed_visitor(None).await;
    visitor.register().await;
    let mut streamed = visitor.connection.streamed();
    streamed.post(r#"{"type":"dance","with":"me"}"#).await;
    assert!(matches!(streamed.next().await, Ok(ServerFrame::Refused { refusal: Refusal::UnknownFrame, .. })));
    let flood = vec![json(&ClientFrame::Ping); 30].join("\n");
    while streamed.post(flood.clone()).await == 204 {}
    let code = loop {
        if let Err(code) = streamed.next().await {
            break code;
        }
    };
    assert_eq!(Close::from_code(code), Some(Close::Flood));
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_whose_reader_is_gone_is_gone_at_once() {
    let relay = Relay::start_with("[limits]\nconnections_per_address_max = 1\n").await;
    let visitor = relay.streamed_visitor(None).await;
    let headers = [("origin", relay.origin())];
    let address = relay.running.address.to_string();
    let again = async || Streamed::open(&address, &headers, json(&hello("demo", None))).await;
    let refused = again().await.err().expect("there is room for one");
    assert_eq!(refused.status(), 503);
    drop(visitor);
    until("the place is free", async || again().await.is_ok()).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_lines_without_end_is_turned_away() {
    let relay = Relay::start_with("[limits]\nconnects_per_address_per_minute_max = 2\n").await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let headers = [("origin", relay.origin())];
        let opened = Streamed::open(&relay.running.address.to_string(), &headers, json(&hello("demo", None))).await;
        statuses.push(opened.map_or_else(|refused| refused.status().as_u16(), |_| 200));
    }
    assert_eq!(statuses, [200, 200, 429]);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_cut_and_the_others_go_on() {
    let relay = Relay::start_with("[limits]\nconnections_per_address_max = 2\n").await;
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    // Pages as long as they may be.
    for _ in 0..8 {
        visitor.say(conversation, &"é".repeat(10_000)).await;
    }

    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small window");
    let mut unread = socket.connect(relay.running.address).await.expect("connected");
    let first = json(&hello("demo", visitor.token.as_ref()));
    let (origin, length) = (relay.origin(), first.len());
    let head =
        format!("POST /stream HTTP/1.1\r\nhost: x\r\norigin: {origin}\r\ncontent-length: {length}\r\n\r\n{first}");
    unread.write_all(head.as_bytes()).await.expect("sent");
    let key = key_of(&mut unread).await;

    // It asks for page after page, and reads none: they are not read for it either. What is said meanwhile fills its queue.
    let fetch = ClientFrame::Fetch { conversation, lane: Lane::Shared, after: Seq::ZERO };
    let client = reqwest::Client::new();
    let post = async |body: String| {
        let request = client.post(relay.url("/frame")).header("x-line", &key).body(body);
        request.send().await.expect("answered").status().as_u16()
    };
    assert_eq!(post(vec![json(&fetch); 20].join("\n")).await, 204);
    let mut said = 0;
    while post(json(&ClientFrame::Ping)).await == 204 {
        visitor.say(conversation, &"é".repeat(10_000)).await;
        said += 1;
        assert!(said < FRAMES_BURST_MAX, "closed as a slow reader, not as a flood");
    }
    visitor.say(conversation, "still fine").await;
    // The relay holds nothing of it any more, not even the connection: what the system had taken over ends without an end.
    let headers = [("origin", relay.origin())];
    let address = relay.running.address.to_string();
    let again = async || Streamed::open(&address, &headers, json(&hello("demo", None))).await;
    until("the place is free", async || again().await.is_ok()).await;
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(ANSWER_WITHIN, unread.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "still held");
    assert!(!rest.ends_with(b"0\r\n\r\n"), "it was cut, not finished");
    relay.running.stop().await.expect("stopped");
}

/// Reads the first event by hand.
async fn key_of(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    loop {
        let after = text.split_once("event: open\ndata: ").map(|(_, after)| after);
        if let Some((key, _)) = after.and_then(|after| after.split_once("\n\n")) {
            return key.to_owned();
        }
        let byte = tokio::time::timeout(ANSWER_WITHIN, stream.read_u8()).await.expect("in time").expect("open");
        text.push(char::from(byte));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_relay_tells_it_to_come_back() {
    let relay = Relay::start().await;
    let mut visitor = relay.streamed_visitor(None).await;
    let begun = std::time::Instant::now();
    let stopping = tokio::spawn(relay.running.stop());
    visitor.connection.closes(Close::Restart).await;
    stopping.await.expect("joined").expect("stopped");
    assert!(begun.elapsed().as_millis() < u128::from(wire::limit::STOP_WAIT_MS));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_closes_an_agents_stream() {
    let relay = Relay::start().await;
    let cookie = relay.cookie("ann").await;
    let mut connection = relay.streamed(Some(&relay.origin()), Some(&cookie), agent_hello(PROTOCOL)).await;
    connection.until(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(())).await;
    let out = reqwest::Client::new().delete(relay.url("/api/v1/session"));
    let out = out.header("cookie", &cookie).header("origin", relay.origin()).send().await.expect("answered");
    assert_eq!(out.status(), 204);
    connection.closes(Close::SignedOut).await;
    relay.running.stop().await.expect("stopped");
}

/// Asks until it is so, within [`ANSWER_WITHIN`].
async fn until(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let so = async {
        while !ask().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(ANSWER_WITHIN, so).await.is_ok(), "did not happen: {what}");
}
