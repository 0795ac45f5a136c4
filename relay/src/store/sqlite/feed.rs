//! Finds the feed's events, in three tables:
//!
//! - `recent`, whose key is the position: nearly always where a consumer reads.
//! - `feed`, for a consumer that is further behind: the keys in `event` of what was removed from `recent` before every consumer had read it.
//! - `event` itself, for one that is still further behind, or new: it has no index by position, so one scan of all of it finds many keys.

use std::collections::{HashMap, VecDeque};

use rusqlite::{Connection, Result, Row, params};
use wire::limit::FEED_PAGE_BYTES_MAX;
use wire::{SiteId, VisitorId};

use super::row::{self, event_columns};
use crate::store::{FeedEvent, Position};

/// Keys that one scan of `event` finds, 48 bytes each.
const KEYS_MAX: i64 = 65_536;
/// Conversations that a reader remembers, about 100 bytes each; at this many it forgets all of them.
const WHOSE_MAX: usize = 16_384;

/// Where an event is in `event`.
#[derive(Clone, Copy, Debug)]
struct Key {
    position: u64,
    conversation: [u8; 16],
    lane: i64,
    seq: i64,
}

/// Sites and visitors by conversation.
type Whose = HashMap<[u8; 16], (SiteId, VisitorId)>;

/// What a reader of the feed remembers between two pages.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Keys that the last scan of `event` found, in order. Events never change, so the keys stay valid.
    found: VecDeque<Key>,
    /// Site and visitor of conversations, which never change. Looked up once: a page of a thousand conversations would read as many pages of the
    /// database otherwise, anew after each commit.
    whose: Whose,
}

/// The last position given. `recent` may be empty in a database whose older events were numbered by a migration.
pub(super) fn end(connection: &Connection) -> Result<i64> {
    const SQL: &str =
        "SELECT max((SELECT ifnull(max(position), 0) FROM recent), value) FROM counter WHERE name = 'position'";
    connection.prepare_cached(SQL)?.query_row([], |row| row.get(0))
}

/// Keeps the keys of the rows of `recent` below a position that some consumer has not read, up to a bound. Called before those rows are removed.
pub(super) fn keep(connection: &Connection, until: i64, events_max: i64) -> Result<()> {
    const SQL: &str = "INSERT INTO feed (position, conversation, lane, seq) SELECT position, conversation, lane, seq FROM recent \
                       WHERE position < ?1 AND position > (SELECT min(position) FROM consumer) ORDER BY position";
    const CUT: &str = "DELETE FROM feed WHERE position < ?1";
    connection.prepare_cached(SQL)?.execute([until])?;
    // No more than were added: each call keeps what was removed from `recent` since the one before.
    connection.prepare_cached(CUT)?.execute([until - events_max])?;
    Ok(())
}

/// A page of the feed, within one read transaction.
pub(super) fn page(
    connection: &Connection,
    reading: &mut Reading,
    after: Position,
    count_max: usize,
) -> Result<Vec<FeedEvent>> {
    const FIRST: &str = "SELECT min(position) FROM recent";
    let first: Option<i64> = connection.prepare_cached(FIRST)?.query_row([], |row| row.get(0))?;
    let first = first.map_or(u64::MAX, i64::unsigned_abs);
    if after.next().0 >= first {
        reading.found = VecDeque::new();
        return recent(connection, &mut reading.whose, after, count_max);
    }
    let mut keys = kept(connection, after, count_max)?;
    if keys.is_empty() {
        reading.advance(connection, after, first)?;
        keys = reading.found.iter().take(count_max).copied().collect();
    }
    let mut page = Page::default();
    for key in keys {
        const SQL: &str = concat!(
            "SELECT ",
            event_columns!(),
            ", position FROM event WHERE conversation = ?1 AND lane = ?2 AND seq = ?3"
        );
        let values = params![key.conversation, key.lane, key.seq];
        let read = |row: &Row<'_>| event(connection, &mut reading.whose, row);
        if !page.takes(connection.prepare_cached(SQL)?.query_row(values, read)?) {
            break;
        }
    }
    Ok(page.events)
}

/// Events that are still in `recent`.
fn recent(connection: &Connection, whose: &mut Whose, after: Position, count_max: usize) -> Result<Vec<FeedEvent>> {
    const SQL: &str =
        concat!("SELECT ", event_columns!(), ", position FROM recent WHERE position > ?1 ORDER BY position LIMIT ?2");
    let mut sql = connection.prepare_cached(SQL)?;
    let mut rows = sql.query(params![row::column(after.0), i64::try_from(count_max).unwrap_or(i64::MAX)])?;
    let mut page = Page::default();
    while let Some(found) = rows.next()? {
        if !page.takes(event(connection, whose, found)?) {
            break;
        }
    }
    Ok(page.events)
}

/// Keys that `feed` has right after a position. None when the next one is not there: it was cut, or every consumer had read it.
fn kept(connection: &Connection, after: Position, count_max: usize) -> Result<Vec<Key>> {
    const SQL: &str =
        "SELECT position, conversation, lane, seq FROM feed WHERE position > ?1 ORDER BY position LIMIT ?2";
    let mut sql = connection.prepare_cached(SQL)?;
    let mut rows = sql.query(params![row::column(after.0), i64::try_from(count_max).unwrap_or(i64::MAX)])?;
    let (mut keys, mut next) = (Vec::new(), after.next().0);
    while let Some(found) = rows.next()? {
        let key = key(found)?;
        if key.position != next {
            break;
        }
        next += 1;
        keys.push(key);
    }
    Ok(keys)
}

impl Reading {
    /// Makes `found` begin right after a position, and scans `event` when it does not reach that far. Everything below `first` is in `event`.
    fn advance(&mut self, connection: &Connection, after: Position, first: u64) -> Result<()> {
        const SQL: &str = "SELECT position, conversation, lane, seq FROM event WHERE position > ?1 AND position < ?2 \
                           ORDER BY position LIMIT ?3";
        let known = self.found.front().is_some_and(|key| key.position <= after.next().0);
        while known && self.found.front().is_some_and(|key| key.position <= after.0) {
            self.found.pop_front();
        }
        if known && !self.found.is_empty() {
            return Ok(());
        }
        self.found.clear();
        let mut sql = connection.prepare_cached(SQL)?;
        let mut rows = sql.query(params![row::column(after.0), row::column(first), KEYS_MAX])?;
        while let Some(found) = rows.next()? {
            self.found.push_back(key(found)?);
        }
        Ok(())
    }
}

/// A page within its bound in bytes; the first event always fits.
#[derive(Default)]
struct Page {
    events: Vec<FeedEvent>,
    bytes: usize,
}

impl Page {
    /// Adds one more event; false when it did not fit.
    fn takes(&mut self, (event, bytes): (FeedEvent, usize)) -> bool {
        self.bytes += bytes;
        let fits = self.events.is_empty() || self.bytes <= FEED_PAGE_BYTES_MAX;
        if fits {
            self.events.push(event);
        }
        fits
    }
}

/// An event with the bytes of its body.
fn event(connection: &Connection, whose: &mut Whose, found: &Row<'_>) -> Result<(FeedEvent, usize)> {
    let body = found.get_ref(8)?.as_str()?;
    let kind = kind(body).ok_or(rusqlite::Error::InvalidColumnName("kind".to_owned()))?.to_owned();
    let bytes = body.len();
    let position = Position(row::number(found, 9)?);
    let (site, visitor) = of_conversation(connection, whose, found.get(0)?)?;
    Ok((FeedEvent { position, site, visitor, kind, event: row::event(found)? }, bytes))
}

/// The site and visitor of a conversation.
fn of_conversation(connection: &Connection, whose: &mut Whose, id: [u8; 16]) -> Result<(SiteId, VisitorId)> {
    const SQL: &str = "SELECT site, visitor FROM conversation WHERE id = ?1";
    if let Some(known) = whose.get(&id) {
        return Ok(known.clone());
    }
    let read = |row: &Row<'_>| Ok((row::site(row, 0)?, VisitorId(row::id(row, 1)?)));
    let found = connection.prepare_cached(SQL)?.query_row([id], read)?;
    if whose.len() >= WHOSE_MAX {
        whose.clear();
    }
    whose.insert(id, found.clone());
    Ok(found)
}

/// The kind that a body's JSON names first, as serde writes it.
fn kind(body: &str) -> Option<&str> {
    body.strip_prefix("{\"kind\":\"")?.split('"').next()
}

fn key(found: &Row<'_>) -> Result<Key> {
    Ok(Key { position: row::number(found, 0)?, conversation: found.get(1)?, lane: found.get(2)?, seq: found.get(3)? })
}
