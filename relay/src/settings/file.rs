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

/// What a file asks for, and where it is not of this form.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Asked {
    /// What is already as the file says is left out, so that the same file imported twice changes nothing.
    pub(crate) edits: BTreeMap<DocumentKey, Edit>,
    /// The field of each is a path in the file. What they concern is no edit; the others are there, so that what is wrong with them can be said too.
    pub(crate) problems: Vec<Problem>,
}

impl Asked {
    fn nothing(problem: Problem) -> Self {
        Self { edits: BTreeMap::new(), problems: vec![problem] }
    }
}

/// What a file asks for. `keep`: sites with conversations may be removed, and these are kept.
pub(crate) fn read(text: &str, snapshot: &Snapshot, keep: bool) -> Asked {
    let file: Value = match serde_json::from_str(text) {
        Ok(file) => file,
        Err(error) => return Asked::nothing(shape("", format!("this is not JSON: {error}"))),
    };
    if file["causeway_settings"] != FORMAT {
        let remedy = format!("this is no settings file of format {FORMAT}; `relay settings export` writes one");
        return Asked::nothing(shape("causeway_settings", remedy));
    }
    let Some(kinds) = file["documents"].as_object() else {
        return Asked::nothing(shape("documents", "it is an object of kinds".to_owned()));
    };
    let Asked { mut edits, mut problems } = Asked::default();
    for (kind_name, documents) in kinds {
        let path = format!("documents.{kind_name}");
        match (kind_name.parse::<Kind>(), documents.as_object()) {
            (Ok(kind), Some(documents)) => {
                for (id, body) in documents {
                    match id.parse::<DocumentId>() {
                        Ok(id) => {
                            let key = DocumentKey { kind, id };
                            if let Some(edit) = edit(&key, body, snapshot, keep) {
                                edits.insert(key, edit);
                            }
                        }
                        Err(error) => problems.push(shape(&format!("{path}.{id}"), error.to_string())),
                    }
                }
            }
            (Ok(_), None) => problems.push(shape(&path, "it is an object of ids".to_owned())),
            (Err(error), _) => problems.push(shape(&path, error.to_string())),
        }
    }
    Asked { edits, problems }
}

/// What a file makes of a document; nothing where it is so already.
fn edit(key: &DocumentKey, body: &Value, snapshot: &Snapshot, keep: bool) -> Option<Edit> {
    let present = snapshot.document(key);
    // A body may be written shorter than it is kept, without its defaults: it is compared as it would be kept.
    let is_same = match (present, body) {
        (None, Value::Null) => true,
        (Some(_), Value::Null) | (None, _) => false,
        // Also what is not right: a document that a newer relay wrote, as it was exported.
        (Some(present), body) if *body == present.value() => true,
        (Some(present), body) => key.kind.read(body).is_ok_and(|read| read.value() == present.value()),
    };
    let expected = present.map_or(Expected::Absent, |present| Expected::Version(present.version()));
    (!is_same).then(|| Edit { expected, body: (!body.is_null()).then(|| body.clone()), keep })
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

    /// What a file of the right form asks for.
    fn edits(text: &str, snapshot: &Snapshot) -> BTreeMap<DocumentKey, Edit> {
        let Asked { edits, problems } = read(text, snapshot, false);
        assert_eq!(problems, []);
        edits
    }

    #[test]
    fn what_was_written_is_read_as_no_change_and_anywhere_else_as_the_same() {
        let snapshot = snapshot();
        let text = write(&snapshot);
        assert_eq!(read(&text, &snapshot, false), Asked::default());
        let edits = edits(&text, &Snapshot::default());
        let changes = edits.into_iter().map(|(key, edit)| Change { key, body: edit.body });
        let copy = Snapshot::default().with(changes).expect("all are right");
        assert_eq!(write(&copy), text);
    }

    #[test]
    fn what_this_version_cannot_read_is_no_change_either() {
        let newer = json!({ "name": "A", "shape_of_the_mark": "star" });
        let snapshot = Snapshot::build(7, [(key(Kind::Label, "newer"), 7, newer)]);
        assert_eq!(snapshot.problems().count(), 1);
        assert_eq!(read(&write(&snapshot), &snapshot, false), Asked::default());
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
            let edits = edits(&file(documents.clone()), &snapshot);
            let found: Vec<_> = edits.iter().map(|(key, edit)| (key.id.as_str(), edit.body.is_some())).collect();
            assert_eq!(found, changed, "{documents}");
        }
    }

    #[test]
    fn every_fault_of_the_form_is_said_with_its_path() {
        let text = r#"{"causeway_settings":1,"documents":{"label":{"A b":{},"right":{}},"site":[],"nothing":{}}}"#;
        let asked = read(text, &Snapshot::default(), false);
        let fields: Vec<_> = asked.problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["documents.label.A b", "documents.nothing", "documents.site"]);
        assert!(asked.edits.keys().eq([&key(Kind::Label, "right")]), "the others are asked for");
        for text in ["", "{", "[]", "{}", r#"{"causeway_settings":2}"#, r#"{"causeway_settings":1}"#] {
            assert_eq!(read(text, &Snapshot::default(), false).problems.len(), 1, "{text}");
        }
    }
}
