//! The log in memory.

use std::ops::Bound;

use relay_core::append::{Append, AppendError, Appended, Record, Rows, RowsFailed, Uploaded};
use relay_core::conversation::Conversation;
use relay_core::store::{Query, QueryAnswer, QueryError};
use wire::limit::{PAGE_BYTES_MAX, PAGE_CONVERSATIONS_MAX, PAGE_EVENTS_MAX};
use wire::{
    AgentId, AttachmentId, ConversationId, ConversationState, Event, Lane, MessageId, Parts, Seq, SiteId, VisitorId,
};

use super::{MemoryReader, MemoryWriter, Tables};
use crate::store::log::{clear, closed_at_ms, page_of_closed, without};
use crate::store::{Due, ERASE_EVENTS_MAX, EraseStep, ErasedStep, LogReader, LogWriter, RemovedCount, StoreError};

impl Rows for Tables {
    fn conversation(&mut self, id: ConversationId) -> Result<Option<Conversation>, RowsFailed> {
        Ok(self.conversations.get(&id).cloned())
    }

    fn event(&mut self, conversation: ConversationId, id: MessageId) -> Result<Option<Event>, RowsFailed> {
        let found = self.ids.get(&(conversation, id));
        Ok(found.and_then(|(staff, seq)| self.events.get(&(conversation, *staff, *seq))).cloned())
    }

    fn visitor_site(&mut self, visitor: VisitorId) -> Result<Option<SiteId>, RowsFailed> {
        let known = self.visitors.get(&visitor).filter(|_| !self.erasures.contains_key(&visitor));
        Ok(known.map(|visitor| visitor.site.clone()))
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
            self.order.push((conversation, staff, event.seq));
            self.events.insert((conversation, staff, event.seq), event);
        }
        self.conversations.insert(conversation, record.after);
        self.erased.remove(&conversation);
        self.named.extend(&record.named);
        self.turn = record.turn.unwrap_or(self.turn);
        Ok(())
    }
}

impl LogWriter for MemoryWriter {
    fn append(&mut self, now_ms: u64, append: &Append) -> Result<Appended, AppendError> {
        relay_core::append::decide(self.tables()?, now_ms, append)
    }

    fn erase(&mut self, step: &EraseStep) -> Result<ErasedStep, StoreError> {
        let tables = self.tables()?;
        let id = step.conversation;
        let row = tables.conversations.get_mut(&id).ok_or(StoreError::Missing)?;
        if !row.closed() || tables.holds.contains_key(&id) {
            return Err(StoreError::Conflict);
        }
        let (mut removed, mut last) = (RemovedCount::default(), None);
        let after = step.after.map_or((id, false, Seq::ZERO), |(lane, seq)| (id, lane == Lane::Staff, seq));
        let range = (Bound::Excluded(after), Bound::Included((id, true, Seq(u64::MAX))));
        let mut left = tables.events.range_mut(range);
        for (_, event) in left.by_ref().take(ERASE_EVENTS_MAX) {
            last = Some((event.lane, event.seq));
            if let Some((part, body)) = without(&event.body, event.lane, step.parts) {
                event.body = body;
                removed.add(part);
            }
        }
        let next = last.filter(|_| left.next().is_some());
        if next.is_none() {
            clear(row, step.parts);
        }
        Ok(ErasedStep { site: row.site.clone(), removed, next })
    }

    fn note_erased(&mut self, conversation: ConversationId, parts: Parts) -> Result<(), StoreError> {
        let known = self.tables()?.erased.entry(conversation).or_default();
        *known = known.and(parts);
        Ok(())
    }

    fn scrub(&mut self, _from: u64) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }
}

impl LogReader for MemoryReader {
    fn query(&mut self, query: &Query) -> Result<QueryAnswer, QueryError> {
        let tables = self.tables();
        let conversation = |id| tables.conversations.get(id).cloned().map(Box::new).ok_or(QueryError::NotFound);
        match query {
            Query::Events { conversation: id, lane, after } => {
                let events = tables.page(*id, *lane, *after);
                Ok(QueryAnswer::Events { conversation: conversation(id)?, events })
            }
            Query::Conversation { conversation: id } => Ok(QueryAnswer::Conversation(conversation(id)?)),
            Query::Closed { before_ms, before, sites } => {
                let cursor = (*before_ms, before.unwrap_or(ConversationId(0)));
                let mut rows = tables
                    .conversations(|row| row.closed() && (closed_at_ms(row), row.id) < cursor && sites.has(&row.site));
                rows.sort_by_key(|row| std::cmp::Reverse((closed_at_ms(row), row.id)));
                rows.truncate(PAGE_CONVERSATIONS_MAX + 1);
                Ok(page_of_closed(rows))
            }
            Query::OfVisitor { visitor, sites } => {
                let mut rows = tables.conversations(|row| row.visitor == *visitor && sites.has(&row.site));
                rows.sort_by_key(|row| std::cmp::Reverse((row.opened_at_ms, row.id)));
                let more = rows.len() > PAGE_CONVERSATIONS_MAX;
                rows.truncate(PAGE_CONVERSATIONS_MAX);
                Ok(QueryAnswer::Conversations { rows, more })
            }
        }
    }

    fn open_conversations(&mut self) -> Result<Vec<Conversation>, StoreError> {
        Ok(self.tables().conversations(|row| !row.closed()))
    }

    fn open_conversations_after(
        &mut self,
        after: ConversationId,
        count_max: usize,
    ) -> Result<Vec<Conversation>, StoreError> {
        let mut rows = self.tables().conversations(|row| !row.closed() && row.id > after);
        rows.sort_by_key(|row| row.id);
        rows.truncate(count_max);
        Ok(rows)
    }

    fn conversations_of(&mut self, site: &SiteId) -> Result<(u64, u64), StoreError> {
        let rows = self.tables().conversations(|row| row.site == *site);
        let open = rows.iter().filter(|row| !row.closed()).count();
        Ok((rows.len() as u64, open as u64))
    }

    fn all_of_visitor(
        &mut self,
        visitor: VisitorId,
        after: ConversationId,
        count_max: usize,
    ) -> Result<Vec<Conversation>, StoreError> {
        let mut rows = self.tables().conversations(|row| row.visitor == visitor && row.id > after);
        rows.truncate(count_max);
        Ok(rows)
    }

    fn erasable(
        &mut self,
        due: &Due,
        after: (u64, ConversationId),
        count_max: usize,
    ) -> Result<Vec<(u64, ConversationId)>, StoreError> {
        let tables = self.tables();
        let is_due = |row: &Conversation| {
            let gone = tables.erased.get(&row.id).is_some_and(|erased| erased.has(due.part));
            row.site == due.site
                && row.closed()
                && closed_at_ms(row) < due.ended_before_ms
                && !gone
                && !tables.holds.contains_key(&row.id)
        };
        let rows = tables.conversations(is_due);
        let mut found: Vec<_> = rows.iter().map(|row| (closed_at_ms(row), row.id)).filter(|key| *key > after).collect();
        found.sort_unstable();
        found.truncate(count_max);
        Ok(found)
    }

    fn settle(&mut self) -> Result<bool, StoreError> {
        Ok(true)
    }
}

impl Tables {
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
