//! What one visitor and one site can make the relay keep, over HTTP and on connections, and that it is remembered over a restart.

use wire::{Attachment, AttachmentId, Body, ClientFrame, ConversationId, Refusal, Say};

use crate::file::put;
use crate::support::{Relay, Visitor, new_conversation, new_message, run_again};

/// Fits twice into the quotas below, and not three times.
const FILE_BYTES: usize = 40_000;

fn table(rows: usize) -> Vec<u8> {
    b"a,b,c,d,e\n".repeat(rows / 10)
}

async fn over(relay: &Relay, visitor: &Visitor, conversation: ConversationId) -> Option<u64> {
    let sent = put(relay, visitor, conversation, "a.csv", table(FILE_BYTES)).await;
    if sent.status() == 201 {
        return None;
    }
    assert_eq!(sent.status(), 429);
    let seconds = sent.headers().get("retry-after").map(|value| value.to_str().expect("text").to_owned());
    match sent.json().await.expect("a refusal") {
        Refusal::QuotaExceeded { retry_after_ms } => {
            let wanted = (retry_after_ms > 0).then(|| retry_after_ms.div_ceil(1_000).to_string());
            assert_eq!(seconds, wanted, "the header says the same");
            Some(retry_after_ms)
        }
        other => panic!("{other:?}"),
    }
}

/// Uploads a file and names it in a message.
async fn send(relay: &Relay, visitor: &mut Visitor, conversation: ConversationId) -> AttachmentId {
    let sent = put(relay, visitor, conversation, "a.csv", table(FILE_BYTES)).await;
    assert_eq!(sent.status(), 201);
    let file: Attachment = sent.json().await.expect("JSON");
    name(visitor, conversation, file.id).await;
    file.id
}

async fn name(visitor: &mut Visitor, conversation: ConversationId, id: AttachmentId) {
    let say = Say::File { attachment: id };
    visitor.connection.send(&ClientFrame::Say { conversation, id: new_message(), say }).await;
    let named = |body: &Body| matches!(body, Body::File { attachment } if attachment.id == id);
    visitor.connection.event(|event| named(&event.body)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_no_message_names_are_few_also_after_a_restart() {
    const BOUND: &str = "[quotas]\npending_bytes_per_visitor_max = 100000\n";
    let relay = Relay::start_with(BOUND).await;
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    let first: Attachment =
        put(&relay, &visitor, conversation, "a.csv", table(FILE_BYTES)).await.json().await.expect("JSON");
    assert_eq!(over(&relay, &visitor, conversation).await, None);
    assert!(over(&relay, &visitor, conversation).await.is_some_and(|ms| ms > 0));
    let other = relay.registered().await;
    assert_eq!(over(&relay, &other, new_conversation()).await, None, "others are not touched");
    name(&mut visitor, conversation, first.id).await;
    assert_eq!(over(&relay, &visitor, conversation).await, None, "what is named makes room");
    assert!(over(&relay, &visitor, conversation).await.is_some());
    let relay = run_again(relay, BOUND).await;
    let visitor = relay.visitor(visitor.token.as_ref()).await;
    assert!(over(&relay, &visitor, conversation).await.is_some(), "a restart forgets nothing that lies there");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_bounded_by_visitor_and_by_site() {
    let bounds = "[quotas]\nkept_bytes_per_visitor_max = 100000\nkept_bytes_per_site_max = 200000\n";
    let relay = Relay::start_with(bounds).await;
    let (mut ann, mut ben) = (relay.registered().await, relay.registered().await);
    let (hers, his) = (new_conversation(), new_conversation());
    for _ in 0..2 {
        send(&relay, &mut ann, hers).await;
    }
    assert_eq!(over(&relay, &ann, hers).await, Some(0), "time alone makes no room");
    for _ in 0..2 {
        send(&relay, &mut ben, his).await;
    }
    let third = relay.registered().await;
    assert_eq!(over(&relay, &third, new_conversation()).await, Some(0), "the site has all it may");
    // Agents count for the site, too.
    let agent = relay.agent("ann").await;
    let id = AttachmentId(relay::clock::new_id());
    let sent = reqwest::Client::new()
        .put(relay.url(&format!("/api/v1/conversations/{hers}/files/{id}")))
        .header("origin", relay.origin())
        .header("cookie", &agent.cookie)
        .header("x-file-name", "a.csv")
        .body(table(FILE_BYTES));
    assert_eq!(sent.send().await.expect("answered").status(), 429);
    ann.say(hers, "texts go on").await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_uploads_has_an_end_for_a_visitor_and_an_address() {
    let bounds = "[quotas]\nupload_bytes_per_visitor_a_day = 100000\nupload_bytes_per_address_a_day = 150000\n";
    let relay = Relay::start_with(bounds).await;
    let (mut ann, mut ben) = (relay.registered().await, relay.registered().await);
    let (hers, his) = (new_conversation(), new_conversation());
    for _ in 0..2 {
        send(&relay, &mut ann, hers).await;
    }
    assert!(over(&relay, &ann, hers).await.is_some_and(|ms| ms > 0));
    // A refused kind of file costs nothing.
    for _ in 0..5 {
        assert_eq!(put(&relay, &ben, his, "a.txt", vec![0; FILE_BYTES]).await.status(), 415);
    }
    send(&relay, &mut ben, his).await;
    assert!(over(&relay, &ben, his).await.is_some_and(|ms| ms > 0), "both come from one address");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_texts_has_an_end_for_a_visitor_and_an_address_and_none_for_agents() {
    let bounds = "[quotas]\ntext_bytes_per_visitor_a_day = 30000\ntext_bytes_per_address_a_day = 60000\n";
    let relay = Relay::start_with(bounds).await;
    let mut agent = relay.agent("ann").await;
    let long = "x".repeat(10_000);
    let mut refused = 0;
    let mut said = 0;
    for _ in 0..4 {
        let mut visitor = relay.registered().await;
        let conversation = new_conversation();
        for _ in 0..3 {
            let say = Say::Text { text: long.clone() };
            let id = new_message();
            visitor.connection.send(&ClientFrame::Say { conversation, id, say }).await;
            let sent = visitor
                .connection
                .until(|frame| match frame {
                    wire::ServerFrame::Event { event } if event.id == id => Some(true),
                    wire::ServerFrame::Refused { refusal: Refusal::QuotaExceeded { retry_after_ms }, .. } => {
                        assert!(*retry_after_ms > 0);
                        Some(false)
                    }
                    _ => None,
                })
                .await;
            if sent {
                said += 1
            } else {
                refused += 1
            }
            if said == 1 {
                agent.follow(conversation).await;
                agent.connection.send(&ClientFrame::Take { conversation }).await;
            }
        }
    }
    // Two of each visitor, and five tries of the address: what a visitor is refused counts there all the same.
    assert_eq!((said, refused), (4, 8));
    relay.running.stop().await.expect("stopped");
}
