//! The table `recent`: events that are committed and not yet moved to the table `event`.
//!
//! `event` keeps the events of each conversation together. Writing there at once costs several pages for each conversation in a commit. So a
//! commit writes its events at the end of `recent`, one after the other: a few pages in all. Later the oldest conversation's events are moved
//! to `event` together. This is a log-structured merge (O'Neil et al., "The Log-Structured Merge-Tree", 1996).
//!
//! The key of `recent` is the event's position in the feed. Everything that waits there is in memory too: readers look there first, and a
//! repeated append is recognised there.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use relay_core::conversation::{Conversation, OutOfOrder};
use rusqlite::{Connection, Error, Result, params};
use wire::limit::{FEED_EVENTS_MAX, RECENT_BYTES_MAX};
use wire::{ConversationId, Cursor, Event, Lane, MessageId, Seq};

use super::row::{self, event_columns};
use super::{append, feed};

mod erasing;

pub(super) use erasing::Erased;

/// Events of one conversation that are moved together, unless more must be, so that no commit takes long.
const SLICE_EVENTS_MAX: usize = 128;
/// Events that are moved in one transaction, beyond the number that it adds.
const SPARE_EVENTS: usize = 256;
/// Moved rows are removed from `recent` when there are at least this many of them.
const REMOVED_MIN: i64 = 512;
/// Rows that are removed in one transaction, beyond the number that it adds.
const REMOVED_SPARE: i64 = 2_048;

/// An event that waits to be moved.
#[derive(Clone, Debug)]
struct Waiting {
    position: i64,
    /// Bytes of its body.
    bytes: usize,
    event: Event,
}

/// The waiting events of one conversation, and the conversation after them.
#[derive(Debug)]
struct Tail {
    conversation: Conversation,
    events: VecDeque<Waiting>,
    /// The ids of `events`. Nearly every message is new; this shows it without going through `events`.
    ids: HashSet<MessageId>,
}

/// All committed events that wait to be moved, by conversation.
#[derive(Debug, Default)]
struct Tails {
    all: HashMap<ConversationId, Tail>,
    /// Each conversation by the position of its oldest waiting event.
    oldest: BTreeMap<i64, ConversationId>,
    events: usize,
    bytes: usize,
    next_position: i64,
}

/// The waiting events of one database, shared by its writer and its readers.
#[derive(Debug)]
pub(super) struct Recent {
    tails: RwLock<Tails>,
    events_max: AtomicUsize,
    /// How many keys the table `feed` may have.
    feed_max: AtomicI64,
}

/// An event and the bytes of its body.
pub(super) type Weighed = (Event, usize);

impl Recent {
    /// Reads the waiting events of a database.
    pub(super) fn load(connection: &Connection, events_max: usize) -> Result<Self> {
        Ok(Self {
            tails: RwLock::new(Tails::load(connection)?),
            events_max: AtomicUsize::new(events_max),
            feed_max: AtomicI64::new(FEED_EVENTS_MAX),
        })
    }

    /// Sets how many events may wait, from the next transaction on.
    pub(super) fn limit(&self, events_max: usize) {
        self.events_max.store(events_max, Ordering::Relaxed);
    }

    /// Sets how many keys the table `feed` may have, from the next transaction on.
    pub(super) fn limit_feed(&self, events_max: i64) {
        self.feed_max.store(events_max, Ordering::Relaxed);
    }

    /// Reads it again, after a transaction of which it is not known whether it was committed.
    pub(super) fn reload(&self, connection: &Connection) -> Result<()> {
        let tails = Tails::load(connection)?;
        *self.tails.write().unwrap_or_else(PoisonError::into_inner) = tails;
        Ok(())
    }

    /// Nothing panics in the middle of a change, so a poisoned lock is used all the same.
    fn tails(&self) -> RwLockReadGuard<'_, Tails> {
        self.tails.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The conversation, when some of its events wait.
    pub(super) fn conversation(&self, id: ConversationId) -> Option<Conversation> {
        self.tails().all.get(&id).map(|tail| tail.conversation.clone())
    }

    /// The same, with its waiting events of one lane after a number, at most `count_max`.
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

    /// Brings a row of a list up to date: the columns that are written when events are moved.
    pub(super) fn refresh(&self, row: &mut Conversation) {
        let tails = self.tails();
        let Some(Tail { conversation: now, .. }) = tails.all.get(&row.id) else { return };
        row.last_at_ms = now.last_at_ms;
        row.last_line.clone_from(&now.last_line);
        (row.last_party, row.unanswered) = (now.last_party, now.unanswered);
        row.unread_by_staff.clone_from(&now.unread_by_staff);
        row.unread_by_visitor.clone_from(&now.unread_by_visitor);
        row.seen_by_visitor = now.seen_by_visitor;
        row.seen_by_staff = now.seen_by_staff;
        row.score = now.score;
        row.head = now.head;
        row.erased = now.erased;
    }

    /// The waiting event with this id.
    pub(super) fn event(&self, conversation: ConversationId, id: MessageId) -> Option<Event> {
        self.tails().all.get(&conversation)?.event(id)
    }

    /// A transaction's own events, none yet.
    pub(super) fn begin(&self) -> Batch {
        let next = self.tails().next_position;
        Batch { first_position: next, next_position: next, ..Batch::default() }
    }

    /// Moves events while too many wait, and removes rows that were moved before. `removed` is the position below which `recent` has no row.
    pub(super) fn tidy(&self, connection: &Connection, batch: &mut Batch, removed: &mut i64) -> Result<()> {
        let tails = self.tails();
        let kept_from = tails.oldest.first_key_value().map_or(batch.first_position, |(position, _)| *position);
        if kept_from - *removed >= REMOVED_MIN {
            let came = batch.next_position - batch.first_position;
            let until = kept_from.min(*removed + came + REMOVED_SPARE);
            feed::keep(connection, until, self.feed_max.load(Ordering::Relaxed))?;
            connection.prepare_cached("DELETE FROM recent WHERE position < ?1")?.execute([until])?;
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
            if batch.erased.contains_key(id) {
                // The row in memory still has what was erased; another transaction moves these.
                continue;
            }
            let count = tail.events.len().min(room).min(events.max(SLICE_EVENTS_MAX));
            for waiting in tail.events.iter().take(count) {
                move_to_event(connection, waiting.position)?;
                bytes = bytes.saturating_sub(waiting.bytes);
            }
            append::write_fold(connection, &tail.conversation)?;
            batch.moved.push((*id, count));
            events = events.saturating_sub(count);
            room -= count;
        }
        Ok(())
    }

    /// Takes over what a transaction did, now that it is committed.
    pub(super) fn publish(&self, batch: Batch) {
        let mut tails = self.tails.write().unwrap_or_else(PoisonError::into_inner);
        for (id, erased) in batch.erased {
            tails.erase(id, erased);
        }
        for (id, count) in batch.moved {
            tails.shorten(id, count);
        }
        for (id, tail) in batch.tails {
            tails.lengthen(id, tail);
        }
        tails.next_position = batch.next_position;
    }
}

/// What one transaction has recorded and moved so far.
#[derive(Debug, Default)]
pub(super) struct Batch {
    tails: HashMap<ConversationId, Tail>,
    /// How many of the oldest events of each conversation were moved.
    moved: Vec<(ConversationId, usize)>,
    /// What it has erased of conversations with waiting events.
    erased: HashMap<ConversationId, Erased>,
    events: usize,
    bytes: usize,
    first_position: i64,
    next_position: i64,
}

impl Batch {
    /// Whether the transaction has recorded and erased no event.
    pub(super) fn is_empty(&self) -> bool {
        self.tails.is_empty() && self.erased.is_empty()
    }

    /// A conversation that this transaction has changed.
    pub(super) fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.tails.get(&id).map(|tail| &tail.conversation)
    }

    /// An event of this transaction.
    pub(super) fn event(&self, conversation: ConversationId, id: MessageId) -> Option<Event> {
        self.tails.get(&conversation)?.event(id)
    }

    /// The position of an event, with this many events of its append before it.
    pub(super) fn position(&self, before: usize) -> i64 {
        self.next_position + i64::try_from(before).unwrap_or(i64::MAX)
    }

    /// Notes what was written: the conversation after these events, each with the bytes of its body.
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
            tail.push(Waiting { position: self.next_position, bytes, event });
            self.next_position += 1;
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

    /// Searches the latest first: a repeated append nearly always repeats one of those.
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
        const SQL: &str = concat!("SELECT ", event_columns!(), ", position FROM recent ORDER BY position");
        let last = feed::end(connection)?;
        let mut tails = Self { next_position: last + 1, ..Self::default() };
        let mut sql = connection.prepare(SQL)?;
        let mut rows = sql.query([])?;
        let mut heads = HashMap::new();
        while let Some(found) = rows.next()? {
            let event = row::event(found)?;
            let bytes = found.get_ref(8)?.as_bytes()?.len();
            let waiting = Waiting { position: found.get(9)?, bytes, event };
            let id = waiting.event.conversation;
            let head = match heads.entry(id) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => *new.insert(moved_head(connection, id)?),
            };
            if waiting.event.seq <= head.of(waiting.event.lane) {
                // It was moved; only its row in `recent` must still be removed.
                continue;
            }
            let tail = match tails.all.entry(id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let conversation = append::conversation(connection, id)?.ok_or(Error::QueryReturnedNoRows)?;
                    tails.oldest.insert(waiting.position, id);
                    new.insert(Tail::new(conversation))
                }
            };
            match tail.conversation.apply(&waiting.event) {
                // The row was written after this event.
                Ok(()) | Err(OutOfOrder::Old) => {}
                Err(OutOfOrder::Gap) => return Err(Error::IntegralValueOutOfRange(2, waiting.position)),
            }
            tails.events += 1;
            tails.bytes += waiting.bytes;
            tail.push(waiting);
        }
        Ok(tails)
    }

    /// The oldest waiting events of a conversation were moved.
    fn shorten(&mut self, id: ConversationId, count: usize) {
        let Some(tail) = self.all.get_mut(&id) else { return };
        if let Some(first) = tail.events.front() {
            self.oldest.remove(&first.position);
        }
        for moved in tail.events.drain(..count.min(tail.events.len())) {
            self.events -= 1;
            self.bytes -= moved.bytes;
            tail.ids.remove(&moved.event.id);
        }
        match tail.events.front() {
            Some(first) => drop(self.oldest.insert(first.position, id)),
            None => drop(self.all.remove(&id)),
        }
    }

    /// A conversation has new events.
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
                self.oldest.insert(first.position, id);
                self.all.insert(id, new);
            }
        }
    }
}

/// The last number of each lane that is in `event`.
fn moved_head(connection: &Connection, id: ConversationId) -> Result<Cursor> {
    const SQL: &str = "SELECT max(seq) FROM event WHERE conversation = ?1 AND lane = ?2";
    let mut sql = connection.prepare_cached(SQL)?;
    let mut head = |lane: Lane| {
        let key = params![id.0.to_be_bytes(), lane == Lane::Staff];
        sql.query_row(key, |row| row.get::<_, Option<i64>>(0)).map(|seq| Seq(seq.unwrap_or(0).unsigned_abs()))
    };
    Ok(Cursor { shared: head(Lane::Shared)?, staff: head(Lane::Staff)? })
}

/// Copies one row into `event`.
fn move_to_event(connection: &Connection, position: i64) -> Result<()> {
    const SQL: &str = concat!(
        "INSERT INTO event (",
        event_columns!(),
        ", position) SELECT ",
        event_columns!(),
        ", position FROM recent WHERE position = ?1"
    );
    match connection.prepare_cached(SQL)?.execute([position])? {
        1 => Ok(()),
        _ => Err(Error::QueryReturnedNoRows),
    }
}
