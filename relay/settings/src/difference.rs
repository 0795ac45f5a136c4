//! What differs between two bodies of a document, field by field, for its history and the audit log.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::check::{KEY_CHARS_MAX, join};
use crate::image::IMAGE_PREFIX;

/// Fields of one difference; how many more there were is said.
pub const DIFFERENCES_MAX: usize = 100;
/// Characters of a text in a difference; a longer one is cut and ends in `…`.
pub const DIFFERENCE_CHARS_MAX: usize = 200;
/// The name of the one field of a secret in JSON. An object with such a field is a secret whatever else is in it: that it changed is said, its
/// values never. No other field of a document has this name.
pub const SECRET_FIELD: &str = "secret";

/// What differs between two bodies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Differences {
    /// Each field that differs, in the order of their names; [`DIFFERENCES_MAX`] at most.
    pub fields: Vec<Difference>,
    /// How many more there are.
    pub left_out: usize,
}

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The field as a path of names and positions from 0, as in a `Problem`.
    pub field: String,
    /// Its value before: a text, a number, a flag, or an empty list or object. None if it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Its value after, the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// What differs. None is a document that was not there; a field that is `null` is one that is not there. Lists are compared without what they have
/// in common at their beginning and end.
#[must_use]
pub fn differences(before: Option<&Value>, after: Option<&Value>) -> Differences {
    let mut found = Differences::default();
    compare("", before, after, &mut found);
    found
}

fn is_given(value: &&Value) -> bool {
    !value.is_null()
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Differences) {
    let (before, after) = (before.filter(is_given), after.filter(is_given));
    if before == after {
        return;
    }
    if [before, after].into_iter().flatten().any(is_secret) {
        let hidden = |value: &Value| is_secret(value).then(|| "(secret)".into());
        return add(path, before.and_then(hidden), after.and_then(hidden), found);
    }
    let nothing = (Map::new(), Vec::new());
    match (before, after) {
        // What is only on one side is said field by field, unless it is empty.
        (Some(Value::Object(before)), Some(Value::Object(after))) => compare_objects(path, before, after, found),
        (Some(Value::Object(one)), None) if !one.is_empty() => compare_objects(path, one, &nothing.0, found),
        (None, Some(Value::Object(one))) if !one.is_empty() => compare_objects(path, &nothing.0, one, found),
        (Some(Value::Array(before)), Some(Value::Array(after))) => compare_lists(path, before, after, found),
        (Some(Value::Array(one)), None) if !one.is_empty() => compare_lists(path, one, &nothing.1, found),
        (None, Some(Value::Array(one))) if !one.is_empty() => compare_lists(path, &nothing.1, one, found),
        // One shape became another: each side by itself.
        (Some(one), Some(other)) if is_nested(one) || is_nested(other) => {
            compare(path, Some(one), None, found);
            compare(path, None, Some(other), found);
        }
        (before, after) => add(path, before.map(shown), after.map(shown), found),
    }
}

fn compare_objects(path: &str, before: &Map<String, Value>, after: &Map<String, Value>, found: &mut Differences) {
    for name in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let short: String = name.chars().take(KEY_CHARS_MAX).collect();
        compare(&join(path, &short), before.get(name), after.get(name), found);
    }
}

fn compare_lists(path: &str, before: &[Value], after: &[Value], found: &mut Differences) {
    let first = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let (before, after) = (&before[first..], &after[first..]);
    let last = before.iter().rev().zip(after.iter().rev()).take_while(|(one, other)| one == other).count();
    let (before, after) = (&before[..before.len() - last], &after[..after.len() - last]);
    for at in 0..before.len().max(after.len()) {
        compare(&join(path, &(first + at).to_string()), before.get(at), after.get(at), found);
    }
}

fn is_nested(value: &Value) -> bool {
    match value {
        Value::Object(object) => !object.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn is_secret(value: &Value) -> bool {
    value.get(SECRET_FIELD).is_some()
}

fn shown(value: &Value) -> Value {
    match value {
        // That it is another one is said; what it shows would be no text.
        Value::String(text) if text.starts_with(IMAGE_PREFIX) => "(image)".into(),
        Value::String(text) if text.len() > DIFFERENCE_CHARS_MAX && text.chars().count() > DIFFERENCE_CHARS_MAX => {
            Value::String(text.chars().take(DIFFERENCE_CHARS_MAX - 1).chain(['…']).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            value.clone()
        }
    }
}

fn add(path: &str, before: Option<Value>, after: Option<Value>, found: &mut Differences) {
    if found.fields.len() < DIFFERENCES_MAX {
        found.fields.push(Difference { field: path.to_owned(), before, after });
    } else {
        found.left_out += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{Field, Kind, Shape};

    /// What differs, as `field: before -> after`; `-` where there is no value.
    #[track_caller]
    fn check(before: &Value, after: &Value, expected: &[&str]) {
        let found = differences(Some(before), Some(after));
        let side = |value: Option<&Value>| value.map_or("-".to_owned(), Value::to_string);
        let lines = found
            .fields
            .iter()
            .map(|one| format!("{}: {} -> {}", one.field, side(one.before.as_ref()), side(one.after.as_ref())));
        assert_eq!(lines.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn fields_that_differ_are_named() {
        let body = json!({ "name": "A", "site": null, "colours": { "light": "#000000", "dark": "#ffffff" }, "origins": ["a", "b", "c"] });
        let with = |more: Value| {
            let mut body = body.clone();
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        check(&body, &body, &[]);
        check(&body, &with(json!({ "new": null })), &[]);
        check(&body, &with(json!({ "name": "B", "site": "eu" })), &[r#"name: "A" -> "B""#, r#"site: - -> "eu""#]);
        let dark = json!({ "colours": { "light": "#000000", "dark": "#eeeeee" } });
        check(&body, &with(dark), &[r##"colours.dark: "#ffffff" -> "#eeeeee""##]);
        // In a list, what stays at both ends is not said.
        check(&body, &with(json!({ "origins": ["a", "x", "b", "c"] })), &[r#"origins.1: - -> "x""#]);
        check(&body, &with(json!({ "origins": ["b", "c"] })), &[r#"origins.0: "a" -> -"#]);
        let both = [r#"origins.1: "b" -> "x""#, r#"origins.2: "c" -> "y""#, r#"origins.3: - -> "z""#];
        check(&body, &with(json!({ "origins": ["a", "x", "y", "z"] })), &both);
    }

    #[test]
    fn a_document_that_comes_or_goes_is_said_field_by_field() {
        let body = json!({ "name": "A", "weekly": [{ "day": "monday" }], "texts": {}, "site": null });
        let lines = [r#"name: - -> "A""#, "texts: - -> {}", r#"weekly.0.day: - -> "monday""#];
        check(&Value::Null, &body, &lines);
        check(&body, &Value::Null, &[r#"name: "A" -> -"#, "texts: {} -> -", r#"weekly.0.day: "monday" -> -"#]);
        // One shape that became another.
        check(&json!({ "a": "x" }), &json!({ "a": { "b": 1 } }), &[r#"a: "x" -> -"#, "a.b: - -> 1"]);
    }

    #[test]
    fn it_is_bounded() {
        let long = json!({ "text": "好".repeat(DIFFERENCE_CHARS_MAX + 1) });
        let found = differences(None, Some(&long));
        let text = found.fields[0].after.as_ref().unwrap().as_str().unwrap();
        assert!(text.chars().count() == DIFFERENCE_CHARS_MAX && text.ends_with("好…"), "{text}");
        let many: Map<String, Value> = (0..150).map(|at| (format!("k{at:03}"), json!(at))).collect();
        let found = differences(None, Some(&json!(many)));
        assert_eq!((found.fields.len(), found.left_out), (DIFFERENCES_MAX, 50));
    }

    #[test]
    fn of_an_image_only_the_change_is_said() {
        let of = |logo: &str| json!({ "logo": format!("{IMAGE_PREFIX}{logo}") });
        check(&of("AAAA"), &of("BBBB"), &[r#"logo: "(image)" -> "(image)""#]);
        check(&json!({}), &of("AAAA"), &[r#"logo: - -> "(image)""#]);
        check(&of("AAAA"), &of("AAAA"), &[]);
    }

    #[test]
    fn of_a_secret_only_the_change_is_said() {
        let secret =
            |value: Value| json!({ "url": "https://a.example", "key": { "secret": value, "more": "deep in it" } });
        let sealed = secret(json!({ "sealed": "c2VjcmV0" }));
        check(&sealed, &secret(json!("unset")), &[r#"key: "(secret)" -> "(secret)""#]);
        check(&sealed, &json!({ "url": "https://a.example" }), &[r#"key: "(secret)" -> -"#]);
        check(&sealed, &json!({ "url": "https://a.example", "key": "plain" }), &[r#"key: "(secret)" -> -"#]);
        for (before, after) in [(None, Some(&sealed)), (Some(&sealed), None)] {
            let written = serde_json::to_string(&differences(before, after)).unwrap();
            assert!(!written.contains("c2Vj") && !written.contains("deep"), "{written}");
        }
    }

    #[test]
    fn no_field_has_the_name_of_a_secret() {
        fn all(fields: &[Field]) {
            for field in fields {
                assert_ne!(field.name, SECRET_FIELD);
                let of = if let Shape::List { of, .. } = &field.shape { of } else { &field.shape };
                if let Shape::Group(fields) = of {
                    all(fields);
                }
            }
        }
        Kind::ALL.iter().for_each(|kind| all(&kind.schema().fields));
    }

    fn body() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..3).prop_map(Value::from),
            "[ab]{0,2}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[abc]", inner, 0..4).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        /// Nothing differs from itself; what is kept in JSON reads back; the way back is the way there with the sides exchanged.
        #[test]
        fn the_way_back_is_the_way_there(before in body(), after in body()) {
            prop_assert_eq!(differences(Some(&before), Some(&before)), Differences::default());
            let there = differences(Some(&before), Some(&after));
            let written = serde_json::to_string(&there).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Differences>(&written).unwrap(), &there);
            let sorted = |found: Differences, turn: bool| {
                let sides = found.fields.into_iter().map(|one| if turn { (one.field, one.after, one.before) } else { (one.field, one.before, one.after) });
                let mut sides: Vec<String> = sides.map(|side| format!("{side:?}")).collect();
                sides.sort();
                sides
            };
            prop_assert_eq!(sorted(there, false), sorted(differences(Some(&after), Some(&before)), true));
        }
    }
}
