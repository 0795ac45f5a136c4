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
}

#[derive(Debug)]
enum Content {
    Read(Arc<dyn AnyBody>),
    /// What this version cannot read, and why.
    Unread(Value, Vec<Problem>),
}

impl Document {
    /// As a store has it.
    pub(super) fn stored(kind: Kind, version: u64, body: Value) -> Self {
        match kind.read(&body) {
            Ok(read) => Self::read(kind, version, read, &body),
            Err(problems) => Self::unread(kind, version, body, problems),
        }
    }

    /// As somebody wants it.
    pub(super) fn put(kind: Kind, version: u64, body: &Value) -> Result<Self, Vec<Problem>> {
        let document = Self::read(kind, version, kind.read(body)?, body);
        if document.bytes > BODY_BYTES_MAX {
            let remedy = format!("It has {} bytes; {BODY_BYTES_MAX} at most. Shorten its texts.", document.bytes);
            return Err(vec![Problem { field: String::new(), code: ProblemCode::TooLong, remedy }]);
        }
        Ok(document)
    }

    fn read(kind: Kind, version: u64, read: Arc<dyn AnyBody>, body: &Value) -> Self {
        Self {
            version,
            bytes: read.json_bytes(),
            references: kind.schema().references(body),
            names: read.names(),
            content: Content::Read(read),
        }
    }

    pub(super) fn unread(kind: Kind, version: u64, body: Value, problems: Vec<Problem>) -> Self {
        // What it names is not removed below it, as far as this version knows its fields.
        let references = kind.schema().references(&body);
        Self {
            version,
            bytes: json_bytes(&body),
            references,
            names: Vec::new(),
            content: Content::Unread(body, problems),
        }
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

    /// Its body as JSON, with every default written out; as it was stored if this version cannot read it.
    #[must_use]
    pub fn value(&self) -> Value {
        match &self.content {
            Content::Read(body) => body.value(),
            Content::Unread(value, _) => value.clone(),
        }
    }

    /// Its typed body; none if this version cannot read it.
    #[must_use]
    pub fn body(&self) -> Option<&dyn AnyBody> {
        match &self.content {
            Content::Read(body) => Some(body.as_ref()),
            Content::Unread(..) => None,
        }
    }

    /// The site that it belongs to; none means all. A site's own document belongs to no site here.
    #[must_use]
    pub fn site(&self) -> Option<&DocumentId> {
        self.body()?.site()
    }

    /// The documents that it names, each with the field.
    pub fn references(&self) -> impl Iterator<Item = (&str, &DocumentKey)> {
        self.references.iter().map(|(field, key)| (field.as_str(), key))
    }

    /// Why this version cannot read it; empty when it can.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match &self.content {
            Content::Read(_) => &[],
            Content::Unread(_, problems) => problems,
        }
    }

    pub(super) fn names(&self) -> &[(&'static str, String)] {
        &self.names
    }
}
