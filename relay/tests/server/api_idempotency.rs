//! `Idempotency-Key`: what makes something is carried out once, and its first answer comes again, also after a restart.

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::asking::{Asker, json, with_administrator};
use crate::support::{PASSWORD, cookie_of};

fn new_key(name: &str) -> Value {
    json!({ "name": name, "rights": ["audit_read"], "scope": { "sites": "all", "departments": "all" } })
}

fn ask(by: &Asker, path: &str, key: &str, body: &Value) -> RequestBuilder {
    by.ask(Method::POST, path).header("idempotency-key", key).json(body)
}

async fn post(by: &Asker, path: &str, key: &str, body: &Value) -> Response {
    ask(by, path, key, body).send().await.expect("answered")
}

async fn names(eve: &Asker) -> Vec<Value> {
    let page = json(eve.get("keys").await, 200).await;
    page["items"].as_array().expect("items").iter().map(|item| item["name"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_answer_comes_again_also_after_a_restart_and_nothing_is_made_twice() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let body = new_key("ledger");
    let first = post(&eve, "keys", "one", &body).await;
    let location = first.headers()["location"].clone();
    assert!(!first.headers().contains_key("idempotency-replayed"));
    let first = json(first, 201).await;
    let again = post(&eve, "keys", "one", &body).await;
    assert_eq!(
        (&again.headers()["location"], &again.headers()["idempotency-replayed"]),
        (&location, &"true".parse().expect("a header"))
    );
    assert_eq!(again.headers()["cache-control"], "no-store");
    assert_eq!(json(again, 201).await, first, "the key too");
    // Another body, another path, another asker, another key.
    let other = json(post(&eve, "keys", "one", &new_key("other")).await, 422).await;
    assert_eq!(other["type"], "urn:causeway:problem:idempotency_key");
    let label = json!({ "id": "fraud", "name": "Fraud", "colour": "#b3261e" });
    json(post(&eve, "settings/label", "one", &label).await, 201).await;
    let program = Asker::with_key(&relay, first["key"].as_str().expect("a key"));
    json(post(&program, "keys", "one", &body).await, 403).await;
    json(post(&eve, "keys", "two", &new_key("second")).await, 201).await;
    assert_eq!(names(&eve).await, ["ledger", "second"]);
    // Nobody gets an answer who is not signed in.
    let nobody = Asker::with(&relay, vec![("origin", relay.origin())]);
    json(post(&nobody, "keys", "one", &body).await, 401).await;

    let relay = relay.restart().await;
    let eve = Asker::of(&relay, "eve").await;
    assert_eq!(json(post(&eve, "keys", "one", &body).await, 201).await, first);
    assert_eq!(names(&eve).await.len(), 2);
    // The answer is sealed: the key in it is nowhere on the disk.
    let folder = relay.folder.path().to_owned();
    relay.running.stop().await.expect("stopped");
    let bytes = std::fs::read(folder.join(relay::store::sqlite::DATABASE_FILE)).expect("read");
    let secret = first["key"].as_str().expect("a key").trim_start_matches("causeway_").as_bytes();
    assert!(!bytes.windows(secret.len()).any(|part| part == secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_may_be_sent_again_and_many_at_once_make_one() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    json(post(&eve, "keys", "a", &new_key("")).await, 422).await;
    json(post(&eve, "keys", "a", &new_key("right")).await, 201).await;
    for wrong in ["", "a b", "ключ", &"x".repeat(201)] {
        let Ok(value) = reqwest::header::HeaderValue::from_bytes(wrong.as_bytes()) else { continue };
        let asked = eve.ask(Method::POST, "keys").header("idempotency-key", value).json(&new_key("wrong"));
        json(asked.send().await.expect("answered"), 400).await;
    }
    let body = new_key("once");
    let all = futures_util::future::join_all((0..8).map(|_| post(&eve, "keys", "many", &body))).await;
    let mut made = Vec::new();
    for answer in all {
        match answer.status().as_u16() {
            201 => made.push(json(answer, 201).await),
            _ => assert_eq!(json(answer, 409).await["type"], "urn:causeway:problem:idempotency_key"),
        }
    }
    assert!(!made.is_empty() && made.iter().all(|one| *one == made[0]), "{made:?}");
    assert_eq!(names(&eve).await, ["right", "once"]);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_nothing_takes_no_key_and_a_sign_in_is_never_repeated() {
    let relay = with_administrator().await;
    let nobody = Asker::with(&relay, vec![("origin", relay.origin())]);
    let right = json!({ "email": "eve@example.com", "password": PASSWORD });
    let mut cookies = Vec::new();
    for _ in 0..2 {
        let signed_in = post(&nobody, "session", "one", &right).await;
        assert_eq!(signed_in.status(), 204);
        assert!(!signed_in.headers().contains_key("idempotency-replayed"));
        cookies.push(cookie_of(&signed_in));
    }
    assert_ne!(cookies[0], cookies[1], "each is a sign-in of its own");
    let wrong = json!({ "email": "eve@example.com", "password": "something else" });
    json(post(&nobody, "session", "one", &wrong).await, 401).await;
    // Neither is one of somebody who is signed in already, nor the proof who that is.
    let eve = Asker::with(&relay, vec![("origin", relay.origin()), ("cookie", cookies.remove(0))]);
    for _ in 0..2 {
        assert!(cookie_of(&post(&eve, "session", "two", &right).await).contains("session"));
        let confirmed = post(&eve, "session/confirm", "two", &json!({ "password": PASSWORD })).await;
        assert_eq!((confirmed.status().as_u16(), confirmed.headers().get("idempotency-replayed")), (204, None));
    }
    // Where something is made nothing has changed.
    json(post(&nobody, "keys", "one", &new_key("ledger")).await, 401).await;
    relay.running.stop().await.expect("stopped");
}
