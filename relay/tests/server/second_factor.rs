//! A second factor: made, asked for at the sign-in, limited, wanted by a role, and taken from a colleague who has lost it.

use std::path::Path;
use std::time::{Duration, Instant};

use relay::clock::now_ms;
use relay::store::sqlite::SqliteStore;
use relay::store::{Store, write_once};
use relay_settings::BuiltInRole;
use reqwest::{Method, Response};
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use serde_json::{Value, json};
use wire::limit::{SECOND_FACTOR_FAILURES_MAX, SIGN_IN_CONFIRMED_MS};
use wire::{ClientFrame, Close, Hello, PROTOCOL};

use crate::asking::{Asker, json as body, with_administrator};
use crate::support::{PASSWORD, Relay, add_agent_as, run_again};

/// The code of an app so many steps of 30 seconds from now (RFC 6238), worked out anew for the test.
fn code(secret: &str, steps: i64) -> String {
    let mut bits = String::new();
    for letter in secret.chars() {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).expect("base32");
        bits.push_str(&format!("{value:05b}"));
    }
    let bytes: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(str::from_utf8(byte).expect("digits"), 2).expect("a byte"))
        .collect();
    let step = (now_ms() / 30_000).cast_signed() + steps;
    let hash = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes), &step.to_be_bytes());
    let at = usize::from(hash.as_ref()[19] & 15);
    let number = u32::from_be_bytes(hash.as_ref()[at..at + 4].try_into().expect("four bytes")) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Somebody who signs in, from an address, with the cookies of a browser.
struct Browser<'a> {
    relay: &'a Relay,
    from: &'static str,
    cookies: Vec<String>,
}

impl Browser<'_> {
    async fn post(&self, path: &str, what: Value) -> Response {
        let request = reqwest::Client::new().post(self.relay.url(&format!("/api/v1/{path}")));
        let request = request.header("origin", self.relay.origin()).header("x-forwarded-for", self.from);
        request.header("cookie", self.cookies.join("; ")).json(&what).send().await.expect("answered")
    }

    async fn password(&self, email: &str, password: &str) -> Response {
        self.post("session", json!({ "email": email, "password": password })).await
    }

    /// The right password of ann, who has a second factor.
    async fn pending(&self) -> String {
        let answer = self.password("ann@example.com", PASSWORD).await;
        assert!(!answer.headers().contains_key("set-cookie"), "not yet");
        body(answer, 200).await["pending"].as_str().expect("a token").to_owned()
    }

    async fn code(&mut self, pending: &str, code: &str) -> u16 {
        let answer = self.post("session/second-factor", json!({ "pending": pending, "code": code })).await;
        let set = answer.headers().get_all("set-cookie").iter();
        let set: Vec<_> =
            set.map(|value| value.to_str().expect("text").split(';').next().expect("a pair").to_owned()).collect();
        if !set.is_empty() {
            self.cookies = set;
        }
        answer.status().as_u16()
    }
}

fn browser<'a>(relay: &'a Relay, from: &'static str) -> Browser<'a> {
    Browser { relay, from, cookies: Vec::new() }
}

/// Gives ann a second factor: the secret and the recovery codes.
async fn enrol(ann: &Asker) -> (String, Vec<String>) {
    let begun = body(ann.ask(Method::POST, "me/second-factor").send().await.expect("answered"), 200).await;
    let secret = begun["secret"].as_str().expect("a secret").to_owned();
    let uri = begun["uri"].as_str().expect("an address");
    assert!(uri.starts_with("otpauth://totp/Causeway:ann%40example.com?secret=") && uri.contains(&secret), "{uri}");
    assert!(begun["qr_side"].as_u64().is_some_and(|side| side > 20) && begun["qr_path"].is_string());
    let put = async |code: &str| {
        let request = ann.ask(Method::PUT, "me/second-factor").json(&json!({ "code": code }));
        request.send().await.expect("answered")
    };
    let wrong = body(put(&code(&secret, 9)).await, 422).await;
    assert_eq!(wrong["problems"][0]["field"], "code");
    assert_eq!(body(ann.get("me").await, 200).await["second_factor"], false, "not before its first code");
    let made = body(put(&code(&secret, -1)).await, 200).await;
    let codes = made["recovery_codes"].as_array().expect("codes").iter();
    (secret, codes.map(|code| code.as_str().expect("text").to_owned()).collect())
}

fn bytes_of(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).expect("read")).collect()
}

const PROXIED: &str = "trusted_proxies = [\"127.0.0.1\"]\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_asked_for_after_the_password_and_each_works_once() {
    let relay = Relay::start_with(PROXIED).await;
    let ann = Asker::of(&relay, "ann").await;
    let (secret, recovery) = enrol(&ann).await;
    assert_eq!(recovery.len(), 10);
    let mut browser = browser(&relay, "198.51.100.1");
    let pending = browser.pending().await;
    assert_eq!(browser.code(&pending, &code(&secret, 7)).await, 422);
    assert_eq!(browser.code(&pending, &code(&secret, 0)).await, 204);
    assert_eq!(browser.cookies.len(), 2, "signed in, and known");
    assert_eq!(browser.code(&pending, &code(&secret, 1)).await, 401, "the pending sign-in was used");
    let pending = browser.pending().await;
    assert_eq!(browser.code(&pending, &code(&secret, 0)).await, 422, "the code was used");
    assert_eq!(browser.code(&pending, &code(&secret, 1)).await, 204);
    for (code, expected) in [(&recovery[3], 204), (&recovery[3], 422), (&recovery[4].to_uppercase(), 204)] {
        let pending = browser.pending().await;
        assert_eq!(browser.code(&pending, code).await, expected, "{code}");
    }
    for pending in ["", "x", &"A".repeat(43)] {
        assert_eq!(browser.code(pending, &recovery[5]).await, 401, "{pending:?}");
    }
    let state = body(ann.get("me/second-factor").await, 200).await;
    assert_eq!((&state["recovery_codes"], state["code_since_ms"].is_u64()), (&json!(8), true));
    // What is kept is sealed or hashed, and codes are in no log.
    let kept = bytes_of(relay.folder.path());
    for hidden in [&secret, &recovery[0], &recovery[0].replace('-', "")] {
        assert!(!kept.windows(hidden.len()).any(|bytes| bytes == hidden.as_bytes()), "{hidden}");
    }
    let renewed = ann.ask(Method::POST, "me/recovery-codes").send().await.expect("answered");
    let renewed = body(renewed, 200).await["recovery_codes"][0].as_str().expect("text").to_owned();
    for (code, expected) in [(&recovery[0], 422), (&renewed, 204)] {
        let pending = browser.pending().await;
        assert_eq!(browser.code(&pending, code).await, expected, "{code}");
    }
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_codes_ends_soon_says_nothing_of_accounts_and_locks_no_known_browser_out() {
    let relay = Relay::start_filled(PROXIED, |folder| add_agent_as(folder, "eve", BuiltInRole::Administrator)).await;
    let ann = Asker::of(&relay, "ann").await;
    let (secret, _) = enrol(&ann).await;
    let mut known = browser(&relay, "198.51.100.1");
    let pending = known.pending().await;
    assert_eq!(known.code(&pending, &code(&secret, 0)).await, 204);
    // Until the password is right, an account with a second factor is like one without, and like none.
    let texts: Vec<String> = futures_util::future::join_all(["ann", "bob", "nobody"].map(async |name| {
        let answer = browser(&relay, "203.0.113.1").password(&format!("{name}@example.com"), "wrong").await;
        format!("{} {}", answer.status(), answer.text().await.expect("text"))
    }))
    .await;
    assert!(texts[0].starts_with("401") && texts[0] == texts[1] && texts[1] == texts[2], "{texts:?}");

    let (mut wrong, mut networks) = (0, ["192.0.2.1", "192.0.3.1", "192.0.4.1", "192.0.5.1"].into_iter());
    'guessing: loop {
        let mut stranger = browser(&relay, networks.next().expect("there is an end"));
        for _ in 0..2 {
            let pending = stranger.pending().await;
            for attempt in 1..=5 {
                match stranger.code(&pending, "000000").await {
                    422 if attempt < 5 => wrong += 1,
                    401 if attempt == 5 => wrong += 1,
                    429 => break 'guessing,
                    status => panic!("attempt {attempt}: {status}"),
                }
            }
            assert_eq!(stranger.code(&pending, &code(&secret, 1)).await, 401, "after five the password comes first");
        }
    }
    assert_eq!(wrong, SECOND_FACTOR_FAILURES_MAX);
    let pending = known.pending().await;
    assert_eq!(known.code(&pending, &code(&secret, 1)).await, 204, "the browser that is known to the account");
    let eve = Asker::of(&relay, "eve").await;
    let noted = body(eve.get("audit?action=sign_in_failed&limit=100").await, 200).await["items"].clone();
    let noted = noted.as_array().expect("items").iter();
    let of_codes = noted.filter(|item| item["entry"]["detail"]["second_factor"] == true).count();
    assert_eq!(of_codes, SECOND_FACTOR_FAILURES_MAX as usize);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_wants_a_second_factor_and_until_it_is_there_nothing_else_is_allowed() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let role = |days: u32| json!({ "name": "Careful", "rights": ["conversation_read"], "second_factor": { "grace_days": days } });
    let put = async |days: u32| {
        let request = eve.ask(Method::PUT, "settings/role/careful").header("if-match", "*");
        request.json(&role(days)).send().await.expect("answered").status().as_u16()
    };
    let made = eve.ask(Method::PUT, "settings/role/careful").header("if-none-match", "*").json(&role(7));
    assert_eq!(made.send().await.expect("answered").status(), 201);
    let store = SqliteStore::attach(relay.folder.path()).expect("a store");
    let mut record = store.reader().expect("a reader").agent_by_email("ann@example.com").expect("there");
    record.roles.insert("careful".parse().expect("an id"));
    write_once(&mut *store.writer().expect("a writer"), |writer| writer.put_agent(&record)).expect("written");
    drop(store);

    let cookie = relay.cookie("ann").await;
    let ann = Asker::with(&relay, vec![("cookie", cookie.clone()), ("origin", relay.origin())]);
    let me = body(ann.get("me").await, 200).await;
    let due = me["second_factor_due_at_ms"].as_u64().expect("a time");
    assert!(due.abs_diff(now_ms() + 7 * 24 * 3_600_000) < 60_000, "{me}");
    assert_eq!(ann.get("sessions").await.status(), 200, "for seven days");
    let mut console = relay.connection(Some(&relay.origin()), Some(&cookie)).await;
    let hello = ClientFrame::Hello { protocol: PROTOCOL, hello: Hello::Agent { state: None }, follow: Vec::new() };
    console.send(&hello).await;
    console.until(|frame| matches!(frame, wire::ServerFrame::Welcome { .. }).then_some(())).await;

    let since = Instant::now();
    assert_eq!(put(0).await, 200);
    console.closes(Close::SignedOut).await;
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    let refused = body(ann.get("sessions").await, 403).await;
    assert_eq!(refused["type"], "urn:causeway:problem:second_factor_missing");
    let file = reqwest::Client::new().get(relay.url("/api/v1/files/00000000-0000-7000-8000-000000000000"));
    assert_eq!(file.header("cookie", &cookie).send().await.expect("answered").status(), 403);
    let mut again = relay.connection(Some(&relay.origin()), Some(&cookie)).await;
    again.send(&hello).await;
    again.closes(Close::SignedOut).await;
    enrol(&ann).await;
    assert_eq!(ann.get("sessions").await.status(), 200);
    let mut again = relay.connection(Some(&relay.origin()), Some(&cookie)).await;
    again.send(&hello).await;
    again.until(|frame| matches!(frame, wire::ServerFrame::Welcome { .. }).then_some(())).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_who_has_lost_it_is_freed_by_an_administrator_with_a_reason() {
    let relay = with_administrator().await;
    let (ann, eve) = (Asker::of(&relay, "ann").await, Asker::of(&relay, "eve").await);
    let bob = Asker::of(&relay, "bob").await;
    let (secret, _) = enrol(&ann).await;
    let me = body(ann.get("me").await, 200).await;
    let path = format!("staff/{}/second-factor/remove", me["id"].as_str().expect("an id"));
    for (who, reason, expected) in [
        (&bob, "no phone", 404),
        (&ann, "mine", 404),
        (&eve, " ", 422),
        (&eve, &*"x".repeat(201), 422),
        (&eve, "lost phone", 204),
    ] {
        let asked = who.ask(Method::POST, &path).json(&json!({ "reason": reason }));
        assert_eq!(asked.send().await.expect("answered").status(), expected, "{reason}");
    }
    assert_eq!(relay.sign_in("ann@example.com", PASSWORD).await.status(), 204, "the password is enough again");
    let noted = body(eve.get("audit?action=second_factor_changed").await, 200).await["items"].clone();
    let changes: Vec<_> = noted.as_array().expect("items").iter().map(|item| &item["entry"]["detail"]).collect();
    assert_eq!(changes, [&json!({ "change": "removed", "reason": "lost phone" }), &json!({ "change": "added" })]);
    assert!(!noted.to_string().contains(&secret));

    // One's own needs a late sign-in, which a code gives as a password does.
    let (secret, _) = enrol(&ann).await;
    let store = SqliteStore::attach(relay.folder.path()).expect("a store");
    let id = me["id"].as_str().expect("an id").parse().expect("an id");
    let sessions = store.reader().expect("a reader").sessions_of(id).expect("read");
    write_once(&mut *store.writer().expect("a writer"), |writer| {
        sessions
            .iter()
            .try_for_each(|session| writer.confirm_session(&session.token, now_ms() - SIGN_IN_CONFIRMED_MS - 1))
    })
    .expect("written");
    drop(store);
    let remove = async || ann.ask(Method::DELETE, "me/second-factor").send().await.expect("answered").status().as_u16();
    assert_eq!(remove().await, 403);
    for (given, expected) in [
        (json!({ "code": code(&secret, 8) }), 422),
        (json!({}), 400),
        (json!({ "code": code(&secret, 0), "password": PASSWORD }), 400),
        (json!({ "code": code(&secret, 0) }), 204),
    ] {
        let asked = ann.ask(Method::POST, "session/confirm").json(&given).send().await.expect("answered");
        assert_eq!(asked.status(), expected, "{given}");
    }
    assert_eq!(remove().await, 204);
    assert_eq!(body(ann.get("me").await, 200).await["second_factor"], false);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_wants_a_second_factor_of_a_built_in_role_and_only_there() {
    let relay = with_administrator().await;
    let (ann, eve) = (Asker::of(&relay, "ann").await, Asker::of(&relay, "eve").await);
    let put = async |days: Value| {
        let mut site = body(eve.get("settings/site/demo").await, 200).await;
        site["second_factor"] = days;
        let request = eve.ask(Method::PUT, "settings/site/demo").header("if-match", "*").json(&site);
        request.send().await.expect("answered").status().as_u16()
    };
    assert_eq!(put(json!({ "agent_grace_days": 91 })).await, 422);
    assert_eq!(put(json!({ "agent_grace_days": 7 })).await, 200);
    let due = body(ann.get("me").await, 200).await["second_factor_due_at_ms"].as_u64().expect("a time");
    assert!(due.abs_diff(now_ms() + 7 * 24 * 3_600_000) < 60_000);
    assert_eq!(body(eve.get("me").await, 200).await["second_factor_due_at_ms"], json!(null), "another role");
    assert_eq!(put(json!({ "agent_grace_days": 0 })).await, 200);
    let refused = body(ann.get("sessions").await, 403).await;
    assert_eq!(refused["type"], "urn:causeway:problem:second_factor_missing");
    enrol(&ann).await;
    assert_eq!(ann.get("sessions").await.status(), 200);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_a_sign_in_that_waited_begins_anew() {
    let relay = Relay::start_with(PROXIED).await;
    let ann = Asker::of(&relay, "ann").await;
    let (secret, _) = enrol(&ann).await;
    let pending = browser(&relay, "198.51.100.1").pending().await;
    let relay = run_again(relay, PROXIED).await;
    let mut browser = browser(&relay, "198.51.100.1");
    let answer = browser.post("session/second-factor", json!({ "pending": pending, "code": code(&secret, 0) })).await;
    assert_eq!(body(answer, 401).await["type"], "urn:causeway:problem:sign_in_failed");
    let pending = browser.pending().await;
    assert_eq!(browser.code(&pending, &code(&secret, 0)).await, 204, "the code was not used up");
    relay.running.stop().await.expect("stopped");
}
