//! The audit log in memory.

use super::{MemoryReader, MemoryWriter};
use crate::audit::{ChainHash, Entry, Head, NewEntry, SignedHead, StoredEntry, Subject};
use crate::store::{AUDIT_PAGE_ENTRIES_MAX, AuditFilter, AuditReader, AuditWriter, StoreError};

/// Entries with what they were written from, and the head.
#[derive(Clone)]
pub(super) struct Log {
    entries: Vec<(StoredEntry, Entry)>,
    head: Head,
    cut: Option<SignedHead>,
}

impl Default for Log {
    fn default() -> Self {
        Self { entries: Vec::new(), head: Head::START, cut: None }
    }
}

impl Log {
    pub(super) fn append(&mut self, entry: &NewEntry) -> Result<Head, StoreError> {
        let number = self.head.number + 1;
        let text = entry.written(number);
        let read: Entry = serde_json::from_str(&text).map_err(|_| StoreError::Down)?;
        let hash = self.head.hash.after(&text);
        self.head = Head { number, hash, at_ms: read.at_ms };
        self.entries.push((StoredEntry { number, entry: text, hash }, read));
        Ok(self.head)
    }
}

impl AuditWriter for MemoryWriter {
    fn append_audit(&mut self, entry: &NewEntry) -> Result<Head, StoreError> {
        self.tables()?.audit.append(entry)
    }

    fn cut_audit(&mut self, cut: &SignedHead) -> Result<(), StoreError> {
        let log = &mut self.tables()?.audit;
        let is_cut = |entry: &StoredEntry| entry.number == cut.head.number && entry.hash == cut.head.hash;
        let is_cut_again =
            log.cut.is_some_and(|old| (old.head.number, old.head.hash) == (cut.head.number, cut.head.hash));
        if !is_cut_again && !log.entries.iter().any(|(entry, _)| is_cut(entry)) {
            return Err(StoreError::Conflict);
        }
        log.entries.retain(|(entry, _)| entry.number > cut.head.number);
        log.cut = Some(*cut);
        Ok(())
    }
}

impl AuditReader for MemoryReader {
    fn audit_page(
        &mut self,
        filter: &AuditFilter,
        before: u64,
        count_max: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let tables = self.tables();
        let found = tables.audit.entries.iter().rev();
        let found = found.filter(|(stored, entry)| stored.number < before && fits(filter, entry));
        Ok(found.take(count_max.min(AUDIT_PAGE_ENTRIES_MAX)).map(|(stored, _)| stored.clone()).collect())
    }

    fn audit_entries(&mut self, after: u64) -> Result<Vec<StoredEntry>, StoreError> {
        let tables = self.tables();
        let later = tables.audit.entries.iter().filter(|(stored, _)| stored.number > after);
        Ok(later.take(AUDIT_PAGE_ENTRIES_MAX).map(|(stored, _)| stored.clone()).collect())
    }

    fn audit_hash(&mut self, number: u64) -> Result<Option<ChainHash>, StoreError> {
        if number == 0 {
            return Ok(Some(ChainHash::START));
        }
        let tables = self.tables();
        let there = tables.audit.entries.iter().find(|(stored, _)| stored.number == number);
        let cut = tables.audit.cut.filter(|cut| cut.head.number == number);
        Ok(there.map(|(stored, _)| stored.hash).or(cut.map(|cut| cut.head.hash)))
    }

    fn audit_head(&mut self) -> Result<Head, StoreError> {
        Ok(self.tables().audit.head)
    }

    fn audit_cut(&mut self) -> Result<Option<SignedHead>, StoreError> {
        Ok(self.tables().audit.cut)
    }
}

fn fits(filter: &AuditFilter, entry: &Entry) -> bool {
    let subject = entry.subject.as_ref();
    filter.from_ms.is_none_or(|from| entry.at_ms >= from)
        && filter.until_ms.is_none_or(|until| entry.at_ms < until)
        && filter.who.as_ref().is_none_or(|who| entry.who.key() == *who)
        && filter.action.is_none_or(|action| entry.action == action)
        && filter.subject.as_ref().is_none_or(|key| subject.map(Subject::key).as_ref() == Some(key))
        && filter.site.as_ref().is_none_or(|site| subject.and_then(|subject| subject.site.as_ref()) == Some(site))
}
