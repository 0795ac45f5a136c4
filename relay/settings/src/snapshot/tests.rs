//! Changes of a snapshot, as tables, and what holds for every sequence of them.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::department::Department;
use crate::site::Site;
use crate::topic::Topic;

fn key(text: &str) -> DocumentKey {
    let (kind, id) = text.split_once('/').unwrap();
    DocumentKey { kind: kind.parse().unwrap(), id: id.parse().unwrap() }
}

fn put(at: &str, body: Value) -> Change {
    Change::put(key(at), body)
}

fn remove(at: &str) -> Change {
    Change::remove(key(at))
}

/// Two sites, three departments, topics, hours and a reply.
fn exchange() -> Snapshot {
    let changes = [
        put("site/eu", json!({ "name": "Europe" })),
        put("site/asia", json!({ "name": "Asia" })),
        put("hours/office", json!({ "name": "Office", "zone": "Europe/Berlin" })),
        put("department/all", json!({ "name": "Everybody" })),
        put("department/cards", json!({ "name": "Cards", "site": "eu", "hours": "office" })),
        put("department/fiat", json!({ "name": "Fiat", "site": "asia" })),
        put("topic/money", json!({ "name": "Money", "department": "all" })),
        put("topic/cards", json!({ "name": "Cards", "parent": "money", "department": "cards", "site": "eu" })),
        put("reply/hello", json!({ "shortcut": "hello", "title": "Hello", "texts": { "en": "Hello!" } })),
    ];
    Snapshot::default().with(changes).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// What a change of the exchange is refused for: document, field, code. Empty when it is taken.
#[track_caller]
fn check(changes: impl IntoIterator<Item = Change>, expected: &[(&str, &str, ProblemCode)]) {
    let found = exchange().with(changes).err().unwrap_or_default();
    let found: Vec<(String, &str, ProblemCode)> = found
        .iter()
        .flat_map(|(key, problems)| problems.iter().map(|found| (key.to_string(), found.field.as_str(), found.code)))
        .collect();
    let expected: Vec<_> = expected.iter().map(|(key, field, code)| ((*key).to_owned(), *field, *code)).collect();
    assert_eq!(found, expected);
}

#[test]
fn documents_are_there_by_their_type() {
    let snapshot = exchange();
    assert_eq!((snapshot.version(), snapshot.len(), snapshot.problems().count()), (1, 9, 0));
    let id = |text: &str| text.parse::<DocumentId>().unwrap();
    assert_eq!(snapshot.get::<Site>(&id("eu")).map(|site| site.name.as_str()), Some("Europe"));
    assert_eq!(snapshot.get::<Site>(&id("cards")), None);
    let names = snapshot.all::<Department>().map(|(id, department)| (id.as_str(), department.name.as_str()));
    assert_eq!(names.collect::<Vec<_>>(), [("all", "Everybody"), ("cards", "Cards"), ("fiat", "Fiat")]);
    assert_eq!(snapshot.of_kind(Kind::Texts).count(), 0);
    let cards = snapshot.document(&key("department/cards")).unwrap();
    assert_eq!((cards.version(), cards.site()), (1, Some(&id("eu"))));
    assert_eq!(snapshot.site_of(&key("department/cards")), Some(&id("eu")));
    assert_eq!(snapshot.site_of(&key("site/eu")), Some(&id("eu")));
    assert_eq!(snapshot.site_of(&key("site/gone")), None);
    let users = key("department/cards");
    let users: Vec<_> = snapshot.users(&users).map(|(key, field)| format!("{key} {field}")).collect();
    assert_eq!(users, ["topic/cards department"]);
}

#[test]
fn references_name_what_exists() {
    let topic = |department: &str| json!({ "name": "New", "department": department });
    check([put("topic/new", topic("gone"))], &[("topic/new", "department", ProblemCode::Missing)]);
    // Both at once, in any order.
    check([put("topic/new", topic("gone")), put("department/gone", json!({ "name": "Not gone" }))], &[]);
    // What names a document that is itself wrong is not wrong for that.
    check(
        [put("topic/new", topic("new")), put("department/new", json!({}))],
        &[("department/new", "name", ProblemCode::Required)],
    );
}

#[test]
fn a_document_that_is_wrong_hides_no_other_problem() {
    use ProblemCode::{Contrast, Missing, OutOfRange, Required, Shape, TooLong, Unknown};
    let accent = json!({ "light": "#777777" });
    check(
        [
            put("department/cards", json!({ "name": "", "site": "eu", "hours": "nowhere", "more": 1 })),
            put("site/asia", json!({ "name": "Asia", "colours": accent })),
            put("site/eu", json!({ "name": " ", "colours": accent, "times": { "left_after_seconds": 4 } })),
            put("sla/late", json!({ "name": "a".repeat(500) })),
            put("topic/cards", json!({ "name": "Cards", "department": "none" })),
            put("topic/first", json!({ "name": 3, "parent": "second" })),
        ],
        &[
            ("site/asia", "colours.text_on_light", Contrast),
            ("site/eu", "name", Required),
            ("site/eu", "times.left_after_seconds", OutOfRange),
            ("site/eu", "colours.text_on_light", Contrast),
            ("department/cards", "more", Unknown),
            ("department/cards", "name", Required),
            ("department/cards", "hours", Missing),
            ("topic/cards", "department", Missing),
            ("topic/first", "name", Shape),
            ("topic/first", "parent", Missing),
            // What is beyond its bounds is asked nothing else.
            ("sla/late", "name", TooLong),
        ],
    );
}

#[test]
fn what_is_used_is_not_removed() {
    check([remove("hours/office")], &[("hours/office", "", ProblemCode::InUse)]);
    check([remove("site/eu")], &[("site/eu", "", ProblemCode::InUse)]);
    check([remove("department/fiat"), remove("site/asia")], &[]);
    check([remove("reply/hello")], &[]);
    check([remove("reply/gone")], &[("reply/gone", "", ProblemCode::Missing)]);
    // Whoever names it is changed by the same change: taken if it names it no more, else it says so itself.
    let cards = |hours: Value| put("department/cards", json!({ "name": "Cards", "site": "eu", "hours": hours }));
    check([remove("hours/office"), cards(Value::Null)], &[]);
    check([remove("hours/office"), cards(json!("office"))], &[("department/cards", "hours", ProblemCode::Missing)]);
    let remedy = exchange().with([remove("hours/office")]).unwrap_err()[0].1[0].remedy.clone();
    assert_eq!(remedy, "It is used by department/cards (hours). Change or remove these first.");
    // Many users are named in part.
    let many =
        (0..30).map(|at| put(&format!("department/d{at:02}"), json!({ "name": at.to_string(), "hours": "office" })));
    let remedy = &exchange().with(many).unwrap().with([remove("hours/office")]).unwrap_err()[0].1[0].remedy;
    assert!(remedy.contains("department/d08 (hours) and 21 more."), "{remedy}");
}

#[test]
fn documents_name_those_of_their_site() {
    let topic = |site: Value, department: &str| {
        put("topic/new", json!({ "name": "New", "site": site, "department": department }))
    };
    check([topic(json!("asia"), "fiat")], &[]);
    check([topic(json!("asia"), "all")], &[]);
    check([topic(json!("asia"), "cards")], &[("topic/new", "department", ProblemCode::Contradiction)]);
    check([topic(Value::Null, "cards")], &[("topic/new", "department", ProblemCode::Contradiction)]);
    // The one that is named moves to another site: said of the one that names it.
    let moved = put("department/cards", json!({ "name": "Cards", "site": "asia" }));
    check([moved], &[("topic/cards", "department", ProblemCode::Contradiction)]);
}

#[test]
fn parents_have_no_circles_and_are_few() {
    let topic = |id: &str, parent: &str| put(&format!("topic/{id}"), json!({ "name": id, "parent": parent }));
    check([topic("money", "money")], &[("topic/money", "parent", ProblemCode::Contradiction)]);
    // The whole circle is said, and that `money` of all sites names a topic of one.
    let circle = ProblemCode::Contradiction;
    let both =
        [("topic/cards", "parent", circle), ("topic/money", "parent", circle), ("topic/money", "parent", circle)];
    check([topic("money", "cards")], &both);
    // `money` is one of the eight above the last.
    let chain = |length: usize| {
        (0..length)
            .map(move |at| topic(&format!("t{at}"), &if at == 0 { "money".to_owned() } else { format!("t{}", at - 1) }))
    };
    check(chain(PARENTS_MAX), &[]);
    check(chain(PARENTS_MAX + 1), &[("topic/t8", "parent", ProblemCode::OutOfRange)]);
}

#[test]
fn names_are_taken_once_on_a_site() {
    let department =
        |id: &str, name: &str, site: Value| put(&format!("department/{id}"), json!({ "name": name, "site": site }));
    // Another site's, this site's in other letters, all sites'.
    check([department("a", "Cards", json!("asia"))], &[]);
    let both = [("department/a", "name", ProblemCode::Taken), ("department/cards", "name", ProblemCode::Taken)];
    check([department("a", "CARDS", json!("eu"))], &both);
    check([department("a", "Cards", Value::Null)], &both);
    // Two change names at once.
    check([department("cards", "Fiat", json!("eu")), department("fiat", "Cards", json!("asia"))], &[]);
    let reply = |id: &str, more: Value| {
        let mut body = json!({ "shortcut": "hello", "title": "Hello", "texts": { "en": "Hi" } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        put(&format!("reply/{id}"), body)
    };
    let taken = [("reply/hello", "shortcut", ProblemCode::Taken), ("reply/x", "shortcut", ProblemCode::Taken)];
    check([reply("x", json!({}))], &taken);
    check([reply("x", json!({ "department": "fiat", "site": "asia" }))], &[]);
    check([reply("x", json!({ "agent": "0192a7c4-5b1e-7000-8000-000000000001" }))], &[]);
    check(
        [put("role/agent", json!({ "name": "Mine", "rights": ["file_open"] }))],
        &[("role/agent", "", ProblemCode::Taken)],
    );
    check([put("label/a", json!({ "name": "A" })), remove("label/a")], &[("label/a", "", ProblemCode::Contradiction)]);
}

#[test]
fn a_body_that_this_version_cannot_read_stops_nothing() {
    let newer = json!({ "name": "Newer", "department": "all", "colour_of_the_moon": 7 });
    let stored = exchange().documents().map(|(key, document)| (key.clone(), 1, document.value())).collect::<Vec<_>>();
    let stored = stored.into_iter().chain([(key("topic/newer"), 5, newer.clone())]);
    let snapshot = Snapshot::build(5, stored);
    // It is kept as it is, and said; typed access leaves it out.
    let document = snapshot.document(&key("topic/newer")).unwrap();
    assert_eq!((document.version(), document.value(), document.body().is_none()), (5, newer, true));
    let problems: Vec<_> = snapshot.problems().map(|(key, list)| (key.to_string(), list[0].field.clone())).collect();
    assert_eq!(problems, [("topic/newer".to_owned(), "colour_of_the_moon".to_owned())]);
    assert_eq!(snapshot.all::<Topic>().count(), 2);
    // Others change, and may name it; what it names is not removed; it can be replaced and removed.
    let child = put("topic/child", json!({ "name": "Child", "parent": "newer" }));
    assert!(snapshot.with([child]).is_ok());
    let free = [remove("topic/money"), remove("topic/cards"), remove("department/all")];
    let refused = snapshot.with(free).unwrap_err();
    assert_eq!((refused.len(), refused[0].1[0].code), (1, ProblemCode::InUse));
    let replaced = snapshot.with([put("topic/newer", json!({ "name": "Read", "department": "all" }))]).unwrap();
    assert_eq!((replaced.problems().count(), replaced.version()), (0, 6));
    assert_eq!(snapshot.with([remove("topic/newer")]).unwrap().problems().count(), 0);
}

#[test]
fn stored_documents_that_do_not_fit_are_listed_and_hinder_no_other_change() {
    let stored = [(key("topic/lost"), 3, json!({ "name": "Lost", "department": "gone" }))];
    let snapshot = Snapshot::build(3, stored);
    assert_eq!(snapshot.problems().count(), 1);
    let next = snapshot.with([put("label/a", json!({ "name": "A" }))]).expect("another document is not hindered");
    assert_eq!(next.problems().count(), 1);
    // Touched, it has to fit.
    assert!(next.with([put("topic/lost", json!({ "name": "Lost still", "department": "gone" }))]).is_err());
    assert_eq!(next.with([put("department/gone", json!({ "name": "Here" }))]).unwrap().problems().count(), 0);
}

#[test]
fn a_rule_that_came_later_switches_nothing_off() {
    // Of colours that cannot be read, an origin that stands twice, and a name that is too long.
    let site = json!({ "name": "x".repeat(100), "origins": ["https://a.example", "https://a.example"], "colours": { "light": "#777777" } });
    let snapshot = Snapshot::build(1, [(key("site/eu"), 1, site.clone())]);
    assert_eq!(snapshot.get::<Site>(&"eu".parse().unwrap()).map(|site| site.origins.len()), Some(2));
    let (_, problems) = snapshot.problems().next().unwrap();
    assert_eq!(problems.iter().map(|found| found.field.as_str()).collect::<Vec<_>>(), ["name", "origins.1"]);
    assert!(snapshot.with([put("label/a", json!({ "name": "A", "site": "eu" }))]).is_ok());
    assert!(snapshot.with([put("site/eu", site)]).is_err());
}

#[test]
fn what_another_relay_wrote_is_taken_over() {
    let before = exchange();
    let changes = [remove("reply/hello"), put("label/a", json!({ "name": "A" }))];
    let here = before.with(changes).unwrap();
    let read = std::cell::RefCell::new(Vec::new());
    let there = before.read_again(2, content(&here), |body| {
        read.borrow_mut().push(body["name"].clone());
        body
    });
    // What is known is not read again.
    assert_eq!(*read.borrow(), ["A"]);
    assert_eq!(content(&here), content(&there));
    assert_eq!((here.version(), here.bytes()), (there.version(), there.bytes()));
}

#[test]
fn bounds_hold_for_a_body_and_for_all() {
    // Each language within its bound, all together over that of a body.
    let text = || json!("x".repeat(10_000));
    let texts = |languages: u8| -> Value {
        (0..languages)
            .map(|at| (format!("a{}", char::from(b'a' + at)), text()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let reply = |languages: u8| json!({ "shortcut": "long", "title": "Long", "texts": texts(languages) });
    check([put("reply/long", reply(26))], &[]);
    // A quotation mark is one character and two bytes of JSON.
    let quoted = (0..14).map(|at| (format!("b{}", char::from(b'a' + at)), json!("\"".repeat(10_000))));
    let quoted = Value::Object(quoted.collect());
    let over = json!({ "shortcut": "long", "title": "Long", "texts": quoted });
    check([put("reply/long", over)], &[("reply/long", "", ProblemCode::TooLong)]);
    // One more document than there may be; with one less it is taken.
    let labels = |count: usize| (0..count).map(|at| put(&format!("label/l{at}"), json!({ "name": format!("l{at}") })));
    let full = exchange().with(labels(DOCUMENTS_MAX - 9)).expect("as many as there may be");
    let refused = full.with([put("label/more", json!({ "name": "more" }))]).unwrap_err();
    assert_eq!(refused[0].1[0].code, ProblemCode::TooLong);
    assert!(full.with([put("label/more", json!({ "name": "more" })), remove("label/l0")]).is_ok());
}

/// Everything in a snapshot but its own version.
fn content(snapshot: &Snapshot) -> Vec<(DocumentKey, u64, Value)> {
    snapshot.documents().map(|(key, document)| (key.clone(), document.version(), document.value())).collect()
}

/// A change of few documents, right and wrong.
fn change() -> impl Strategy<Value = Change> {
    let id = || prop_oneof![Just("a"), Just("b"), Just("c")];
    let maybe = || proptest::option::of(id());
    let topic = (id(), maybe(), maybe(), maybe()).prop_map(|(id, parent, department, site)| {
        put(&format!("topic/{id}"), json!({ "name": id, "parent": parent, "department": department, "site": site }))
    });
    let department = (id(), id(), maybe(), maybe()).prop_map(|(id, name, site, hours)| {
        put(&format!("department/{id}"), json!({ "name": name, "site": site, "hours": hours }))
    });
    let site = id().prop_map(|id| put(&format!("site/{id}"), json!({ "name": id })));
    let hours = (id(), maybe())
        .prop_map(|(id, site)| put(&format!("hours/{id}"), json!({ "name": id, "zone": "UTC", "site": site })));
    let kind = prop_oneof![Just("topic"), Just("department"), Just("site"), Just("hours")];
    let gone = (kind, id()).prop_map(|(kind, id)| remove(&format!("{kind}/{id}")));
    prop_oneof![topic, department, site, hours, gone]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever was taken: it has no problem, builds again from its own bodies, and a relay that reads again what the store has now has the same.
    #[test]
    fn what_was_taken_builds_again(changes in proptest::collection::vec(proptest::collection::vec(change(), 1..4), 1..25)) {
        let mut snapshot = Snapshot::default();
        for changes in changes {
            let Ok(next) = snapshot.with(changes) else { continue };
            prop_assert_eq!(next.version(), snapshot.version() + 1);
            prop_assert_eq!(next.problems().count(), 0);
            let there = snapshot.read_again(next.version(), content(&next), |body| body);
            let again = Snapshot::build(next.version(), content(&next));
            for other in [&there, &again] {
                prop_assert_eq!(content(&next), content(other));
                prop_assert_eq!((next.bytes(), other.problems().count()), (other.bytes(), 0));
            }
            snapshot = next;
        }
    }

    /// A new document that is taken can be removed, and nothing of it is left; nobody else was changed.
    #[test]
    fn a_document_that_was_put_can_be_taken_back(before in proptest::collection::vec(change(), 0..25), new in change()) {
        let snapshot = before.into_iter().fold(Snapshot::default(), |snapshot, change| snapshot.with([change]).unwrap_or(snapshot));
        if new.body.is_none() || snapshot.document(&new.key).is_some() {
            return Ok(());
        }
        let key = new.key.clone();
        if let Ok(with) = snapshot.with([new]) {
            let without = with.with([Change::remove(key)]).map_err(|problems| TestCaseError::fail(format!("{problems:?}")))?;
            prop_assert_eq!(content(&without), content(&snapshot));
            prop_assert_eq!(without.bytes(), snapshot.bytes());
        }
    }
}
