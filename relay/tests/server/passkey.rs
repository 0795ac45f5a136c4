//! Passkeys: made, used alone, after a password and once more, refused, limited, removed.

use relay::clock::now_ms;
use relay::store::sqlite::SqliteStore;
use relay::store::{PASSKEYS_PER_AGENT_MAX, Store, write_once};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use wire::limit::{SIGN_IN_CONFIRMED_MS, SIGN_IN_FAILURES_MAX};

use crate::asking::{Asker, json as body, with_administrator};
use crate::authenticator::Authenticator;
use crate::support::{PASSWORD, Relay, cookie_of};

/// Where the console is reached by a name.
fn localhost(relay: &Relay) -> String {
    format!("http://localhost:{}", relay.running.address.port())
}

/// An agent whose browser shows the console at `localhost`.
async fn signed_in(relay: &Relay, name: &str) -> Asker {
    Asker::with(relay, vec![("cookie", relay.cookie(name).await), ("origin", localhost(relay))])
}

/// Somebody who is not signed in, there.
fn stranger(relay: &Relay) -> Asker {
    Asker::with(relay, vec![("origin", localhost(relay))])
}

async fn put(asker: &Asker, path: &str, what: &Value) -> Response {
    asker.ask(Method::PUT, path).json(what).send().await.expect("answered")
}

async fn options(asker: &Asker, path: &str, what: &Value) -> Value {
    body(asker.post(path, what).await, 200).await["options"].clone()
}

/// Makes a passkey of an agent; the answer.
async fn enrol(asker: &Asker, name: &str, authenticator: &mut Authenticator) -> Value {
    let credential = authenticator.create(&options(asker, "me/passkeys", &json!({})).await);
    body(put(asker, "me/passkeys", &json!({ "name": name, "credential": credential })).await, 200).await
}

/// Signs in with a passkey alone.
async fn alone(asker: &Asker, authenticator: &mut Authenticator) -> Response {
    let credential = authenticator.get(&options(asker, "session/passkey", &json!({})).await);
    put(asker, "session/passkey", &json!({ "credential": credential })).await
}

/// The password of ann: what names the sign-in that waits.
async fn pending(relay: &Relay) -> Value {
    body(relay.sign_in("ann@example.com", PASSWORD).await, 200).await
}

/// Makes all sign-ins of ann eleven minutes old.
fn long_ago(relay: &Relay) {
    let store = SqliteStore::attach(relay.folder.path()).expect("a store");
    let mut reader = store.reader().expect("a reader");
    let ann = reader.agent_by_email("ann@example.com").expect("there").id;
    let sessions = reader.sessions_of(ann).expect("read");
    write_once(&mut *store.writer().expect("a writer"), |writer| {
        sessions.iter().try_for_each(|one| writer.confirm_session(&one.token, now_ms() - SIGN_IN_CONFIRMED_MS - 1))
    })
    .expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_signs_in_alone_and_is_the_second_factor_of_a_password() {
    let relay = with_administrator().await;
    let ann = signed_in(&relay, "ann").await;
    let mut passkey = Authenticator::at(&localhost(&relay));
    let made = enrol(&ann, "Laptop", &mut passkey).await;
    assert_eq!(made["recovery_codes"].as_array().map(Vec::len), Some(10), "the first second factor");
    assert_eq!(made["passkey"]["used_at_ms"], json!(null));
    let me = body(ann.get("me").await, 200).await;
    assert_eq!(me["second_factor"], true);

    // Without a password.
    let answer = alone(&stranger(&relay), &mut passkey).await;
    assert_eq!(answer.status(), 204);
    let again = Asker::with(&relay, vec![("cookie", cookie_of(&answer)), ("origin", localhost(&relay))]);
    assert_eq!(body(again.get("me").await, 200).await["id"], me["id"]);

    // As the second factor.
    let waits = pending(&relay).await;
    assert_eq!((&waits["code"], &waits["passkey"]), (&json!(false), &json!(true)));
    let asked = options(&stranger(&relay), "session/passkey", &json!({ "pending": waits["pending"] })).await;
    assert_eq!(asked["allowCredentials"][0]["id"], passkey.id(), "{asked}");
    let given = json!({ "pending": waits["pending"], "credential": passkey.get(&asked) });
    assert_eq!(put(&stranger(&relay), "session/passkey", &given).await.status(), 204);
    assert_eq!(
        put(&stranger(&relay), "session/passkey", &given).await.status(),
        401,
        "that sign-in does not wait any more"
    );
    // A recovery code does as well.
    let waits = pending(&relay).await;
    let code = json!({ "pending": waits["pending"], "code": made["recovery_codes"][0] });
    assert_eq!(stranger(&relay).post("session/second-factor", &code).await.status(), 204);

    let list = body(ann.get("me/passkeys").await, 200).await;
    assert_eq!(list["origins"], json!([localhost(&relay)]));
    let one = &list["items"][0];
    assert_eq!((&one["name"], &one["host"], &one["alone"]), (&json!("Laptop"), &json!("localhost"), &json!(true)));
    assert!(one["used_at_ms"].as_u64().is_some_and(|at| now_ms() - at < 60_000), "{one}");

    // What was proven long ago is proven once more, with it.
    long_ago(&relay);
    let remove = async || ann.delete(&format!("me/passkeys/{}", one["id"].as_str().expect("an id"))).await.status();
    assert_eq!(remove().await, 403);
    let credential = passkey.get(&options(&ann, "me/passkeys/challenge", &json!({})).await);
    assert_eq!(ann.post("session/confirm", &json!({ "passkey": credential })).await.status(), 204);
    assert_eq!(ann.post("session/confirm", &json!({ "passkey": credential })).await.status(), 422, "once");
    assert_eq!(remove().await, 204);
    assert_eq!(remove().await, 404);
    assert_eq!(relay.sign_in("ann@example.com", PASSWORD).await.status(), 204, "the password is enough again");
    assert_eq!(alone(&stranger(&relay), &mut passkey).await.status(), 401);
    let state = body(ann.get("me/second-factor").await, 200).await;
    assert_eq!((&state["passkeys"], &state["recovery_codes"]), (&json!(0), &json!(0)));

    let eve = Asker::of(&relay, "eve").await;
    let noted = body(eve.get("audit?action=second_factor_changed").await, 200).await["items"].clone();
    let changes: Vec<_> = noted.as_array().expect("items").iter().map(|item| &item["entry"]["detail"]).collect();
    let change = |what| json!({ "change": what, "name": "Laptop" });
    assert_eq!(changes, [&change("passkey_removed"), &change("passkey_added")]);
    let noted = body(eve.get("audit?action=signed_in&limit=100").await, 200).await["items"].clone();
    let factors: Vec<_> =
        noted.as_array().expect("items").iter().map(|item| &item["entry"]["detail"]["second_factor"]).collect();
    for (factor, times) in [("passkey_alone", 1), ("passkey", 1), ("recovery_code", 1)] {
        assert_eq!(factors.iter().filter(|found| **found == factor).count(), times, "{factor}: {factors:?}");
    }
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_right_is_refused_alike() {
    let relay = with_administrator().await;
    let ann = signed_in(&relay, "ann").await;
    let mut passkey = Authenticator::at(&localhost(&relay));
    enrol(&ann, "Laptop", &mut passkey).await;
    let nobody = stranger(&relay);
    let mut texts = Vec::new();
    let mut refused = async |credential: Value| {
        let answer = put(&nobody, "session/passkey", &json!({ "credential": credential })).await;
        assert_eq!(answer.status(), 401);
        texts.push(answer.text().await.expect("a text"));
    };
    let ask = async || options(&nobody, "session/passkey", &json!({})).await;

    // Nobody's passkey, which says that it is of ann.
    let mut unknown = Authenticator::at(&localhost(&relay));
    unknown.create(&options(&ann, "me/passkeys", &json!({})).await);
    refused(unknown.get(&ask().await)).await;
    // For another page, another host, another challenge, without its user.
    passkey.origin = "https://localhost.example.com".to_owned();
    refused(passkey.get(&ask().await)).await;
    passkey.origin = localhost(&relay);
    passkey.host = "localhost.example.com".to_owned();
    refused(passkey.get(&ask().await)).await;
    passkey.host = "localhost".to_owned();
    let mut other = ask().await;
    other["challenge"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
    refused(passkey.get(&other)).await;
    passkey.verifies = false;
    refused(passkey.get(&ask().await)).await;
    passkey.verifies = true;
    // A challenge for somebody who is signed in does not sign in.
    refused(passkey.get(&options(&ann, "me/passkeys/challenge", &json!({})).await)).await;
    // A signature over something else.
    let mut changed = passkey.get(&ask().await);
    changed["response"]["signature"] = passkey.get(&ask().await)["response"]["signature"].clone();
    refused(changed).await;
    assert!(texts.windows(2).all(|two| two[0] == two[1]), "{texts:?}");
    // What cannot be read at all.
    for credential in [json!({}), json!({ "id": "x" }), json!([])] {
        assert_eq!(put(&nobody, "session/passkey", &json!({ "credential": credential })).await.status(), 400);
    }
    // From a page of somebody else.
    let foreign = Asker::with(&relay, vec![("origin", "http://shop.example.com".to_owned())]);
    assert_eq!(foreign.post("session/passkey", &json!({})).await.status(), 403);

    // An answer is taken once, and a copy of the key is found out.
    let credential = passkey.get(&ask().await);
    let given = json!({ "credential": credential });
    assert_eq!(put(&nobody, "session/passkey", &given).await.status(), 204);
    assert_eq!(put(&nobody, "session/passkey", &given).await.status(), 401);
    passkey.counter -= 3;
    assert_eq!(alone(&nobody, &mut passkey).await.status(), 401, "the counter went back");
    passkey.counter += 10;
    assert_eq!(alone(&nobody, &mut passkey).await.status(), 204);

    let eve = Asker::of(&relay, "eve").await;
    let noted = body(eve.get("audit?action=sign_in_failed&limit=100").await, 200).await["items"].clone();
    let details: Vec<_> = noted.as_array().expect("items").iter().map(|item| &item["entry"]["detail"]).collect();
    assert_eq!(details.iter().filter(|detail| detail["counter_went_back"] == true).count(), 1, "{details:?}");
    assert_eq!(details.iter().filter(|detail| detail["passkey"] == true).count(), 9, "{details:?}");
    assert_eq!(details.iter().filter(|detail| detail["account"] == "unknown").count(), 1, "{details:?}");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_does_not_verify_its_user_is_a_second_factor_only_whatever_it_says_later() {
    let relay = Relay::start().await;
    let ann = signed_in(&relay, "ann").await;
    let mut key = Authenticator::at(&localhost(&relay));
    (key.verifies, key.counter) = (false, 0);
    let made = enrol(&ann, "Key", &mut key).await;
    assert_eq!(made["passkey"]["alone"], false);
    let waits = pending(&relay).await;
    let ask = async || options(&stranger(&relay), "session/passkey", &json!({ "pending": waits["pending"] })).await;
    // Another account's passkey does not do, and its owner may try again.
    let bob = signed_in(&relay, "bob").await;
    let mut others = Authenticator::at(&localhost(&relay));
    enrol(&bob, "Phone", &mut others).await;
    let given = json!({ "pending": waits["pending"], "credential": others.get(&ask().await) });
    assert_eq!(put(&stranger(&relay), "session/passkey", &given).await.status(), 422);
    let given = json!({ "pending": waits["pending"], "credential": key.get(&ask().await) });
    assert_eq!(put(&stranger(&relay), "session/passkey", &given).await.status(), 204);
    // Whoever finds it and gives it a PIN does not get in without the password.
    key.verifies = true;
    assert_eq!(alone(&stranger(&relay), &mut key).await.status(), 401);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_are_for_a_name_of_the_relay_itself_and_bounded() {
    let relay = Relay::start().await;
    let by_address = Asker::of(&relay, "ann").await;
    for path in ["me/passkeys", "session/passkey", "me/passkeys/challenge"] {
        let problem = body(by_address.post(path, &json!({})).await, 409).await;
        let remedy = problem["problems"][0]["remedy"].as_str().expect("words");
        assert!(remedy.contains(&localhost(&relay)), "{path}: {remedy}");
    }
    // What a request says of its host counts for nothing.
    let asked = Client::new().post(relay.url("/api/v1/session/passkey")).header("host", "evil.example.com");
    let asked = asked.header("origin", localhost(&relay)).json(&json!({})).send().await.expect("answered");
    assert_eq!(body(asked, 200).await["options"]["rpId"], "localhost");

    let ann = signed_in(&relay, "ann").await;
    let mut first = Authenticator::at(&localhost(&relay));
    enrol(&ann, "0", &mut first).await;
    let asked = options(&ann, "me/passkeys", &json!({})).await;
    assert_eq!(asked["excludeCredentials"][0]["id"], first.id(), "{asked}");
    let twice = json!({ "name": "again", "credential": first.create(&asked) });
    assert_eq!(put(&ann, "me/passkeys", &twice).await.status(), 409, "it is there already");
    assert_eq!(put(&ann, "me/passkeys", &twice).await.status(), 409, "its challenge was answered");
    for (name, credential) in [("", first.create(&asked)), ("x", json!({}))] {
        let status = put(&ann, "me/passkeys", &json!({ "name": name, "credential": credential })).await.status();
        assert_eq!(status, if name.is_empty() { 422 } else { 400 });
    }
    let asked = options(&ann, "me/passkeys", &json!({})).await;
    let mut foreign = Authenticator::at("https://localhost.example.com");
    let given = json!({ "name": "x", "credential": foreign.create(&asked) });
    assert_eq!(put(&ann, "me/passkeys", &given).await.status(), 422, "made on another page");
    for number in 1..PASSKEYS_PER_AGENT_MAX {
        let made = enrol(&ann, &number.to_string(), &mut Authenticator::at(&localhost(&relay))).await;
        assert_eq!(made["recovery_codes"], json!([]), "there are some");
    }
    assert_eq!(ann.post("me/passkeys", &json!({})).await.status(), 409, "there are as many as there may be");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_as_few_as_with_passwords() {
    let relay = Relay::start_with("trusted_proxies = [\"127.0.0.1\"]\n").await;
    let from = vec![("origin", localhost(&relay)), ("x-forwarded-for", "198.51.100.7".to_owned())];
    let nobody = Asker::with(&relay, from);
    let mut unknown = Authenticator::at(&localhost(&relay));
    for _ in 0..SIGN_IN_FAILURES_MAX {
        assert_eq!(alone(&nobody, &mut unknown).await.status(), 401);
    }
    let answer = alone(&nobody, &mut unknown).await;
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    relay.running.stop().await.expect("stopped");
}
