//! The documents that are in force: one snapshot, shared by everything that asks, and the one way to change it.
//!
//! A change is checked against the whole snapshot here and written by the store only if no other document was changed meanwhile; otherwise it is
//! checked again on what is there now.

pub(crate) mod file;
mod image;
pub(crate) mod look;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use relay_settings::{Change, DocumentKey, Problem, Snapshot};
use serde_json::Value;
use wire::SiteId;

use self::look::{Logo, Looks, SiteLook};
use crate::audit::By;
use crate::store::task::StoreHandle;
use crate::store::{DocumentChange, DocumentWrite, DocumentsChange, DocumentsError, Expected, Reader, StoreError};

/// How often a change is checked again because another one was faster.
const TRIES_MAX: usize = 8;

/// What is to become of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Which version it was made from.
    pub expected: Expected,
    /// Its body after the change; none removes it.
    pub body: Option<Value>,
    /// Whether a site with conversations may be removed; they are kept.
    pub keep: bool,
}

/// What is wrong with a change, by document.
pub type Found = Vec<(DocumentKey, Vec<Problem>)>;

/// Why documents were not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// What is wrong, by document.
    #[error("the documents are not right")]
    Invalid(Found),
    /// The store refuses it or fails.
    #[error(transparent)]
    Store(#[from] DocumentsError),
}

impl From<StoreError> for EditError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}

/// The snapshot in force.
pub struct Settings {
    store: StoreHandle,
    current: RwLock<Snapshot>,
    looks: RwLock<Arc<Looks>>,
}

impl Settings {
    /// Reads all documents.
    ///
    /// # Errors
    /// The store's own failures.
    pub async fn load(store: StoreHandle) -> Result<Self, StoreError> {
        let snapshot = store.read(|reader| read(reader)).await?;
        for (key, problems) in snapshot.problems() {
            tracing::warn!(document = %key, problems = problems.len(), "a stored document is not right: look at it in the settings");
        }
        Ok(Self { store, current: RwLock::new(snapshot), looks: RwLock::default() })
    }

    /// The snapshot in force.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads all documents again when the store has newer ones.
    ///
    /// # Errors
    /// The store's own failures.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let known = self.snapshot();
        let newer = self.store.read(move |reader| {
            if reader.documents_version()? == known.version() { Ok(None) } else { read_again(reader, &known).map(Some) }
        });
        if let Some(newer) = newer.await? {
            self.put_in_force(newer);
        }
        Ok(())
    }

    /// Makes the looks of all sites anew.
    pub(crate) fn make_looks(&self, now_ms: u64) -> Arc<Looks> {
        let looks = Arc::new(Looks::of(&self.snapshot(), now_ms));
        *self.looks.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&looks);
        looks
    }

    /// What a site's chat shows, as JSON in a language of ours; none when there is no such site.
    pub(crate) fn look(&self, site: &SiteId, language: &str, now_ms: u64) -> Option<Arc<str>> {
        self.with_look(site, now_ms, |look| look.json(language))
    }

    /// The number of what a site's chat shows; 0 when there is no such site.
    pub(crate) fn look_number(&self, site: &SiteId, now_ms: u64) -> u32 {
        self.with_look(site, now_ms, |look| look.number).unwrap_or(0)
    }

    /// A site's logo; none when it has none, or there is no such site.
    pub(crate) fn logo(&self, site: &SiteId, now_ms: u64) -> Option<Logo> {
        self.with_look(site, now_ms, |look| look.logo.clone()).flatten()
    }

    fn with_look<T>(&self, site: &SiteId, now_ms: u64, read: impl FnOnce(&SiteLook) -> T) -> Option<T> {
        let looks = Arc::clone(&self.looks.read().unwrap_or_else(PoisonError::into_inner));
        match looks.get(site) {
            Some(look) => Some(read(look)),
            // The site is new, or the relay has just started.
            None => Some(read(&SiteLook::of(&self.snapshot(), &site.as_str().parse().ok()?, now_ms)?)),
        }
    }

    /// Changes documents, all of them or none. When this returns, the change is in force here.
    ///
    /// # Errors
    /// See [`EditError`].
    pub async fn change(&self, edits: BTreeMap<DocumentKey, Edit>, by: By) -> Result<(), EditError> {
        for _ in 0..TRIES_MAX {
            let (after, change) = check(&self.snapshot(), &edits, by.clone()).map_err(EditError::Invalid)?;
            let written = self.store.write(move |writer| Ok(writer.change_documents(&change))).await?;
            match written {
                Ok(_) => {
                    self.put_in_force(after);
                    return Ok(());
                }
                Err(DocumentsError::Moved { .. }) => self.refresh().await?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Of two that come at the same time the newer one stays.
    fn put_in_force(&self, newer: Snapshot) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if newer.version() > current.version() {
            *current = newer;
        }
    }
}

/// All documents of a store.
///
/// # Errors
/// The store's own failures.
pub(crate) fn read(reader: &mut dyn Reader) -> Result<Snapshot, StoreError> {
    read_again(reader, &Snapshot::default())
}

/// All documents of a store; bodies of known versions are not read.
fn read_again(reader: &mut dyn Reader, known: &Snapshot) -> Result<Snapshot, StoreError> {
    let (version, documents) = reader.documents()?;
    let stored = documents.into_iter().map(|document| (document.key, document.version, document.body));
    // What is no JSON is no document that any version could read; as a text it is kept and shown as a problem.
    let body = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(known.read_again(version, stored, body))
}

/// A change that is right together with all other documents: the snapshot after it, and what the store is to write.
///
/// # Errors
/// What is wrong, by document.
pub(crate) fn check(
    snapshot: &Snapshot,
    edits: &BTreeMap<DocumentKey, Edit>,
    by: By,
) -> Result<(Snapshot, DocumentsChange), Found> {
    let mut asked = Vec::with_capacity(edits.len());
    let mut wrong = Found::new();
    for (key, edit) in edits {
        let anew = edit.body.as_ref().map(|body| image::written_anew(key.kind, body)).transpose();
        let body = anew.unwrap_or_else(|problem| {
            wrong.push((key.clone(), vec![problem]));
            edit.body.clone()
        });
        asked.push(Change { key: key.clone(), body });
    }
    let after = match snapshot.with(asked) {
        Ok(after) if wrong.is_empty() => after,
        Ok(_) => return Err(wrong),
        // All that is wrong is said at once, as a person mends it at once.
        Err(found) => return Err(wrong.into_iter().chain(found).collect()),
    };
    let changes = edits.iter().map(|(key, edit)| {
        let write = match after.document(key) {
            Some(document) => {
                let site = after.site_of(key).and_then(|site| site.as_str().parse().ok());
                DocumentWrite::Put { site, body: document.value().to_string() }
            }
            None => DocumentWrite::Remove { keep: edit.keep },
        };
        (key.clone(), DocumentChange { expected: edit.expected, write })
    });
    let change = DocumentsChange { checked_at: Some(snapshot.version()), changes: changes.collect(), by };
    Ok((after, change))
}
