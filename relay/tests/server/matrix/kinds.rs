//! Documents of every kind, of one site and of all: who reads and who changes them. What is expected is written by hand.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::SITES;
use crate::asking::{Asker, json};
use crate::support::{Relay, add_agent_as};

/// Where a document of a kind can belong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// It is a site's own document.
    Itself,
    /// A site, always.
    Site,
    /// A site, or all of them.
    SiteOrAll,
    /// All sites, always.
    All,
}

use Of::{All, Itself, Site, SiteOrAll};

/// A kind: the right that changes it, the one that reads it beside `settings_read`, and where it belongs.
const KINDS: [(&str, &str, &str, Of); 12] = [
    ("site", "settings_site", "settings_read", Itself),
    ("department", "settings_routing", "conversation_read", SiteOrAll),
    ("topic", "settings_routing", "conversation_read", SiteOrAll),
    ("hours", "settings_routing", "conversation_read", SiteOrAll),
    ("reply", "settings_desk", "conversation_read", SiteOrAll),
    ("label", "settings_desk", "conversation_read", SiteOrAll),
    ("role", "role_edit", "staff_read", All),
    ("notice", "settings_site", "conversation_read", SiteOrAll),
    ("contact", "settings_safety", "conversation_read", SiteOrAll),
    ("link_rule", "settings_safety", "settings_read", SiteOrAll),
    ("sla", "settings_routing", "settings_read", SiteOrAll),
    ("texts", "settings_site", "settings_read", Site),
];

/// What the askers may do, each in each scope.
const RIGHTS: [&[&str]; 10] = [
    &["audit_read"],
    &["settings_read"],
    &["conversation_read"],
    &["staff_read"],
    &["settings_read", "settings_site"],
    &["settings_read", "settings_routing"],
    &["settings_read", "settings_desk"],
    &["settings_read", "settings_safety"],
    &["settings_read", "role_edit"],
    // Who changes and does not read.
    &["settings_site", "settings_routing", "settings_desk", "settings_safety", "role_edit"],
];

/// The sites of a scope; none for all.
const SCOPES: [Option<&str>; 3] = [None, Some(SITES[0]), Some(SITES[1])];

/// A body of a kind that is right.
fn body(kind: &str, site: Option<&str>) -> Value {
    let name = format!("{kind} of {}", site.unwrap_or("all"));
    let mut body = match kind {
        "site" => return json!({ "name": name, "origins": ["https://kinds.example.com"] }),
        "topic" => json!({ "name": name, "department": "all" }),
        "role" => return json!({ "name": name, "rights": ["settings_read"] }),
        "hours" => json!({ "name": name, "zone": "Europe/Berlin" }),
        "reply" => json!({ "shortcut": site.unwrap_or("all"), "title": name, "texts": { "en": "Hello" } }),
        "notice" => json!({ "kind": "news", "texts": { "en": "Hello" } }),
        "contact" => json!({ "kind": "mail", "value": format!("{}@example.com", site.unwrap_or("all")) }),
        "link_rule" => json!({ "hosts": ["example.com"], "action": "allow" }),
        "sla" => json!({ "name": name, "first_answer_seconds": 60 }),
        "texts" => json!({ "language": "en" }),
        _ => json!({ "name": name }),
    };
    body["site"] = site.into();
    body
}

/// The documents of a kind that are tried: id and site.
fn documents(of: Of) -> Vec<(&'static str, Option<&'static str>)> {
    let sites = SITES.map(|site| (site, Some(site)));
    match of {
        Itself | Site => sites.to_vec(),
        SiteOrAll => [&sites[..], &[("all", None)]].concat(),
        All => vec![("all", None)],
    }
}

/// What is answered to a read and to a change.
fn expected(rights: &[&str], scope: Option<&str>, kind: (&str, &str, &str, Of), site: Option<&str>) -> (u16, u16) {
    let (_, changes, reads, _) = kind;
    let has = |right: &str| rights.contains(&right);
    let is_in = site.is_none() || scope.is_none() || scope == site;
    if !is_in || !(has("settings_read") || has(reads)) {
        return (404, 404);
    }
    // What is for all sites is changed only by who has all.
    let may_change = has(changes) && (scope.is_none() || site.is_some());
    (200, if may_change { 200 } else { 403 })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_read_and_changed_by_those_whom_the_table_names() {
    let extra = "[limits]\napi_requests_per_address_per_minute_max = 100000\n";
    let relay = Relay::start_filled(extra, |folder| {
        add_agent_as(folder, "eve", relay_settings::BuiltInRole::Administrator);
    })
    .await;
    let eve = Asker::of(&relay, "eve").await;
    for (kind, _, _, of) in KINDS {
        for (id, site) in documents(of) {
            let put = eve.ask(Method::PUT, &format!("settings/{kind}/{id}")).json(&body(kind, site));
            let condition = if of == Itself { "if-match" } else { "if-none-match" };
            let status = put.header(condition, "*").send().await.expect("answered").status().as_u16();
            assert_eq!(status, if of == Itself { 200 } else { 201 }, "{kind}/{id}");
        }
    }
    let (mut wrong, mut tried, mut done) = (Vec::new(), 0, 0);
    for rights in RIGHTS {
        for scope in SCOPES {
            let sites = scope.map_or_else(|| json!("all"), |site| json!([site]));
            let key = json!({ "name": "k", "rights": rights, "scope": { "sites": sites, "departments": "all" } });
            let made = json(eve.post("keys", &key).await, 201).await;
            let asker = Asker::with_key(&relay, made["key"].as_str().expect("a key"));
            for kind in KINDS {
                let list = asker.get(&format!("settings/{}", kind.0)).await;
                let list = json(list, 200).await;
                for (id, site) in documents(kind.3) {
                    let path = format!("settings/{}/{id}", kind.0);
                    let read = asker.get(&path).await.status().as_u16();
                    let changed = asker.put(&path, &body(kind.0, site)).await.status().as_u16();
                    let listed = list["items"].as_array().expect("items").iter().any(|item| item["id"] == id);
                    let want = expected(rights, scope, kind, site);
                    tried += 1;
                    done += usize::from(changed == 200);
                    if (read, changed) != want || listed != (want.0 == 200) {
                        wrong.push(format!("{path}, {rights:?}, {scope:?}: {read} {changed} {listed}, not {want:?}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried >= 900 && done >= 40, "{tried} tried, {done} changes were taken");
    relay.running.stop().await.expect("stopped");
}

#[test]
fn every_kind_has_a_row() {
    let names: Vec<&str> = relay_settings::Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(KINDS.map(|(kind, ..)| kind).to_vec(), names);
}
