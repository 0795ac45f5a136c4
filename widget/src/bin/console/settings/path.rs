//! Values inside a document, by the path that problems name them with: `colours.light`, `weekly.2.from`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The value at a path; none where there is nothing.
pub(super) fn get<'v>(body: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    let mut names = path.split('.');
    let first = body.get(names.next()?)?;
    names.try_fold(first, |value, name| match value {
        Value::Array(values) => values.get(name.parse::<usize>().ok()?),
        Value::Object(fields) => fields.get(name),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// Puts a value at a path, or removes what is there. An object that gets empty by that is removed too: it says what is said by leaving it out.
pub(super) fn set(body: &mut Map<String, Value>, path: &str, value: Option<Value>) {
    match path.split_once('.') {
        None => put(body, path, value),
        Some((name, rest)) => {
            let inner = body.entry(name).or_insert_with(|| empty_for(rest));
            inside(inner, rest, value);
            if inner.as_object().is_some_and(Map::is_empty) {
                body.remove(name);
            }
        }
    }
}

fn inside(outer: &mut Value, path: &str, value: Option<Value>) {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    match (outer, rest) {
        (Value::Object(fields), _) => set(fields, path, value),
        (Value::Array(values), rest) => {
            let Ok(at) = name.parse::<usize>() else { return };
            match (rest, value) {
                (Some(rest), value) => {
                    if let Some(inner) = values.get_mut(at) {
                        inside(inner, rest, value);
                    }
                }
                (None, Some(value)) if at < values.len() => values[at] = value,
                (None, Some(value)) => values.push(value),
                (None, None) if at < values.len() => drop(values.remove(at)),
                (None, None) => {}
            }
        }
        // What has another type than the form makes is replaced.
        (outer, _) => {
            *outer = empty_for(path);
            if !matches!(outer, Value::Null) {
                inside(outer, path, value);
            }
        }
    }
}

fn put(body: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => drop(body.insert(name.to_owned(), value)),
        None => drop(body.remove(name)),
    }
}

/// What holds a path that begins like this: a list for a number.
fn empty_for(path: &str) -> Value {
    if path.starts_with(|first: char| first.is_ascii_digit()) { Value::Array(Vec::new()) } else { Map::new().into() }
}

/// Field by field: theirs, but for what was changed here.
pub(super) fn merged(
    base: &Map<String, Value>,
    theirs: &Map<String, Value>,
    mine: &Map<String, Value>,
) -> Map<String, Value> {
    let names: BTreeSet<&String> = base.keys().chain(theirs.keys()).chain(mine.keys()).collect();
    let field = |name: &String| {
        let from = if mine.get(name) == base.get(name) { theirs } else { mine };
        Some((name.clone(), from.get(name)?.clone()))
    };
    names.into_iter().filter_map(field).collect()
}

/// A path without the numbers in it: the same for each entry of a list.
pub(super) fn general(path: &str) -> String {
    let names = path.split('.').filter(|name| name.parse::<usize>().is_err());
    names.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_not_touched_is_taken_from_the_other() {
        let map = |value: Value| value.as_object().cloned().unwrap_or_default();
        let base = map(json!({ "name": "A", "hours": "h", "site": "s" }));
        for (theirs, mine, both) in [
            (
                json!({ "name": "B", "hours": "h", "site": "s" }),
                json!({ "name": "A", "hours": "i", "site": "s" }),
                json!({ "name": "B", "hours": "i", "site": "s" }),
            ),
            (json!({ "name": "B", "site": "s" }), json!({ "name": "C", "hours": "h" }), json!({ "name": "C" })),
            (
                json!({ "name": "A", "hours": "h", "site": "s", "new": 1 }),
                json!({ "name": "A", "hours": "h", "site": "s" }),
                json!({ "name": "A", "hours": "h", "site": "s", "new": 1 }),
            ),
        ] {
            assert_eq!(merged(&base, &map(theirs), &map(mine)), map(both));
        }
    }

    #[test]
    fn what_is_put_at_a_path_is_there_and_can_be_removed() {
        let mut body = json!({ "a": 1, "list": [{ "from": "09:00" }] }).as_object().cloned().expect("an object");
        let before = body.clone();
        for (path, value) in [
            ("b", json!(2)),
            ("group.inner", json!("x")),
            ("group.deeper.still", json!(true)),
            ("list.0.to", json!("17:00")),
            ("list.1", json!({ "from": "10:00" })),
            ("texts.zh-CN", json!("你好")),
        ] {
            set(&mut body, path, Some(value.clone()));
            assert_eq!(get(&body, path), Some(&value), "{path}");
            set(&mut body, path, None);
            assert_eq!((get(&body, path), &body), (None, &before), "{path}");
        }
        set(&mut body, "new.0", Some(json!("first")));
        assert_eq!(body["new"], json!(["first"]));
        set(&mut body, "a.inner", Some(json!(3)));
        assert_eq!(body["a"], json!({ "inner": 3 }), "what has another type is replaced");
        for path in ["list.5", "list.x", "nothing.at.all", ""] {
            assert_eq!(get(&body, path), None, "{path}");
        }
        assert_eq!(general("exceptions.2.times.0.from"), "exceptions.times.from");
    }
}
