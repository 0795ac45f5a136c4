//! The bound on what an entry says beside who, what and when.

use serde_json::{Map, Value};

/// The longest detail of an entry, in bytes of JSON; a little more stands there when something was cut.
pub const DETAIL_BYTES_MAX: usize = 16 * 1024;
/// The longest text in it, in characters.
const TEXT_CHARS_MAX: usize = 500;
/// Bytes that a member costs beside its name and value.
const MEMBER_BYTES: usize = 8;

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
    use serde_json::json;

    use super::*;

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
