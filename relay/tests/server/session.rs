//! Agents sign in and out; failures are counted; what is added while the relay runs is there.

use wire::{ClientFrame, Close, Hello, PROTOCOL};

use crate::support::{PASSWORD, Relay, add_agent, add_site, cookie_of, hello};

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_signs_in_is_known_and_signs_out_everywhere() {
    let relay = Relay::start().await;
    let response = relay.sign_in("Ann@Example.com", PASSWORD).await;
    assert_eq!(response.status(), 204);
    let set = response.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(set.contains("; HttpOnly") && set.contains("; SameSite=Strict") && set.contains("; Path=/"), "{set}");
    assert!(!set.contains("Secure"), "plain HTTP on loopback");
    assert!(set.starts_with("causeway_session="), "{set}");
    let cookie = cookie_of(&response);

    let client = reqwest::Client::new();
    let me = client.get(relay.url("/api/v1/me")).header("cookie", &cookie).send().await.expect("answered");
    let me: serde_json::Value = me.json().await.expect("JSON");
    assert_eq!((me["name"].as_str(), me["email"].as_str()), (Some("ann"), Some("ann@example.com")));
    assert_eq!(me["roles"], serde_json::json!(["agent"]));

    let mut connection = relay.connection(Some(&relay.origin()), Some(&cookie)).await;
    let hello = ClientFrame::Hello { protocol: PROTOCOL, hello: Hello::Agent { state: None }, follow: Vec::new() };
    connection.send(&hello).await;
    connection.until(|frame| matches!(frame, wire::ServerFrame::Welcome { .. }).then_some(())).await;
    let out = client.delete(relay.url("/api/v1/session")).header("cookie", &cookie).header("origin", relay.origin());
    assert_eq!(out.send().await.expect("answered").status(), 204);
    connection.closes(Close::SignedOut).await;

    let gone = client.get(relay.url("/api/v1/me")).header("cookie", &cookie).send().await.expect("answered");
    assert_eq!(gone.status(), 401);
    let mut connection = relay.connection(Some(&relay.origin()), Some(&cookie)).await;
    connection.send(&hello).await;
    connection.closes(Close::SignedOut).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_sign_ins_look_alike_and_are_limited() {
    let relay = Relay::start().await;
    let wrong = relay.sign_in("ann@example.com", "wrong").await;
    let unknown = relay.sign_in("nobody@example.com", "wrong").await;
    assert_eq!((wrong.status().as_u16(), unknown.status().as_u16()), (401, 401));
    assert_eq!(wrong.text().await.expect("text"), unknown.text().await.expect("text"));
    for _ in 2..wire::limit::SIGN_IN_FAILURES_MAX {
        assert_eq!(relay.sign_in("ann@example.com", "wrong").await.status(), 401);
    }
    let limited = relay.sign_in("ann@example.com", PASSWORD).await;
    assert_eq!(limited.status(), 429);
    assert!(limited.headers().contains_key("retry-after"));
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_works_from_the_relays_own_pages_only() {
    let relay = Relay::start().await;
    let client = reqwest::Client::new();
    let body = serde_json::json!({ "email": "ann@example.com", "password": PASSWORD });
    let bare = client.post(relay.url("/api/v1/session")).json(&body).send().await.expect("answered");
    assert_eq!(bare.status(), 403);
    let foreign = client.post(relay.url("/api/v1/session")).json(&body).header("origin", crate::support::SITE_ORIGIN);
    assert_eq!(foreign.send().await.expect("answered").status(), 403);
    for (body, kind, status) in [
        ("{".to_owned(), "application/json", 400),
        (r#"{"email":"ann@example.com","password":"a","more":1}"#.to_owned(), "application/json", 400),
        (body.to_string(), "text/plain", 415),
        ("x".repeat(100_000), "application/json", 413),
    ] {
        let asked = client.post(relay.url("/api/v1/session")).header("origin", relay.origin());
        let answer = asked.header("content-type", kind).body(body).send().await.expect("answered");
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["content-type"].to_str().expect("text")),
            (status, "application/problem+json")
        );
    }
    // The connection of the huge one is closed.
    let client = reqwest::Client::new();
    for old in [client.get(relay.url("/session")), client.post(relay.url("/session")).header("origin", relay.origin())]
    {
        assert_eq!(old.send().await.expect("answered").status(), 404, "there is one way in");
    }
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_and_agents_added_while_it_runs_are_there_at_once() {
    let relay = Relay::start().await;
    add_site(relay.folder.path(), "late", "http://late.example.com");
    let mut connection = relay.connection(Some("http://late.example.com"), None).await;
    connection.send(&hello("late", None)).await;
    assert!(matches!(connection.next().await, Ok(wire::ServerFrame::Welcome { .. })));
    add_agent(relay.folder.path(), "eve", 1);
    let mut agent = relay.agent("eve").await;
    agent
        .connection
        .until(|frame| match frame {
            wire::ServerFrame::Agent { agent } => (agent.name == "eve").then_some(()),
            _ => None,
        })
        .await;
    relay.running.stop().await.expect("stopped");
}
