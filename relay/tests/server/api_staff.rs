//! Staff over the API: seen by scope, changed within one's own rights, and an administrator remains.

use relay::clock::now_ms;
use relay::store::sqlite::SqliteStore;
use relay::store::{SecondFactorRecord, SessionRecord, Store, TokenHash, write_once};
use relay_settings::BuiltInRole;
use reqwest::Method;
use serde_json::{Value, json};
use wire::limit::AGENT_SESSION_WHOLE_MS;

use crate::asking::{Asker, fields, json, with_administrator};
use crate::support::{Relay, add_agent_as};

/// The ids of all colleagues by name.
async fn id_of(eve: &Asker, name: &str) -> String {
    let page = json(eve.get("staff").await, 200).await;
    let items = page["items"].as_array().expect("items");
    let found = items.iter().find(|item| item["name"] == name).expect("a colleague");
    found["id"].as_str().expect("an id").to_owned()
}

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("items").iter().map(|item| item["name"].as_str().expect("a name")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_is_changed_by_version_and_each_change_is_noted() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let ann = format!("staff/{}", id_of(&eve, "ann").await);
    let read = eve.get(&ann).await;
    let first = read.headers()["etag"].to_str().expect("text").to_owned();
    let read = json(read, 200).await;
    assert_eq!(first, format!("\"{}\"", read["version"]));
    assert_eq!((&read["email"], &read["roles"]), (&json!("ann@example.com"), &json!(["agent"])));
    assert_eq!(read["scope"], json!({ "sites": "all", "departments": "all" }));
    assert!(!read.to_string().contains("argon2"));

    let answer = eve.patch(&ann, &first, &json!({ "name": " Ann B. ", "capacity": 7 })).await;
    let second = answer.headers()["etag"].to_str().expect("text").to_owned();
    let changed = json(answer, 200).await;
    assert_eq!((&changed["name"], &changed["capacity"]), (&json!("Ann B."), &json!(7)));
    assert_ne!(first, second);
    let late = json(eve.patch(&ann, &first, &json!({ "capacity": 1 })).await, 412).await;
    assert_eq!(format!("\"{}\"", late["version"]), second);
    json(eve.ask(Method::PATCH, &ann).json(&json!({})).send().await.expect("answered"), 428).await;

    let scope = json!({ "sites": ["demo"], "departments": "all" });
    let body = json!({ "roles": ["agent", "supervisor"], "scope": scope, "disabled": true });
    let cookie = Asker::of(&relay, "ann").await;
    json(cookie.get("me").await, 200).await;
    json(eve.patch(&ann, "*", &body).await, 200).await;
    // Signed out at once, and cannot come back.
    json(cookie.get("me").await, 401).await;
    assert_eq!(relay.sign_in("ann@example.com", crate::support::PASSWORD).await.status(), 401);
    json(eve.patch(&ann, "*", &json!({ "disabled": false })).await, 200).await;
    assert_eq!(json(Asker::of(&relay, "ann").await.get("me").await, 200).await["scope"], scope);
    // What changes nothing is no change.
    let same = json(eve.patch(&ann, "*", &json!({ "disabled": false, "name": "Ann B." })).await, 200).await;
    assert_eq!(same["disabled"], false);

    let id = ann.trim_start_matches("staff/");
    let log = json(eve.get(&format!("audit?subject=agent/{id}")).await, 200).await;
    let noted = log["items"].as_array().expect("items").iter().rev().map(|item| &item["entry"]);
    let noted: Vec<&Value> = noted.filter(|entry| entry["action"] != "sign_in_failed").collect();
    let actions: Vec<&Value> = noted.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["agent_changed", "rights_changed", "agent_disabled", "agent_enabled"]);
    let detail = json!({ "name_before": "ann", "name": "Ann B.", "capacity_before": 4, "capacity": 7 });
    assert_eq!((&noted[0]["detail"], &noted[0]["who"]["name"]), (&detail, &json!("eve")));
    assert_eq!((&noted[1]["detail"]["roles"], &noted[1]["detail"]["scope"]), (&json!(["agent", "supervisor"]), &scope));

    assert_eq!(eve.ask(Method::DELETE, &ann).header("if-match", "*").send().await.expect("answered").status(), 204);
    json(eve.get(&ann).await, 404).await;
    json(eve.patch(&ann, "*", &json!({ "capacity": 1 })).await, 404).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_colleagues_sign_in_is_shown_and_is_no_part_of_their_version() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let shown = async |name: &str| {
        let page = json(eve.get("staff").await, 200).await;
        let item = page["items"].as_array().expect("items").iter().find(|item| item["name"] == name).cloned();
        let item = item.expect("a colleague");
        let alone = json(eve.get(&format!("staff/{}", item["id"].as_str().expect("an id"))).await, 200).await;
        assert_eq!(alone, item);
        item
    };
    let before = shown("ann").await;
    assert_eq!((&before["second_factor"], &before["used_at_ms"]), (&json!(false), &Value::Null));
    assert!(shown("eve").await["used_at_ms"].as_u64().is_some_and(|at_ms| now_ms() - at_ms < 120_000));

    let store = SqliteStore::attach(relay.folder.path()).expect("a store");
    let agent = before["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let session = |number: u8, made_ago_ms: u64, used_ago_ms: u64| SessionRecord {
        token: TokenHash([number; 32]),
        id: number.into(),
        agent,
        created_at_ms: now_ms() - made_ago_ms,
        used_at_ms: now_ms() - used_ago_ms,
        confirmed_at_ms: 0,
        browser: String::new(),
        from: None,
    };
    // The first one has ended by itself and is only not removed yet.
    let ended = session(1, AGENT_SESSION_WHOLE_MS + 60_000, 0);
    let (older, latest) = (session(2, 7_200_000, 7_200_000), session(3, 9_000_000, 3_600_000));
    let write = |sessions: &[&SessionRecord], with_factor: bool| {
        let mut writer = store.writer().expect("a writer");
        let changed = write_once(&mut *writer, |writer| {
            sessions.iter().try_for_each(|session| writer.add_session(session))?;
            let factor = SecondFactorRecord { agent, made_at_ms: 1, used_step: 1 };
            if with_factor { writer.put_second_factor(&factor) } else { Ok(()) }
        });
        changed.expect("written");
    };
    write(&[&ended], false);
    assert_eq!(shown("ann").await, before, "nowhere signed in");
    write(&[&latest, &older], true);
    let after = shown("ann").await;
    assert_eq!((&after["second_factor"], &after["used_at_ms"]), (&json!(true), &json!(latest.used_at_ms)));
    assert_eq!(after["version"], before["version"]);

    let path = format!("staff/{}", before["id"].as_str().expect("an id"));
    for body in [json!({ "second_factor": false }), json!({ "used_at_ms": null }), json!({ "version": 1 })] {
        json(eve.patch(&path, "*", &body).await, 400).await;
    }
    let etag = format!("\"{}\"", before["version"]);
    let off = json(eve.patch(&path, &etag, &json!({ "disabled": true })).await, 200).await;
    assert_eq!((&off["second_factor"], &off["used_at_ms"]), (&json!(true), &Value::Null), "signed out everywhere");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_by_field_and_nobody_takes_the_last_administrator_away() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let (ann, own) = (format!("staff/{}", id_of(&eve, "ann").await), format!("staff/{}", id_of(&eve, "eve").await));
    for (body, expected) in [
        (json!({ "name": "", "capacity": 0 }), vec!["name", "capacity"]),
        (json!({ "roles": [] }), vec!["roles"]),
        (json!({ "roles": ["nobody"] }), vec!["roles"]),
        (json!({ "roles": ["agent", "agent"] }), vec!["roles"]),
        (json!({ "scope": { "sites": ["nowhere"], "departments": "all" } }), vec!["scope.sites"]),
        (json!({ "scope": null, "hours": "none" }), vec!["scope", "hours"]),
    ] {
        assert_eq!(fields(eve.patch(&ann, "*", &body).await, 422).await, expected, "{body}");
    }
    for body in [json!({ "email": "a@b" }), json!([]), json!({ "name": null }), json!({ "disabled": "no" })] {
        json(eve.patch(&ann, "*", &body).await, 400).await;
    }
    for body in [
        json!({ "disabled": true }),
        json!({ "roles": ["supervisor"] }),
        json!({ "scope": { "sites": ["demo"], "departments": "all" } }),
    ] {
        let problem = json(eve.patch(&own, "*", &body).await, 409).await;
        assert_eq!(problem["problems"][0]["code"], "last_administrator", "{body}");
    }
    let removed = eve.ask(Method::DELETE, &own).header("if-match", "*").send().await.expect("answered");
    assert_eq!(json(removed, 409).await["problems"][0]["code"], "last_administrator");
    // With another one they may.
    json(eve.patch(&ann, "*", &json!({ "roles": ["administrator"] })).await, 200).await;
    json(eve.patch(&own, "*", &json!({ "roles": ["supervisor"] })).await, 200).await;
    json(eve.patch(&own, "*", &json!({ "roles": ["administrator"] })).await, 403).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn colleagues_are_seen_by_scope_and_changed_within_ones_own_rights() {
    let relay = Relay::start_filled("", |folder| {
        add_agent_as(folder, "eve", BuiltInRole::Administrator);
        add_agent_as(folder, "sue", BuiltInRole::Supervisor);
        add_agent_as(folder, "tom", BuiltInRole::Agent);
    })
    .await;
    let eve = Asker::of(&relay, "eve").await;
    let demo = json!({ "sites": ["demo"], "departments": "all" });
    let other = json!({ "sites": ["other"], "departments": "all" });
    let role = json!({ "id": "lead", "name": "Lead", "rights": ["staff_read", "staff_edit", "conversation_read"] });
    json(eve.post("settings/role", &role).await, 201).await;
    let path = |id: &str| format!("staff/{id}");
    let (ann, bob) = (path(&id_of(&eve, "ann").await), path(&id_of(&eve, "bob").await));
    let (sue, tom) = (path(&id_of(&eve, "sue").await), path(&id_of(&eve, "tom").await));
    for (who, body) in [
        (&ann, json!({ "roles": ["lead"], "scope": demo })),
        (&bob, json!({ "roles": ["lead"], "scope": demo })),
        (&sue, json!({ "scope": demo })),
        (&tom, json!({ "roles": ["lead"], "scope": other })),
    ] {
        json(eve.patch(who, "*", &body).await, 200).await;
    }
    let (lead, supervisor) = (Asker::of(&relay, "ann").await, Asker::of(&relay, "sue").await);
    assert_eq!(names(&json(lead.get("staff").await, 200).await), ["ann", "bob", "eve", "sue"]);
    json(lead.get(&tom).await, 404).await;
    json(lead.patch(&tom, "*", &json!({ "capacity": 2 })).await, 404).await;
    // One who may see and not change.
    json(supervisor.get(&ann).await, 200).await;
    json(supervisor.patch(&ann, "*", &json!({ "capacity": 2 })).await, 403).await;
    // One who has less than the colleague, or would give more than they have.
    assert_eq!(fields(lead.patch(&sue, "*", &json!({ "capacity": 2 })).await, 403).await, ["roles"]);
    for (body, expected) in [
        (json!({ "roles": ["lead", "agent"] }), "roles"),
        (json!({ "scope": { "sites": "all", "departments": "all" } }), "scope"),
        (json!({ "scope": other }), "scope"),
    ] {
        assert_eq!(fields(lead.patch(&bob, "*", &body).await, 403).await, [expected], "{body}");
    }
    json(lead.patch(&bob, "*", &json!({ "capacity": 2, "disabled": true })).await, 200).await;
    // Without the right to see colleagues there is no list.
    json(eve.patch(&bob, "*", &json!({ "roles": ["agent"], "disabled": false })).await, 200).await;
    let agent = Asker::of(&relay, "bob").await;
    json(agent.get("staff").await, 403).await;
    json(agent.get(&ann).await, 404).await;
    let page = json(eve.get("staff?limit=2").await, 200).await;
    let next = page["next"].as_str().expect("more");
    assert_eq!(names(&page).len() + names(&json(eve.get(&format!("staff?after={next}")).await, 200).await).len(), 5);
    relay.running.stop().await.expect("stopped");
}
