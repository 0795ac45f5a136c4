//! One document of a snapshot.

use std::sync::Arc;

use serde_json::Value;

use crate::body::{AnyBody, json_bytes};
use crate::{BODY_BYTES_MAX, DocumentId, DocumentKey, Kind, Problem, ProblemCode};

/// One document of a snapshot.
#[derive(Debug)]
pub struct Document {
    version: u64,
    bytes: usize,
    content: Content,
    references: Vec<(String, DocumentKey)>,
    names: Vec<(&'static str, String)>,
    problems: Vec<Problem>,
}

#[derive(Debug)]
enum Content {
    Read(Arc<dyn AnyBody>),
    /// What the type cannot hold.
    Unread(Value),
}

impl Document {
    /// As a store has it.
    pub(super) fn stored(kind: Kind, version: u64, body: Value) -> Self {
        match kind.read_stored(&body) {
            (Some(read), problems) => Self::read(kind, version, read, &body, problems),
            (None, problems) => Self::unread(kind, version, body, problems),
        }
    }

    /// As somebody wants it.
    pub(super) fn put(kind: Kind, version: u64, body: &Value) -> Result<Self, Vec<Problem>> {
        let document = Self::read(kind, version, kind.read(body)?, body, Vec::new());
        if document.bytes > BODY_BYTES_MAX {
            let remedy = format!("It has {} bytes; {BODY_BYTES_MAX} at most. Shorten its texts.", document.bytes);
            return Err(vec![Problem { field: String::new(), code: ProblemCode::TooLong, remedy }]);
        }
        Ok(document)
    }

    fn read(kind: Kind, version: u64, read: Arc<dyn AnyBody>, body: &Value, problems: Vec<Problem>) -> Self {
        Self {
            version,
            bytes: read.json_bytes(),
            references: kind.schema().references(body),
            names: read.names(),
            problems,
            content: Content::Read(read),
        }
    }

    pub(super) fn unread(kind: Kind, version: u64, body: Value, problems: Vec<Problem>) -> Self {
        // What it names is not removed below it, as far as this version knows its fields.
        let references = kind.schema().references(&body);
        let bytes = json_bytes(&body);
        Self { version, bytes, references, names: Vec::new(), problems, content: Content::Unread(body) }
    }

    /// The version that wrote it; its ETag.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Bytes of its body as compact JSON.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Its body as JSON, with every default written out; as it was stored if its type cannot hold it.
    #[must_use]
    pub fn value(&self) -> Value {
        match &self.content {
            Content::Read(body) => body.value(),
            Content::Unread(value) => value.clone(),
        }
    }

    /// Its typed body; none if its type cannot hold it.
    #[must_use]
    pub fn body(&self) -> Option<&dyn AnyBody> {
        match &self.content {
            Content::Read(body) => Some(body.as_ref()),
            Content::Unread(_) => None,
        }
    }

    /// The site that it says it belongs to; none means all. See `Snapshot::site_of`.
    #[must_use]
    pub fn site(&self) -> Option<&DocumentId> {
        self.body()?.site()
    }

    /// The documents that it names, each with the field.
    pub fn references(&self) -> impl Iterator<Item = (&str, &DocumentKey)> {
        self.references.iter().map(|(field, key)| (field.as_str(), key))
    }

    /// What this version finds wrong with it alone; some of it when [`Self::body`] is none.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(super) fn names(&self) -> &[(&'static str, String)] {
        &self.names
    }
}
