//! Retention: what sites say of texts, names and files is done, and the oldest entries of the audit log go.

use relay::audit::{Action, Entry};
use relay::store::sqlite::{DATABASE_FILE, SqliteStore};
use relay::store::{AuditFilter, Store};
use reqwest::Method;
use serde_json::{Value, json};
use wire::{Body, ClientFrame, ConversationId};

use crate::asking::{Asker, json, with_administrator};
use crate::erase::files_with;
use crate::file::put;
use crate::support::{ANSWER_WITHIN, Relay, SITE_ORIGIN, Visitor, new_conversation, new_message, run_again};

/// A text, a file, and the end.
async fn talk(relay: &Relay, visitor: &mut Visitor, mark: &str) -> ConversationId {
    let conversation = new_conversation();
    visitor.say(conversation, &format!("{mark} text")).await;
    let sent = put(relay, visitor, conversation, &format!("{mark}.txt"), format!("{mark} content").into()).await;
    let file: wire::Attachment = sent.json().await.expect("JSON");
    let say = wire::Say::File { attachment: file.id };
    visitor.connection.send(&ClientFrame::Say { conversation, id: new_message(), say }).await;
    visitor.connection.event(|event| matches!(event.body, Body::File { .. })).await;
    visitor.connection.send(&ClientFrame::End { conversation, id: new_message() }).await;
    visitor.connection.event(|event| event.body == Body::Closed).await;
    conversation
}

async fn kinds(eve: &Asker, conversation: ConversationId) -> String {
    let mut all = String::new();
    for lane in ["shared", "staff"] {
        let events = json(eve.get(&format!("conversations/{conversation}/events?lane={lane}")).await, 200).await;
        all.push_str(&events.to_string());
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_its_time_goes_by_site_and_part_and_the_rest_stays() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let mut visitor = relay.registered().await;
    let old = talk(&relay, &mut visitor, "Birch1").await;
    let held = talk(&relay, &mut visitor, "Birch2").await;
    let young = talk(&relay, &mut visitor, "Birch3").await;
    let open = new_conversation();
    visitor.say(open, "Birch4 text").await;
    json(eve.put(&format!("conversations/{held}/hold"), &json!({ "reason": "a court asks for it" })).await, 200).await;
    let kept = json!({ "texts_days": 2, "files_days": 5 });
    let site = json!({ "name": "Demo", "origins": [SITE_ORIGIN], "retention": kept });
    json(eve.put("settings/site/demo", &site).await, 200).await;
    let folder = relay.folder;
    relay.running.stop().await.expect("stopped");
    let connection = rusqlite::Connection::open(folder.path().join(DATABASE_FILE)).expect("a database");
    for (conversation, days) in [(old, 3), (held, 9), (young, 1)] {
        const SQL: &str = "UPDATE conversation SET state_at_ms = state_at_ms - ?2 WHERE id = ?1";
        let aged = connection.execute(SQL, rusqlite::params![conversation.0.to_be_bytes(), days * 86_400_000_i64]);
        assert_eq!(aged, Ok(1));
    }
    drop(connection);
    let command = |words: &[&str]| {
        let output = crate::command::relay(folder.path()).args(words).output().expect("run");
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (done, said) = command(&["retention", "--dry-run"]);
    assert!(done && said.contains("demo: would remove 1 texts of 1 conversations"), "{said}");
    assert!(said.contains("would remove 0 files of 0 conversations"), "{said}");

    // The texts of the old one go when the relay starts; its file is not old enough.
    let relay = Relay::start_on(folder).await;
    let eve = Asker::of(&relay, "eve").await;
    let noted = noted(&relay, Action::RetentionRan).await;
    let left = kinds(&eve, old).await;
    assert!(left.contains("erased") && left.contains("Birch1.txt") && left.contains("Europe/Berlin"), "{left}");
    for (conversation, mark) in [(held, "Birch2 text"), (young, "Birch3 text"), (open, "Birch4 text")] {
        assert!(kinds(&eve, conversation).await.contains(mark), "{mark} stays");
    }
    // Whoever had its texts before is sent that they are gone, with the first connection.
    let mut back = relay.connection(Some(&relay.origin()), None).await;
    let mut hello = crate::support::hello("demo", visitor.token.as_ref());
    if let ClientFrame::Hello { follow, .. } = &mut hello {
        let after = wire::Cursor { shared: wire::Seq(2), staff: wire::Seq::ZERO };
        follow.push(wire::Follow { conversation: old, after });
    }
    back.send(&hello).await;
    let is_old = |frame: &wire::ServerFrame| matches!(frame, wire::ServerFrame::Erased { conversation, .. } if *conversation == old);
    back.until(|frame| is_old(frame).then_some(())).await;
    assert_eq!(Value::from(noted.detail), json!({ "texts": 1, "names": 0, "files": 0 }));
    assert_eq!(noted.subject.map(|subject| subject.key()).as_deref(), Some("site/demo"));

    // Held no more, and older: everything that is due goes, also by the command.
    assert_eq!(eve.delete(&format!("conversations/{held}/hold")).await.status(), 204);
    let folder = relay.folder;
    relay.running.stop().await.expect("stopped");
    let command = |words: &[&str]| {
        let output = crate::command::relay(folder.path()).args(words).output().expect("run");
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (done, said) = command(&["retention"]);
    assert!(done && said.contains("1  texts") && said.contains("1  files"), "{said}");
    assert_eq!(files_with(folder.path(), "Birch1 text"), Vec::<String>::new());
    assert_eq!(files_with(folder.path(), "Birch2"), Vec::<String>::new());
    assert_eq!(files_with(folder.path(), "Birch1.txt").len(), 1, "its file is not due");
    assert!(!files_with(folder.path(), "Birch3").is_empty());
    let (done, said) = command(&["audit", "verify"]);
    assert!(done, "{said}");
}

/// The newest entry of an action; waits until there is one.
async fn noted(relay: &Relay, action: Action) -> Entry {
    let mut reader = SqliteStore::attach(relay.folder.path()).expect("a store").reader().expect("a reader");
    let filter = AuditFilter { action: Some(action), ..AuditFilter::default() };
    let look = async {
        loop {
            let page = reader.audit_page(&filter, u64::MAX, 1).expect("read");
            if let Some(stored) = page.first() {
                return serde_json::from_str(&stored.entry).expect("an entry");
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(4 * ANSWER_WITHIN, look).await.expect("noted in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn old_entries_of_the_audit_log_go_and_the_rest_still_verifies() {
    // Those of the fixture are of 1970.
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let before = json(eve.get("audit").await, 200).await;
    let first = before["items"].as_array().expect("items").last().expect("an entry").clone();
    assert_eq!(first["number"], json!(1));
    let relay = run_again(relay, "[audit]\nkept_days = 30\n").await;
    let eve = Asker::of(&relay, "eve").await;
    let cut = noted(&relay, Action::AuditCut).await;
    let up_to = cut.detail["up_to"].as_u64().expect("a number");
    let all = json(eve.get("audit").await, 200).await;
    let numbers: Vec<u64> =
        all["items"].as_array().expect("items").iter().map(|entry| entry["number"].as_u64().expect("one")).collect();
    assert_eq!(numbers.last(), Some(&(up_to + 1)));
    let said = crate::blocked::run(&relay, &["audit", "verify"]).await;
    assert!(said.contains("is whole") && said.contains(&format!("the entries {} to", up_to + 1)), "{said}");
    let file = relay.folder.path().join("exported").display().to_string();
    crate::blocked::run(&relay, &["audit", "export", &file]).await;
    let said = crate::blocked::run(&relay, &["audit", "verify", &file]).await;
    assert!(said.contains("is whole"), "{said}");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_site_removes_and_asks_of_colleagues_is_not_for_all_who_change_the_site() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let site = |field: &str, value: Value| json!({ "name": "Demo", "origins": [SITE_ORIGIN], field: value });
    let (kept, factor) = (json!({ "texts_days": 2 }), json!({ "agent_grace_days": 0 }));
    // What each may change, in the order of the changes below; a field that stays as it is needs no right.
    let changes =
        [site("password_notice", json!(false)), site("retention", kept.clone()), site("second_factor", factor)];
    for (rights, expected) in [
        (vec!["settings_read", "settings_site"], [200, 403, 403]),
        (vec!["settings_read", "settings_site", "visitor_erase"], [200, 200, 403]),
        (vec!["settings_read", "settings_site", "role_edit"], [200, 403, 200]),
        (vec!["settings_read", "visitor_erase", "role_edit"], [403, 403, 403]),
    ] {
        let body = json!({ "name": "a", "rights": rights, "scope": { "sites": "all", "departments": "all" } });
        let made = json(eve.post("keys", &body).await, 201).await;
        let program = Asker::with_key(&relay, made["key"].as_str().expect("a key"));
        for (change, status) in changes.iter().zip(expected) {
            json(eve.put("settings/site/demo", &site("attachments", json!(true))).await, 200).await;
            let answer = program.put("settings/site/demo", change).await;
            assert_eq!(answer.status(), status, "{rights:?}: {change}");
        }
        json(eve.put("settings/site/demo", &site("retention", kept.clone())).await, 200).await;
        let same = program.put("settings/site/demo", &site("retention", kept.clone())).await;
        assert_eq!(same.status(), expected[0], "{rights:?}: nothing changed");
    }
    // Nor is it undone by removing the site and adding it anew; without such fields a site is removed by who changes it.
    let body = json!({ "name": "b", "rights": ["settings_read", "settings_site"], "scope": { "sites": "all", "departments": "all" } });
    let made = json(eve.post("keys", &body).await, 201).await;
    let program = Asker::with_key(&relay, made["key"].as_str().expect("a key"));
    let remove = async || {
        let asked = program.ask(Method::DELETE, "settings/site/demo").header("if-match", "*");
        asked.send().await.expect("answered").status().as_u16()
    };
    assert_eq!(remove().await, 403);
    json(eve.put("settings/site/demo", &site("attachments", json!(true))).await, 200).await;
    assert_eq!(remove().await, 204);
    relay.running.stop().await.expect("stopped");
}
