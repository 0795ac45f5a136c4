//! The API: its document lists every route, its errors are problems, and cookies count from the relay's own pages only.

use reqwest::{Client, Method, Response};
use serde_json::Value;

use crate::support::{PASSWORD, Relay, cookie_of};

/// A problem (RFC 9457) of the kind that is expected.
async fn problem(response: Response, status: u16, name: &str) -> Value {
    assert_eq!(response.status(), status, "{}", response.url());
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["ratelimit-policy"], "\"address\";q=1200;w=60");
    assert!(response.headers()["ratelimit"].to_str().expect("text").starts_with("\"address\";r="));
    let problem: Value = response.json().await.expect("JSON");
    assert_eq!(problem["type"], format!("urn:causeway:problem:{name}"));
    assert_eq!(problem["status"], status);
    assert!(
        !problem["title"].as_str().expect("a title").is_empty()
            && !problem["detail"].as_str().expect("a remedy").is_empty()
    );
    problem
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_route_asks_who_it_is_and_unknown_ones_are_problems() {
    let relay = Relay::start().await;
    let client = Client::new();
    let document = client.get(relay.url("/api/v1/openapi.json")).send().await.expect("answered");
    assert_eq!(document.headers()["content-type"], "application/json");
    let document: Value = document.json().await.expect("JSON");
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let url = relay.url(&path.replace("{id}", "demo"));
            let method: Method = method.to_uppercase().parse().expect("a method");
            let answer = client.request(method.clone(), &url).send().await.expect("answered");
            let open = operation["security"]
                .as_array()
                .is_some_and(|ways| ways.iter().any(|way| way == &serde_json::json!({})));
            if open && method == Method::GET {
                assert_eq!(answer.status(), 200, "{method} {path}");
            } else if open {
                problem(answer, 403, "not_allowed").await;
            } else {
                problem(answer, 401, "signed_out").await;
            }
            let answers = operation["responses"].as_object().expect("answers");
            assert!(
                open || answers.contains_key("401") || answers.contains_key("4XX"),
                "{method} {path} says that one must be signed in"
            );
            asked += 1;
        }
    }
    assert!(asked >= 70, "{asked} routes");
    for path in ["/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/version/more", "/api/v1/%ff"] {
        problem(client.get(relay.url(path)).send().await.expect("answered"), 404, "not_found").await;
    }
    let answer = client.delete(relay.url("/api/v1/version")).send().await.expect("answered");
    assert!(answer.headers()["allow"].to_str().expect("text").contains("GET"));
    problem(answer, 405, "method").await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_says_who_asks_and_a_wrong_key_nobody() {
    let relay = Relay::start().await;
    let (client, cookie) = (Client::new(), relay.cookie("ann").await);
    let me = client.get(relay.url("/api/v1/me")).header("cookie", &cookie).send().await.expect("answered");
    let me: Value = me.json().await.expect("JSON");
    assert_eq!((me["name"].as_str(), me["email"].as_str()), (Some("ann"), Some("ann@example.com")));
    // A key that is not valid is not replaced by the cookie beside it.
    let both = client.get(relay.url("/api/v1/me")).header("cookie", &cookie).bearer_auth("wrong");
    let answer = both.send().await.expect("answered");
    assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    problem(answer, 401, "signed_out").await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_a_page_too_that_runs_nothing() {
    let relay = Relay::start().await;
    let page = reqwest::get(relay.url("/api")).await.expect("answered");
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("script"), "{policy}");
    let page = page.text().await.expect("text");
    for word in ["/api/v1/version", "/api/v1/me", "/api/reference.css"] {
        assert!(page.contains(word), "{word}");
    }
    assert!(!page.contains("<script") && !page.contains("style="));
    let styles = reqwest::get(relay.url("/api/reference.css")).await.expect("answered");
    assert_eq!((styles.status().as_u16(), &styles.headers()["content-type"] == "text/css; charset=utf-8"), (200, true));
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_waits_and_others_do_not() {
    let relay = Relay::start().await;
    let client = Client::new();
    let ask = async || client.get(relay.url("/api/v1/version")).send().await.expect("answered");
    let before = cookie_of(&relay.sign_in("ann@example.com", PASSWORD).await);
    let mut answered = 0;
    let refused = loop {
        let answer = ask().await;
        if answer.status() != 200 {
            break answer;
        }
        answered += 1;
        assert!(answered < 3_000, "there is a bound");
    };
    assert!(answered >= 1_200, "{answered}");
    assert!(refused.headers()["retry-after"].to_str().expect("text").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
    assert!(refused.headers()["ratelimit"].to_str().expect("text").contains("r=0;"));
    problem(refused, 429, "rate_limited").await;
    // Nobody is kept from signing in by whoever shares the address.
    assert_eq!(relay.sign_in("ann@example.com", PASSWORD).await.status(), 204);
    // Nor from going on: who is signed in, before or since, is not counted with strangers; a cookie of nobody's is.
    let since = cookie_of(&relay.sign_in("ann@example.com", PASSWORD).await);
    let me = async |cookie: &str| {
        let asked = client.get(relay.url("/api/v1/me")).header("cookie", cookie).send().await;
        asked.expect("answered").status().as_u16()
    };
    let nobodys = format!("{}{}", &since[..since.len() - 4], "AAAA");
    // Room comes back while one signs in: it is taken again first.
    let mut taken = 0;
    while me(&nobodys).await != 429 {
        taken += 1;
        assert!(taken < 3_000, "there is a bound");
    }
    assert_eq!([me(&before).await, me(&since).await], [200, 200]);
    // What is no part of the API is not counted with it.
    assert_eq!(client.get(relay.url("/health")).send().await.expect("answered").status(), 200);
    relay.running.stop().await.expect("stopped");
}
