//! What a chat shows of a set of documents, as a table.

use serde_json::{Value, json};

use super::*;

/// 2026-11-23T00:00:00Z, a Monday.
const MONDAY_MS: u64 = 1_795_392_000_000;
const HOUR_MS: u64 = 3_600_000;

fn snapshot(documents: &[(Kind, &str, Value)]) -> Snapshot {
    let key = |kind, id: &str| DocumentKey { kind, id: id.parse().unwrap() };
    let stored = documents.iter().map(|(kind, id, body)| (key(*kind, id), 7, body.clone()));
    let snapshot = Snapshot::build(7, stored);
    assert_eq!(snapshot.problems().collect::<Vec<_>>(), [], "the test's own documents");
    snapshot
}

fn site(more: &Value) -> (Kind, &'static str, Value) {
    let mut body = json!({ "name": "A" });
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    (Kind::Site, "a", body)
}

fn look(snapshot: &Snapshot, language: &str, at_ms: u64) -> Value {
    serde_json::to_value(Look::of(snapshot, &"a".parse().unwrap(), language, at_ms).unwrap()).unwrap()
}

#[test]
fn a_site_without_more_is_as_the_product_is() {
    let snapshot = snapshot(&[site(&json!({}))]);
    assert_eq!(look(&snapshot, "en", MONDAY_MS), json!({ "name": "A", "attachments": true, "password_notice": true }));
    assert_eq!(Look::of(&snapshot, &"b".parse().unwrap(), "en", MONDAY_MS), None);
    assert_eq!(Look::changes_ms(&snapshot, &"a".parse().unwrap(), MONDAY_MS), None);
}

#[test]
fn an_accent_that_cannot_be_read_is_made_readable_where_it_is_text() {
    let colours = |light: &str, text: &str| {
        let snapshot = snapshot(&[site(&json!({ "colours": { "light": light, "text_on_light": text } }))]);
        let look = look(&snapshot, "en", MONDAY_MS);
        ["light", "on-light", "mine", "on-mine"].map(|name| look["colours"][name].as_str().unwrap().to_owned())
    };
    assert_eq!(colours("#1d4ed8", "#fefefe"), ["#1d4ed8", "#fefefe", "#1d4ed8", "#fefefe"]);
    let [light, on_light, mine, on_mine] = colours("#f0b90b", "#101010");
    assert_eq!((mine.as_str(), on_mine.as_str()), ("#f0b90b", "#101010"), "a ground stays as it is");
    let [light, on_light] = [light, on_light].map(|text| text.parse::<Colour>().unwrap());
    assert!(
        light.contrast(BACKGROUNDS[0]) >= crate::colour::CONTRAST_MIN
            && on_light.contrast(light) >= crate::colour::CONTRAST_MIN
    );
}

#[test]
fn texts_are_those_of_the_nearest_language() {
    let snapshot = snapshot(&[
        site(&json!({
            "languages": ["de", "en"], "default_language": "de",
            "greeting": { "de": "Hallo", "zh-CN": "您好" }, "offline": { "en": "Back soon" },
        })),
        (Kind::Texts, "t", json!({ "site": "a", "language": "en", "texts": { "send": "Go", "greeting": "Hi" } })),
    ]);
    for (language, name, expected) in [
        ("zh-CN", "greeting", Some("您好")),
        ("zh-TW", "greeting", Some("您好")),
        ("fr", "greeting", Some("Hallo")),
        ("fr", "greeting_note", Some("")),
        // A text of its own goes before what the site says in general.
        ("en", "greeting", Some("Hi")),
        ("en", "send", Some("Go")),
        ("en-US", "send", None),
        ("en-US", "answering_none", Some("Back soon")),
        ("en", "queue_nobody_note", Some("Back soon")),
        ("de", "answering_none", None),
    ] {
        assert_eq!(
            look(&snapshot, language, MONDAY_MS)["texts"].get(name).and_then(Value::as_str),
            expected,
            "{language} {name}"
        );
    }
}

#[test]
fn notices_come_by_weight_and_only_in_their_time() {
    let notice = |kind: &str, more: &Value| {
        let mut body = json!({ "kind": kind, "texts": { "en": kind } });
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        body
    };
    let snapshot = snapshot(&[
        site(&json!({})),
        (Kind::Site, "b", json!({ "name": "B" })),
        (Kind::Notice, "n1", notice("news", &json!({}))),
        (Kind::Notice, "n2", notice("maintenance", &json!({ "from_ms": MONDAY_MS, "until_ms": MONDAY_MS + HOUR_MS }))),
        (Kind::Notice, "n3", notice("security", &json!({ "site": "a" }))),
        (Kind::Notice, "n4", notice("security", &json!({ "site": "b" }))),
        (Kind::Notice, "n5", notice("news", &json!({ "pinned": true, "dismissible": false }))),
        (Kind::Notice, "n6", notice("news", &json!({ "segment": "identified" }))),
    ]);
    let ids = |at_ms| {
        let look = look(&snapshot, "en", at_ms);
        let notices = look["notices"].as_array().unwrap().iter();
        notices.map(|notice| notice["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(MONDAY_MS - 1), ["n5", "n3", "n1"]);
    assert_eq!(ids(MONDAY_MS), ["n5", "n3", "n2", "n1"]);
    assert_eq!(ids(MONDAY_MS + HOUR_MS), ["n5", "n3", "n1"]);
    let a = "a".parse().unwrap();
    let changes = [MONDAY_MS - 1, MONDAY_MS, MONDAY_MS + HOUR_MS].map(|at_ms| Look::changes_ms(&snapshot, &a, at_ms));
    assert_eq!(changes, [Some(MONDAY_MS), Some(MONDAY_MS + HOUR_MS), None]);
    let first = &look(&snapshot, "zh-CN", MONDAY_MS)["notices"][0];
    assert_eq!(*first, json!({ "id": "n5", "version": 7, "kind": "news", "text": "news", "dismissible": false }));
}

#[test]
fn it_says_when_the_first_department_opens() {
    let hours = |from: &str, to: &str| json!({ "name": from, "zone": "UTC", "weekly": [{ "day": "monday", "from": from, "to": to }] });
    let with = |departments: &[(&str, Option<&str>)]| {
        let mut documents = vec![
            site(&json!({})),
            (Kind::Hours, "early", hours("08:00", "12:00")),
            (Kind::Hours, "late", hours("10:00", "18:00")),
            (Kind::Hours, "never", json!({ "name": "never", "zone": "UTC" })),
        ];
        for (at, (site, hours)) in departments.iter().enumerate() {
            let ids = ["d0", "d1", "d2"];
            let body = json!({ "name": format!("D{at}"), "site": if site.is_empty() { None } else { Some(site) }, "hours": hours });
            documents.push((Kind::Department, ids[at], body));
        }
        documents.push((Kind::Site, "b", json!({ "name": "B" })));
        snapshot(&documents)
    };
    let hour = |hour: u64| MONDAY_MS + hour * HOUR_MS;
    let week = 7 * 24;
    for (departments, at, opens, changes) in [
        (&[("", Some("early")), ("a", Some("late"))][..], 7, Some(8), Some(8)),
        (&[("", Some("early")), ("a", Some("late"))], 9, None, Some(10)),
        (&[("", Some("early")), ("a", Some("late"))], 12, None, Some(18)),
        (&[("", Some("early")), ("a", Some("late"))], 18, Some(week + 8), Some(week + 8)),
        // Another site's, one that is always open, one that never is.
        (&[("b", Some("early"))], 7, None, None),
        (&[("", Some("early")), ("", None)], 7, None, Some(8)),
        (&[("", Some("never"))], 7, None, None),
        (&[("", Some("never")), ("", Some("late"))], 7, Some(10), Some(10)),
    ] {
        let snapshot = with(departments);
        let found = look(&snapshot, "en", hour(at)).get("opens_ms").and_then(Value::as_u64);
        assert_eq!(found, opens.map(hour), "{departments:?} at {at}");
        assert_eq!(
            Look::changes_ms(&snapshot, &"a".parse().unwrap(), hour(at)),
            changes.map(hour),
            "{departments:?} at {at}"
        );
    }
}
