//! What differs between two documents, field by field, and the bound on what an entry says of it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The longest detail of an entry, in bytes of JSON; a little more stands there when something was cut.
pub const DETAIL_BYTES_MAX: usize = 16 * 1024;
/// The longest text in it, in characters.
const TEXT_CHARS_MAX: usize = 500;
/// Bytes that a member costs beside its name and value.
const MEMBER_BYTES: usize = 8;
/// Fields inside fields, as deep as that.
const DEPTH_MAX: usize = 16;

/// The fields in which two documents differ, each as `{"from": …, "to": …}` under its path. What is missing on one side has no `from` or no `to`. Of a
/// secret, which is an object with the member `secret`, it is said that it changed and nothing else.
#[must_use]
pub fn differences(before: &Value, after: &Value) -> Map<String, Value> {
    let mut found = Map::new();
    differ(&mut found, &mut Vec::new(), Some(before), Some(after));
    found
}

fn differ<'a>(
    found: &mut Map<String, Value>,
    path: &mut Vec<&'a str>,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
) {
    if before == after {
        return;
    }
    if let (Some(Value::Object(old)), Some(Value::Object(new))) = (before, after)
        && !is_secret(old)
        && !is_secret(new)
        && path.len() < DEPTH_MAX
    {
        for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            path.push(name);
            differ(found, path, old.get(name), new.get(name));
            path.pop();
        }
        return;
    }
    let mut change = Map::new();
    for (name, value) in [("from", before), ("to", after)] {
        // A document that is not there yet, or any more, is null.
        if let Some(value) = value.filter(|value| !(path.is_empty() && value.is_null())) {
            change.insert(name.to_owned(), without_secrets(value, 0));
        }
    }
    found.insert(path.join("."), change.into());
}

fn is_secret(object: &Map<String, Value>) -> bool {
    object.contains_key("secret")
}

fn without_secrets(value: &Value, depth: usize) -> Value {
    match value {
        Value::Object(object) if is_secret(object) || depth > DEPTH_MAX => json!({"secret": "not shown"}),
        Value::Object(object) => {
            object.iter().map(|(name, value)| (name.clone(), without_secrets(value, depth + 1))).collect()
        }
        Value::Array(values) => values.iter().map(|value| without_secrets(value, depth + 1)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The detail within its bound. Long texts end with `…`; where members or elements are left out, `…` says how many.
pub(super) fn bounded(detail: &Map<String, Value>) -> Map<String, Value> {
    let mut left = DETAIL_BYTES_MAX;
    object_within(detail, &mut left)
}

fn object_within(object: &Map<String, Value>, left: &mut usize) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in object {
        // A value costs a few bytes at least.
        if name.len() > TEXT_CHARS_MAX || !take(left, quoted(name) + MEMBER_BYTES) {
            kept.insert("…".to_owned(), (object.len() - kept.len()).into());
            break;
        }
        kept.insert(name.clone(), within(value, left));
    }
    kept
}

fn within(value: &Value, left: &mut usize) -> Value {
    match value {
        Value::Object(object) => object_within(object, left).into(),
        Value::Array(values) => {
            let mut kept = Vec::new();
            for value in values {
                if !take(left, MEMBER_BYTES) {
                    kept.push(format!("… {} more", values.len() - kept.len()).into());
                    break;
                }
                kept.push(within(value, left));
            }
            kept.into()
        }
        Value::String(text) => {
            let mut shown: String = text.chars().take(TEXT_CHARS_MAX).collect();
            if shown.len() < text.len() {
                shown.push('…');
            }
            if take(left, quoted(&shown)) { shown.into() } else { "…".into() }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// Bytes of a text in JSON.
fn quoted(text: &str) -> usize {
    Value::from(text).to_string().len()
}

fn take(left: &mut usize, bytes: usize) -> bool {
    let enough = *left >= bytes;
    *left = if enough { *left - bytes } else { 0 };
    enough
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_found_by_field() {
        for (before, after, expected) in [
            (
                json!({"a": 1, "b": {"c": 2, "d": [1]}}),
                json!({"a": 1, "b": {"c": 3, "d": [1]}}),
                json!({"b.c": {"from": 2, "to": 3}}),
            ),
            (json!({"a": 1}), json!({"b": 1}), json!({"a": {"from": 1}, "b": {"to": 1}})),
            (json!({"a": [1, 2]}), json!({"a": [1]}), json!({"a": {"from": [1, 2], "to": [1]}})),
            (json!({"a": null}), json!({}), json!({"a": {"from": null}})),
            (json!({"a": 1}), json!({"a": 1}), json!({})),
            (Value::Null, json!({"a": 1}), json!({"": {"to": {"a": 1}}})),
            (json!({"a": 1}), Value::Null, json!({"": {"from": {"a": 1}}})),
        ] {
            assert_eq!(Value::Object(differences(&before, &after)), expected, "{before} {after}");
        }
    }

    #[test]
    fn secrets_are_in_no_difference() {
        let (one, other) = (json!({"secret": "hunter2"}), json!({"secret": "hunter3"}));
        for (before, after) in [
            (json!({"k": one}), json!({"k": other})),
            (Value::Null, json!({"k": one})),
            (json!({"k": other}), json!({})),
            (json!({"list": [{"deep": one}]}), json!({"list": [{"deep": other}]})),
        ] {
            let found = Value::Object(differences(&before, &after)).to_string();
            assert!(found.contains("not shown") && !found.contains("hunter"), "{found}");
        }
    }

    #[test]
    fn a_detail_has_a_bound_and_says_what_is_missing() {
        let long = |count: usize| (0..count).map(|n| (format!("field{n}"), json!({"to": "x".repeat(600)})));
        let names = |count: usize| (0..count).map(|n| (format!("{n:x<400}"), json!(1)));
        let list = json!({"list": vec!["\u{1}\"x"; 9_000]});
        for detail in [
            long(2).collect(),
            long(3_000).collect(),
            names(200).collect(),
            list.as_object().cloned().unwrap_or_default(),
        ] {
            let kept = bounded(&detail);
            let text = Value::Object(kept).to_string();
            assert!(text.len() <= DETAIL_BYTES_MAX + 256, "{} bytes", text.len());
            assert!(text.contains('…'));
        }
        let short = json!({"a": {"b": [1, null, "c"]}}).as_object().cloned().unwrap_or_default();
        assert_eq!(bounded(&short), short);
    }
}
