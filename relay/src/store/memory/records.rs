//! Records in memory.

use std::ops::Bound;

use wire::{AgentId, AttachmentId, BlockId, BlockSummary, ConversationId, SiteId, VisitorId};

use super::{MemoryReader, MemoryWriter, Tables};
use crate::blob::StoredFile;
use crate::store::records::DEVICES_PER_AGENT_MAX;
use crate::store::{
    AgentReader, AgentRecord, AgentWriter, AttachmentRecord, BlockReader, BlockWriter, DeviceRecord, Kept,
    RecordReader, Secret, StoreError, TokenHash, UploadReader, UploadWriter, Uploader, VisitorReader, VisitorRecord,
    VisitorWriter, site_key, staff,
};

impl AgentWriter for MemoryWriter {
    fn put_agent(&mut self, agent: &AgentRecord) -> Result<(), StoreError> {
        let tables = self.tables()?;
        let other = |row: &AgentRecord| row.id != agent.id && row.email.eq_ignore_ascii_case(&agent.email);
        if tables.agents.values().any(other) {
            return Err(StoreError::Conflict);
        }
        tables.check_agent(agent.id, Some(agent))?;
        tables.agents.insert(agent.id, agent.clone());
        tables.note_roles(agent);
        tables.settings += 1;
        Ok(())
    }

    fn replace_agent(&mut self, before: &AgentRecord, after: &AgentRecord) -> Result<(), StoreError> {
        if self.tables()?.agents.get(&before.id) != Some(before) {
            return Err(StoreError::Conflict);
        }
        self.put_agent(after)
    }

    fn add_first_agent(&mut self, agent: &AgentRecord) -> Result<(), StoreError> {
        if !self.tables()?.agents.is_empty() {
            return Err(StoreError::Conflict);
        }
        self.put_agent(agent)
    }

    fn remove_agent(&mut self, agent: AgentId) -> Result<(), StoreError> {
        let tables = self.tables()?;
        if !tables.agents.contains_key(&agent) {
            return Err(StoreError::Missing);
        }
        tables.check_agent(agent, None)?;
        tables.agents.remove(&agent);
        tables.sessions.retain(|_, session| session.agent != agent);
        tables.devices.retain(|_, device| device.agent != agent);
        tables.factors.remove(&agent);
        tables.passkeys.retain(|_, passkey| passkey.agent != agent);
        tables.settings += 1;
        Ok(())
    }

    fn set_password(&mut self, agent: AgentId, password_hash: &str) -> Result<(), StoreError> {
        let agent = self.tables()?.agents.get_mut(&agent).ok_or(StoreError::Missing)?;
        password_hash.clone_into(&mut agent.password_hash);
        Ok(())
    }

    fn add_device(&mut self, device: &DeviceRecord, before: Option<&TokenHash>) -> Result<(), StoreError> {
        let tables = self.tables()?;
        if !tables.agents.contains_key(&device.agent) {
            return Err(StoreError::Missing);
        }
        tables.devices.retain(|token, known| before != Some(token) || known.agent != device.agent);
        tables.devices.insert(device.token, device.clone());
        let of_agent = tables.devices.values().filter(|known| known.agent == device.agent);
        let mut oldest: Vec<_> = of_agent.map(|known| (known.used_at_ms, known.token)).collect();
        oldest.sort_unstable();
        for (_, token) in oldest.iter().rev().skip(DEVICES_PER_AGENT_MAX) {
            tables.devices.remove(token);
        }
        Ok(())
    }

    fn remove_devices_of(&mut self, agent: AgentId) -> Result<(), StoreError> {
        self.tables()?.devices.retain(|_, device| device.agent != agent);
        Ok(())
    }
}

impl AgentReader for MemoryReader {
    fn agents(&mut self) -> Result<Vec<AgentRecord>, StoreError> {
        Ok(self.tables().agents.values().cloned().collect())
    }

    fn agent(&mut self, id: AgentId) -> Result<AgentRecord, StoreError> {
        self.tables().agents.get(&id).cloned().ok_or(StoreError::Missing)
    }

    fn agent_by_email(&mut self, email: &str) -> Result<AgentRecord, StoreError> {
        let tables = self.tables();
        let found = tables.agents.values().find(|agent| agent.email.eq_ignore_ascii_case(email));
        found.cloned().ok_or(StoreError::Missing)
    }

    fn device(&mut self, token: &TokenHash) -> Result<DeviceRecord, StoreError> {
        self.tables().devices.get(token).cloned().ok_or(StoreError::Missing)
    }
}

impl VisitorWriter for MemoryWriter {
    fn add_visitor(&mut self, visitor: &VisitorRecord) -> Result<(), StoreError> {
        let tables = self.tables()?;
        if !tables.documents.contains_key(&site_key(&visitor.site)) {
            return Err(StoreError::Missing);
        }
        let same = |row: &VisitorRecord| row.id == visitor.id || row.token == visitor.token;
        if tables.visitors.values().any(same) {
            return Err(StoreError::Conflict);
        }
        tables.visitors.insert(visitor.id, visitor.clone());
        Ok(())
    }

    fn touch_visitor(&mut self, visitor: VisitorId, used_at_ms: u64) -> Result<(), StoreError> {
        if let Some(visitor) = self.tables()?.visitors.get_mut(&visitor) {
            visitor.used_at_ms = used_at_ms;
        }
        Ok(())
    }
}

impl VisitorReader for MemoryReader {
    fn visitor_by_token(&mut self, token: &TokenHash) -> Result<VisitorRecord, StoreError> {
        let tables = self.tables();
        tables.visitors.values().find(|visitor| visitor.token == *token).cloned().ok_or(StoreError::Missing)
    }

    fn visitor(&mut self, id: VisitorId) -> Result<VisitorRecord, StoreError> {
        self.tables().visitors.get(&id).cloned().ok_or(StoreError::Missing)
    }

    fn visitors_after(&mut self, after: VisitorId, count_max: usize) -> Result<Vec<VisitorRecord>, StoreError> {
        let mut all: Vec<_> =
            self.tables().visitors.values().filter(|visitor| visitor.id.0 > after.0).cloned().collect();
        all.sort_by_key(|visitor| visitor.id.0);
        all.truncate(count_max);
        Ok(all)
    }
}

impl UploadWriter for MemoryWriter {
    fn add_attachment(&mut self, record: &AttachmentRecord) -> Result<AttachmentRecord, StoreError> {
        let tables = self.tables()?;
        if let Some(first) = tables.attachments.get(&record.attachment.id) {
            let same = first.conversation == record.conversation && first.uploader == record.uploader;
            return if same { Ok(first.clone()) } else { Err(StoreError::Conflict) };
        }
        if tables.attachments.values().any(|row| row.key == record.key) {
            return Err(StoreError::Conflict);
        }
        if let Uploader::Visitor(visitor) = record.uploader
            && tables.erasures.contains_key(&visitor)
        {
            return Err(StoreError::Missing);
        }
        tables.attachments.insert(record.attachment.id, record.clone());
        Ok(record.clone())
    }

    fn remove_orphan(&mut self, attachment: AttachmentId) -> Result<AttachmentRecord, StoreError> {
        let tables = self.tables()?;
        if tables.named.contains(&attachment) {
            return Err(StoreError::Missing);
        }
        tables.attachments.remove(&attachment).ok_or(StoreError::Missing)
    }

    fn erase_attachment(&mut self, attachment: AttachmentId) -> Result<(), StoreError> {
        let tables = self.tables()?;
        tables.named.remove(&attachment);
        tables.attachments.remove(&attachment);
        Ok(())
    }
}

impl UploadReader for MemoryReader {
    fn attachment(&mut self, id: AttachmentId) -> Result<AttachmentRecord, StoreError> {
        self.tables().attachments.get(&id).cloned().ok_or(StoreError::Missing)
    }

    fn attachments(&mut self, after: AttachmentId, count_max: usize) -> Result<Vec<AttachmentRecord>, StoreError> {
        let tables = self.tables();
        let later = tables.attachments.range((Bound::Excluded(after), Bound::Unbounded));
        Ok(later.take(count_max).map(|(_, row)| row.clone()).collect())
    }

    fn unrecorded(&mut self, files: &[StoredFile]) -> Result<Vec<String>, StoreError> {
        let tables = self.tables();
        let oldest_ms = tables.attachments.values().map(|row| row.uploaded_at_ms).min().unwrap_or(u64::MAX);
        let recorded = |file: &StoredFile| tables.attachments.values().any(|row| row.key == file.key);
        let lost = files.iter().filter(|file| file.modified_at_ms >= oldest_ms && !recorded(file));
        Ok(lost.map(|file| file.key.clone()).collect())
    }

    fn orphans(&mut self, before_ms: u64, count_max: usize) -> Result<Vec<AttachmentRecord>, StoreError> {
        let tables = self.tables();
        let orphan =
            |row: &&AttachmentRecord| row.uploaded_at_ms < before_ms && !tables.named.contains(&row.attachment.id);
        let mut rows: Vec<_> = tables.attachments.values().filter(orphan).cloned().collect();
        rows.sort_by_key(|row| row.uploaded_at_ms);
        rows.truncate(count_max);
        Ok(rows)
    }

    fn attachments_in(
        &mut self,
        conversation: ConversationId,
        count_max: usize,
    ) -> Result<Vec<AttachmentRecord>, StoreError> {
        let tables = self.tables();
        let within = tables.attachments.values().filter(|row| row.conversation == conversation);
        Ok(within.take(count_max).cloned().collect())
    }

    fn attachments_by(&mut self, visitor: VisitorId, count_max: usize) -> Result<Vec<AttachmentRecord>, StoreError> {
        let tables = self.tables();
        let brought = tables.attachments.values().filter(|row| row.uploader == Uploader::Visitor(visitor));
        Ok(brought.take(count_max).cloned().collect())
    }

    fn kept(&mut self, visitor: Option<VisitorId>, site: &SiteId) -> Result<Kept, StoreError> {
        Ok(self.tables().kept(visitor, site))
    }
}

impl BlockWriter for MemoryWriter {
    fn put_block(&mut self, block: &BlockSummary) -> Result<(), StoreError> {
        let tables = self.tables()?;
        if tables.blocks.contains_key(&block.block) {
            return Err(StoreError::Conflict);
        }
        tables.blocks.retain(|_, old| old.until_ms > block.since_ms);
        tables.blocks.insert(block.block, block.clone());
        tables.settings += 1;
        Ok(())
    }

    fn remove_block(&mut self, block: BlockId) -> Result<(), StoreError> {
        let tables = self.tables()?;
        tables.blocks.remove(&block).ok_or(StoreError::Missing)?;
        tables.settings += 1;
        Ok(())
    }

    fn secret(&mut self, name: &'static str, fresh: Secret) -> Result<Secret, StoreError> {
        Ok(*self.tables()?.secrets.entry(name).or_insert(fresh))
    }
}

impl BlockReader for MemoryReader {
    fn blocks(&mut self) -> Result<Vec<BlockSummary>, StoreError> {
        Ok(self.tables().blocks.values().cloned().collect())
    }
}

impl RecordReader for MemoryReader {
    fn settings_version(&mut self) -> Result<u64, StoreError> {
        Ok(self.tables().settings)
    }
}

impl Tables {
    fn check_agent(&self, id: AgentId, after: Option<&AgentRecord>) -> Result<(), StoreError> {
        let agents: Vec<_> = self.agents.values().cloned().collect();
        let change = (self.agents.get(&id), after);
        staff::check_agent(&agents, self.roles(), change, |key| Ok(self.documents.contains_key(key)))
    }

    fn kept(&self, visitor: Option<VisitorId>, site: &SiteId) -> Kept {
        let mut kept = Kept::default();
        for row in self.attachments.values() {
            let cost = Kept::cost(1, row.attachment.bytes);
            if visitor.is_some_and(|visitor| row.uploader == Uploader::Visitor(visitor)) {
                kept.visitor_bytes += cost;
            }
            if self.site_of(row) == Some(site) {
                kept.site_bytes += cost;
            }
        }
        kept
    }

    fn site_of(&self, row: &AttachmentRecord) -> Option<&SiteId> {
        match row.uploader {
            Uploader::Visitor(visitor) => self.visitors.get(&visitor).map(|visitor| &visitor.site),
            Uploader::Agent(_) => self.conversations.get(&row.conversation).map(|found| &found.site),
        }
    }
}
