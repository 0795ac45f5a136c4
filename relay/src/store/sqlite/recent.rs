//! Events that are committed and not yet in their place. A commit writes them one after the other at the end of one table; the oldest
//! conversation's are then moved to their place together, many for the price of one: a log-structured merge (O'Neil et al., "The
//! Log-Structured Merge-Tree", 1996). What waits is in memory, too: for readers, and to tell a retry.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use relay_core::conversation::{Conversation, OutOfOrder};
use rusqlite::{Connection, Error, Result, params};
use wire::limit::RECENT_BYTES_MAX;
use wire::{ConversationId, Cursor, Event, Lane, MessageId, Seq};

use super::append;
use super::row::{self, event_columns};

/// Events of one conversation that move at once where no more have to, so that no commit takes long.
const SLICE_EVENTS_MAX: usize = 128;
/// Events moved in one transaction beyond those that came with it.
const SPARE_EVENTS: usize = 256;
/// Rows that were moved are removed so many at once, …
const REMOVED_MIN: i64 = 512;
/// … and at most so many more than came.
const REMOVED_SPARE: i64 = 2_048;

/// An event that waits.
#[derive(Clone, Debug)]
struct Waiting {
    place: i64,
    /// Of its body.
    bytes: usize,
    event: Event,
}

/// What waits of one conversation, and how the conversation stands after it.
#[derive(Debug)]
struct Tail {
    conversation: Conversation,
    events: VecDeque<Waiting>,
    /// Those of `events`: nearly every message is new, and must not be looked for in all of them.
    ids: HashSet<MessageId>,
}

/// Everything that waits and is committed.
#[derive(Debug, Default)]
struct Tails {
    all: HashMap<ConversationId, Tail>,
    /// The first place of each.
    oldest: BTreeMap<i64, ConversationId>,
    events: usize,
    bytes: usize,
    next_place: i64,
}

/// What waits in one database, shared by its writer and its readers.
#[derive(Debug)]
pub(super) struct Recent {
    tails: RwLock<Tails>,
    events_max: AtomicUsize,
}

/// An event and the bytes of its body.
pub(super) type Weighed = (Event, usize);

impl Recent {
    /// Reads what waits in a database.
    pub(super) fn load(connection: &Connection, events_max: usize) -> Result<Self> {
        Ok(Self { tails: RwLock::new(Tails::load(connection)?), events_max: AtomicUsize::new(events_max) })
    }

    /// Another bound.
    pub(super) fn limit(&self, events_max: usize) {
        self.events_max.store(events_max, Ordering::Relaxed);
    }

    /// The same again, after a transaction whose fate is not known.
    pub(super) fn reload(&self, connection: &Connection) -> Result<()> {
        let tails = Tails::load(connection)?;
        *self.tails.write().unwrap_or_else(PoisonError::into_inner) = tails;
        Ok(())
    }

    /// Nobody holds the lock while anything may panic half way, so a poisoned one is whole.
    fn tails(&self) -> RwLockReadGuard<'_, Tails> {
        self.tails.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A conversation of which something waits.
    pub(super) fn conversation(&self, id: ConversationId) -> Option<Conversation> {
        self.tails().all.get(&id).map(|tail| tail.conversation.clone())
    }

    /// The same, and what waits of a lane after a number, at most so many.
    pub(super) fn lane(
        &self,
        id: ConversationId,
        lane: Lane,
        after: Seq,
        count_max: usize,
    ) -> Option<(Conversation, Vec<Weighed>)> {
        let tails = self.tails();
        let tail = tails.all.get(&id)?;
        let wanted = tail.events.iter().filter(|waiting| waiting.event.lane == lane && waiting.event.seq > after);
        let events = wanted.take(count_max).map(|waiting| (waiting.event.clone(), waiting.bytes)).collect();
        Some((tail.conversation.clone(), events))
    }

    /// Brings a row of a list up to date: the columns that are written later.
    pub(super) fn refresh(&self, row: &mut Conversation) {
        let tails = self.tails();
        let Some(Tail { conversation: now, .. }) = tails.all.get(&row.id) else { return };
        row.last_at_ms = now.last_at_ms;
        row.last_line.clone_from(&now.last_line);
        row.last_party = now.last_party;
        row.unread_by_staff.clone_from(&now.unread_by_staff);
        row.unread_by_visitor.clone_from(&now.unread_by_visitor);
        row.seen_by_visitor = now.seen_by_visitor;
        row.seen_by_staff = now.seen_by_staff;
        row.score = now.score;
        row.head = now.head;
    }

    /// The event that waits under this id.
    pub(super) fn event(&self, conversation: ConversationId, id: MessageId) -> Option<Event> {
        self.tails().all.get(&conversation)?.event(id)
    }

    /// A transaction's own events, none yet.
    pub(super) fn begin(&self) -> Batch {
        let next_place = self.tails().next_place;
        Batch { tails: HashMap::new(), moved: Vec::new(), events: 0, bytes: 0, first_place: next_place, next_place }
    }

    /// Moves as much as has become too much, and removes rows that were moved before. `removed` is the place below which no row is.
    pub(super) fn tidy(&self, connection: &Connection, batch: &mut Batch, removed: &mut i64) -> Result<()> {
        let tails = self.tails();
        let kept_from = tails.oldest.first_key_value().map_or(batch.first_place, |(place, _)| *place);
        if kept_from - *removed >= REMOVED_MIN {
            let until = kept_from.min(*removed + batch.next_place - batch.first_place + REMOVED_SPARE);
            connection.prepare_cached("DELETE FROM recent WHERE place < ?1")?.execute([until])?;
            *removed = until;
        }
        let mut events = (tails.events + batch.events).saturating_sub(self.events_max.load(Ordering::Relaxed));
        let mut bytes = (tails.bytes + batch.bytes).saturating_sub(RECENT_BYTES_MAX);
        let mut room = batch.events + SPARE_EVENTS;
        for id in tails.oldest.values() {
            if room == 0 || events == 0 && bytes == 0 {
                break;
            }
            let Some(tail) = tails.all.get(id) else { continue };
            let count = tail.events.len().min(room).min(events.max(SLICE_EVENTS_MAX));
            for waiting in tail.events.iter().take(count) {
                put_in_place(connection, waiting.place)?;
                bytes = bytes.saturating_sub(waiting.bytes);
            }
            append::write_fold(connection, &tail.conversation)?;
            batch.moved.push((*id, count));
            events = events.saturating_sub(count);
            room -= count;
        }
        Ok(())
    }

    /// What a transaction did counts, because it is committed.
    pub(super) fn publish(&self, batch: Batch) {
        let mut tails = self.tails.write().unwrap_or_else(PoisonError::into_inner);
        for (id, count) in batch.moved {
            tails.shorten(id, count);
        }
        for (id, tail) in batch.tails {
            tails.lengthen(id, tail);
        }
        tails.next_place = batch.next_place;
    }
}

/// What one transaction has recorded and moved so far.
#[derive(Debug, Default)]
pub(super) struct Batch {
    tails: HashMap<ConversationId, Tail>,
    /// How many of the oldest of each conversation are in their place.
    moved: Vec<(ConversationId, usize)>,
    events: usize,
    bytes: usize,
    first_place: i64,
    next_place: i64,
}

impl Batch {
    /// Whether there is nothing to tidy for.
    pub(super) fn is_empty(&self) -> bool {
        self.tails.is_empty()
    }

    /// A conversation that this transaction has changed.
    pub(super) fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.tails.get(&id).map(|tail| &tail.conversation)
    }

    /// An event of this transaction.
    pub(super) fn event(&self, conversation: ConversationId, id: MessageId) -> Option<Event> {
        self.tails.get(&conversation)?.event(id)
    }

    /// Where the next event goes.
    pub(super) fn place(&self, already: usize) -> i64 {
        self.next_place + i64::try_from(already).unwrap_or(i64::MAX)
    }

    /// Takes what was written: the conversation after these events, each with the bytes of its body.
    pub(super) fn took(&mut self, conversation: Conversation, events: impl Iterator<Item = Weighed>) {
        let tail = match self.tails.entry(conversation.id) {
            Entry::Occupied(known) => {
                let tail = known.into_mut();
                tail.conversation = conversation;
                tail
            }
            Entry::Vacant(new) => new.insert(Tail::new(conversation)),
        };
        for (event, bytes) in events {
            self.bytes += bytes;
            self.events += 1;
            tail.push(Waiting { place: self.next_place, bytes, event });
            self.next_place += 1;
        }
    }
}

impl Tail {
    fn new(conversation: Conversation) -> Self {
        Self { conversation, events: VecDeque::new(), ids: HashSet::new() }
    }

    fn push(&mut self, waiting: Waiting) {
        self.ids.insert(waiting.event.id);
        self.events.push_back(waiting);
    }

    /// The latest are looked at first: a retry is of one of those.
    fn event(&self, id: MessageId) -> Option<Event> {
        if !self.ids.contains(&id) {
            return None;
        }
        let found = self.events.iter().rev().find(|waiting| waiting.event.id == id);
        found.map(|waiting| waiting.event.clone())
    }
}

impl Tails {
    fn load(connection: &Connection) -> Result<Self> {
        const SQL: &str = concat!("SELECT ", event_columns!(), ", place FROM recent ORDER BY place");
        let next_place = connection.query_row("SELECT ifnull(max(place), 0) + 1 FROM recent", [], |row| row.get(0))?;
        let mut tails = Self { next_place, ..Self::default() };
        let mut sql = connection.prepare(SQL)?;
        let mut rows = sql.query([])?;
        let mut in_place = HashMap::new();
        while let Some(found) = rows.next()? {
            let event = row::event(found)?;
            let bytes = found.get_ref(8)?.as_bytes()?.len();
            let waiting = Waiting { place: found.get(9)?, bytes, event };
            let id = waiting.event.conversation;
            let head = match in_place.entry(id) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => *new.insert(head_in_place(connection, id)?),
            };
            if waiting.event.seq <= head.of(waiting.event.lane) {
                // It is in its place, and only waits for its removal.
                continue;
            }
            let tail = match tails.all.entry(id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let conversation = append::conversation(connection, id)?.ok_or(Error::QueryReturnedNoRows)?;
                    tails.oldest.insert(waiting.place, id);
                    new.insert(Tail::new(conversation))
                }
            };
            match tail.conversation.apply(&waiting.event) {
                // The row was written after this event.
                Ok(()) | Err(OutOfOrder::Old) => {}
                Err(OutOfOrder::Gap) => return Err(Error::IntegralValueOutOfRange(2, waiting.place)),
            }
            tails.events += 1;
            tails.bytes += waiting.bytes;
            tail.push(waiting);
        }
        Ok(tails)
    }

    /// The oldest of a conversation are in their place.
    fn shorten(&mut self, id: ConversationId, count: usize) {
        let Some(tail) = self.all.get_mut(&id) else { return };
        if let Some(first) = tail.events.front() {
            self.oldest.remove(&first.place);
        }
        for moved in tail.events.drain(..count.min(tail.events.len())) {
            self.events -= 1;
            self.bytes -= moved.bytes;
            tail.ids.remove(&moved.event.id);
        }
        match tail.events.front() {
            Some(first) => drop(self.oldest.insert(first.place, id)),
            None => drop(self.all.remove(&id)),
        }
    }

    /// A conversation has new ones.
    fn lengthen(&mut self, id: ConversationId, new: Tail) {
        self.events += new.events.len();
        self.bytes += new.events.iter().map(|waiting| waiting.bytes).sum::<usize>();
        match self.all.get_mut(&id) {
            Some(tail) => {
                tail.conversation = new.conversation;
                tail.events.extend(new.events);
                tail.ids.extend(new.ids);
            }
            None => {
                let Some(first) = new.events.front() else { return };
                self.oldest.insert(first.place, id);
                self.all.insert(id, new);
            }
        }
    }
}

/// How far a conversation's lanes are in their place.
fn head_in_place(connection: &Connection, id: ConversationId) -> Result<Cursor> {
    const SQL: &str = "SELECT max(seq) FROM event WHERE conversation = ?1 AND lane = ?2";
    let mut sql = connection.prepare_cached(SQL)?;
    let mut head = |lane: Lane| {
        let key = params![id.0.to_be_bytes(), lane == Lane::Staff];
        sql.query_row(key, |row| row.get::<_, Option<i64>>(0)).map(|seq| Seq(seq.unwrap_or(0).unsigned_abs()))
    };
    Ok(Cursor { shared: head(Lane::Shared)?, staff: head(Lane::Staff)? })
}

/// Copies one row to where its conversation's events lie together.
fn put_in_place(connection: &Connection, place: i64) -> Result<()> {
    const SQL: &str = concat!(
        "INSERT INTO event (",
        event_columns!(),
        ") SELECT ",
        event_columns!(),
        " FROM recent WHERE place = ?1"
    );
    match connection.prepare_cached(SQL)?.execute([place])? {
        1 => Ok(()),
        _ => Err(Error::QueryReturnedNoRows),
    }
}
