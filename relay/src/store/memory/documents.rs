//! Documents in memory, and sites, which are documents.

use relay_settings::{DocumentKey, Kind};
use wire::SiteId;

use super::{MemoryReader, MemoryWriter, Tables};
use crate::audit::By;
use crate::store::documents::{self, DOCUMENT_VERSIONS_MAX, REMOVED_DOCUMENTS_MAX};
use crate::store::records::site_refused;
use crate::store::{
    DocumentReader, DocumentVersion, DocumentWrite, DocumentWriter, DocumentsChange, DocumentsError, Site, SiteReader,
    SiteWriter, StoreError, StoredDocument, site_key, staff,
};

impl DocumentWriter for MemoryWriter {
    fn change_documents(&mut self, change: &DocumentsChange) -> Result<u64, DocumentsError> {
        let tables = self.tables()?;
        let (version, changed) = tables.with_documents(change)?;
        *tables = changed;
        Ok(version)
    }

    fn try_documents(&mut self, change: &DocumentsChange) -> Result<(), DocumentsError> {
        self.tables()?.with_documents(change).map(drop)
    }
}

impl DocumentReader for MemoryReader {
    fn documents_version(&mut self) -> Result<u64, StoreError> {
        Ok(self.tables().documents_version)
    }

    fn documents(&mut self) -> Result<(u64, Vec<StoredDocument>), StoreError> {
        let tables = self.tables();
        Ok((tables.documents_version, tables.documents.values().cloned().collect()))
    }

    fn document(&mut self, key: &DocumentKey) -> Result<StoredDocument, StoreError> {
        self.tables().documents.get(key).cloned().ok_or(StoreError::Missing)
    }

    fn document_history(
        &mut self,
        key: &DocumentKey,
        before: u64,
        count_max: usize,
    ) -> Result<Vec<DocumentVersion>, StoreError> {
        let tables = self.tables();
        let versions = tables.histories.get(key).into_iter().flatten().rev();
        Ok(versions.filter(|version| version.version < before).take(count_max).cloned().collect())
    }
}

impl Tables {
    /// A copy with a change, so that a refusal leaves no trace.
    fn with_documents(&self, change: &DocumentsChange) -> Result<(u64, Self), DocumentsError> {
        let mut changed = self.clone();
        let version = changed.change_documents(change)?;
        let everybody = staff::Users {
            agents: self.agents.values().cloned().collect(),
            keys: self.service_keys.values().cloned().collect(),
            invitations: self.invitations.values().cloned().collect(),
        };
        staff::check_documents(&everybody, (self.roles(), changed.roles()), change)?;
        Ok((version, changed))
    }

    fn change_documents(&mut self, change: &DocumentsChange) -> Result<u64, DocumentsError> {
        let version = self.documents_version;
        if change.checked_at.is_some_and(|checked_at| checked_at != version) {
            return Err(DocumentsError::Moved { version });
        }
        let version = version + 1;
        for (key, one) in &change.changes {
            let before = self.documents.get(key).cloned();
            let found = before.as_ref().map(|document| document.version);
            if !one.expected.holds(found) {
                return Err(DocumentsError::Conflict { key: key.clone(), version: found });
            }
            let entry = documents::entry(key, version, before.as_ref(), &one.write, &change.by);
            let (site, body) = match &one.write {
                DocumentWrite::Put { site, body } => {
                    let document = StoredDocument { key: key.clone(), site: site.clone(), version, body: body.clone() };
                    self.documents.insert(key.clone(), document);
                    (site.clone(), Some(body.clone()))
                }
                DocumentWrite::Remove { keep } => {
                    let before = before.ok_or_else(|| DocumentsError::Missing(key.clone()))?;
                    if key.kind == Kind::Site {
                        self.remove_site(key, *keep)?;
                    }
                    self.documents.remove(key);
                    (before.site, None)
                }
            };
            self.audit.append(&entry)?;
            let by = change.by.clone();
            let history = self.histories.entry(key.clone()).or_default();
            history.push(DocumentVersion { version, who: by.who, at_ms: by.at_ms, site, body });
            history.drain(..history.len().saturating_sub(DOCUMENT_VERSIONS_MAX));
        }
        self.forget_removed();
        self.documents_version = version;
        self.settings += 1;
        Ok(version)
    }

    /// The roles that are documents.
    pub(super) fn roles(&self) -> Vec<StoredDocument> {
        self.documents.values().filter(|document| document.key.kind == Kind::Role).cloned().collect()
    }

    fn forget_removed(&mut self) {
        let gone = self.histories.iter().filter(|(key, _)| !self.documents.contains_key(*key));
        let mut gone: Vec<_> =
            gone.map(|(key, history)| (history.last().map(|last| last.version), key.clone())).collect();
        gone.sort();
        for (_, key) in gone.iter().rev().skip(REMOVED_DOCUMENTS_MAX) {
            self.histories.remove(key);
        }
    }

    fn remove_site(&mut self, key: &DocumentKey, keep: bool) -> Result<(), DocumentsError> {
        let is = |site: &SiteId| site.as_str() == key.id.as_str();
        if self.conversations.values().any(|row| is(&row.site)) {
            return if keep { Ok(()) } else { Err(DocumentsError::InUse(key.clone())) };
        }
        self.visitors.retain(|_, visitor| !is(&visitor.site));
        Ok(())
    }
}

impl SiteWriter for MemoryWriter {
    fn put_site(&mut self, site: &Site, by: &By) -> Result<(), StoreError> {
        let tables = self.tables()?;
        let change = site.change(tables.documents.get(&site_key(&site.id)), by);
        self.change_documents(&change).map(|_| ()).map_err(site_refused)
    }

    fn remove_site(&mut self, site: &SiteId, keep: bool, by: &By) -> Result<(), StoreError> {
        self.change_documents(&Site::removal(site, keep, by)).map(|_| ()).map_err(site_refused)
    }
}

impl SiteReader for MemoryReader {
    fn sites(&mut self) -> Result<Vec<Site>, StoreError> {
        let tables = self.tables();
        let sites = tables.documents.values().filter(|document| document.key.kind == Kind::Site);
        Ok(sites.filter_map(Site::of).collect())
    }

    fn site(&mut self, id: &SiteId) -> Result<Site, StoreError> {
        self.tables().documents.get(&site_key(id)).and_then(Site::of).ok_or(StoreError::Missing)
    }
}
