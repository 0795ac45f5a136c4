//! Where people are signed in: listed, ended by themselves and by who may, and ending by itself. What touches rights wants a late sign-in.

use std::time::{Duration, Instant};

use relay::clock::now_ms;
use relay::store::sqlite::SqliteStore;
use relay::store::{RecordWriter, Store, StoreError, TokenHash, write_once};
use relay_settings::BuiltInRole;
use reqwest::Method;
use serde_json::{Value, json};
use wire::limit::{AGENT_SESSION_MS, AGENT_SESSION_WHOLE_MS, SIGN_IN_CONFIRMED_MS};
use wire::{ClientFrame, Close, Hello, PROTOCOL, Token};

use crate::asking::{Asker, json as body, with_administrator};
use crate::support::{PASSWORD, Relay, add_agent_as, cookie_of};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Somebody who is signed in, and the hash of the cookie.
async fn signed_in(relay: &Relay, name: &str, user_agent: &str) -> (Asker, String) {
    let given = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
    let request = reqwest::Client::new().post(relay.url("/api/v1/session")).header("origin", relay.origin());
    let answer = request.header("user-agent", user_agent).json(&given).send().await.expect("answered");
    assert_eq!(answer.status(), 204);
    let cookie = cookie_of(&answer);
    (Asker::with(relay, vec![("cookie", cookie.clone()), ("origin", relay.origin())]), cookie)
}

fn hash(cookie: &str) -> TokenHash {
    let token: Token = cookie.split_once('=').expect("a pair").1.parse().expect("a token");
    relay::identity::hash(&token)
}

/// Changes records beside the serving relay, as a command does.
fn write(relay: &Relay, change: impl FnOnce(&mut dyn RecordWriter) -> Result<(), StoreError>) {
    let store = SqliteStore::attach(relay.folder.path()).expect("a store");
    write_once(&mut *store.writer().expect("a writer"), |writer| change(writer)).expect("written");
}

async fn status(asker: &Asker, method: Method, path: &str) -> u16 {
    asker.ask(method, path).send().await.expect("answered").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_one_is_signed_in_is_listed_and_ended_at_once() {
    let relay = with_administrator().await;
    let (ann, _) = signed_in(&relay, "ann", "curl/8").await;
    let (_, elsewhere) = signed_in(&relay, "ann", FIREFOX).await;
    let mut console = relay.connection(Some(&relay.origin()), Some(&elsewhere)).await;
    console
        .send(&ClientFrame::Hello { protocol: PROTOCOL, hello: Hello::Agent { state: None }, follow: Vec::new() })
        .await;
    console.until(|frame| matches!(frame, wire::ServerFrame::Welcome { .. }).then_some(())).await;

    let listed = body(ann.get("sessions").await, 200).await;
    let items = listed["items"].as_array().expect("items");
    let seen: Vec<_> = items.iter().map(|item| (&item["browser"], item["current"].as_bool())).collect();
    assert_eq!(seen, [(&json!("Firefox, Linux"), Some(false)), (&Value::Null, Some(true))]);
    assert!(items.iter().all(|item| item["from"].is_string() && item["from"] == items[0]["from"]), "{listed}");
    assert!(
        items.iter().all(|item| item["made_at_ms"].as_u64().is_some_and(|at_ms| at_ms.abs_diff(now_ms()) < 60_000))
    );

    let path = format!("sessions/{}", items[0]["id"].as_str().expect("an id"));
    let since = Instant::now();
    assert_eq!(status(&ann, Method::DELETE, &path).await, 204);
    console.closes(Close::SignedOut).await;
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    let gone = Asker::with(&relay, vec![("cookie", elsewhere), ("origin", relay.origin())]);
    assert_eq!(status(&gone, Method::GET, "me").await, 401);
    assert_eq!(status(&ann, Method::DELETE, &path).await, 404, "it has ended");
    assert_eq!(body(ann.get("sessions").await, 200).await["items"].as_array().expect("items").len(), 1);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_of_colleagues_are_ended_by_who_may_and_unknown_to_others() {
    let relay = Relay::start_filled("", |folder| {
        add_agent_as(folder, "eve", BuiltInRole::Administrator);
        add_agent_as(folder, "sue", BuiltInRole::Supervisor);
    })
    .await;
    let (ann, cookie) = signed_in(&relay, "ann", FIREFOX).await;
    let (eve, _) = signed_in(&relay, "eve", FIREFOX).await;
    let me = body(ann.get("me").await, 200).await;
    let list = format!("sessions?agent={}", me["id"].as_str().expect("an id"));
    let items = body(eve.get(&list).await, 200).await["items"].clone();
    let path = format!("sessions/{}", items[0]["id"].as_str().expect("an id"));
    assert_eq!((items.as_array().map(Vec::len), &items[0]["current"]), (Some(1), &json!(false)));
    for name in ["bob", "sue"] {
        let (other, _) = signed_in(&relay, name, FIREFOX).await;
        assert_eq!(status(&other, Method::GET, &list).await, 404, "{name}");
        assert_eq!(status(&other, Method::DELETE, &path).await, 404, "{name}");
    }
    assert_eq!(status(&ann, Method::GET, &list).await, 200, "one's own");
    assert_eq!(status(&eve, Method::GET, "sessions?agent=00000000-0000-7000-8000-000000000000").await, 404);
    for path in ["sessions/1", "sessions/FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "sessions/ffffffffffffffffffffffffffffffff"]
    {
        assert_eq!(status(&eve, Method::DELETE, path).await, 404, "{path}");
    }
    let foreign = Asker::with(&relay, vec![("cookie", cookie), ("origin", "https://shop.example.com".to_owned())]);
    assert_eq!(status(&foreign, Method::DELETE, &path).await, 403, "not from another page");
    assert_eq!(status(&eve, Method::DELETE, &path).await, 204);
    assert_eq!(status(&ann, Method::GET, "me").await, 401);
    let noted = body(eve.get("audit?action=session_revoked").await, 200).await["items"].clone();
    assert_eq!(noted.as_array().map(Vec::len), Some(1));
    let entry = &noted[0]["entry"];
    assert_eq!((&entry["who"]["name"], &entry["subject"]["id"]), (&json!("eve"), &me["id"]), "{noted}");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_ends_when_it_is_not_used_and_in_the_end_however_much_it_is() {
    let relay = Relay::start().await;
    for (unused_ms, old_ms, expected) in [
        (AGENT_SESSION_MS - 60_000, AGENT_SESSION_WHOLE_MS - 60_000, 200),
        (AGENT_SESSION_MS + 1, AGENT_SESSION_MS + 1, 401),
        (0, AGENT_SESSION_WHOLE_MS + 1, 401),
    ] {
        let (ann, cookie) = signed_in(&relay, "ann", FIREFOX).await;
        let token = hash(&cookie);
        let store = SqliteStore::attach(relay.folder.path()).expect("a store");
        let mut session = store.reader().expect("a reader").session(&token).expect("it is there");
        (session.used_at_ms, session.created_at_ms) = (now_ms() - unused_ms, now_ms() - old_ms);
        drop(store);
        write(&relay, |writer| {
            writer.remove_session(&token)?;
            writer.add_session(&session)
        });
        assert_eq!(status(&ann, Method::GET, "me").await, expected, "unused for {unused_ms}, made {old_ms} ago");
    }
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_and_exports_are_touched_only_by_who_lately_proved_who_they_are() {
    let relay = with_administrator().await;
    let (eve, cookie) = signed_in(&relay, "eve", FIREFOX).await;
    let role = json!({ "name": "Reader", "rights": ["conversation_read"] });
    let put = async |kind: &str, what: &Value| {
        let request = eve.ask(Method::POST, &format!("settings/{kind}"));
        request.json(what).send().await.expect("answered")
    };
    let late = |at_ms| write(&relay, |writer| writer.confirm_session(&hash(&cookie), at_ms));
    late(now_ms() - SIGN_IN_CONFIRMED_MS - 1);
    let refused = body(put("role", &role).await, 403).await;
    assert_eq!(refused["type"], "urn:causeway:problem:sign_in_again");
    assert_eq!(status(&eve, Method::GET, "audit/export").await, 403);
    let key = json!({ "name": "Reports", "rights": ["report_read"] });
    let made = eve.ask(Method::POST, "keys").json(&key).send().await.expect("answered");
    assert_eq!(body(made, 403).await["type"], "urn:causeway:problem:sign_in_again");
    assert_eq!(put("label", &json!({ "name": "Fraud", "colour": "#b42318" })).await.status(), 201, "other settings");

    let confirm = async |password: &str| {
        let request = eve.ask(Method::POST, "session/confirm");
        request.json(&json!({ "password": password })).send().await.expect("answered")
    };
    let wrong = body(confirm("wrong").await, 422).await;
    assert_eq!(wrong["problems"][0]["field"], "password");
    assert_eq!(put("role", &role).await.status(), 403, "still");
    assert_eq!(confirm(PASSWORD).await.status(), 204);
    assert_eq!(put("role", &role).await.status(), 201);
    assert_eq!(status(&eve, Method::GET, "audit/export").await, 200);
    // Guessing is as limited as at the sign-in, and noted.
    for _ in 1..wire::limit::SIGN_IN_FAILURES_MAX {
        assert_eq!(confirm("wrong").await.status(), 422);
    }
    assert_eq!(confirm(PASSWORD).await.status(), 429);
    let noted = body(eve.get("audit?action=sign_in_failed").await, 200).await["items"].clone();
    assert_eq!(noted.as_array().map(Vec::len), Some(wire::limit::SIGN_IN_FAILURES_MAX as usize));
    let noted = body(eve.get("audit?action=confirmed").await, 200).await["items"].clone();
    assert_eq!(noted.as_array().map(Vec::len), Some(1), "{noted}");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_of_ones_own_ends_all_other_sign_ins() {
    const NEW: &str = "walrus-tangent-41-quartz";
    let relay = with_administrator().await;
    let (ann, _) = signed_in(&relay, "ann", FIREFOX).await;
    let (other, cookie) = signed_in(&relay, "ann", FIREFOX).await;
    let mut console = relay.connection(Some(&relay.origin()), Some(&cookie)).await;
    let hello = ClientFrame::Hello { protocol: PROTOCOL, hello: Hello::Agent { state: None }, follow: Vec::new() };
    console.send(&hello).await;
    console.until(|frame| matches!(frame, wire::ServerFrame::Welcome { .. }).then_some(())).await;
    let put = async |password: &str, new: &str| {
        let request = ann.ask(Method::PUT, "me/password").json(&json!({ "password": password, "new": new }));
        request.send().await.expect("answered")
    };
    for (password, new, field) in
        [("wrong", NEW, "password"), (PASSWORD, "password123", "new"), (PASSWORD, "short", "new")]
    {
        assert_eq!(body(put(password, new).await, 422).await["problems"][0]["field"], field, "{new}");
    }
    assert_eq!(status(&other, Method::GET, "me").await, 200, "nothing has changed");
    assert_eq!(put(PASSWORD, NEW).await.status(), 204);
    console.closes(Close::SignedOut).await;
    assert_eq!((status(&ann, Method::GET, "me").await, status(&other, Method::GET, "me").await), (200, 401));
    assert_eq!(relay.sign_in("ann@example.com", PASSWORD).await.status(), 401);
    assert_eq!(relay.sign_in("ann@example.com", NEW).await.status(), 204);
    let (eve, _) = signed_in(&relay, "eve", FIREFOX).await;
    let noted = body(eve.get("audit?action=password_changed").await, 200).await["items"].clone();
    assert_eq!(noted.as_array().map(Vec::len), Some(1));
    assert!(!noted.to_string().contains(NEW));
    relay.running.stop().await.expect("stopped");
}
