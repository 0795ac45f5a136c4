//! Conversations and visitors over the API: seen by scope, page by page, both lanes; nothing else is there.

use serde_json::{Value, json};
use wire::{ClientFrame, ServerFrame};

use crate::asking::{Asker, json, with_administrator};
use crate::support::{Relay, Visitor, hello, new_conversation, new_message};

/// A visitor of a site.
async fn visitor(relay: &Relay, site: &str) -> Visitor {
    let mut connection = relay.connection(Some(&relay.origin()), None).await;
    connection.send(&hello(site, None)).await;
    connection.until(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(())).await;
    let mut visitor = Visitor { connection, token: None, id: None };
    visitor.register().await;
    visitor
}

/// A key with these rights for one site, or for all.
async fn key(relay: &Relay, eve: &Asker, rights: &[&str], sites: &Value) -> Asker {
    let body = json!({ "name": "a", "rights": rights, "scope": { "sites": sites, "departments": "all" } });
    let made = json(eve.post("keys", &body).await, 201).await;
    Asker::with_key(relay, made["key"].as_str().expect("a key"))
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().expect("items").iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_seen_by_scope_and_read_lane_by_lane() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let (mut here, mut there) = (visitor(&relay, "demo").await, visitor(&relay, "other").await);
    let (first, second) = (new_conversation(), new_conversation());
    here.say(first, "hello").await;
    there.say(second, "elsewhere").await;
    let mut ann = relay.agent("ann").await;
    ann.follow(first).await;
    let note = new_message();
    ann.connection.send(&ClientFrame::Note { conversation: first, id: note, text: "careful".to_owned() }).await;
    ann.connection.event(|event| event.id == note).await;

    let program = key(&relay, &eve, &["conversation_read", "visitor_read"], &json!(["demo"])).await;
    let all = json(eve.get("conversations").await, 200).await;
    assert_eq!(ids(&all).len(), 2);
    let own = json(program.get("conversations").await, 200).await;
    assert_eq!((ids(&own), &own["next"]), (vec![first.to_string()], &Value::Null));
    assert_eq!((&own["items"][0]["site"], &own["items"][0]["last_line"]), (&json!("demo"), &json!("hello")));
    assert_eq!(ids(&json(program.get("conversations?site=other").await, 200).await), Vec::<String>::new());
    let path = format!("conversations/{first}");
    let known = json(program.get(&path).await, 200).await;
    assert!(known["shared_head"].as_u64() >= Some(1) && known["ended_at_ms"] == Value::Null);

    let shared = json(program.get(&format!("{path}/events")).await, 200).await;
    assert!(shared.to_string().contains("hello") && !shared.to_string().contains("careful"));
    let staff = json(program.get(&format!("{path}/events?lane=staff")).await, 200).await;
    assert!(staff.to_string().contains("careful") && !staff.to_string().contains("\"hello\""));
    let last = staff["items"].as_array().expect("items").last().expect("one")["seq"].as_u64().expect("a number");
    let rest = json(program.get(&format!("{path}/events?lane=staff&after={last}")).await, 200).await;
    assert_eq!(rest, json!({ "items": [], "next": null }));

    let person = format!("visitors/{}", here.id.expect("registered"));
    let known = json(program.get(&person).await, 200).await;
    assert_eq!((&known["site"], &known["conversations"][0]["id"]), (&json!("demo"), &json!(first.to_string())));
    let visitors = json(program.get("visitors").await, 200).await;
    assert_eq!((ids(&visitors), &visitors["next"]), (vec![here.id.expect("registered").to_string()], &Value::Null));
    let all = json(eve.get("visitors").await, 200).await;
    assert_eq!(ids(&all).len(), 2);
    let rest = json(eve.get(&format!("visitors?after={}", ids(&all)[0])).await, 200).await;
    assert_eq!(ids(&rest), ids(&all)[1..]);
    assert_eq!(
        ids(&json(eve.get("visitors?site=other").await, 200).await),
        [there.id.expect("registered").to_string()]
    );
    // What is elsewhere is not there, nor what is nowhere.
    for path in [
        format!("conversations/{second}"),
        format!("conversations/{second}/events"),
        format!("conversations/{}", new_conversation()),
        format!("visitors/{}", there.id.expect("registered")),
        format!("visitors/{}", new_conversation()),
    ] {
        json(program.get(&path).await, 404).await;
    }
    let other = key(&relay, &eve, &["audit_read"], &json!("all")).await;
    for path in ["conversations", &path, &format!("{path}/events"), "visitors", &person] {
        json(other.get(path).await, 403).await;
    }
    for wrong in ["conversations?state=lost", "conversations?after=x", "conversations?state=ended&after=1"] {
        json(program.get(wrong).await, 400).await;
    }
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_ones_are_listed_newest_first_and_after_a_cursor() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let mut ann = relay.agent("ann").await;
    let mut ended = Vec::new();
    for _ in 0..2 {
        let mut here = visitor(&relay, "demo").await;
        let conversation = new_conversation();
        here.say(conversation, "hello").await;
        ann.follow(conversation).await;
        let id = new_message();
        ann.connection.send(&ClientFrame::End { conversation, id }).await;
        ann.connection.event(|event| event.id == id).await;
        ended.push(conversation.to_string());
    }
    ended.reverse();
    let page = json(eve.get("conversations?state=ended").await, 200).await;
    assert_eq!((ids(&page), &page["next"]), (ended.clone(), &Value::Null));
    assert_eq!(page["items"][0]["state"], "ended");
    let at_ms = page["items"][0]["ended_at_ms"].as_u64().expect("a time");
    let after = format!("conversations?state=ended&after={at_ms}.{}", ended[0]);
    assert_eq!(ids(&json(eve.get(&after).await, 200).await), ended[1..]);
    assert_eq!(ids(&json(eve.get("conversations").await, 200).await), Vec::<String>::new());
    relay.running.stop().await.expect("stopped");
}
