//! A store in memory: the model that the contract suite holds the databases against, and the store of tests that need no disk.

mod kept;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use relay_core::append::{Append, AppendError, Appended, Record, Rows, RowsFailed, Uploaded};
use relay_core::conversation::Conversation;
use relay_core::store::{Answer, Query, QueryError};
use wire::limit::{PAGE_BYTES_MAX, PAGE_CONVERSATIONS_MAX, PAGE_EVENTS_MAX};
use wire::{
    AgentId, AttachmentId, BlockId, BlockSummary, ConversationId, ConversationState, Event, Lane, MessageId, Seq,
    SiteId, VisitorId,
};

use super::{
    AgentRecord, AttachmentRecord, DEVICES_PER_AGENT_MAX, DeviceRecord, Kept, OpenError, Reader, Secret, SessionRecord,
    Site, Store, StoreError, TokenHash, VisitorRecord, Writer, closed_at_ms, page_of_closed,
};
use crate::blob::StoredFile;

/// Everything, shared by its writer and readers.
#[derive(Default)]
pub(super) struct Tables {
    sites: BTreeMap<SiteId, Site>,
    devices: BTreeMap<TokenHash, DeviceRecord>,
    agents: BTreeMap<AgentId, AgentRecord>,
    sessions: BTreeMap<TokenHash, SessionRecord>,
    visitors: BTreeMap<VisitorId, VisitorRecord>,
    conversations: BTreeMap<ConversationId, Conversation>,
    /// Both lanes: the staff lane sorts after the shared one.
    events: BTreeMap<(ConversationId, bool, Seq), Event>,
    ids: BTreeMap<(ConversationId, MessageId), (bool, Seq)>,
    attachments: BTreeMap<AttachmentId, AttachmentRecord>,
    named: BTreeSet<AttachmentId>,
    turn: u64,
    pub(super) settings: u64,
    pub(super) blocks: BTreeMap<BlockId, BlockSummary>,
    pub(super) secrets: BTreeMap<&'static str, Secret>,
}

/// A store that is gone with the process.
#[derive(Clone, Default)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn writer(&self) -> Result<Box<dyn Writer>, OpenError> {
        Ok(Box::new(self.clone()))
    }

    fn reader(&self) -> Result<Box<dyn Reader>, OpenError> {
        Ok(Box::new(self.clone()))
    }

    fn backup(&self, _to: &Path) -> Result<(), OpenError> {
        Err(OpenError::Database("a store in memory has nothing to copy".to_owned()))
    }
}

impl Rows for Tables {
    fn conversation(&mut self, id: ConversationId) -> Result<Option<Conversation>, RowsFailed> {
        Ok(self.conversations.get(&id).cloned())
    }

    fn event(&mut self, conversation: ConversationId, id: MessageId) -> Result<Option<Event>, RowsFailed> {
        let place = self.ids.get(&(conversation, id));
        Ok(place.and_then(|(staff, seq)| self.events.get(&(conversation, *staff, *seq))).cloned())
    }

    fn visitor_site(&mut self, visitor: VisitorId) -> Result<Option<SiteId>, RowsFailed> {
        Ok(self.visitors.get(&visitor).map(|visitor| visitor.site.clone()))
    }

    fn load(&mut self, agent: AgentId) -> Result<u32, RowsFailed> {
        let held = |row: &&Conversation| row.state == ConversationState::Assigned { agent };
        Ok(u32::try_from(self.conversations.values().filter(held).count()).unwrap_or(u32::MAX))
    }

    fn uploaded(&mut self, id: AttachmentId) -> Result<Option<Uploaded>, RowsFailed> {
        Ok(self.attachments.get(&id).cloned().map(Uploaded::from))
    }

    fn last_turn(&mut self) -> Result<u64, RowsFailed> {
        Ok(self.turn)
    }

    fn record(&mut self, record: Record) -> Result<(), RowsFailed> {
        let conversation = record.after.id;
        for event in record.events {
            let staff = event.lane == Lane::Staff;
            self.ids.insert((conversation, event.id), (staff, event.seq));
            self.events.insert((conversation, staff, event.seq), event);
        }
        self.conversations.insert(conversation, record.after);
        self.named.extend(&record.named);
        self.turn = record.turn.unwrap_or(self.turn);
        Ok(())
    }
}

/// Requests check before they write, so each is all or nothing without a transaction, and memory does not fail.
impl Writer for MemoryStore {
    fn begin(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn append(&mut self, now_ms: u64, append: &Append) -> Result<Appended, AppendError> {
        relay_core::append::decide(&mut *self.tables(), now_ms, append)
    }

    fn put_site(&mut self, site: &Site) -> Result<(), StoreError> {
        let mut tables = self.tables();
        tables.sites.insert(site.id.clone(), site.clone());
        tables.settings += 1;
        Ok(())
    }

    fn remove_site(&mut self, site: &SiteId, keep: bool) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if !tables.sites.contains_key(site) {
            return Err(StoreError::Missing);
        }
        if tables.conversations.values().any(|row| row.site == *site) {
            if !keep {
                return Err(StoreError::Conflict);
            }
        } else {
            tables.visitors.retain(|_, visitor| visitor.site != *site);
        }
        tables.sites.remove(site);
        tables.settings += 1;
        Ok(())
    }

    fn put_agent(&mut self, agent: &AgentRecord) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let other = |row: &AgentRecord| row.id != agent.id && row.email.eq_ignore_ascii_case(&agent.email);
        if tables.agents.values().any(other) {
            return Err(StoreError::Conflict);
        }
        tables.agents.insert(agent.id, agent.clone());
        tables.settings += 1;
        Ok(())
    }

    fn add_session(&mut self, session: &SessionRecord) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if !tables.agents.contains_key(&session.agent) {
            return Err(StoreError::Missing);
        }
        tables.sessions.insert(session.token, session.clone());
        Ok(())
    }

    fn touch_session(&mut self, token: &TokenHash, used_at_ms: u64) -> Result<(), StoreError> {
        if let Some(session) = self.tables().sessions.get_mut(token) {
            session.used_at_ms = used_at_ms;
        }
        Ok(())
    }

    fn remove_session(&mut self, token: &TokenHash) -> Result<(), StoreError> {
        self.tables().retain_sessions(|session| session.token != *token);
        Ok(())
    }

    fn remove_sessions_of(&mut self, agent: AgentId) -> Result<(), StoreError> {
        self.tables().retain_sessions(|session| session.agent != agent);
        Ok(())
    }

    fn remove_sessions_before(&mut self, used_at_ms: u64) -> Result<(), StoreError> {
        self.tables().retain_sessions(|session| session.used_at_ms >= used_at_ms);
        Ok(())
    }

    fn add_device(&mut self, device: &DeviceRecord, before: Option<&TokenHash>) -> Result<(), StoreError> {
        let mut tables = self.tables();
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
        self.tables().devices.retain(|_, device| device.agent != agent);
        Ok(())
    }

    fn add_visitor(&mut self, visitor: &VisitorRecord) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if !tables.sites.contains_key(&visitor.site) {
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
        if let Some(visitor) = self.tables().visitors.get_mut(&visitor) {
            visitor.used_at_ms = used_at_ms;
        }
        Ok(())
    }

    fn add_attachment(&mut self, record: &AttachmentRecord) -> Result<AttachmentRecord, StoreError> {
        let mut tables = self.tables();
        if let Some(first) = tables.attachments.get(&record.attachment.id) {
            let same = first.conversation == record.conversation && first.uploader == record.uploader;
            return if same { Ok(first.clone()) } else { Err(StoreError::Conflict) };
        }
        if tables.attachments.values().any(|row| row.key == record.key) {
            return Err(StoreError::Conflict);
        }
        tables.attachments.insert(record.attachment.id, record.clone());
        Ok(record.clone())
    }

    fn remove_orphan(&mut self, attachment: AttachmentId) -> Result<AttachmentRecord, StoreError> {
        let mut tables = self.tables();
        if tables.named.contains(&attachment) {
            return Err(StoreError::Missing);
        }
        tables.attachments.remove(&attachment).ok_or(StoreError::Missing)
    }
}

impl Tables {
    fn retain_sessions(&mut self, kept: impl Fn(&SessionRecord) -> bool) {
        let before = self.sessions.len();
        self.sessions.retain(|_, session| kept(session));
        if self.sessions.len() < before {
            self.settings += 1;
        }
    }

    fn page(&self, conversation: ConversationId, lane: Lane, after: Seq) -> Vec<Event> {
        let staff = lane == Lane::Staff;
        let range = (conversation, staff, after.next())..=(conversation, staff, Seq(u64::MAX));
        let (mut events, mut bytes) = (Vec::new(), 0);
        for event in self.events.range(range).map(|(_, event)| event).take(PAGE_EVENTS_MAX) {
            bytes += serde_json::to_string(&event.body).map_or(0, |body| body.len());
            if bytes > PAGE_BYTES_MAX && !events.is_empty() {
                break;
            }
            events.push(event.clone());
        }
        events
    }

    fn conversations(&self, wanted: impl Fn(&Conversation) -> bool) -> Vec<Conversation> {
        self.conversations.values().filter(|row| wanted(row)).cloned().collect()
    }
}

impl Reader for MemoryStore {
    fn query(&mut self, query: &Query) -> Result<Answer, QueryError> {
        let tables = self.tables();
        let conversation = |id| tables.conversations.get(id).cloned().map(Box::new).ok_or(QueryError::NotFound);
        match query {
            Query::Events { conversation: id, lane, after } => {
                let events = tables.page(*id, *lane, *after);
                Ok(Answer::Events { conversation: conversation(id)?, events })
            }
            Query::Conversation { conversation: id } => Ok(Answer::Conversation(conversation(id)?)),
            Query::Closed { before_ms, before } => {
                let place = (*before_ms, before.unwrap_or(ConversationId(0)));
                let mut rows = tables.conversations(|row| row.closed() && (closed_at_ms(row), row.id) < place);
                rows.sort_by_key(|row| std::cmp::Reverse((closed_at_ms(row), row.id)));
                rows.truncate(PAGE_CONVERSATIONS_MAX + 1);
                Ok(page_of_closed(rows))
            }
            Query::OfVisitor { visitor } => {
                let mut rows = tables.conversations(|row| row.visitor == *visitor);
                rows.sort_by_key(|row| std::cmp::Reverse((row.opened_at_ms, row.id)));
                let more = rows.len() > PAGE_CONVERSATIONS_MAX;
                rows.truncate(PAGE_CONVERSATIONS_MAX);
                Ok(Answer::Conversations { rows, more })
            }
        }
    }

    fn open_conversations(&mut self) -> Result<Vec<Conversation>, StoreError> {
        Ok(self.tables().conversations(|row| !row.closed()))
    }

    fn settings_version(&mut self) -> Result<u64, StoreError> {
        Ok(self.tables().settings)
    }

    fn sites(&mut self) -> Result<Vec<Site>, StoreError> {
        Ok(self.tables().sites.values().cloned().collect())
    }

    fn site(&mut self, id: &SiteId) -> Result<Site, StoreError> {
        self.tables().sites.get(id).cloned().ok_or(StoreError::Missing)
    }

    fn agents(&mut self) -> Result<Vec<AgentRecord>, StoreError> {
        Ok(self.tables().agents.values().cloned().collect())
    }

    fn agent(&mut self, id: AgentId) -> Result<AgentRecord, StoreError> {
        self.tables().agents.get(&id).cloned().ok_or(StoreError::Missing)
    }

    fn conversations_of(&mut self, site: &SiteId) -> Result<(u64, u64), StoreError> {
        let rows = self.tables().conversations(|row| row.site == *site);
        let open = rows.iter().filter(|row| !row.closed()).count();
        Ok((rows.len() as u64, open as u64))
    }

    fn device(&mut self, token: &TokenHash) -> Result<DeviceRecord, StoreError> {
        self.tables().devices.get(token).cloned().ok_or(StoreError::Missing)
    }

    fn agent_by_email(&mut self, email: &str) -> Result<AgentRecord, StoreError> {
        let tables = self.tables();
        let found = tables.agents.values().find(|agent| agent.email.eq_ignore_ascii_case(email));
        found.cloned().ok_or(StoreError::Missing)
    }

    fn session(&mut self, token: &TokenHash) -> Result<SessionRecord, StoreError> {
        self.tables().sessions.get(token).cloned().ok_or(StoreError::Missing)
    }

    fn visitor_by_token(&mut self, token: &TokenHash) -> Result<VisitorRecord, StoreError> {
        let tables = self.tables();
        tables.visitors.values().find(|visitor| visitor.token == *token).cloned().ok_or(StoreError::Missing)
    }

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

    fn kept(&mut self, visitor: Option<VisitorId>, site: &SiteId) -> Result<Kept, StoreError> {
        Ok(self.tables().kept(visitor, site))
    }
}
