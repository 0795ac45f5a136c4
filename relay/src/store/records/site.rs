//! Sites: the brands or regions that visitors write from. Each is a document; this is the part of it that the relay itself reads.

use serde_json::{Map, Value};
use wire::SiteId;

use crate::audit::By;
use crate::store::{
    DocumentChange, DocumentReader, DocumentWrite, DocumentWriter, DocumentsChange, DocumentsError, Expected,
    StoreError, StoredDocument, site_key,
};

/// A brand or region that visitors write from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its id in the snippet.
    pub id: SiteId,
    /// Its name in the chat's header.
    pub name: String,
    /// Web origins whose pages may show the chat, in the owner's order.
    pub origins: Vec<String>,
}

impl Site {
    /// What a document says of its site; a document that is no site's says nothing. One without a name has its id for one.
    pub(in crate::store) fn of(document: &StoredDocument) -> Option<Self> {
        let id: SiteId = document.key.id.as_str().parse().ok()?;
        let body: Value = serde_json::from_str(&document.body).ok()?;
        let name = body.get("name").and_then(Value::as_str).unwrap_or(id.as_str()).to_owned();
        let origins = body.get("origins").and_then(Value::as_array).into_iter().flatten();
        let origins = origins.filter_map(Value::as_str).map(str::to_owned).collect();
        Some(Self { id, name, origins })
    }

    /// The change that writes it into its document, whose other fields stay as they are.
    pub(in crate::store) fn change(&self, before: Option<&StoredDocument>, by: &By) -> DocumentsChange {
        let before = before.and_then(|document| serde_json::from_str(&document.body).ok());
        let mut body: Map<String, Value> = before.unwrap_or_default();
        body.insert("name".to_owned(), self.name.as_str().into());
        body.insert("origins".to_owned(), self.origins.as_slice().into());
        let write = DocumentWrite::Put { site: Some(self.id.clone()), body: Value::Object(body).to_string() };
        change(&self.id, write, by)
    }

    /// The change that removes a site.
    pub(in crate::store) fn removal(site: &SiteId, keep: bool, by: &By) -> DocumentsChange {
        change(site, DocumentWrite::Remove { keep }, by)
    }
}

fn change(site: &SiteId, write: DocumentWrite, by: &By) -> DocumentsChange {
    let change = DocumentChange { expected: Expected::Any, write };
    DocumentsChange { checked_at: None, changes: [(site_key(site), change)].into(), by: by.clone() }
}

/// Why a site was not changed.
#[expect(clippy::needless_pass_by_value, reason = "used by map_err, which hands over the value")]
pub(in crate::store) fn refused(error: DocumentsError) -> StoreError {
    match error {
        DocumentsError::Missing(_) => StoreError::Missing,
        DocumentsError::InUse(_)
        | DocumentsError::OnStaff { .. }
        | DocumentsError::Moved { .. }
        | DocumentsError::Conflict { .. } => StoreError::Conflict,
        DocumentsError::LastAdministrator => StoreError::LastAdministrator,
        DocumentsError::Store(error) => error,
    }
}

/// Writes sites, as documents.
pub trait SiteWriter: DocumentWriter {
    /// Adds a site, or replaces its name and origins; one that was removed exists again. Raises the settings version.
    ///
    /// # Errors
    /// `Down`.
    fn put_site(&mut self, site: &Site, by: &By) -> Result<(), StoreError>;

    /// Removes a site: no page may show its chat any more. A site with conversations is removed only with `keep`; they are kept with their
    /// visitors. Raises the settings version.
    ///
    /// # Errors
    /// `Missing` when there is no such site, `Conflict` when it has conversations and `keep` is not set, or agents have it in their scope.
    fn remove_site(&mut self, site: &SiteId, keep: bool, by: &By) -> Result<(), StoreError>;
}

/// Reads sites.
pub trait SiteReader: DocumentReader {
    /// All sites, by id.
    ///
    /// # Errors
    /// `Down`.
    fn sites(&mut self) -> Result<Vec<Site>, StoreError>;

    /// One site.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn site(&mut self, id: &SiteId) -> Result<Site, StoreError>;
}
