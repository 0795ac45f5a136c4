//! Erases what events say, in place: in `event`, in `recent`, and in what waits in memory.

use relay_core::conversation::Conversation;
use rusqlite::{Connection, Result, params};
use wire::{Body, ConversationId, Lane, Parts, Seq};

use super::recent::{Batch, Erased, Recent};
use super::row;
use crate::store::log::{clear, without};
use crate::store::sql::Failure;
use crate::store::{ERASE_EVENTS_MAX, EraseStep, ErasedStep, RemovedCount, StoreError};

/// In the column `erased`, beside the bits of the parts that are gone: something of it was ever erased.
const EVER: u8 = 8;

/// Carries out one step in the running transaction. What is refused has written nothing.
pub(super) fn step(
    connection: &Connection,
    recent: &Recent,
    batch: &mut Batch,
    step: &EraseStep,
) -> std::result::Result<ErasedStep, Failure<StoreError>> {
    let id = step.conversation;
    if batch.has_touched(id) {
        // What waits in memory is changed once for each transaction.
        return Err(Failure::Refused(StoreError::Busy));
    }
    let waiting = recent.waiting(id);
    let row = match &waiting {
        Some((row, _)) => Some(row.clone()),
        None => super::append::conversation(connection, id)?,
    };
    let mut row = row.ok_or(Failure::Refused(StoreError::Missing))?;
    if !row.closed() || is_held(connection, id)? {
        return Err(Failure::Refused(StoreError::Conflict));
    }
    let mut walk = Walk { connection, step, looked_at: 0, removed: RemovedCount::default(), bodies: Vec::new() };
    let (lane, after) = step.after.unwrap_or((Lane::Shared, Seq::ZERO));
    let waiting_events = waiting.as_ref().map_or(&[][..], |(_, events)| events);
    let mut next = walk.lane(lane, after, waiting_events)?;
    if next.is_none() && lane == Lane::Shared {
        next = walk.lane(Lane::Staff, Seq::ZERO, waiting_events)?;
    }
    if next.is_none() {
        clear(&mut row, step.parts);
        if waiting.is_some() {
            // Its columns may be behind. Folding the erased events would give other counts than those that are known.
            super::append::write_fold(connection, &row)?;
        }
        clear_row(connection, id, &row)?;
    }
    let (site, removed) = (row.site.clone(), walk.removed);
    if waiting.is_some() {
        batch.erased(id, Erased { row: next.is_none().then_some(row), bodies: walk.bodies });
    }
    Ok(ErasedStep { site, removed, next })
}

/// Notes that parts are gone.
pub(super) fn note(connection: &Connection, id: ConversationId, parts: Parts) -> Result<()> {
    const SQL: &str = "UPDATE conversation SET erased = erased | ?2 WHERE id = ?1";
    connection.prepare_cached(SQL)?.execute(params![id.0.to_be_bytes(), parts.bits()]).map(drop)
}

/// Something was written in an ended conversation: what was erased may be there again. That something was ever erased stays noted.
pub(super) fn forget_note(connection: &Connection, id: ConversationId) -> Result<()> {
    const SQL: &str = "UPDATE conversation SET erased = erased & ?2 WHERE id = ?1 AND erased & ~?2 <> 0";
    connection.prepare_cached(SQL)?.execute(params![id.0.to_be_bytes(), EVER]).map(drop)
}

fn is_held(connection: &Connection, id: ConversationId) -> Result<bool> {
    connection.prepare_cached("SELECT 1 FROM hold WHERE conversation = ?1")?.exists([id.0.to_be_bytes()])
}

fn clear_row(connection: &Connection, id: ConversationId, row: &Conversation) -> Result<()> {
    const SQL: &str = "UPDATE conversation SET last_line = ?2, language = ?3, erased = erased | ?4 WHERE id = ?1";
    connection.prepare_cached(SQL)?.execute(params![id.0.to_be_bytes(), row.last_line, row.language, EVER]).map(drop)
}

/// What one step goes through.
struct Walk<'a> {
    connection: &'a Connection,
    step: &'a EraseStep,
    looked_at: usize,
    removed: RemovedCount,
    /// The new bodies of events that wait in memory.
    bodies: Vec<(Lane, Seq, Body, usize)>,
}

impl Walk<'_> {
    /// Goes through a lane after a number; gives where to go on when the step is full.
    fn lane(&mut self, lane: Lane, after: Seq, waiting: &[(i64, wire::Event)]) -> Result<Option<(Lane, Seq)>> {
        const SQL: &str = "SELECT seq, position, body FROM event WHERE conversation = ?1 AND lane = ?2 AND seq > ?3 \
                           ORDER BY seq LIMIT ?4";
        let mut last = after;
        let room = ERASE_EVENTS_MAX - self.looked_at;
        let mut moved = Vec::new();
        {
            let mut sql = self.connection.prepare_cached(SQL)?;
            let key =
                params![self.id(), lane == Lane::Staff, row::column(after.0), i64::try_from(room).unwrap_or(i64::MAX)];
            let mut rows = sql.query(key)?;
            while let Some(found) = rows.next()? {
                let body = row::body(found, 2)?;
                moved.push((Seq(row::number(found, 0)?), found.get::<_, i64>(1)?, body));
            }
        }
        for (seq, position, body) in moved {
            self.looked_at += 1;
            last = seq;
            if let Some((text, _)) = self.erased(&body, lane)? {
                const SET: &str = "UPDATE event SET body = ?4 WHERE conversation = ?1 AND lane = ?2 AND seq = ?3";
                let key = params![self.id(), lane == Lane::Staff, row::column(seq.0), text];
                self.connection.prepare_cached(SET)?.execute(key)?;
                self.set_recent(position, &text)?;
            }
        }
        let moved_to = last;
        for (position, event) in waiting.iter().filter(|(_, event)| event.lane == lane && event.seq > moved_to) {
            if self.looked_at >= ERASE_EVENTS_MAX {
                return Ok(Some((lane, last)));
            }
            self.looked_at += 1;
            last = event.seq;
            if let Some((text, body)) = self.erased(&event.body, lane)? {
                self.set_recent(*position, &text)?;
                self.bodies.push((lane, event.seq, body, text.len()));
            }
        }
        // There may be more behind the last one that fitted.
        Ok((self.looked_at >= ERASE_EVENTS_MAX).then_some((lane, last)))
    }

    /// What is left of a body, as text too; counts what it was.
    fn erased(&mut self, body: &Body, lane: Lane) -> Result<Option<(String, Body)>> {
        let Some((part, left)) = without(body, lane, self.step.parts) else { return Ok(None) };
        self.removed.add(part);
        let text =
            serde_json::to_string(&left).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(Some((text, left)))
    }

    /// The row in `recent`: of an event that waits, or that was moved and whose row there was not removed yet.
    fn set_recent(&self, position: i64, text: &str) -> Result<()> {
        const SQL: &str = "UPDATE recent SET body = ?2 WHERE position = ?1";
        self.connection.prepare_cached(SQL)?.execute(params![position, text]).map(drop)
    }

    const fn id(&self) -> [u8; 16] {
        self.step.conversation.0.to_be_bytes()
    }
}
