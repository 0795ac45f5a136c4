//! Erasures and retention in memory.

use wire::{ConversationId, SiteId, Tag, VisitorId};

use super::{MemoryReader, MemoryWriter};
use crate::store::records::{ERASURES_READ_MAX, HOLDS_MAX};
use crate::store::{
    ErasureReader, ErasureRecord, ErasureWriter, HoldRecord, RemovedCount, RetentionReader, RetentionWriter,
    StoreError, TokenHash,
};

impl ErasureWriter for MemoryWriter {
    fn begin_erasure(&mut self, erasure: &ErasureRecord, nobodys: &TokenHash) -> Result<(), StoreError> {
        let tables = self.tables()?;
        if tables.holds.values().any(|hold| hold.visitor == erasure.visitor) {
            return Err(StoreError::Conflict);
        }
        let visitor = tables.visitors.get_mut(&erasure.visitor).filter(|visitor| visitor.site == erasure.site);
        let visitor = visitor.ok_or(StoreError::Missing)?;
        (visitor.token, visitor.used_at_ms) = (*nobodys, 0);
        tables.erasures.insert(erasure.visitor, erasure.clone());
        Ok(())
    }

    fn finish_erasure(&mut self, visitor: VisitorId, done_at_ms: u64) -> Result<(), StoreError> {
        if let Some(erasure) = self.tables()?.erasures.get_mut(&visitor) {
            erasure.done_at_ms = Some(done_at_ms);
        }
        Ok(())
    }

    fn forget_block_reasons(&mut self, visitor: VisitorId, tags: &[Tag]) -> Result<(), StoreError> {
        let tables = self.tables()?;
        let mut changed = false;
        for block in tables.blocks.values_mut() {
            let named = block.visitor == Some(visitor) || block.tag.is_some_and(|tag| tags.contains(&tag));
            if named && !block.reason.is_empty() {
                block.reason.clear();
                changed = true;
            }
        }
        tables.settings += u64::from(changed);
        Ok(())
    }
}

impl ErasureReader for MemoryReader {
    fn erasure(&mut self, visitor: VisitorId) -> Result<ErasureRecord, StoreError> {
        self.tables().erasures.get(&visitor).cloned().ok_or(StoreError::Missing)
    }

    fn pending_erasures(&mut self) -> Result<Vec<ErasureRecord>, StoreError> {
        let tables = self.tables();
        let mut pending: Vec<_> =
            tables.erasures.values().filter(|erasure| erasure.done_at_ms.is_none()).cloned().collect();
        pending.sort_by_key(|erasure| (erasure.asked_at_ms, erasure.visitor));
        pending.truncate(ERASURES_READ_MAX);
        Ok(pending)
    }
}

impl RetentionWriter for MemoryWriter {
    fn put_hold(&mut self, hold: &HoldRecord) -> Result<(), StoreError> {
        let tables = self.tables()?;
        if tables.erasures.contains_key(&hold.visitor) {
            return Err(StoreError::Conflict);
        }
        if tables.holds.keys().filter(|held| **held != hold.conversation).count() >= HOLDS_MAX {
            return Err(StoreError::Busy);
        }
        tables.holds.insert(hold.conversation, hold.clone());
        Ok(())
    }

    fn remove_hold(&mut self, conversation: ConversationId) -> Result<(), StoreError> {
        self.tables()?.holds.remove(&conversation).map(drop).ok_or(StoreError::Missing)
    }

    fn count_removed(&mut self, site: &SiteId, removed: RemovedCount) -> Result<(), StoreError> {
        if !removed.is_nothing() {
            *self.tables()?.removed.entry(site.clone()).or_default() += removed;
        }
        Ok(())
    }

    fn take_removed(&mut self) -> Result<Vec<(SiteId, RemovedCount)>, StoreError> {
        Ok(std::mem::take(&mut self.tables()?.removed).into_iter().collect())
    }

    fn lease_task(&mut self, name: &'static str, holder: u128, now_ms: u64, until_ms: u64) -> Result<bool, StoreError> {
        let (of, until) = self.tables()?.tasks.entry(name).or_insert((holder, 0));
        let given = *until <= now_ms || *of == holder;
        if given {
            (*of, *until) = (holder, until_ms);
        }
        Ok(given)
    }
}

impl RetentionReader for MemoryReader {
    fn hold(&mut self, conversation: ConversationId) -> Result<HoldRecord, StoreError> {
        self.tables().holds.get(&conversation).cloned().ok_or(StoreError::Missing)
    }

    fn holds_of(&mut self, visitor: VisitorId) -> Result<Vec<HoldRecord>, StoreError> {
        Ok(self.tables().holds.values().filter(|hold| hold.visitor == visitor).cloned().collect())
    }
}
