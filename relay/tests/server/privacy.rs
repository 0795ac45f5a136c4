//! Visitor B gets nothing of visitor A's, by any id, over socket or HTTP.

use wire::{ClientFrame, Cursor, Follow, Lane, Refusal, Say, Seq};

use crate::file::{PNG, put};
use crate::support::{Relay, Visitor, new_conversation, new_message};

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_closed_to_other_visitors() {
    let relay = Relay::start().await;
    let mut a = relay.registered().await;
    let mut b = relay.registered().await;
    let conversation = new_conversation();
    let said = a.say(conversation, "my account number is secret").await;

    let refused = async |visitor: &mut Visitor, frame: ClientFrame| {
        visitor.connection.send(&frame).await;
        assert_eq!(visitor.connection.refusal().await, Refusal::NotFound, "{frame:?}");
    };
    let follow = Follow { conversation, after: Cursor::default() };
    refused(&mut b, ClientFrame::Follow { follow }).await;
    refused(&mut b, ClientFrame::Fetch { conversation, lane: Lane::Shared, after: Seq::ZERO }).await;
    let say = Say::Text { text: "let me in".to_owned() };
    refused(&mut b, ClientFrame::Say { conversation, id: new_message(), say: say.clone() }).await;
    refused(&mut b, ClientFrame::Say { conversation, id: said.id, say }).await;
    refused(&mut b, ClientFrame::End { conversation, id: new_message() }).await;

    // Staff only, even for the visitor whose conversation it is.
    a.connection.send(&ClientFrame::Fetch { conversation, lane: Lane::Staff, after: Seq::ZERO }).await;
    assert_eq!(a.connection.refusal().await, Refusal::NotAllowed);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_transcripts_are_closed_to_others() {
    let relay = Relay::start().await;
    let mut a = relay.registered().await;
    let b = relay.registered().await;
    let conversation = new_conversation();
    a.say(conversation, "see the file").await;
    let sent = put(&relay, &a, conversation, "shot.png", PNG.to_vec()).await;
    assert_eq!(sent.status(), 201);
    let attachment: wire::Attachment = sent.json().await.expect("JSON");

    let client = reqwest::Client::new();
    let cookie = relay.cookie("ann").await;
    for (path, of_staff) in [
        (format!("/file/{}", attachment.id), format!("/api/v1/files/{}", attachment.id)),
        (format!("/transcript/{conversation}"), format!("/api/v1/conversations/{conversation}/transcript")),
    ] {
        let staff = client.get(relay.url(&of_staff)).header("cookie", &cookie).send().await.expect("answered");
        assert_eq!(staff.status(), 200, "{of_staff}");
        let theirs = client.get(relay.url(&of_staff)).header("authorization", a.bearer()).send().await;
        assert_eq!(theirs.expect("answered").status(), 401, "{of_staff}: visitors have routes of their own");
        let get = async |header: &str, value: &str| {
            client.get(relay.url(&path)).header(header, value).send().await.expect("answered").status().as_u16()
        };
        assert_eq!(get("authorization", &a.bearer()).await, 200, "{path}");
        let by_cookie = get("cookie", &cookie).await;
        assert!(matches!(by_cookie, 401 | 404), "{path}: {by_cookie}");
        assert_eq!(get("authorization", &b.bearer()).await, 404, "{path}");
        let nobody = get("accept", "*/*").await;
        assert!(matches!(nobody, 401 | 404), "{path}: {nobody}");
        let forged = get("authorization", &format!("Bearer {}", "0".repeat(64))).await;
        assert!(matches!(forged, 401 | 404), "{path}: {forged}");
    }

    // Nor can B put a file into A's conversation, or take A's file into their own.
    assert_eq!(put(&relay, &b, conversation, "x.png", PNG.to_vec()).await.status(), 404);
    let mut b = b;
    let own = new_conversation();
    b.say(own, "mine").await;
    let say = Say::File { attachment: attachment.id };
    b.connection.send(&ClientFrame::Say { conversation: own, id: new_message(), say }).await;
    assert_eq!(b.connection.refusal().await, Refusal::FileMissing);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_reach_the_transcript_of_agents_only() {
    let relay = Relay::start().await;
    let mut agent = relay.agent("ann").await;
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    visitor.say(conversation, "hello").await;
    agent.follow(conversation).await;
    let id = new_message();
    agent.connection.send(&ClientFrame::Note { conversation, id, text: "a <b>secret</b> note".to_owned() }).await;
    agent.connection.event(|event| event.id == id).await;

    let client = reqwest::Client::new();
    let url = |header: &str, format: &str| match header {
        "cookie" => relay.url(&format!("/api/v1/conversations/{conversation}/transcript?notes=true&format={format}")),
        _ => relay.url(&format!("/transcript/{conversation}?notes=true&format={format}")),
    };
    let read = async |header: &str, value: &str, format: &str| {
        let response = client.get(url(header, format)).header(header, value).send().await.expect("answered");
        assert_eq!(response.status(), 200);
        assert!(response.headers()["content-security-policy"].to_str().expect("text").contains("default-src 'none'"));
        response.text().await.expect("text")
    };
    for format in ["text", "json", "html"] {
        let theirs = read("authorization", &visitor.bearer(), format).await;
        assert!(
            theirs.contains("hello") && !theirs.contains("secret") && !theirs.contains("staff"),
            "{format}: {theirs}"
        );
    }
    assert!(read("cookie", &agent.cookie, "text").await.contains("a <b>secret</b> note"));
    assert!(read("cookie", &agent.cookie, "html").await.contains("a &lt;b&gt;secret&lt;/b&gt; note"));
    relay.running.stop().await.expect("stopped");
}
