//! What a kind's own type says about its documents, and how one is read.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::check::check_schema;
use crate::{DocumentId, Kind, Problem, ProblemCode, Right, Schema};

/// Problems that are said of one document; further ones are left out.
pub const PROBLEMS_MAX: usize = 100;
/// Bytes of one document as compact JSON.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// The type of a kind's documents.
///
/// A new kind is a file with a type that implements this, and a line in the table of `kind.rs`. Every field has a default or is required in the
/// schema; an optional field is `Option` (written as `null`) or has `#[serde(default)]`. A test holds type and schema to the same fields.
pub trait Body: Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync + 'static {
    /// Its kind.
    const KIND: Kind;

    /// The right that changes its documents.
    const CHANGED_BY: Right;

    /// The right that reads them, besides [`Right::SettingsRead`], which reads all.
    const READ_BY: Right;

    /// Ids that no document of the kind may have, because something built in has them.
    const IDS_RESERVED: &[&str] = &[];

    /// Its fields. What it says is checked before the type is read; references to other documents are found by it.
    fn schema() -> Schema;

    /// What crosses fields. Shapes and bounds are checked before; it is asked also where a shape is wrong and the type reads it all the same.
    fn check(&self, _problems: &mut Problems) {}

    /// The site that it belongs to; none means all. A document names only documents of its own site, or of all sites.
    fn site(&self) -> Option<&DocumentId> {
        None
    }

    /// What no other document of its kind may have on the same site, with the field that says it: a reply's shortcut.
    fn names(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Gathers the problems of a document.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one. Beyond [`PROBLEMS_MAX`] it is left out.
    pub fn add(&mut self, field: impl Into<String>, code: ProblemCode, remedy: impl Into<String>) {
        if self.0.len() < PROBLEMS_MAX {
            self.0.push(Problem { field: field.into(), code, remedy: remedy.into() });
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order in which they were found.
    #[must_use]
    pub fn into_list(self) -> Vec<Problem> {
        self.0
    }
}

/// A body of any kind. Every [`Body`] is one.
pub trait AnyBody: Any + Debug + Send + Sync {
    /// As JSON, with every default written out.
    fn value(&self) -> Value;
    /// The bytes of that JSON, written without spaces.
    fn json_bytes(&self) -> usize;
    /// See [`Body::site`].
    fn site(&self) -> Option<&DocumentId>;
    /// See [`Body::names`].
    fn names(&self) -> Vec<(&'static str, String)>;
}

impl<T: Body> AnyBody for T {
    fn value(&self) -> Value {
        serde_json::to_value(self).expect("a body has text keys only, and nothing in it can fail to be written")
    }

    fn json_bytes(&self) -> usize {
        json_bytes(self)
    }

    fn site(&self) -> Option<&DocumentId> {
        Body::site(self)
    }

    fn names(&self) -> Vec<(&'static str, String)> {
        Body::names(self)
    }
}

/// Reads a body of one type and checks it as a document alone: the body if the type reads it, and all problems, [`PROBLEMS_MAX`] at most.
pub(crate) fn read<T: Body>(schema: &Schema, value: &Value) -> (Option<Arc<dyn AnyBody>>, Vec<Problem>) {
    let mut problems = Problems::default();
    check_schema(schema, value, &mut problems);
    match serde_json::from_value::<T>(without_nulls(value)) {
        Ok(body) => {
            // What crosses fields is said only of fields that are right, and not asked of what is beyond its bounds.
            if problems.0.iter().all(|problem| problem.code != ProblemCode::TooLong) {
                let mut crossing = Problems::default();
                body.check(&mut crossing);
                crossing.0.retain(|problem| problems.0.iter().all(|known| field(known) != field(problem)));
                crossing.0.into_iter().for_each(|one| problems.add(one.field, one.code, one.remedy));
            }
            (Some(Arc::new(body)), problems.into_list())
        }
        Err(error) => {
            if problems.is_empty() {
                let remedy = format!("It cannot be read: {error}. Correct the field that it names.");
                problems.add("", ProblemCode::Shape, remedy);
            }
            (None, problems.into_list())
        }
    }
}

/// The field of a document in which a problem is.
fn field(problem: &Problem) -> &str {
    problem.field.split('.').next().unwrap_or_default()
}

/// A copy of a value whose objects have no fields that are `null`: such a field has its default, whatever its type.
pub(crate) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let given = object.iter().filter(|(_, value)| !value.is_null());
            Value::Object(given.map(|(name, value)| (name.clone(), without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The bytes of a value's JSON, written without spaces, and thrown away.
pub(crate) fn json_bytes(value: &impl Serialize) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).expect("counting does not fail, and bodies have text keys only");
    count.0
}
