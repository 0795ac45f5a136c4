//! The feed of the SQLite store: older data folders are numbered, and its index is kept, trimmed and cut.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use relay::audit::By;
use relay::store::sqlite::SqliteStore;
use relay::store::{FeedEvent, Leased, Position, Reader, Site, Store, TokenHash, VisitorRecord, Writer, write_once};
use relay_core::append::{Append, Condition, NewBody, NewEvent, Opening};
use wire::{Author, Body, ConversationId, Lane, MessageId, VisitorId};

const ANNA: VisitorId = VisitorId(1);
/// The schema before events had positions.
const BEFORE: [&str; 5] = [
    include_str!("../migrations/sqlite/0001_init.sql"),
    include_str!("../migrations/sqlite/0002_recent.sql"),
    include_str!("../migrations/sqlite/0003_access.sql"),
    include_str!("../migrations/sqlite/0004_kept.sql"),
    include_str!("../migrations/sqlite/0005_fair.sql"),
];

fn database(folder: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(folder.join("causeway.sqlite3")).unwrap()
}

fn rows(folder: &Path, table: &str) -> u64 {
    let sql = format!("SELECT count(*) FROM {table}");
    database(folder).query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs()
}

fn prepare(writer: &mut dyn Writer) {
    let demo = Site { id: "demo".parse().unwrap(), name: "Demo".to_owned(), origins: Vec::new() };
    let visitor =
        VisitorRecord { id: ANNA, site: demo.id.clone(), token: TokenHash([1; 32]), created_at_ms: 1, used_at_ms: 1 };
    write_once(writer, |writer| writer.put_site(&demo, &By::command_line(1))).unwrap();
    write_once(writer, |writer| writer.add_visitor(&visitor)).unwrap();
}

/// A text in one of five conversations.
fn say(id: u128) -> Append {
    let body = NewBody::Ready(Body::Text { text: format!("text {id}") });
    let opening = Opening { site: "demo".parse().unwrap(), visitor: ANNA, language: String::new() };
    let new_events = vec![NewEvent { id: MessageId(id), author: Author::Visitor, body }];
    Append::new(ConversationId(id % 5), new_events).opening(opening).when(Condition::Owner(ANNA))
}

/// Records so many texts, a hundred in a transaction.
fn record(writer: &mut dyn Writer, ids: std::ops::Range<u128>) {
    let all: Vec<u128> = ids.collect();
    for some in all.chunks(100) {
        writer.begin().unwrap();
        for id in some {
            writer.append(1_000, &say(*id)).unwrap();
        }
        writer.commit().unwrap();
    }
}

/// All of the feed after a position, without a gap.
fn feed(reader: &mut dyn Reader, mut after: Position) -> Vec<FeedEvent> {
    let mut events = Vec::new();
    loop {
        let page = reader.feed(after, 500).unwrap();
        let Some(last) = page.last().map(|last| last.position) else { return events };
        assert!(page.iter().map(|event| event.position.0).eq(after.0 + 1..=last.0));
        after = last;
        events.extend(page);
    }
}

fn ids(events: &[FeedEvent]) -> Vec<u128> {
    events.iter().map(|event| event.event.id.0).collect()
}

/// Moves a consumer's cursor forward.
fn consume(writer: &mut dyn Writer, consumer: &'static str, to: u64) {
    let leased = write_once(writer, |writer| writer.lease(consumer, 1, 1, 2)).unwrap();
    let Leased::Yes(lease) = leased else { panic!("{leased:?}") };
    write_once(writer, |writer| writer.consume(&lease, Position(to), 2, &mut |_| Ok(()))).unwrap();
}

#[test]
fn the_index_keeps_what_a_consumer_has_not_read_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    store.limit_recent(100);
    let (mut writer, mut reader) = (store.writer().unwrap(), store.reader().unwrap());
    prepare(&mut *writer);
    record(&mut *writer, 1..3_001);
    assert!(rows(folder.path(), "event") > 2_000);
    assert_eq!(rows(folder.path(), "feed"), 0, "nobody reads it");
    consume(&mut *writer, "fast", 2_900);
    record(&mut *writer, 3_001..6_001);
    consume(&mut *writer, "fast", 5_900);
    consume(&mut *writer, "slow", 3_000);
    record(&mut *writer, 6_001..9_001);
    let kept = rows(folder.path(), "feed");
    assert!((2_000..6_000).contains(&kept), "{kept} rows for the slow one");
    assert_eq!(ids(&feed(&mut *reader, Position(3_000))), (3_001..9_001).collect::<Vec<_>>());
    consume(&mut *writer, "slow", 9_000);
    for to in 9_000..9_004 {
        record(&mut *writer, u128::from(to) + 1..u128::from(to) + 2);
        consume(&mut *writer, "fast", to + 1);
        consume(&mut *writer, "slow", to + 1);
    }
    assert_eq!(rows(folder.path(), "feed"), 0, "all have passed it");
    assert_eq!(rows(folder.path(), "every_event"), 9_004, "the log keeps everything");
}

#[test]
fn a_consumer_behind_the_bound_of_the_index_reads_on_from_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    store.limit_recent(100);
    store.limit_feed(1_000);
    let (mut writer, mut reader) = (store.writer().unwrap(), store.reader().unwrap());
    prepare(&mut *writer);
    consume(&mut *writer, "stuck", 0);
    record(&mut *writer, 1..8_001);
    let kept = rows(folder.path(), "feed");
    assert!((500..=1_000).contains(&kept), "{kept} rows");
    assert_eq!(ids(&feed(&mut *reader, Position::START)), (1..8_001).collect::<Vec<_>>());
    assert_eq!(ids(&feed(&mut *reader, Position(777))), (778..8_001).collect::<Vec<_>>());
    // Backwards too: a reader forgets what it has found.
    assert_eq!(ids(&feed(&mut *reader, Position(3))), (4..8_001).collect::<Vec<_>>());
}

/// An older data folder: so many events that were moved, of them the last still in `recent`, and so many that wait; `recent` begins at a place.
fn older(folder: &Path, moved: u64, both: u64, waiting: u64, place: u64) {
    let connection = database(folder);
    for migration in BEFORE {
        connection.execute_batch(migration).unwrap();
    }
    connection.pragma_update(None, "user_version", BEFORE.len() as i64).unwrap();
    connection
        .execute_batch(
            "INSERT INTO site (id, name) VALUES ('demo', 'Demo');
             INSERT INTO visitor (id, site, token, created_at_ms, used_at_ms)
             VALUES (x'00000000000000000000000000000001', 'demo', zeroblob(32), 1, 1);",
        )
        .unwrap();
    let key = |number: u64| u128::from(number).to_be_bytes();
    for conversation in 0..5 {
        let count = (1..=moved).filter(|id| id % 5 == conversation).count() as u64;
        connection
            .execute(
                "INSERT INTO conversation (id, site, visitor, opened_at_ms, language, state, state_at_ms, turn, agent, last_at_ms, \
                 last_line, last_party, unread_by_staff, unread_by_visitor, seen_by_visitor, seen_by_staff, score, head_shared, head_staff) \
                 VALUES (?1, 'demo', x'00000000000000000000000000000001', 1, '', 0, 0, 0, NULL, 1, '', 0, x'', x'', 0, 0, 0, ?2, 0)",
                rusqlite::params![key(conversation), count.cast_signed()],
            )
            .unwrap();
    }
    let mut heads = [0_i64; 5];
    let mut next = place.cast_signed();
    for id in 1..=moved + waiting {
        let conversation = (id % 5) as usize;
        heads[conversation] += 1;
        // A clock that was set back for a while.
        let at_ms = if (20..30).contains(&id) { 5 } else { 1_000 + id.cast_signed() };
        let body = format!("{{\"kind\":\"text\",\"text\":\"text {id}\"}}");
        let values = rusqlite::params![key(id % 5), heads[conversation], at_ms, key(id), body];
        if id <= moved {
            const EVENT: &str = "INSERT INTO event (conversation, lane, seq, at_ms, id, author, body) VALUES (?1, 0, ?2, ?3, ?4, 0, ?5)";
            connection.execute(EVENT, values).unwrap();
        }
        if id > moved - both {
            let recent = format!(
                "INSERT INTO recent (place, conversation, lane, seq, at_ms, id, author, body) VALUES ({next}, ?1, 0, ?2, ?3, ?4, 0, ?5)"
            );
            connection.execute(&recent, values).unwrap();
            next += 1;
        }
    }
}

#[test]
fn the_events_of_an_older_data_folder_come_first() {
    // With the places that such a relay gave; with places that began after older events; with nothing in `recent`; without any event.
    for (moved, both, waiting, place) in
        [(60, 10, 15, 51), (60, 10, 15, 1), (60, 10, 15, 400), (60, 0, 0, 1), (0, 0, 0, 1)]
    {
        let folder = tempfile::tempdir().unwrap();
        older(folder.path(), moved, both, waiting, place);
        let store = SqliteStore::open(folder.path()).unwrap();
        let (mut writer, mut reader) = (store.writer().unwrap(), store.reader().unwrap());
        record(&mut *writer, 1_000..1_020);
        // Where it begins does not matter to a consumer.
        let mut begin = Position::START;
        let first = reader.feed(begin, 1).unwrap()[0].position;
        if place < 400 {
            assert_eq!(first, Position(1));
        } else {
            begin = Position(first.0 - 1);
        }
        let events = feed(&mut *reader, begin);
        let count = usize::try_from(moved + waiting).unwrap();
        assert_eq!(events.len(), count + 20);
        assert_eq!(events.last().map(|last| last.position), reader.feed_end().ok());
        let mut each = ids(&events);
        assert_eq!(each[count..], (1_000..1_020).collect::<Vec<_>>(), "new ones follow");
        each.sort_unstable();
        each.dedup();
        assert_eq!(each.len(), count + 20, "each once");
        for conversation in 0..5 {
            let of =
                |event: &&FeedEvent| event.event.conversation.0 == conversation && event.event.lane == Lane::Shared;
            let seqs: Vec<u64> = events.iter().filter(of).map(|event| event.event.seq.0).collect();
            assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "each lane in its order");
        }
        store.check().unwrap();
        assert_eq!(rows(folder.path(), "every_event"), moved + waiting + 20, "an event is one row in both tables");
    }
}
