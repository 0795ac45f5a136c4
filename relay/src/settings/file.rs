//! All settings as one readable file: an object of kinds, each an object of ids, each a document.
//!
//! A file that names only some documents changes only these; `null` removes one.

use std::collections::BTreeMap;

use relay_settings::{DocumentId, DocumentKey, Kind, Problem, ProblemCode, Snapshot};
use serde_json::{Map, Value, json};

use super::Edit;
use crate::store::Expected;

/// The version of the format.
const FORMAT: u64 = 1;

/// The whole file, the same bytes for the same settings.
pub(crate) fn write(snapshot: &Snapshot) -> String {
    let mut kinds = Map::new();
    for kind in Kind::ALL {
        let documents: Map<_, _> =
            snapshot.of_kind(*kind).map(|(id, document)| (id.to_string(), document.value())).collect();
        if !documents.is_empty() {
            kinds.insert(kind.to_string(), Value::Object(documents));
        }
    }
    let file = json!({ "causeway_settings": FORMAT, "documents": kinds });
    let mut text = serde_json::to_string_pretty(&file).expect("a JSON value can be written");
    text.push('\n');
    text
}

/// What a file asks for. What is already as it says is left out, so that the same file imported twice changes nothing.
///
/// # Errors
/// Where the file is not of this form, as problems whose field is a path in it.
pub(crate) fn read(text: &str, snapshot: &Snapshot) -> Result<BTreeMap<DocumentKey, Edit>, Vec<Problem>> {
    let file: Value =
        serde_json::from_str(text).map_err(|error| vec![shape("", format!("this is not JSON: {error}"))])?;
    if file["causeway_settings"] != FORMAT {
        let remedy = format!("this is no settings file of format {FORMAT}; `relay settings export` writes one");
        return Err(vec![shape("causeway_settings", remedy)]);
    }
    let Some(kinds) = file["documents"].as_object() else {
        return Err(vec![shape("documents", "it is an object of kinds".to_owned())]);
    };
    let (mut edits, mut problems) = (BTreeMap::new(), Vec::new());
    for (kind_name, documents) in kinds {
        let path = format!("documents.{kind_name}");
        match (kind_name.parse::<Kind>(), documents.as_object()) {
            (Ok(kind), Some(documents)) => {
                for (id, body) in documents {
                    match id.parse::<DocumentId>() {
                        Ok(id) => add(&mut edits, DocumentKey { kind, id }, body, snapshot),
                        Err(error) => problems.push(shape(&format!("{path}.{id}"), error.to_string())),
                    }
                }
            }
            (Ok(_), None) => problems.push(shape(&path, "it is an object of ids".to_owned())),
            (Err(error), _) => problems.push(shape(&path, error.to_string())),
        }
    }
    if problems.is_empty() { Ok(edits) } else { Err(problems) }
}

fn add(edits: &mut BTreeMap<DocumentKey, Edit>, key: DocumentKey, body: &Value, snapshot: &Snapshot) {
    let present = snapshot.document(&key);
    // A body may be written shorter than it is kept, without its defaults: it is compared as it would be kept.
    let is_same = match (present, body) {
        (None, Value::Null) => true,
        (Some(_), Value::Null) | (None, _) => false,
        // Also what is not right: a document that a newer relay wrote, as it was exported.
        (Some(present), body) if *body == present.value() => true,
        (Some(present), body) => key.kind.read(body).is_ok_and(|read| read.value() == present.value()),
    };
    if !is_same {
        let expected = present.map_or(Expected::Absent, |present| Expected::Version(present.version()));
        edits.insert(key, Edit { expected, body: (!body.is_null()).then(|| body.clone()), keep: true });
    }
}

fn shape(field: &str, remedy: String) -> Problem {
    Problem { field: field.to_owned(), code: ProblemCode::Shape, remedy }
}

#[cfg(test)]
mod tests {
    use relay_settings::Change;

    use super::*;

    fn key(kind: Kind, id: &str) -> DocumentKey {
        DocumentKey { kind, id: id.parse().expect("an id") }
    }

    fn snapshot() -> Snapshot {
        let label = |name: &str| json!({ "name": name, "colour": "#b3261e" });
        let changes = [
            Change::put(key(Kind::Site, "demo"), json!({ "name": "Demo", "origins": ["https://www.example.com"] })),
            Change::put(key(Kind::Label, "a"), label("A")),
            Change::put(key(Kind::Label, "b"), label("B")),
        ];
        Snapshot::default().with(changes).expect("all are right")
    }

    #[test]
    fn what_was_written_is_read_as_no_change_and_anywhere_else_as_the_same() {
        let snapshot = snapshot();
        let text = write(&snapshot);
        assert_eq!(read(&text, &snapshot), Ok(BTreeMap::new()));
        let edits = read(&text, &Snapshot::default()).expect("it is of the form");
        let changes = edits.into_iter().map(|(key, edit)| Change { key, body: edit.body });
        let copy = Snapshot::default().with(changes).expect("all are right");
        assert_eq!(write(&copy), text);
    }

    #[test]
    fn what_this_version_cannot_read_is_no_change_either() {
        let newer = json!({ "name": "A", "shape_of_the_mark": "star" });
        let snapshot = Snapshot::build(7, [(key(Kind::Label, "newer"), 7, newer)]);
        assert_eq!(snapshot.problems().count(), 1);
        assert_eq!(read(&write(&snapshot), &snapshot), Ok(BTreeMap::new()));
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let snapshot = snapshot();
        let file = |documents: Value| json!({ "causeway_settings": 1, "documents": documents }).to_string();
        for (documents, changed) in [
            (json!({}), vec![]),
            (json!({ "label": { "a": { "name": "A", "colour": "#b3261e" } } }), vec![]),
            (json!({ "label": { "a": { "name": "Other", "colour": "#b3261e" }, "c": null } }), vec![("a", true)]),
            (json!({ "label": { "b": null } }), vec![("b", false)]),
            (json!({ "label": { "d": { "name": "D", "colour": "#b3261e" } } }), vec![("d", true)]),
        ] {
            let edits = read(&file(documents.clone()), &snapshot).expect("it is of the form");
            let found: Vec<_> = edits.iter().map(|(key, edit)| (key.id.as_str(), edit.body.is_some())).collect();
            assert_eq!(found, changed, "{documents}");
        }
    }

    #[test]
    fn every_fault_of_the_form_is_said_with_its_path() {
        let text = r#"{"causeway_settings":1,"documents":{"label":{"A b":{}},"site":[],"nothing":{}}}"#;
        let problems = read(text, &Snapshot::default()).expect_err("three faults");
        let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["documents.label.A b", "documents.nothing", "documents.site"]);
        for text in ["", "{", "[]", "{}", r#"{"causeway_settings":2}"#, r#"{"causeway_settings":1}"#] {
            assert_eq!(read(text, &Snapshot::default()).expect_err("a fault").len(), 1, "{text}");
        }
    }
}
