//! Writing over the API: messages and notes of programs and agents, who has a conversation, its end, and keeping a visitor out.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use wire::{Author, Body, Close, ConversationId, Event};

use crate::asking::{Asker, fields, json, with_administrator};
use crate::support::{Agent, Relay, Visitor, new_conversation};

/// The rights of a program that writes everywhere.
const WRITES: [&str; 4] = ["conversation_read", "conversation_answer", "conversation_note", "conversation_end"];

async fn program(relay: &Relay, eve: &Asker, rights: &[&str], sites: Value) -> Asker {
    let body = json!({ "name": "Orders", "rights": rights, "scope": { "sites": sites, "departments": "all" } });
    let made = json(eve.post("keys", &body).await, 201).await;
    Asker::with_key(relay, made["key"].as_str().expect("a key"))
}

/// A relay, its administrator, and a visitor who waits.
async fn waiting() -> (Relay, Asker, Visitor, ConversationId) {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    visitor.say(conversation, "where is my order?").await;
    (relay, eve, visitor, conversation)
}

fn words(event: &Event) -> &str {
    if let Body::Text { text } | Body::Note { text } = &event.body { text } else { "" }
}

async fn say(by: &Asker, conversation: ConversationId, body: &Value) -> Response {
    by.post(&format!("conversations/{conversation}/messages"), body).await
}

async fn assign(by: &Asker, conversation: ConversationId, agent: Value) -> Response {
    by.post(&format!("conversations/{conversation}/assign"), &json!({ "agent": agent })).await
}

async fn end(by: &Asker, conversation: ConversationId) -> Response {
    by.ask(Method::POST, &format!("conversations/{conversation}/end")).send().await.expect("answered")
}

/// The kind of a problem.
async fn problem(answer: Response, status: u16) -> String {
    let problem = json(answer, status).await;
    let name = problem["type"].as_str().expect("a kind");
    name.strip_prefix("urn:causeway:problem:").expect("of ours").to_owned()
}

async fn id_of(asker: &Asker) -> Value {
    json(asker.get("me").await, 200).await["id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_program_writes_is_seen_at_once_under_its_name_and_holds_nothing() {
    let (relay, eve, mut visitor, conversation) = waiting().await;
    let mut ann: Agent = relay.away("ann").await;
    ann.follow(conversation).await;
    let orders = program(&relay, &eve, &WRITES, json!("all")).await;
    let said = json(say(&orders, conversation, &json!({ "text": "\n Order 7 was paid out. \n" })).await, 201).await;
    assert_eq!((&said["author"]["by"], &said["author"]["name"]), (&json!("service"), &json!("Orders")));
    let by_program = |event: &Event| matches!(&event.author, Author::Service { name, .. } if name == "Orders");
    let to_visitor = visitor.connection.event(by_program).await;
    assert_eq!((words(&to_visitor).trim(), &json!(to_visitor)), ("Order 7 was paid out.", &said));
    assert_eq!(ann.connection.event(by_program).await, to_visitor);

    let note = json!({ "text": "asked the ledger", "kind": "note" });
    let note = json(say(&orders, conversation, &note).await, 201).await;
    assert_eq!(note["lane"], "staff");
    assert_eq!(json!(ann.connection.event(|event| matches!(event.body, Body::Note { .. })).await), note);
    let known = json(orders.get(&format!("conversations/{conversation}")).await, 200).await;
    assert_eq!((&known["state"], &known["agent"]), (&json!("waiting"), &Value::Null));

    // A transcript says that a program wrote it.
    let get = reqwest::Client::new().get(relay.url(&format!("/transcript/{conversation}?format=text&language=en")));
    let transcript = get.header("authorization", visitor.bearer()).send().await.expect("answered");
    let transcript = transcript.text().await.expect("a text");
    assert!(transcript.contains("Orders (automated):") && !transcript.contains("ledger"), "{transcript}");
    // After a restart it is all there.
    let relay = relay.restart().await;
    let orders = program(&relay, &Asker::of(&relay, "eve").await, &WRITES, json!("all")).await;
    let events = json(orders.get(&format!("conversations/{conversation}/events")).await, 200).await;
    assert!(events["items"].as_array().expect("items").contains(&said), "{events}");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_recorded_once_also_when_its_answer_is_forgotten() {
    let (relay, eve, _visitor, conversation) = waiting().await;
    let orders = program(&relay, &eve, &WRITES, json!("all")).await;
    let path = format!("conversations/{conversation}/messages");
    let ask = |key: &str, text: &str| {
        let request = orders.ask(Method::POST, &path).header("idempotency-key", key);
        request.json(&json!({ "text": text })).send()
    };
    let first = json(ask("one", "hello").await.expect("answered"), 201).await;
    assert_eq!(json(ask("one", "hello").await.expect("answered"), 201).await, first);
    assert_eq!(problem(ask("one", "other").await.expect("answered"), 422).await, "idempotency_key");
    // What was remembered of the requests is lost: the conversation itself knows the message.
    let folder = relay.folder.path().to_owned();
    let database = rusqlite::Connection::open(folder.join(relay::store::sqlite::DATABASE_FILE)).expect("opened");
    let forgotten = database.execute("DELETE FROM idempotency", []).expect("forgotten");
    assert_eq!(forgotten, 1);
    assert_eq!(json(ask("one", "hello").await.expect("answered"), 201).await, first);
    json(ask("two", "hello").await.expect("answered"), 201).await;
    let events = json(orders.get(&format!("conversations/{conversation}/events")).await, 200).await;
    assert_eq!(events.to_string().matches("\"hello\"").count(), 2);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_write_where_they_have_it_and_take_give_and_end_by_their_rights() {
    let (relay, eve, mut visitor, conversation) = waiting().await;
    let (ann, bob) = (Asker::of(&relay, "ann").await, Asker::of(&relay, "bob").await);
    let (ann_id, bob_id) = (id_of(&ann).await, id_of(&bob).await);
    let hello = json!({ "text": "hello" });
    assert_eq!(problem(say(&ann, conversation, &hello).await, 409).await, "taken", "nobody has it");
    assert_eq!(problem(assign(&ann, conversation, bob_id.clone()).await, 403).await, "not_allowed");
    let known = json(assign(&ann, conversation, ann_id.clone()).await, 200).await;
    assert_eq!((&known["state"], &known["agent"]), (&json!("assigned"), &ann_id));
    visitor.connection.event(|event| event.body == Body::Joined).await;
    let said = json(say(&ann, conversation, &hello).await, 201).await;
    assert_eq!(json!(visitor.connection.event(|event| words(event) == "hello").await), said);
    assert_eq!((&said["author"]["by"], &said["author"]["id"]), (&json!("agent"), &ann_id));

    // A colleague writes notes there, and neither answers, takes, gives back nor ends it.
    assert_eq!(problem(say(&bob, conversation, &hello).await, 409).await, "taken");
    json(say(&bob, conversation, &json!({ "text": "seen", "kind": "note" })).await, 201).await;
    assert_eq!(problem(assign(&bob, conversation, bob_id.clone()).await, 409).await, "taken");
    assert_eq!(problem(assign(&bob, conversation, Value::Null).await, 409).await, "taken");
    assert_eq!(problem(end(&bob, conversation).await, 409).await, "taken");
    // Its own it gives to a colleague, with whom it is then; a program ends what nobody has.
    json(assign(&ann, conversation, bob_id.clone()).await, 200).await;
    assert_eq!(problem(say(&ann, conversation, &hello).await, 409).await, "taken");
    let orders = program(&relay, &eve, &WRITES, json!("all")).await;
    assert_eq!(problem(end(&orders, conversation).await, 409).await, "taken");
    json(say(&orders, conversation, &hello).await, 201).await;
    let back = json(assign(&bob, conversation, Value::Null).await, 200).await;
    assert_eq!(back["state"], "waiting");
    json(assign(&bob, conversation, Value::Null).await, 200).await;
    assert_eq!(json(end(&orders, conversation).await, 200).await["state"], "ended");
    visitor.connection.event(|event| event.body == Body::Closed).await;

    for answer in [end(&ann, conversation).await, say(&orders, conversation, &hello).await] {
        assert_eq!(problem(answer, 409).await, "ended");
    }
    assert_eq!(problem(assign(&eve, conversation, ann_id).await, 409).await, "ended");
    json(say(&orders, conversation, &json!({ "text": "why", "kind": "note" })).await, 201).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gives_conversations_only_where_they_can_be_answered() {
    let (relay, eve, _visitor, conversation) = waiting().await;
    let ann_id = id_of(&Asker::of(&relay, "ann").await).await;
    let bob_id = id_of(&Asker::of(&relay, "bob").await).await;
    let rights = ["conversation_read", "conversation_assign", "audit_read"];
    let router = program(&relay, &eve, &rights, json!("all")).await;
    assert_eq!(fields(assign(&router, conversation, json!(new_conversation())).await, 422).await, ["agent"]);
    json(assign(&router, conversation, json!("ann")).await, 400).await;
    json(assign(&router, conversation, ann_id.clone()).await, 200).await;
    json(assign(&router, conversation, bob_id.clone()).await, 200).await;
    let audit = json(router.get("audit?action=taken_over").await, 200).await;
    let entry = &audit["items"][0]["entry"];
    assert_eq!((&entry["who"]["type"], &entry["who"]["name"]), (&json!("key"), &json!("Orders")));
    assert_eq!((&entry["detail"]["agent_before"], &entry["detail"]["agent"]), (&ann_id, &bob_id), "{entry}");
    assert_eq!(json(assign(&router, conversation, Value::Null).await, 200).await["state"], "waiting");
    // Agents who have as many as they may get no more.
    let staff = json(eve.get(&format!("staff/{}", ann_id.as_str().expect("an id"))).await, 200).await;
    for _ in 0..staff["capacity"].as_u64().expect("a number") {
        let (mut visitor, another) = (relay.registered().await, new_conversation());
        visitor.say(another, "hello").await;
        json(assign(&router, another, ann_id.clone()).await, 200).await;
    }
    assert_eq!(problem(assign(&router, conversation, ann_id).await, 409).await, "at_capacity");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_and_what_is_out_of_scope_or_bounds_changes_nothing() {
    let (relay, eve, visitor, conversation) = waiting().await;
    let (hello, visitor) = (json!({ "text": "hello" }), visitor.id.expect("registered"));
    let elsewhere =
        program(&relay, &eve, &[&WRITES[..], &["conversation_assign", "visitor_block"]].concat(), json!(["other"]))
            .await;
    let block = json!({ "for_ms": 60_000 });
    let block_path = format!("visitors/{visitor}/block");
    for answer in [
        say(&elsewhere, conversation, &hello).await,
        assign(&elsewhere, conversation, Value::Null).await,
        end(&elsewhere, conversation).await,
        elsewhere.post(&block_path, &block).await,
        elsewhere.delete(&block_path).await,
        say(&elsewhere, new_conversation(), &hello).await,
    ] {
        assert_eq!(problem(answer, 404).await, "not_found");
    }
    let reader = program(&relay, &eve, &["conversation_read", "conversation_note"], json!("all")).await;
    for answer in [
        say(&reader, conversation, &hello).await,
        assign(&reader, conversation, Value::Null).await,
        end(&reader, conversation).await,
        reader.post(&block_path, &block).await,
        reader.delete(&block_path).await,
    ] {
        assert_eq!(problem(answer, 403).await, "not_allowed");
    }
    let orders = program(&relay, &eve, &WRITES, json!("all")).await;
    for text in ["", " \n\u{200b}", "a\0b", &"x".repeat(10_001)] {
        assert_eq!(fields(say(&orders, conversation, &json!({ "text": text })).await, 422).await, ["text"]);
    }
    assert_eq!(fields(say(&orders, conversation, &json!({})).await, 422).await, ["text"]);
    for body in [json!({ "text": 1 }), json!({ "text": "a", "kind": "shout" }), json!({ "text": "a", "as": 1 })] {
        assert_eq!(problem(say(&orders, conversation, &body).await, 400).await, "malformed");
    }
    // A page of somebody else writes nothing with an agent's cookie.
    let cookie =
        Asker::with(&relay, vec![("cookie", relay.cookie("eve").await), ("origin", "https://evil.example".into())]);
    json(say(&cookie, conversation, &json!({ "text": "a", "kind": "note" })).await, 403).await;
    let events = json(orders.get(&format!("conversations/{conversation}/events")).await, 200).await;
    assert_eq!(events["items"].as_array().expect("items").len(), 2, "{events}");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_is_kept_out_and_let_in_again_and_both_are_noted() {
    let (relay, eve, mut visitor, conversation) = waiting().await;
    let id = visitor.id.expect("registered");
    let guard = program(&relay, &eve, &["conversation_read", "visitor_block"], json!(["demo"])).await;
    let path = format!("visitors/{id}/block");
    for (body, field) in [
        (json!({ "for_ms": 0 }), "for_ms"),
        (json!({ "for_ms": 31_622_400_001_u64 }), "for_ms"),
        (json!({ "for_ms": 1, "reason": "x".repeat(201) }), "reason"),
    ] {
        assert_eq!(fields(guard.post(&path, &body).await, 422).await, [field]);
    }
    let body = json!({ "for_ms": 3_600_000, "reason": " insults " });
    let block = json(guard.post(&path, &body).await, 201).await;
    assert_eq!((&block["visitor"], &block["reason"]), (&json!(id.to_string()), &json!("insults")));
    assert_eq!(block["until_ms"].as_u64().expect("a time"), block["since_ms"].as_u64().expect("a time") + 3_600_000);
    visitor.connection.closes(Close::Blocked).await;
    let token = visitor.token.clone().expect("registered");
    let mut again = relay.connection(Some(&relay.origin()), None).await;
    again.send(&crate::support::hello("demo", Some(&token))).await;
    again.closes(Close::Blocked).await;

    assert_eq!(guard.delete(&path).await.status(), 204);
    assert_eq!(guard.delete(&path).await.status(), 204, "nothing is left to undo");
    relay.visitor(Some(&token)).await;
    for action in ["blocked", "unblocked"] {
        let audit = json(eve.get(&format!("audit?action={action}")).await, 200).await;
        let items = audit["items"].as_array().expect("items");
        assert_eq!(items.len(), 1, "{audit}");
        assert_eq!(items[0]["entry"]["who"]["name"], "Orders");
        assert!(items[0]["entry"].to_string().contains(block["id"].as_str().expect("an id")), "{audit}");
    }
    let known = json(guard.get(&format!("conversations/{conversation}")).await, 200).await;
    assert_eq!(known["state"], "ended");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_brings_a_file_and_sends_it_and_files_are_listed_and_opened() {
    let (relay, eve, mut visitor, conversation) = waiting().await;
    let orders =
        program(&relay, &eve, &[&WRITES[..], &["file_open", "transcript_export"]].concat(), json!("all")).await;
    let file = new_conversation().to_string();
    let path = format!("conversations/{conversation}/files/{file}");
    let put = |by: &Asker, path: &str| {
        by.ask(Method::PUT, path).header("x-file-name", "statement.csv").body("time,price\n1,2\n").send()
    };
    let message = json!({ "file": file });
    assert_eq!(fields(say(&orders, conversation, &message).await, 422).await, ["file"], "it is not there yet");
    let taken = json(put(&orders, &path).await.expect("answered"), 201).await;
    assert_eq!((&taken["id"], &taken["name"]), (&json!(file), &json!("statement.csv")));
    let both = json!({ "file": file, "text": "a" });
    let note = json!({ "file": file, "kind": "note" });
    for wrong in [both, note] {
        assert_eq!(fields(say(&orders, conversation, &wrong).await, 422).await, ["file"]);
    }
    let said = json(say(&orders, conversation, &message).await, 201).await;
    let shown = visitor.connection.event(|event| matches!(event.body, Body::File { .. })).await;
    assert_eq!(json!(shown), said);

    let files = json(orders.get(&format!("conversations/{conversation}/files")).await, 200).await;
    assert_eq!((files["items"].as_array().map(Vec::len), &files["next"]), (Some(1), &Value::Null));
    assert_eq!((&files["items"][0]["id"], &files["items"][0]["author"]["name"]), (&json!(file), &json!("Orders")));
    let got = orders.get(&format!("files/{file}")).await;
    assert_eq!(
        (got.status().as_u16(), &got.headers()["content-type"]),
        (200, &"text/csv; charset=utf-8".parse().expect("a header"))
    );
    assert!(!got.headers().contains_key("content-encoding"), "it goes as it was brought");
    assert_eq!(got.text().await.expect("a text"), "time,price\n1,2\n");
    let transcript = orders.get(&format!("conversations/{conversation}/transcript?format=json&notes=true")).await;
    assert!(json(transcript, 200).await["events"].as_array().expect("events").contains(&said));
    for (action, subject) in [("file_opened", file.as_str()), ("transcript_exported", &conversation.to_string())] {
        let audit = json(eve.get(&format!("audit?action={action}")).await, 200).await;
        let entry = &audit["items"][0]["entry"];
        assert_eq!((&entry["who"]["name"], &entry["subject"]["id"]), (&json!("Orders"), &json!(subject)), "{entry}");
    }
    // Elsewhere it is not there, and who may not answer brings nothing.
    let elsewhere =
        program(&relay, &eve, &["conversation_answer", "file_open", "transcript_export"], json!(["other"])).await;
    for answer in [
        elsewhere.get(&format!("files/{file}")).await,
        elsewhere.get(&format!("conversations/{conversation}/files")).await,
        elsewhere.get(&format!("conversations/{conversation}/transcript")).await,
        put(&elsewhere, &path).await.expect("answered"),
    ] {
        assert_eq!(problem(answer, 404).await, "not_found");
    }
    let reader = program(&relay, &eve, &["conversation_read"], json!("all")).await;
    json(put(&reader, &path).await.expect("answered"), 403).await;
    // What the console's upload reads out of a problem.
    let program_file = orders.ask(Method::PUT, &format!("conversations/{conversation}/files/{}", new_conversation()));
    let refused = json(program_file.body("MZ\0\0not a file that is taken").send().await.expect("answered"), 415).await;
    assert_eq!((&refused["reason"], &refused["status"]), (&json!("file_kind"), &json!(415)));
    relay.running.stop().await.expect("stopped");
}
