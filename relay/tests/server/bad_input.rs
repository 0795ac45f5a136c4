//! Everything a broken or hostile client may send: a clear refusal or close code, and nobody else notices.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use wire::{ClientFrame, Close, Hello, PROTOCOL, Refusal, Say, ServerFrame, Token};

use crate::support::{Connection, Relay, hello, new_conversation, new_message};

/// Another visitor's chat goes on as before.
async fn others_do_not_notice(relay: &Relay) {
    let mut visitor = relay.registered().await;
    visitor.say(new_conversation(), "still fine").await;
}

async fn closes_after(relay: &Relay, message: Message, close: Close) {
    let mut visitor = relay.visitor(None).await;
    visitor.connection.raw(message).await;
    visitor.connection.closes(close).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_frame_ends_the_line() {
    let relay = Relay::start().await;
    let conversation = new_conversation();
    let id = new_message();
    let lone_surrogate = format!(
        r#"{{"type":"say","conversation":"{conversation}","id":"{id}","say":{{"kind":"text","text":"\ud800"}}}}"#
    );
    for text in ["{", "not json", "[1,2]", "null", r#"{"type":"say"}"#, lone_surrogate.as_str()] {
        closes_after(&relay, Message::text(text), Close::Malformed).await;
    }
    closes_after(&relay, Message::binary(vec![1, 2, 3]), Close::Malformed).await;
    others_do_not_notice(&relay).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_utf_8_ends_the_line() {
    use tokio_tungstenite::tungstenite::protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    };
    let relay = Relay::start().await;
    let bytes = b"{\"type\":\"ping\",\"x\":\"\xff\xfe\"}".to_vec();
    let frame = Frame::message(bytes, OpCode::Data(Data::Text), true);
    closes_after(&relay, Message::Frame(frame), Close::Malformed).await;
    others_do_not_notice(&relay).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversized_frame_ends_the_line() {
    let relay = Relay::start().await;
    closes_after(&relay, Message::text("x".repeat(wire::limit::FRAME_BYTES_MAX + 1)), Close::TooLarge).await;
    closes_after(&relay, Message::text("x".repeat(4 * 1024 * 1024)), Close::TooLarge).await;
    others_do_not_notice(&relay).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_frame_is_refused_and_the_line_stays() {
    let relay = Relay::start().await;
    let mut visitor = relay.registered().await;
    visitor.connection.raw(Message::text(r#"{"type":"dance","with":"me"}"#)).await;
    assert_eq!(visitor.connection.refusal().await, Refusal::UnknownFrame);
    visitor.say(new_conversation(), "still here").await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_out_of_bounds_are_refused() {
    let relay = Relay::start().await;
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    let chars_max = u32::try_from(wire::limit::TEXT_CHARS_MAX).expect("a number");
    for (text, refusal) in [
        ("x".repeat(10_001), Refusal::TextTooLong { chars_max }),
        ("nul \0 byte".to_owned(), Refusal::TextInvalid),
        ("  \n ".to_owned(), Refusal::TextEmpty),
    ] {
        let id = new_message();
        visitor.connection.send(&ClientFrame::Say { conversation, id, say: Say::Text { text } }).await;
        let answer = visitor.connection.until(|frame| match frame {
            ServerFrame::Refused { subject, refusal } => Some((*subject, refusal.clone())),
            _ => None,
        });
        assert_eq!(answer.await, (wire::Subject::Message { conversation, id }, refusal));
    }
    visitor.say(conversation, &"é".repeat(10_000)).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_refused_and_then_closed() {
    let relay = Relay::start().await;
    let mut other = relay.registered().await;
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    for number in 0..1_000 {
        let say = Say::Text { text: format!("flood {number}") };
        visitor.connection.send(&ClientFrame::Say { conversation, id: new_message(), say }).await;
    }
    let mut limited = 0;
    let code = loop {
        match visitor.connection.next().await {
            Ok(ServerFrame::Refused { refusal: Refusal::RateLimited { .. }, .. }) => limited += 1,
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!(Close::from_code(code), Some(Close::Flood));
    assert!(limited > 0, "the first ones over the rate are refused one by one");
    other.say(new_conversation(), "still fine").await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_is_checked() {
    let relay = Relay::start().await;
    let own = relay.origin();
    let check = async |origin: Option<&str>, frame: ClientFrame, close: Close| {
        let mut connection: Connection = relay.connection(origin, None).await;
        connection.send(&frame).await;
        connection.closes(close).await;
    };
    check(Some(&own), hello("nowhere", None), Close::SiteUnknown).await;
    check(Some("http://evil.example.com"), hello("demo", None), Close::OriginRefused).await;
    check(Some("http://other.example.com"), hello("demo", None), Close::OriginRefused).await;
    check(Some("null"), hello("demo", None), Close::OriginRefused).await;
    check(None, hello("demo", None), Close::OriginRefused).await;
    let forged = Token::from_bytes(&[9; 32]);
    check(Some(&own), hello("demo", Some(&forged)), Close::TokenInvalid).await;
    check(Some(&own), ClientFrame::Ping, Close::Malformed).await;
    let agent = |protocol| ClientFrame::Hello { protocol, hello: Hello::Agent { state: None }, follow: Vec::new() };
    check(Some(&own), agent(PROTOCOL), Close::SignedOut).await;
    check(Some(&own), agent(PROTOCOL + 1), Close::Version).await;
    check(Some(crate::support::SITE_ORIGIN), agent(PROTOCOL), Close::OriginRefused).await;

    let mut connection = relay.connection(Some(&own), None).await;
    connection.raw(Message::text(r#"{"type":"hello","protocol":7,"shape":"of the future"}"#)).await;
    connection.closes(Close::Version).await;

    // The site's own pages may speak for it.
    let mut connection = relay.connection(Some(crate::support::SITE_ORIGIN), None).await;
    connection.send(&hello("demo", None)).await;
    assert!(matches!(connection.next().await, Ok(ServerFrame::Welcome { .. })));
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_on_its_site_only_and_not_for_ever() {
    let relay = Relay::start().await;
    let visitor = relay.registered().await;
    let mut connection = relay.connection(Some(&relay.origin()), None).await;
    connection.send(&hello("other", visitor.token.as_ref())).await;
    connection.closes(Close::TokenInvalid).await;

    // As if it had last been used longer ago than tokens live.
    let old_ms = relay::clock::now_ms() - wire::limit::VISITOR_TOKEN_MS - 1;
    let id = visitor.id.expect("registered");
    let store = relay::store::sqlite::SqliteStore::attach(relay.folder.path()).expect("a store");
    let mut writer = relay::store::Store::writer(&store).expect("a writer");
    relay::store::write_once(&mut *writer, |writer| writer.touch_visitor(id, old_ms)).expect("written");
    let mut connection = relay.connection(Some(&relay.origin()), None).await;
    connection.send(&hello("demo", visitor.token.as_ref())).await;
    connection.closes(Close::TokenInvalid).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_a_bounded_number_of_connections_and_registrations() {
    let limits = "[limits]\nconnections_per_address_max = 3\nregistrations_per_address_per_minute_max = 2\n";
    let relay = Relay::start_with(limits).await;
    let mut first = relay.registered().await;
    let mut second = relay.registered().await;
    let mut third = relay.visitor(None).await;
    third.connection.send(&ClientFrame::Register).await;
    assert!(matches!(third.connection.refusal().await, Refusal::RateLimited { .. }));
    let fourth = upgrade(&relay, "203.0.113.1").await;
    assert_eq!(fourth.status(), 503);
    first.say(new_conversation(), "one").await;
    second.say(new_conversation(), "two").await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_is_not_held() {
    let relay = Relay::start().await;
    let wait = Duration::from_millis(wire::limit::HELLO_WAIT_MS) + crate::support::ANSWER_WITHIN;
    // No byte at all, half a head, no hello.
    let mut mute = tokio::net::TcpStream::connect(relay.running.address).await.expect("connected");
    let mut half = tokio::net::TcpStream::connect(relay.running.address).await.expect("connected");
    half.write_all(b"GET /health HTTP/1.1\r\nhost:").await.expect("sent");
    let mut connection = relay.connection(Some(&relay.origin()), None).await;
    connection.closes_within(Close::HelloLate, wait).await;
    for socket in [&mut mute, &mut half] {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(crate::support::ANSWER_WITHIN, socket.read_to_end(&mut rest)).await;
        assert!(ended.is_ok() && !rest.starts_with(b"HTTP/1.1 200"), "still held");
    }
    relay.running.stop().await.expect("stopped");
}

/// An upgrade by hand, as through a proxy that says for whom.
async fn upgrade(relay: &Relay, forwarded_for: &str) -> reqwest::Response {
    let request = reqwest::Client::new()
        .get(relay.url("/socket"))
        .header("origin", relay.origin())
        .header("x-forwarded-for", forwarded_for)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .send();
    tokio::time::timeout(crate::support::ANSWER_WITHIN, request).await.expect("in time").expect("answered")
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_limits_count_for_the_visitors_address() {
    let proxy = "trusted_proxies = [\"127.0.0.1\"]\n[limits]\nconnections_per_address_max = 1\n";
    let relay = Relay::start_with(proxy).await;
    let first = upgrade(&relay, "203.0.113.1").await;
    let second = upgrade(&relay, "spoofed, 203.0.113.2").await;
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (101, 101));
    assert_eq!(upgrade(&relay, "198.51.100.7, 203.0.113.2").await.status(), 503);
    drop((first, second));
    relay.running.stop().await.expect("stopped");
}
