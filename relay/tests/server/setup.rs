//! A relay without agents: its first administrator is made by the code that it printed, once, from its own pages.

use relay::audit::StoredEntry;
use relay::store::Store;
use relay::store::sqlite::SqliteStore;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::support::{Relay, add_agent};

struct Form {
    relay: Relay,
    client: Client,
}

impl Form {
    async fn start() -> Self {
        let relay = Relay::start_on(tempfile::tempdir().expect("a folder")).await;
        Self { relay, client: Client::new() }
    }

    async fn is_open(&self) -> bool {
        let state = self.client.get(self.relay.url("/api/v1/setup")).send().await.expect("answered");
        state.json::<Value>().await.expect("JSON")["open"] == true
    }

    async fn send(&self, origin: &str, body: &Value) -> Response {
        let request = self.client.post(self.relay.url("/api/v1/setup")).header("origin", origin).json(body);
        request.send().await.expect("answered")
    }

    /// The fields that the answer finds wrong.
    async fn wrong(&self, body: &Value) -> Vec<String> {
        let answer = self.send(&self.relay.origin(), body).await;
        assert_eq!(answer.status(), 422);
        let problem: Value = answer.json().await.expect("JSON");
        let problems = problem["problems"].as_array().expect("problems");
        problems.iter().map(|problem| problem["field"].as_str().expect("a field").to_owned()).collect()
    }
}

fn body(code: &str) -> Value {
    json!({ "code": code, "email": "ann@example.com", "name": "Ann", "password": "a plain but long sentence" })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_administrator_is_made_once_by_the_code_that_was_printed() {
    let form = Form::start().await;
    assert!(form.is_open().await);
    let code = form.relay.running.setup_code.clone().expect("a code");
    assert_eq!(form.send("http://other.example.com", &body(&code)).await.status(), 403);
    assert_eq!(form.wrong(&body("aaaaa")).await, ["code"]);
    let bad = json!({ "code": code, "email": "ann", "name": "\u{202e}", "password": "short" });
    assert_eq!(form.wrong(&bad).await, ["email", "name", "password"]);
    for (bad, status) in [(json!({ "code": code }), 400), (json!([]), 400), (json!({ "more": 1 }), 400)] {
        assert_eq!(form.send(&form.relay.origin(), &bad).await.status(), status, "{bad}");
    }
    let long = json!({ "code": code, "email": "ann@example.com", "name": "Ann", "password": "x".repeat(10_000) });
    assert_eq!(form.send(&form.relay.origin(), &long).await.status(), 413, "a stranger's body is short");
    assert!(form.is_open().await, "what was refused has changed nothing");
    let made = form.send(&form.relay.origin(), &body(&code)).await;
    assert_eq!(made.status(), 204);
    let cookie = crate::support::cookie_of(&made);
    let me = form.client.get(form.relay.url("/api/v1/me")).header("cookie", cookie).send().await.expect("answered");
    assert_eq!(me.json::<Value>().await.expect("JSON")["roles"], serde_json::json!(["administrator"]));
    assert!(!form.is_open().await);
    assert_eq!(form.wrong(&body(&code)).await, ["code"], "it is used up");
    let store = SqliteStore::attach(form.relay.folder.path()).expect("a store");
    let entries = store.reader().expect("a reader").audit_entries(0).expect("read");
    let of = |action: &str| {
        let read = |entry: &StoredEntry| serde_json::from_str::<Value>(&entry.entry).expect("JSON");
        entries.iter().map(read).find(|entry| entry["action"] == action).expect("an entry")
    };
    let (added, signed_in) = (of("agent_added"), of("signed_in"));
    assert_eq!((&added["who"]["type"], &added["detail"]["first"]), (&json!("nobody"), &json!(true)));
    assert!(added["from"].is_string() && added["from"] == signed_in["from"], "{added}");
    let relay = form.relay.restart().await;
    assert_eq!(relay.running.setup_code, None);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_is_void_when_an_agent_was_added_by_command() {
    let form = Form::start().await;
    let code = form.relay.running.setup_code.clone().expect("a code");
    add_agent(form.relay.folder.path(), "bob", 1);
    assert_eq!(form.send(&form.relay.origin(), &body(&code)).await.status(), 409);
    assert!(!form.is_open().await);
    form.relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_cannot_be_guessed_through() {
    let form = Form::start().await;
    let mut tries = 0;
    while form.send(&form.relay.origin(), &body("aaaaa")).await.status() == 422 {
        tries += 1;
    }
    assert_eq!(tries, 10);
    let code = form.relay.running.setup_code.clone().expect("a code");
    let answer = form.send(&form.relay.origin(), &body(&code)).await;
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    form.relay.running.stop().await.expect("stopped");
}
