//! The feed in memory.

use wire::SiteId;

use super::{MemoryReader, MemoryWriter, Tables};
use crate::store::{
    ConsumerRows, CursorReader, EventCount, FeedEvent, FeedReader, FeedWriter, Lease, Leased, Position, StoreError,
};

/// A consumer's cursor and who may move it.
#[derive(Clone, Default)]
pub(super) struct Consumer {
    cursor: Position,
    holder: u128,
    lease: u64,
    until_ms: u64,
}

impl FeedWriter for MemoryWriter {
    fn lease(
        &mut self,
        consumer: &'static str,
        holder: u128,
        now_ms: u64,
        until_ms: u64,
    ) -> Result<Leased, StoreError> {
        let known = self.tables()?.consumers.entry(consumer.to_owned()).or_default();
        let held = known.until_ms > now_ms;
        if held && known.holder != holder {
            return Ok(Leased::Until(known.until_ms));
        }
        known.lease += u64::from(!held);
        (known.holder, known.until_ms) = (holder, until_ms);
        Ok(Leased::Yes(Lease { consumer, number: known.lease, cursor: known.cursor, until_ms }))
    }

    fn consume(
        &mut self,
        lease: &Lease,
        to: Position,
        until_ms: u64,
        rows: &mut dyn FnMut(&mut dyn ConsumerRows) -> Result<(), StoreError>,
    ) -> Result<Lease, StoreError> {
        let tables = self.tables()?;
        let known = tables.consumers.get_mut(lease.consumer).ok_or(StoreError::Conflict)?;
        if (known.lease, known.cursor) != (lease.number, lease.cursor) {
            return Err(StoreError::Conflict);
        }
        let before = tables.clone();
        if let Err(error) = rows(tables) {
            *tables = before;
            return Err(error);
        }
        if let Some(known) = tables.consumers.get_mut(lease.consumer) {
            (known.cursor, known.until_ms) = (to, until_ms);
        }
        Ok(Lease { cursor: to, until_ms, ..*lease })
    }

    fn release(&mut self, lease: &Lease) -> Result<(), StoreError> {
        if let Some(known) = self.tables()?.consumers.get_mut(lease.consumer)
            && known.lease == lease.number
        {
            known.until_ms = 0;
        }
        Ok(())
    }

    fn forget_consumer(&mut self, consumer: &str) -> Result<(), StoreError> {
        self.tables()?.consumers.remove(consumer);
        Ok(())
    }
}

impl ConsumerRows for Tables {
    fn count_events(&mut self, site: &SiteId, kind: &str, events: u64) -> Result<(), StoreError> {
        *self.event_counts.entry((site.clone(), kind.to_owned())).or_default() += events;
        Ok(())
    }
}

impl FeedReader for MemoryReader {
    fn feed(&mut self, after: Position, count_max: usize) -> Result<Vec<FeedEvent>, StoreError> {
        let tables = self.tables();
        let skipped = usize::try_from(after.0).unwrap_or(usize::MAX);
        let wanted = (after.next().0..).zip(tables.order.iter().skip(skipped).take(count_max));
        let event = |(position, key)| tables.feed_event(Position(position), key);
        wanted.map(event).collect::<Option<_>>().ok_or(StoreError::Down)
    }

    fn feed_end(&mut self) -> Result<Position, StoreError> {
        Ok(Position(self.tables().order.len() as u64))
    }
}

impl CursorReader for MemoryReader {
    fn cursor(&mut self, consumer: &str) -> Result<Position, StoreError> {
        self.tables().consumers.get(consumer).map(|known| known.cursor).ok_or(StoreError::Missing)
    }

    fn event_counts(&mut self) -> Result<Vec<EventCount>, StoreError> {
        let count = |((site, kind), events): (&(SiteId, String), &u64)| EventCount {
            site: site.clone(),
            kind: kind.clone(),
            events: *events,
        };
        Ok(self.tables().event_counts.iter().map(count).collect())
    }
}

impl Tables {
    fn feed_event(&self, position: Position, key: &(wire::ConversationId, bool, wire::Seq)) -> Option<FeedEvent> {
        let event = self.events.get(key)?.clone();
        let conversation = self.conversations.get(&event.conversation)?;
        let body = serde_json::to_value(&event.body).ok()?;
        let kind = body.get("kind")?.as_str()?.to_owned();
        Some(FeedEvent { position, site: conversation.site.clone(), visitor: conversation.visitor, kind, event })
    }
}
