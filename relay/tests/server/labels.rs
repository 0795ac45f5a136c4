//! Labels: an agent changes them, colleagues see it, the visitor never does, and it is kept.

use wire::limit::{LABEL_CHARS_MAX, LABELS_MAX};
use wire::{Body, ClientFrame, ConversationId, Event, Follow, Lane, MessageId, Refusal, Seq, ServerFrame};

use crate::support::{Agent, Relay, new_conversation, new_message};

fn labelled(added: &[&str], removed: &[&str]) -> Body {
    let [added, removed] = [added, removed].map(|list| list.iter().map(|label| (*label).to_owned()).collect());
    Body::Labelled { added, removed }
}

async fn record(agent: &mut Agent, conversation: ConversationId, body: Body) -> MessageId {
    let id = new_message();
    agent.connection.send(&ClientFrame::Record { conversation, id, body }).await;
    id
}

/// The conversation as one who comes later reads it.
async fn staff_lane(agent: &mut Agent, conversation: ConversationId) -> Vec<Event> {
    agent
        .connection
        .send(&ClientFrame::Follow { follow: Follow { conversation, after: wire::Cursor::default() } })
        .await;
    let page = |frame: &ServerFrame| match frame {
        ServerFrame::Events { lane: Lane::Staff, events, .. } => Some(events.clone()),
        _ => None,
    };
    agent.connection.until(page).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_labels_colleagues_see_it_the_visitor_never_does_and_it_is_kept() {
    let relay = Relay::start().await;
    let mut ann = relay.agent("ann").await;
    let mut bob = relay.away("bob").await;
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    visitor.say(conversation, "my withdrawal is stuck").await;
    ann.follow(conversation).await;
    bob.follow(conversation).await;

    // Whoever may read may label: Bob does not have the conversation.
    let id = record(&mut bob, conversation, labelled(&[" withdrawal ", "VIP"], &[])).await;
    let seen = ann.connection.event(|event| event.id == id).await;
    assert_eq!((seen.lane, &seen.body), (Lane::Staff, &labelled(&["withdrawal", "VIP"], &[])));
    assert_eq!(bob.connection.event(|event| event.id == id).await, seen);
    // The same once more is the same event.
    bob.connection.send(&ClientFrame::Record { conversation, id, body: labelled(&["withdrawal", "VIP"], &[]) }).await;
    assert_eq!(bob.connection.event(|event| event.id == id).await, seen);

    for (body, why) in [
        (labelled(&[], &[]), Refusal::Malformed),
        (labelled(&["a"], &["a"]), Refusal::Malformed),
        (labelled(&["a"; LABELS_MAX + 1], &[]), Refusal::Malformed),
        (labelled(&[" "], &[]), Refusal::TextEmpty),
        (labelled(&["a\nb"], &[]), Refusal::TextInvalid),
        (
            labelled(&[&"a".repeat(LABEL_CHARS_MAX + 1)], &[]),
            Refusal::TextTooLong { chars_max: LABEL_CHARS_MAX as u32 },
        ),
    ] {
        record(&mut bob, conversation, body).await;
        assert_eq!(bob.connection.refusal().await, why);
    }

    // A visitor can neither say it nor ask for it; the next frame for them is the answer that was sent after it.
    let body = labelled(&["mine"], &[]);
    visitor.connection.send(&ClientFrame::Record { conversation, id: new_message(), body }).await;
    assert_eq!(visitor.connection.refusal().await, Refusal::UnknownFrame);
    visitor.connection.send(&ClientFrame::Fetch { conversation, lane: Lane::Staff, after: Seq::ZERO }).await;
    assert_eq!(visitor.connection.refusal().await, Refusal::NotAllowed);
    let answer = ann.say(conversation, "I am looking into it").await;
    let is_labels = |frame: &ServerFrame| serde_json::to_string(frame).expect("JSON").contains("label");
    let received = |frame: &ServerFrame| {
        assert!(!is_labels(frame), "{frame:?}");
        matches!(frame, ServerFrame::Event { event } if event.id == answer.id).then_some(())
    };
    visitor.connection.until(received).await;

    // Also after the end, and over a restart.
    ann.connection.send(&ClientFrame::End { conversation, id: new_message() }).await;
    ann.connection.event(|event| event.body == Body::Closed).await;
    let later = record(&mut ann, conversation, labelled(&["refunded"], &["withdrawal"])).await;
    let last = bob.connection.event(|event| event.id == later).await;
    let (bearer, cookie) = (visitor.bearer(), ann.cookie.clone());
    drop((ann, bob, visitor));
    let relay = relay.restart().await;
    let mut bob = relay.away("bob").await;
    let lane = staff_lane(&mut bob, conversation).await;
    assert!(lane.contains(&seen) && lane.last() == Some(&last), "{lane:?}");

    let client = reqwest::Client::new();
    let read = async |header: &str, value: &str, query: &str| {
        let path = match header {
            "cookie" => format!("/api/v1/conversations/{conversation}/transcript?notes=true&format=text{query}"),
            _ => format!("/transcript/{conversation}?notes=true&format=text{query}"),
        };
        let url = relay.url(&path);
        client.get(url).header(header, value).send().await.expect("answered").text().await.expect("a text")
    };
    let english = read("cookie", &cookie, "").await;
    assert!(english.contains("* Labels: bob added “withdrawal”, “VIP”.\n"), "{english}");
    assert!(english.contains("* Labels: ann added “refunded”; removed “withdrawal”.\n"), "{english}");
    let chinese = read("cookie", &cookie, "&language=zh-CN").await;
    assert!(chinese.contains("* 标签：bob 添加了“withdrawal”、“VIP”。\n"), "{chinese}");
    let theirs = read("authorization", &bearer, "").await;
    assert!(theirs.contains("my withdrawal is stuck") && !theirs.contains("VIP"), "{theirs}");
    drop(bob);
    relay.running.stop().await.expect("stopped");
}
