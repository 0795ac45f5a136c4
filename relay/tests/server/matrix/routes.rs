//! Every route, with built-in and own roles, in and out of scope, on two sites.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::AT_ONCE;
use super::routes_table::{ROUTES, Route, expected, is_of_people};
use super::table::{Outcome, ROLES, SCOPES};
use super::targets::targets;
use super::world::{self, SITES, Who, everybody};
use crate::support::Relay;

/// What was found, by route, role, scope and site.
type Found = BTreeMap<(usize, usize, usize, usize), Outcome>;

/// How somebody shows who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    Cookie,
    Key,
}

/// A request that has an effect only where it must, so that the next one finds what this one found.
fn request(client: &Client, relay: &Relay, route: &Route, (who, shows): (Who, Shows), site: usize) -> RequestBuilder {
    let (method, path, ..) = route;
    let targets = targets(who, site);
    let id = match *path {
        "/api/v1/staff/{id}" if *method == "DELETE" => targets.leaver.to_string(),
        path if path.starts_with("/api/v1/staff/") => targets.mate.to_string(),
        path if path.starts_with("/api/v1/sessions/") => targets.session,
        path if path.starts_with("/api/v1/invitations/") => targets.invitation.to_string(),
        path if path.starts_with("/api/v1/keys/") => targets.key.to_string(),
        "/api/v1/visitors/{id}/erase" => targets.nobody.to_string(),
        "/api/v1/conversations/{id}/end" => wire::ConversationId(world::looked_for(site, true)).to_string(),
        path if path.starts_with("/api/v1/visitors/") => world::visitor_of(targets.conversation.0).to_string(),
        path if path.starts_with("/api/v1/files/") => targets.kept.to_string(),
        path if path.starts_with("/api/v1/settings/") || path.starts_with("/api/v1/sites/") => SITES[site].to_owned(),
        _ => targets.conversation.to_string(),
    };
    let path = path.replace("{kind}", "site").replace("{id}", &id).replace("{language}", "en");
    let path = match (*method, path.as_str()) {
        // There are many: the one that is looked for is the first of its page.
        ("GET", "/api/v1/conversations") => {
            format!("{path}?after={}", wire::ConversationId(targets.conversation.0 - 1))
        }
        ("GET", "/api/v1/visitors") => {
            format!("{path}?after={}", wire::VisitorId(world::visitor_of(targets.conversation.0).0 - 1))
        }
        ("POST", path) if path.starts_with("/api/v1/sites/") => format!("{path}?language=en"),
        ("GET", "/api/v1/sessions") => format!("{path}?agent={}", targets.mate),
        ("PUT", path) if path.ends_with("/{file}") => path.replace("{file}", &targets.file.to_string()),
        (_, path) => path.to_owned(),
    };
    let request = client.request(Method::from_bytes(method.as_bytes()).expect("a method"), relay.url(&path));
    let request = request.header("origin", relay.origin()).header("x-file-name", "a.txt").header("if-match", "*");
    // Whoever signs out with a cookie is out, and whoever proves to be somebody may have to wait.
    let is_public = path.starts_with("/api/v1/session") && !path.starts_with("/api/v1/sessions");
    let request = match shows {
        _ if is_public => request,
        Shows::Cookie => request.header("cookie", format!("causeway_session={}", who.token().reveal())),
        Shows::Key => request.header("authorization", format!("Bearer {}", who.key())),
    };
    match *method {
        "PUT" if path.contains("/files/") => request.body("hello"),
        "POST" if path == "/api/v1/settings/site" => request.json(&json!({ "id": "new" })),
        "POST" | "PUT" | "PATCH" => request.json(&json!({})),
        _ => request,
    }
}

/// What is looked for in a list.
fn looked_for(path: &str, who: Who, site: usize) -> Option<String> {
    let targets = targets(who, site);
    match path {
        "/api/v1/settings/{kind}" => Some(SITES[site].to_owned()),
        "/api/v1/staff" => Some(targets.mate.to_string()),
        "/api/v1/invitations" => Some(targets.invitation.to_string()),
        "/api/v1/keys" => Some(targets.key.to_string()),
        "/api/v1/visitors" => Some(world::visitor_of(targets.conversation.0).to_string()),
        "/api/v1/conversations" => Some(targets.conversation.to_string()),
        _ => None,
    }
}

async fn tries(relay: &Relay, who: Who, shows: Shows) -> Vec<((usize, usize), Outcome)> {
    // A relay may close a connection that is kept for the next request.
    let client = Client::builder().pool_max_idle_per_host(0).build().expect("a client");
    let mut found = Vec::new();
    for site in 0..SITES.len() {
        for (at, route) in ROUTES.iter().enumerate() {
            let answer = request(&client, relay, route, (who, shows), site).send().await.expect("answered");
            let (status, text) = (answer.status().as_u16(), answer.text().await.expect("a text"));
            assert!(status < 500 && status != 429, "{route:?}: {status} {text}");
            let wanted = looked_for(route.1, who, site).filter(|_| route.0 == "GET");
            let has = |id: &String| {
                let body: Value = serde_json::from_str(&text).expect("JSON");
                body["items"].as_array().expect("items").iter().any(|item| item["id"] == id.as_str())
            };
            let own = route.1.starts_with("/api/v1/me") || route.1.starts_with("/api/v1/session/");
            found.push((
                (at, site),
                match status {
                    403 => Outcome::NotAllowed,
                    404 if !own && !route.1.starts_with("/api/v1/invitations/") => Outcome::Gone,
                    404 if route.0 == "DELETE" && !own => Outcome::Gone,
                    _ if wanted.is_some_and(|id| !has(&id)) => Outcome::Without,
                    _ => Outcome::Done,
                },
            ));
        }
    }
    found
}

fn differences(routes: &[Route], found: &Found, shows: Shows) -> Vec<String> {
    let wrong = found.iter().filter_map(|((at, role, scope, site), got)| {
        let route = &routes[*at];
        let want = match shows {
            Shows::Key if is_of_people(route) => Outcome::NotAllowed,
            Shows::Cookie | Shows::Key => expected(route, *role, *scope, *site),
        };
        let cell = || format!("{} {}, {}, {:?}, {}", route.0, route.1, ROLES[*role].0, SCOPES[*scope], SITES[*site]);
        (want != *got).then(|| format!("{}: {got:?}, and the table says {want:?}", cell()))
    });
    wrong.collect()
}

/// The routes that the relay itself documents, each kind of document as one.
async fn documented(relay: &Relay) -> BTreeSet<(String, String)> {
    let answer = reqwest::get(relay.url("/api/v1/openapi.json")).await.expect("answered");
    let document: Value = answer.json().await.expect("JSON");
    let mut routes = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let path = match path.strip_prefix("/api/v1/settings/") {
            Some(rest) => match rest.split_once('/') {
                Some((_, rest)) => format!("/api/v1/settings/{{kind}}/{rest}"),
                None => "/api/v1/settings/{kind}".to_owned(),
            },
            None => path.clone(),
        };
        for method in item.as_object().expect("methods").keys() {
            if ["get", "put", "post", "patch", "delete"].contains(&method.as_str()) {
                routes.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    routes
}

/// Has everybody try every route, on a relay of its own, and compares that with the table.
async fn compare(shows: Shows) -> Arc<Relay> {
    let extra = "[limits]\napi_requests_per_address_per_minute_max = 100000\n";
    let relay = Arc::new(Relay::start_filled(extra, world::fill).await);
    let mut all = stream::iter(everybody().map(|who| {
        let relay = Arc::clone(&relay);
        async move { tokio::spawn(async move { (who, tries(&relay, who, shows).await) }).await }
    }))
    .buffer_unordered(AT_ONCE);
    let mut found = Found::new();
    while let Some(done) = all.next().await {
        let (who, tried) = done.expect("tried");
        found.extend(tried.into_iter().map(|((at, site), got)| ((at, who.role, who.scope, site), got)));
    }
    drop(all);
    let wrong = differences(ROUTES, &found, shows);
    assert!(wrong.is_empty(), "{} of {} cells:\n{}", wrong.len(), found.len(), wrong.join("\n"));
    for (at, (method, path, of, columns)) in ROUTES.iter().enumerate() {
        if shows == Shows::Key && is_of_people(&ROUTES[at]) {
            continue;
        }
        for (role, (role_name, _)) in ROLES.iter().enumerate() {
            let flip = |(place, cell)| match (place == role, cell) {
                (true, "-") => "+",
                (true, _) => "-",
                (false, cell) => cell,
            };
            let flipped: Vec<_> = columns.split_whitespace().enumerate().map(flip).collect();
            let mut routes = ROUTES.to_vec();
            routes[at] = (method, path, of, flipped.join(" ").leak());
            assert!(!differences(&routes, &found, shows).is_empty(), "{method} {path}, {role_name}");
        }
    }
    relay
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_for_those_whom_the_table_names() {
    let relay = compare(Shows::Cookie).await;
    let in_table: BTreeSet<_> =
        ROUTES.iter().map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(in_table.len(), ROUTES.len(), "a route has one row");
    let missing: Vec<_> = documented(&relay).await.difference(&in_table).cloned().collect();
    assert!(missing.is_empty(), "routes without a row: {missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_the_api_answers_a_key_as_it_answers_a_person_with_the_same_rights() {
    compare(Shows::Key).await;
}
