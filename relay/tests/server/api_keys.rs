//! Keys of the API: made within one's own rights, shown once, valid until they end or are revoked, counted.

use relay::audit::Who;
use relay::identity::key::fresh;
use relay::store::sqlite::SqliteStore;
use relay::store::{ServiceKeyRecord, Store, write_once};
use relay_settings::BuiltInRole;
use serde_json::{Value, json};
use wire::ServiceKeyId;

use crate::asking::{Asker, fields, json, with_administrator};
use crate::support::{Relay, add_agent_as};

/// The body of a new key.
fn new_key(name: &str, rights: &[&str], sites: &Value) -> Value {
    json!({ "name": name, "rights": rights, "scope": { "sites": sites, "departments": "all" } })
}

/// Makes a key: its id, and the key.
async fn made(by: &Asker, body: &Value) -> (String, String) {
    let made = json(by.post("keys", body).await, 201).await;
    (made["id"].as_str().expect("an id").to_owned(), made["key"].as_str().expect("a key").to_owned())
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().expect("items").iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_works_with_its_key_and_what_it_does_is_noted_with_its_name() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let body = new_key(" ledger ", &["settings_desk", "settings_read"], &json!("all"));
    let answer = eve.post("keys", &body).await;
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let location = answer.headers()["location"].to_str().expect("text").to_owned();
    let made = json(answer, 201).await;
    let (id, key) = (made["id"].as_str().expect("an id"), made["key"].as_str().expect("a key"));
    assert_eq!((location, &made["name"]), (format!("/api/v1/keys/{id}"), &json!("ledger")));

    // Without a cookie, and without a page that it came from.
    let ledger = Asker::with_key(&relay, key);
    let answer = ledger.get("me").await;
    assert_eq!(answer.headers()["ratelimit-policy"], "\"address\";q=1200;w=60, \"key\";q=600;w=60");
    assert!(answer.headers()["ratelimit"].to_str().expect("text").ends_with(", \"key\";r=599;t=1"));
    let me = json(answer, 200).await;
    assert_eq!((&me["id"], &me["name"], &me["email"]), (&json!(id), &json!("ledger"), &Value::Null));
    assert_eq!((&me["roles"], &me["rights"]), (&json!([]), &json!(["settings_read", "settings_desk"])));
    let label = json!({ "id": "fraud", "name": "Fraud", "colour": "#b3261e" });
    json(ledger.post("settings/label", &label).await, 201).await;
    // What the key has no right for is refused like for anybody.
    json(ledger.post("settings/site", &json!({ "name": "A" })).await, 403).await;
    for path in ["audit", "keys", &format!("keys/{id}")] {
        json(ledger.get(path).await, 403).await;
    }

    let page = json(eve.get("keys").await, 200).await;
    let listed = &page["items"][0];
    assert_eq!((&listed["id"], &listed["made_by"], &listed["is_valid"]), (&json!(id), &json!("eve"), &json!(true)));
    assert_eq!(listed["rights"], json!(["settings_read", "settings_desk"]));
    assert_eq!((&made["made_by_is_off"], &listed["made_by_is_off"]), (&json!(false), &json!(false)));
    assert!(listed["used_at_ms"].as_u64() >= listed["made_at_ms"].as_u64() && listed["key"] == Value::Null);
    let log = json(eve.get("audit?limit=2").await, 200).await;
    let entry = |at: usize| &log["items"][at]["entry"];
    assert_eq!(entry(0)["who"], json!({ "type": "key", "id": id, "name": "ledger" }));
    assert_eq!((&entry(0)["action"], &entry(1)["action"]), (&json!("setting_changed"), &json!("key_made")));
    assert_eq!(entry(1)["detail"]["rights"], json!(["settings_read", "settings_desk"]));
    assert!(!log.to_string().contains(key));

    // The key is nowhere on the disk.
    let folder = relay.folder.path().to_owned();
    relay.running.stop().await.expect("stopped");
    let (mut files, needle) = (0, key.as_bytes()[9..].to_vec());
    for entry in std::fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let bytes = std::fs::read(&path).expect("read");
            assert!(!bytes.windows(needle.len()).any(|part| part == needle), "{}", path.display());
            files += 1;
        }
    }
    assert!(files >= 2, "{files} files");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_unknown_has_ended_or_was_revoked_gets_the_same_answer() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let (id, revoked) = made(&eve, &new_key("a", &["audit_read"], &json!("all"))).await;
    json(Asker::with_key(&relay, &revoked).get("audit").await, 200).await;
    for _ in 0..2 {
        assert_eq!(eve.delete(&format!("keys/{id}")).await.status(), 204);
    }
    let ((ended, token), (unknown, _)) = (fresh(), fresh());
    let record = ServiceKeyRecord {
        id: ServiceKeyId(relay::clock::new_id()),
        token,
        name: "b".to_owned(),
        rights: r#"["audit_read"]"#.to_owned(),
        scope: r#"{"sites":"all","departments":"all"}"#.to_owned(),
        made_by: Who::CommandLine,
        made_at_ms: 1,
        until_ms: Some(2),
        used_at_ms: None,
        revoked_at_ms: None,
    };
    let store = SqliteStore::attach(relay.folder.path()).expect("a store");
    write_once(&mut *store.writer().expect("a writer"), |writer| writer.add_service_key(&record)).expect("added");
    let mut answers = Vec::new();
    for key in [&revoked, &ended, &unknown, "", "causeway_", "nonsense"] {
        for path in ["audit", "keys", "settings/label/none"] {
            let answer = Asker::with_key(&relay, key).get(path).await;
            assert_eq!(answer.headers()["www-authenticate"], "Bearer");
            assert_eq!(answer.headers()["ratelimit-policy"], "\"address\";q=1200;w=60");
            answers.push(json(answer, 401).await);
        }
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    let page = json(eve.get("keys").await, 200).await;
    assert!(page["items"].as_array().expect("items").iter().all(|item| item["is_valid"] == false));
    // Revoked twice, noted once.
    let log = json(eve.get(&format!("audit?subject=key/{id}")).await, 200).await;
    let actions: Vec<&Value> = log["items"].as_array().expect("items").iter().map(|i| &i["entry"]["action"]).collect();
    assert_eq!(actions, ["key_revoked", "key_made"]);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_outlives_its_maker_and_its_lists_say_so() {
    let relay = Relay::start_filled("", |folder| {
        add_agent_as(folder, "eve", BuiltInRole::Administrator);
        add_agent_as(folder, "ada", BuiltInRole::Administrator);
    })
    .await;
    let (eve, ada) = (Asker::of(&relay, "eve").await, Asker::of(&relay, "ada").await);
    let (first, key) = made(&ada, &new_key("first", &["key_edit", "audit_read"], &json!("all"))).await;
    let program = Asker::with_key(&relay, &key);
    let (second, _) = made(&program, &new_key("second", &["audit_read"], &json!("all"))).await;
    let id = json(ada.get("me").await, 200).await["id"].as_str().expect("an id").to_owned();
    let is_off = async |who: &Asker| {
        let page = json(who.get("keys").await, 200).await;
        assert_eq!(ids(&page), [first.clone(), second.clone()]);
        for item in page["items"].as_array().expect("items") {
            let alone = json(who.get(&format!("keys/{}", item["id"].as_str().expect("an id"))).await, 200).await;
            assert_eq!(alone["made_by_is_off"], item["made_by_is_off"]);
        }
        [page["items"][0]["made_by_is_off"].clone(), page["items"][1]["made_by_is_off"].clone()]
    };
    assert_eq!(is_off(&eve).await, [false, false]);
    for (disabled, expected) in [(true, [true, false]), (false, [false, false])] {
        let path = format!("staff/{id}");
        json(eve.patch(&path, "*", &json!({ "disabled": disabled })).await, 200).await;
        assert_eq!(is_off(&eve).await, expected);
        json(program.get("audit").await, 200).await;
    }
    let removed = eve.ask(reqwest::Method::DELETE, &format!("staff/{id}")).header("if-match", "*").send().await;
    assert_eq!(removed.expect("answered").status(), 204);
    assert_eq!(is_off(&program).await, [true, false]);
    assert_eq!(eve.delete(&format!("keys/{first}")).await.status(), 204);
    assert_eq!(is_off(&eve).await, [true, true], "a key that was revoked makes none either");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_sees_or_revokes_a_key_beyond_what_they_have() {
    let relay = Relay::start_filled("", |folder| {
        add_agent_as(folder, "eve", BuiltInRole::Administrator);
        add_agent_as(folder, "sue", BuiltInRole::Supervisor);
    })
    .await;
    let (eve, sue) = (Asker::of(&relay, "eve").await, Asker::of(&relay, "sue").await);
    let (demo, both) = (json!(["demo"]), json!(["demo", "other"]));
    let (wide, _) = made(&eve, &new_key("wide", &["audit_read"], &json!("all"))).await;
    let (own, key) = made(&eve, &new_key("narrow", &["key_edit", "board_read"], &demo)).await;
    json(sue.get("keys").await, 403).await;
    json(sue.post("keys", &new_key("mine", &["board_read"], &demo)).await, 403).await;

    let narrow = Asker::with_key(&relay, &key);
    for (body, expected) in [
        (new_key("x", &["board_read"], &both), "scope"),
        (new_key("x", &["board_read"], &json!("all")), "scope"),
        (new_key("x", &["board_read", "audit_read"], &demo), "rights"),
    ] {
        let answer = narrow.post("keys", &body).await;
        assert_eq!(fields(answer, 403).await, [expected], "{body}");
    }
    let (third, _) = made(&narrow, &new_key("third", &["board_read"], &demo)).await;
    assert_eq!(ids(&json(narrow.get("keys").await, 200).await), [own.clone(), third.clone()]);
    // What is beyond it is not there for it.
    for path in [format!("keys/{wide}"), format!("keys/{}", ServiceKeyId(7))] {
        let answers = [narrow.get(&path).await, narrow.delete(&path).await];
        for answer in answers {
            json(answer, 404).await;
        }
    }
    assert_eq!(json(narrow.get(&format!("keys/{third}")).await, 200).await["name"], "third");
    assert_eq!(narrow.delete(&format!("keys/{third}")).await.status(), 204);

    let page = json(eve.get("keys?limit=2").await, 200).await;
    assert_eq!((ids(&page), &page["next"]), (vec![wide, own.clone()], &json!(own)));
    let page = json(eve.get(&format!("keys?limit=2&after={own}")).await, 200).await;
    assert_eq!((ids(&page), &page["next"]), (vec![third], &Value::Null));
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_key_is_said_by_field_and_too_many_requests_are_refused() {
    let relay = Relay::start_filled("[limits]\napi_requests_per_key_per_minute_max = 3\n", |folder| {
        add_agent_as(folder, "eve", BuiltInRole::Administrator);
    })
    .await;
    let eve = Asker::of(&relay, "eve").await;
    let with = |field: &str, value: Value| {
        let mut body = new_key("a", &["audit_read"], &json!("all"));
        body[field] = value;
        body
    };
    for (body, expected) in [
        (with("name", json!("")), vec!["name"]),
        (with("name", json!("a\u{202e}b")), vec!["name"]),
        (with("rights", json!([])), vec!["rights"]),
        (with("rights", json!(["audit_read", "fly"])), vec!["rights.1"]),
        (with("scope", json!("all")), vec!["scope"]),
        (with("scope", json!({ "sites": ["nowhere"], "departments": ["none"] })), vec!["scope.sites"]),
        (with("until_ms", json!(1)), vec!["until_ms"]),
        (with("until_ms", json!(u64::MAX)), vec!["until_ms"]),
    ] {
        assert_eq!(fields(eve.post("keys", &body).await, 422).await, expected, "{body}");
    }
    for body in [json!({}), json!([]), with("more", json!(1)), with("rights", json!("audit_read"))] {
        json(eve.post("keys", &body).await, 400).await;
    }
    let (_, first) = made(&eve, &with("until_ms", json!(relay::clock::now_ms() + 3_600_000))).await;
    let (_, second) = made(&eve, &with("name", json!("b"))).await;
    let (first, second) = (Asker::with_key(&relay, &first), Asker::with_key(&relay, &second));
    for _ in 0..3 {
        json(first.get("me").await, 200).await;
    }
    let refused = first.get("me").await;
    assert!(refused.headers()["ratelimit"].to_str().expect("text").ends_with("\"key\";r=0;t=60"));
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(json(refused, 429).await["type"], "urn:causeway:problem:rate_limited");
    json(second.get("me").await, 200).await;
    relay.running.stop().await.expect("stopped");
}
