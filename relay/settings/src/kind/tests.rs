//! Every kind: its type and its schema say the same, whatever is written.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::schema::weekly_fields;
use crate::{BODY_BYTES_MAX, Field, Kind, ProblemCode, Shape};

/// A value of a shape: the pick chooses among words and bounds.
fn example(shape: &Shape, pick: usize) -> Value {
    let words = |list: &[&str]| json!(list[pick % list.len()]);
    let uuid = || json!(format!("0192a7c4-5b1e-7000-8000-{:012x}", pick % 1_000));
    match shape {
        Shape::Line { .. } => json!("a".repeat(1 + pick % 10)),
        Shape::Text { .. } => words(&["a\nb", "好", "two\twords"]),
        Shape::Number { min, max } => json!([*min, *max, u64::midpoint(*min, *max)][pick % 3]),
        Shape::Flag => json!(pick.is_multiple_of(2)),
        Shape::Choice(list) => words(list),
        Shape::Colour => words(&["#0f766e", "#ffffff", "#000000"]),
        Shape::Language => words(&["en", "zh-CN", "sr-Latn-RS"]),
        Shape::Zone => words(&["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
        Shape::Origin => words(&["https://a.example", "http://localhost:8081"]),
        Shape::Date => words(&["2027-01-31", "2028-02-29"]),
        Shape::Time => words(&["00:00", "09:30", "23:59"]),
        Shape::Moment => json!(1_800_000_000_000_u64 + pick as u64),
        Shape::Image => words(&["data:image/png;base64,iVBORw0KGgo=", "data:image/png;base64,AAAA"]),
        Shape::Agent => uuid(),
        Shape::Reference(_) => words(&["a", "b-2"]),
        Shape::List { of, items_min, .. } => {
            json!((0..1.max(*items_min)).map(|at| example(of, pick + at)).collect::<Vec<_>>())
        }
        Shape::ByLanguage(of) => json!({ "en": example(of, pick), "zh-CN": example(of, pick + 1) }),
        Shape::ByKey { of, .. } => json!({ "send": example(of, pick) }),
        Shape::Group(fields) => whole(fields, pick),
        Shape::Weekly => json!([whole(&weekly_fields(), pick)]),
    }
}

/// An object with every field.
fn whole(fields: &[Field], pick: usize) -> Value {
    let entries =
        fields.iter().enumerate().map(|(at, field)| (field.name.to_owned(), example(&field.shape, pick + at)));
    Value::Object(entries.collect())
}

/// The names in a value at every depth, without those of maps, which are data.
fn names(value: &Value, found: &mut Vec<String>, path: &str) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = format!("{path}.{name}");
                found.push(path.clone());
                names(value, found, &path);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| names(item, found, &format!("{path}.{at}")))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn type_and_schema_name_the_same_fields() {
    for kind in Kind::ALL {
        for pick in 0..12 {
            let written = whole(&kind.schema().fields, pick);
            let read = kind.by_type_alone(&written).unwrap_or_else(|error| panic!("{kind}: {error}: {written}"));
            // What the type writes beyond the schema, as a default or as null, is a name here, too.
            let (mut of_schema, mut of_type) = (Vec::new(), Vec::new());
            names(&written, &mut of_schema, "");
            names(&read, &mut of_type, "");
            of_schema.sort();
            of_type.sort();
            assert_eq!(of_schema, of_type, "{kind}");
            assert_eq!(written, read, "{kind}: what is read is written again as it was");
        }
    }
}

#[test]
fn what_is_required_is_enough_and_each_of_it_is_needed() {
    for kind in Kind::ALL {
        let fields = &kind.schema().fields;
        let required: Vec<&Field> = fields.iter().filter(|field| field.is_required).collect();
        let body: Map<String, Value> =
            required.iter().map(|field| (field.name.to_owned(), example(&field.shape, 0))).collect();
        kind.by_type_alone(&json!(body)).unwrap_or_else(|error| panic!("{kind}: {error}"));
        for field in required {
            for put in [None, Some(Value::Null)] {
                let mut body = body.clone();
                body.remove(field.name);
                body.extend(put.map(|null| (field.name.to_owned(), null)));
                let problems = kind.read(&json!(body)).expect_err("something is missing");
                let found =
                    problems.iter().any(|found| found.field == field.name && found.code == ProblemCode::Required);
                assert!(found, "{kind}: {} may be left out: {problems:?}", field.name);
                assert!(kind.by_type_alone(&json!(body)).is_err(), "{kind}: the type has a default for {}", field.name);
            }
        }
    }
}

#[test]
fn names_of_fields_are_words_once_and_leave_room_for_the_api() {
    for kind in Kind::ALL {
        let names: Vec<&str> = kind.schema().fields.iter().map(|field| field.name).collect();
        for (at, name) in names.iter().enumerate() {
            assert!(name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()), "{kind}: {name}");
            assert!(!names[..at].contains(name), "{kind}: {name} twice");
            // Beside a body stand the document's own.
            assert!(!["id", "version"].contains(name), "{kind}: {name}");
        }
    }
}

#[test]
fn a_field_that_need_not_be_may_be_null() {
    for kind in Kind::ALL {
        let body = whole(&kind.schema().fields, 0);
        for field in kind.schema().fields.iter().filter(|field| !field.is_required) {
            let mut body = body.clone();
            body[field.name] = Value::Null;
            let read = kind.by_type_alone(&body).unwrap_or_else(|error| panic!("{kind}: {}: {error}", field.name));
            body.as_object_mut().unwrap().remove(field.name);
            assert_eq!(kind.by_type_alone(&body).unwrap(), read, "{kind}: null is the default of {}", field.name);
        }
    }
}

#[test]
fn all_problems_come_at_once_with_their_fields() {
    let body = json!({
        "name": " ", "zone": "Europe/Atlantis", "colour": "red",
        "weekly": [{ "day": "monday", "from": "09:00", "to": "17:00" }, { "day": "friday", "from": 9, "to": "24:01" }],
        "holidays": [{ "date": "2027-02-29", "yearly": 1 }],
        "exceptions": "none",
    });
    let problems = Kind::Hours.read(&body).unwrap_err();
    let found: Vec<(&str, ProblemCode)> = problems.iter().map(|found| (found.field.as_str(), found.code)).collect();
    assert_eq!(
        found,
        [
            ("colour", ProblemCode::Unknown),
            ("name", ProblemCode::Required),
            ("zone", ProblemCode::Shape),
            ("weekly.1.from", ProblemCode::Shape),
            ("weekly.1.to", ProblemCode::Shape),
            ("holidays.0.date", ProblemCode::Shape),
            ("holidays.0.yearly", ProblemCode::Shape),
            ("exceptions", ProblemCode::Shape),
        ]
    );
    assert!(problems.iter().all(|found| !found.remedy.is_empty()));
}

/// Wrong documents, one in each row: its kind, its body, and where which problem is found.
#[track_caller]
fn refused<const N: usize>(rows: [(Kind, Value, &str, ProblemCode); N]) {
    for (kind, body, field, code) in rows {
        let problems = kind.read(&body).err().unwrap_or_default();
        let found: Vec<_> = problems.iter().map(|found| (found.field.as_str(), found.code)).collect();
        assert_eq!(found, [(field, code)], "{kind}: {body}: {problems:?}");
    }
}

fn long(chars: usize) -> String {
    "好".repeat(chars)
}

#[test]
fn sites_have_bounds_and_are_read_well() {
    refused([
        (Kind::Site, json!([]), "", ProblemCode::Shape),
        (Kind::Site, json!({ "name": long(81) }), "name", ProblemCode::TooLong),
        (Kind::Site, json!({ "name": "a\nb" }), "name", ProblemCode::Shape),
        (Kind::Site, json!({ "name": "A " }), "name", ProblemCode::Shape),
        (Kind::Site, json!({ "name": "a\tb" }), "name", ProblemCode::Shape),
        (Kind::Site, json!({ "name": "A", "greeting": { "en": "a\u{0}b" } }), "greeting.en", ProblemCode::Shape),
        (Kind::Site, json!({ "name": "a\u{202e}b" }), "name", ProblemCode::Shape),
        (Kind::Site, json!({ "name": "A", "origins": ["https://a/x"] }), "origins.0", ProblemCode::Shape),
        (Kind::Site, json!({ "name": "A", "origins": ["https://a", "https://A"] }), "origins.1", ProblemCode::Taken),
        (Kind::Site, json!({ "name": "A", "origins": ["https://a", "https://a/"] }), "origins.1", ProblemCode::Taken),
        (Kind::Site, json!({ "name": "A", "languages": [] }), "languages", ProblemCode::Required),
        (Kind::Site, json!({ "name": "A", "languages": ["zh-CN"] }), "default_language", ProblemCode::Contradiction),
        (Kind::Site, json!({ "name": "A", "greeting": { "EN": "Hi" } }), "greeting.EN", ProblemCode::Unknown),
        (Kind::Site, json!({ "name": "A", "greeting": { "en": long(501) } }), "greeting.en", ProblemCode::TooLong),
        (
            Kind::Site,
            json!({ "name": "A", "colours": { "light": "#777777" } }),
            "colours.text_on_light",
            ProblemCode::Contrast,
        ),
        (
            Kind::Site,
            json!({ "name": "A", "colours": { "text_on_dark": "#ffffff" } }),
            "colours.text_on_dark",
            ProblemCode::Contrast,
        ),
        (
            Kind::Site,
            json!({ "name": "A", "times": { "left_after_seconds": 4 } }),
            "times.left_after_seconds",
            ProblemCode::OutOfRange,
        ),
        (
            Kind::Site,
            json!({ "name": "A", "retention": { "texts_days": 0 } }),
            "retention.texts_days",
            ProblemCode::OutOfRange,
        ),
        (
            Kind::Site,
            json!({ "name": "A", "retention": { "texts_days": -1 } }),
            "retention.texts_days",
            ProblemCode::OutOfRange,
        ),
        (
            Kind::Site,
            json!({ "name": "A", "retention": { "texts_days": 1.5 } }),
            "retention.texts_days",
            ProblemCode::Shape,
        ),
    ]);
}

#[test]
fn hours_are_times_that_do_not_meet() {
    let week = |times: Value| json!({ "name": "Week", "zone": "UTC", "weekly": times });
    refused([
        (
            Kind::Hours,
            week(json!([{ "day": "monday", "from": "09:00", "to": "09:00" }])),
            "weekly.0.to",
            ProblemCode::Contradiction,
        ),
        (
            Kind::Hours,
            week(json!([{ "day": "monday", "from": "24:00", "to": "09:00" }])),
            "weekly.0.from",
            ProblemCode::OutOfRange,
        ),
        (
            Kind::Hours,
            week(
                json!([{ "day": "monday", "from": "00:00", "to": "08:00" }, { "day": "sunday", "from": "20:00", "to": "01:00" }]),
            ),
            "weekly.0.from",
            ProblemCode::Contradiction,
        ),
        (
            Kind::Hours,
            json!({ "name": "A", "zone": "UTC", "holidays": [{ "date": "2027-01-01" }, { "date": "2027-01-01" }] }),
            "holidays.1.date",
            ProblemCode::Taken,
        ),
    ]);
}

#[test]
fn other_kinds_have_bounds_and_say_what_crosses_fields() {
    let reply = |more: Value| {
        let mut body = json!({ "shortcut": "hello", "title": "Hello", "texts": { "en": "Hello!" } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let link = |hosts: Value| json!({ "hosts": hosts, "action": "warn" });
    let contact = |kind: &str, value: &str| json!({ "kind": kind, "value": value });
    let agent = "0192a7c4-5b1e-7000-8000-000000000001";
    refused([
        (Kind::Topic, json!({ "name": "A" }), "department", ProblemCode::Required),
        (Kind::Topic, json!({ "name": "A", "parent": "../b" }), "parent", ProblemCode::Shape),
        (Kind::Reply, reply(json!({ "shortcut": "Hello World" })), "shortcut", ProblemCode::Shape),
        (Kind::Reply, reply(json!({ "texts": {} })), "texts", ProblemCode::Required),
        (Kind::Reply, reply(json!({ "department": "a", "agent": agent })), "agent", ProblemCode::Contradiction),
        (Kind::Label, json!({ "name": long(41) }), "name", ProblemCode::TooLong),
        (Kind::Notice, json!({ "kind": "party", "texts": { "en": "A" } }), "kind", ProblemCode::Shape),
        (
            Kind::Notice,
            json!({ "kind": "news", "texts": { "en": "A" }, "from_ms": 5, "until_ms": 5 }),
            "until_ms",
            ProblemCode::Contradiction,
        ),
        (Kind::Sla, json!({ "name": "A" }), "first_answer_seconds", ProblemCode::Required),
        (
            Kind::Sla,
            json!({ "name": "A", "first_answer_seconds": 60, "end_seconds": 30 }),
            "end_seconds",
            ProblemCode::Contradiction,
        ),
        (
            Kind::Texts,
            json!({ "site": "a", "language": "en", "texts": { "Send": "x" } }),
            "texts.Send",
            ProblemCode::Unknown,
        ),
        (
            Kind::Texts,
            json!({ "site": "a", "language": "en", "texts": (0..17).map(|n| (format!("t{n}"), long(1_000))).collect::<BTreeMap<_, _>>() }),
            "texts",
            ProblemCode::TooLong,
        ),
        (Kind::LinkRule, link(json!([])), "hosts", ProblemCode::Required),
        (Kind::LinkRule, link(json!(["a.example", "https://b.example"])), "hosts.1", ProblemCode::Shape),
        (Kind::LinkRule, link(json!(["*.*.example"])), "hosts.0", ProblemCode::Shape),
        (Kind::Contact, contact("mail", "support"), "value", ProblemCode::Shape),
        (Kind::Contact, contact("website", "http://a.example"), "value", ProblemCode::Shape),
        (Kind::Contact, contact("phone", "030 123"), "value", ProblemCode::Shape),
        (Kind::Contact, contact("telegram", "example"), "value", ProblemCode::Shape),
    ]);
}

#[test]
fn documents_that_are_right_are_read() {
    for (kind, body) in [
        (Kind::Site, json!({ "name": "Example", "origins": ["https://WWW.Example.com/"], "colours": null })),
        (
            Kind::Hours,
            json!({ "name": "Day and night", "zone": "UTC", "weekly": [
            { "day": "monday", "from": "00:00", "to": "24:00" }, { "day": "tuesday", "from": "00:00", "to": "12:00" },
            { "day": "tuesday", "from": "12:00", "to": "00:00" }, { "day": "sunday", "from": "22:00", "to": "24:00" }] }),
        ),
        (
            Kind::LinkRule,
            json!({ "hosts": ["example.com", "*.example.com", "xn--bcher-kva.example"], "action": "refuse" }),
        ),
        (Kind::Contact, json!({ "kind": "phone", "value": "+49 (30) 123-4567" })),
        (Kind::Contact, json!({ "kind": "website", "value": "https://www.example.com/support" })),
    ] {
        kind.read(&body).unwrap_or_else(|problems| panic!("{kind}: {problems:?}"));
    }
}

#[test]
fn defaults_pass_their_own_checks() {
    let site = Kind::Site.read(&json!({ "name": "A" })).expect("a name is enough").value();
    assert_eq!(site["colours"]["light"], "#0f766e");
    assert_eq!(Kind::Site.read(&site).expect("what was written is right").value(), site);
}

/// Any JSON at all, not deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z_.]{0,12}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Where the schema finds nothing wrong, the type reads: what is refused then crosses fields, and has a field's name.
    #[test]
    fn what_the_schema_takes_the_type_reads(at in 0..Kind::ALL.len(), pick in 0_usize..1_000, field in 0_usize..20, put in any_json()) {
        let kind = Kind::ALL[at];
        let fields = &kind.schema().fields;
        let mut body = whole(fields, pick);
        body[fields[field % fields.len()].name] = put;
        match kind.read(&body) {
            Ok(read) => {
                let written = read.value();
                prop_assert!(serde_json::to_vec(&written).unwrap().len() <= BODY_BYTES_MAX);
                let again = kind.read(&written).map_err(|problems| TestCaseError::fail(format!("{problems:?}")))?;
                prop_assert_eq!(again.value(), written);
            }
            Err(problems) => prop_assert!(problems.iter().all(|found| !found.field.is_empty()), "{}: {:?}", kind, problems),
        }
    }

    #[test]
    fn nothing_makes_the_check_panic(at in 0..Kind::ALL.len(), body in any_json()) {
        let _ = Kind::ALL[at].read(&body);
        let _ = Kind::ALL[at].schema().references(&body);
    }
}
