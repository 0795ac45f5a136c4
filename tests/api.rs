//! The API as a stranger tries it: requests made from its own document, right and wrong, thousands of them; and the examples of `docs/api.md`.

use std::process::Command;

use serde_json::Value;
use support::{RawSocket, Relay, Setup};

/// Requests at least.
const CASES_MIN: u64 = 2_000;

#[test]
fn no_request_that_the_document_allows_or_forbids_gets_an_answer_outside_of_it() {
    let config =
        "[limits]\napi_requests_per_address_per_minute_max = 1000000\napi_requests_per_key_per_minute_max = 1000000\n";
    let config = config.to_owned();
    let relay = Relay::start_with(Setup { config, ..Setup::default() });
    relay.command(
        &["agent", "add", "eve@example.com", "--name", "Eve", "--role", "administrator", "--password-stdin"],
        relay.password(),
    );
    let key = key(&relay);
    let folder = tempfile::tempdir().expect("a folder");
    // A missing `If-Match` has an answer of its own (RFC 6585), and what is asked for may be missing as well.
    let answers = "[checks.missing_required_header]\nexpected-statuses = [400, 401, 403, 404, 406, 415, 422, 428]\n\
                   [checks.negative_data_rejection]\n\
                   expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429]\n";
    std::fs::write(folder.path().join("schemathesis.toml"), answers).expect("written");
    let mut command = Command::new(xtask::python::python().expect("there is a Python to be had"));
    command.args(["-m", "schemathesis.cli", "run"]).current_dir(folder.path());
    command.arg(format!("{}/api/v1/openapi.json", relay.origin()));
    command.args([
        "--header",
        &format!("authorization: Bearer {key}"),
        "--header",
        &format!("origin: {}", relay.origin()),
    ]);
    // The same requests each time. Setting up wants a code, and without its key the rest would be refused: both have their own tests.
    command.args(["--seed", "1", "--max-examples", "8", "--exclude-path", "/api/v1/setup"]);
    command.args([
        "--exclude-path",
        "/api/v1/session",
        "--exclude-path",
        "/api/v1/session/second-factor",
        "--no-color",
    ]);
    command.args(["--exclude-operation-id", "delete_keys_id"]);
    // What one field may be depends on others, and on what documents there are: the document cannot say that, so a request that it allows may be
    // refused. Everything else is checked: no failure of the relay, no answer that the document does not have, nothing taken that it forbids.
    // That nobody gets in without a key is tested elsewhere: here each request carries the key, also those that are to be made without.
    command.args(["--exclude-checks", "positive_data_acceptance,ignored_auth"]);
    let output = command.output().expect("schemathesis runs");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{text}");
    // What is of people alone refuses a key (403); that nobody knows the key (401) would mean that nothing else was tried.
    assert!(!text.contains("401 Unauthorized ("), "the key counts no more: {text}");
    let generated = text.lines().find_map(|line| line.trim().split_once(" generated")?.0.parse::<u64>().ok());
    assert!(generated.is_some_and(|cases| cases >= CASES_MIN), "{generated:?} cases\n{text}");
    assert!(!relay.log().contains("ERROR"), "{}", relay.log());
}

/// Each example with the answer that stands below it.
fn examples(document: &str) -> Vec<(String, Value)> {
    let blocks = |kind: &str| -> Vec<String> {
        let open = format!("\n```{kind}\n");
        document.split(&open).skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0.to_owned())).collect()
    };
    let answers = blocks("json").into_iter().map(|text| serde_json::from_str(&text).expect("JSON"));
    blocks("sh").into_iter().zip(answers).collect()
}

/// Whether everything that is shown is in the answer; `"…"` stands for any value.
fn holds(answer: &Value, shown: &Value) -> bool {
    match shown {
        Value::String(text) if text == "…" => !answer.is_null(),
        Value::Object(fields) => fields.iter().all(|(name, shown)| holds(&answer[name], shown)),
        Value::Array(values) => values.iter().enumerate().all(|(at, shown)| holds(&answer[at], shown)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => answer == shown,
    }
}

#[test]
fn the_ten_examples_do_what_stands_below_them() {
    let relay = Relay::start_with(Setup::default());
    relay.member("administrator", "eve@example.com", "Eve", 4);
    let key = key(&relay);
    let mut visitor = RawSocket::visitor(&relay, None);
    visitor.register();
    let conversation = wire::ConversationId(support::new_id());
    visitor.say(conversation, "Where is my deposit?");
    let examples = examples(include_str!("../docs/api.md"));
    assert_eq!(examples.len(), 10);
    for (command, shown) in examples {
        let mut shell = Command::new("sh");
        shell.args(["-eu", "-c", &command]).env("RELAY", relay.origin()).env("KEY", &key);
        shell.env("CONVERSATION", conversation.to_string());
        let output = shell.output().expect("sh and curl run");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{command}\n{text}{}", String::from_utf8_lossy(&output.stderr));
        let answer = serde_json::from_str(&text).expect("JSON");
        assert!(holds(&answer, &shown), "{command}\n{answer:#}\ndoes not hold\n{shown:#}");
    }
}

/// A key that may do everything. A cookie would not do: requests are made with all ways to say who asks, and a key that is made up counts before it.
fn key(relay: &Relay) -> String {
    let cookie = relay.sign_in("eve@example.com");
    let headers = [("cookie", &*cookie), ("origin", &relay.origin()), ("content-type", "application/json")];
    let me = relay.request("GET", "/api/v1/me", &headers, &[]).expect("answered");
    let me: Value = serde_json::from_str(&me.text()).expect("JSON");
    let body = serde_json::json!({ "name": "tester", "rights": me["rights"], "scope": me["scope"] }).to_string();
    let made = relay.request("POST", "/api/v1/keys", &headers, body.as_bytes()).expect("answered");
    let made: Value = serde_json::from_str(&made.text()).expect("JSON");
    made["key"].as_str().expect("a key").to_owned()
}
