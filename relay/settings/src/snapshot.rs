//! All documents at one version, checked together.

mod document;
mod together;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::{Body, DocumentId, DocumentKey, Kind, Problem, ProblemCode};

pub use document::Document;
pub use together::PARENTS_MAX;

/// Documents in all.
pub const DOCUMENTS_MAX: usize = 10_000;
/// Bytes of all bodies as compact JSON.
pub const DOCUMENTS_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Problems that are said of one change; further ones are left out.
pub const CHANGE_PROBLEMS_MAX: usize = 1_000;

/// All documents at one version. Cheap to clone, never changed: a change makes another one, which shares what it did not touch.
///
/// A stored body that its type cannot hold (a newer relay wrote it) does not stop anything: it is kept as it is, shown among
/// [`Snapshot::problems`], counts as there for documents that name it, and is left out of typed access. One that the type can hold, and that breaks a rule
/// which was not there when it was written, is used as it is and shown as well. Both can be replaced and removed; a change of the second has to be right.
#[derive(Clone, Debug, Default)]
pub struct Snapshot(Arc<All>);

#[derive(Debug, Default)]
struct All {
    version: u64,
    bytes: usize,
    documents: Documents,
    /// What is wrong with stored documents: those that cannot be read, and those that do not fit together.
    problems: BTreeMap<DocumentKey, Vec<Problem>>,
}

type Documents = BTreeMap<DocumentKey, Arc<Document>>;

/// A change of one document.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which document.
    pub key: DocumentKey,
    /// Its new body; none removes it.
    pub body: Option<Value>,
}

impl Change {
    /// Adds a document or replaces it.
    #[must_use]
    pub const fn put(key: DocumentKey, body: Value) -> Self {
        Self { key, body: Some(body) }
    }

    /// Removes a document.
    #[must_use]
    pub const fn remove(key: DocumentKey) -> Self {
        Self { key, body: None }
    }
}

impl Snapshot {
    /// What a store keeps, at the version of its counter. It never fails: what is wrong is in [`Self::problems`].
    #[must_use]
    pub fn build(version: u64, stored: impl IntoIterator<Item = (DocumentKey, u64, Value)>) -> Self {
        Self::default().read_again(version, stored, |body| body)
    }

    /// What a store keeps now, as [`Self::build`]. A document of a version that is known already is shared, and its body is not read: no version is
    /// ever used twice. So a newer snapshot costs little to read, and a former one little to free.
    #[must_use]
    pub fn read_again<B>(
        &self,
        version: u64,
        stored: impl IntoIterator<Item = (DocumentKey, u64, B)>,
        body: impl Fn(B) -> Value,
    ) -> Self {
        let stored = stored.into_iter().map(|(key, version, stored)| {
            let known = self.0.documents.get(&key).filter(|known| known.version() == version);
            let document =
                known.cloned().unwrap_or_else(|| Arc::new(Document::stored(key.kind, version, body(stored))));
            (key, document)
        });
        Self::of(version, stored.collect())
    }

    fn of(version: u64, documents: Documents) -> Self {
        let mut problems = together::check(&documents);
        for (key, document) in documents.iter().filter(|(_, document)| !document.problems().is_empty()) {
            problems.entry(key.clone()).or_default().extend_from_slice(document.problems());
        }
        let bytes = documents.values().map(|document| document.bytes()).sum();
        Self(Arc::new(All { version, bytes, documents, problems }))
    }

    /// With these changes, all checked as one: the next version, in which the documents that were put have that version.
    ///
    /// # Errors
    /// What is wrong, by document; [`CHANGE_PROBLEMS_MAX`] problems at most. What was wrong before, with documents that are not put, is not said.
    pub fn with(&self, changes: impl IntoIterator<Item = Change>) -> Result<Self, Vec<(DocumentKey, Vec<Problem>)>> {
        let version = self.0.version + 1;
        let mut found = Found::default();
        let mut documents = self.0.documents.clone();
        let (mut put, mut removed) = (BTreeSet::new(), BTreeSet::new());
        for Change { key, body } in changes {
            if put.contains(&key) || removed.contains(&key) {
                found.add(&key, ProblemCode::Contradiction, "It is changed twice at once. Leave one of the two out.");
                continue;
            }
            let Some(body) = body else {
                if documents.remove(&key).is_none() {
                    found.add(&key, ProblemCode::Missing, "There is no such document to remove.");
                }
                removed.insert(key);
                continue;
            };
            if key.kind.ids_reserved().contains(&key.id.as_str()) {
                found.add(&key, ProblemCode::Taken, "Something built in has this id. Choose another.");
            }
            match Document::put(key.kind, version, &body) {
                Ok(document) => {
                    documents.insert(key.clone(), Arc::new(document));
                }
                Err(problems) => {
                    // So that what names it is not found wrong as well.
                    let stands_in = Document::unread(key.kind, version, body, problems.clone());
                    documents.insert(key.clone(), Arc::new(stands_in));
                    found.extend(&key, problems);
                }
            }
            put.insert(key);
        }
        // What names nothing is said too of a document that is wrong itself.
        for key in put.iter().filter(|key| !documents[*key].problems().is_empty()) {
            found.extend(key, together::missing(&documents[key], &documents));
        }
        for (key, remedy) in together::in_use(&removed, &documents, &put) {
            found.add(key, ProblemCode::InUse, remedy);
        }
        let next = Self::of(version, documents);
        for (key, problems) in &next.0.problems {
            let of_document = |problem: &&Problem| {
                let is_old = self.0.problems.get(key).is_some_and(|old| old.contains(problem));
                // A document that is removed says itself who uses it.
                let is_removed = next.0.documents[key].references().any(|(field, named)| {
                    problem.code == ProblemCode::Missing && problem.field == field && removed.contains(named)
                });
                if put.contains(key) { next.0.documents[key].problems().is_empty() } else { !is_old && !is_removed }
            };
            found.extend(key, problems.iter().filter(of_document).cloned().collect());
        }
        self.check_bounds(&next, &put, &mut found);
        if found.by_document.is_empty() { Ok(next) } else { Err(found.by_document.into_iter().collect()) }
    }

    /// A change may not go beyond the bounds, but what is beyond them already may shrink.
    fn check_bounds(&self, next: &Self, put: &BTreeSet<DocumentKey>, found: &mut Found) {
        let Some(last) = put.last() else { return };
        let (count, bytes) = (next.len(), next.bytes());
        if count > DOCUMENTS_MAX && count > self.len() {
            let remedy = format!("There would be {count} documents; {DOCUMENTS_MAX} at most. Remove some first.");
            found.add(last, ProblemCode::TooLong, remedy);
        }
        if bytes > DOCUMENTS_BYTES_MAX && bytes > self.bytes() {
            let remedy = format!(
                "All documents would have {bytes} bytes; {DOCUMENTS_BYTES_MAX} at most. Shorten or remove some first."
            );
            found.add(last, ProblemCode::TooLong, remedy);
        }
    }

    /// The version of the newest change in it.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.0.version
    }

    /// How many documents there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.documents.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.documents.is_empty()
    }

    /// Bytes of all bodies as compact JSON.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.bytes
    }

    /// One document, typed. None when there is none, or the type cannot hold it.
    #[must_use]
    pub fn get<T: Body>(&self, id: &DocumentId) -> Option<&T> {
        typed(self.document(&DocumentKey { kind: T::KIND, id: id.clone() })?)
    }

    /// All documents of a type, by id, without those that the type cannot hold.
    pub fn all<T: Body>(&self) -> impl Iterator<Item = (&DocumentId, &T)> {
        self.of_kind(T::KIND).filter_map(|(id, document)| Some((id, typed(document)?)))
    }

    /// The site that a document belongs to, also that of a site's own document; none means all, or that there is no such document.
    #[must_use]
    pub fn site_of<'a>(&'a self, key: &'a DocumentKey) -> Option<&'a DocumentId> {
        let document = self.document(key)?;
        if key.kind == Kind::Site { Some(&key.id) } else { document.site() }
    }

    /// One document of any kind.
    #[must_use]
    pub fn document(&self, key: &DocumentKey) -> Option<&Document> {
        self.0.documents.get(key).map(AsRef::as_ref)
    }

    /// All documents of a kind, by id.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (&DocumentId, &Document)> {
        let first = DocumentKey { kind, id: DocumentId::least() };
        let from_first = self.0.documents.range(first..);
        from_first.take_while(move |(key, _)| key.kind == kind).map(|(key, document)| (&key.id, document.as_ref()))
    }

    /// All documents, by kind and id.
    pub fn documents(&self) -> impl Iterator<Item = (&DocumentKey, &Document)> {
        self.0.documents.iter().map(|(key, document)| (key, document.as_ref()))
    }

    /// Which documents name this one, each with the field that does.
    pub fn users<'a>(&'a self, of: &'a DocumentKey) -> impl Iterator<Item = (&'a DocumentKey, &'a str)> {
        together::users(of, &self.0.documents)
    }

    /// What is wrong with stored documents: those that this version cannot read, and those that do not fit together.
    pub fn problems(&self) -> impl Iterator<Item = (&DocumentKey, &[Problem])> {
        self.0.problems.iter().map(|(key, problems)| (key, problems.as_slice()))
    }
}

fn typed<T: Body>(document: &Document) -> Option<&T> {
    let body: &dyn Any = document.body()?;
    body.downcast_ref()
}

/// The problems of a change.
#[derive(Default)]
struct Found {
    by_document: BTreeMap<DocumentKey, Vec<Problem>>,
    count: usize,
}

impl Found {
    fn add(&mut self, key: &DocumentKey, code: ProblemCode, remedy: impl Into<String>) {
        self.extend(key, vec![Problem { field: String::new(), code, remedy: remedy.into() }]);
    }

    fn extend(&mut self, key: &DocumentKey, problems: Vec<Problem>) {
        let room = CHANGE_PROBLEMS_MAX - self.count;
        let taken: Vec<Problem> = problems.into_iter().take(room).collect();
        self.count += taken.len();
        if !taken.is_empty() {
            self.by_document.entry(key.clone()).or_default().extend(taken);
        }
    }
}

#[cfg(test)]
mod tests;
