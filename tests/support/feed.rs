//! What the database says of the feed: positions without a gap, and the counter's counts beside the log.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use crate::wait_until;

/// Checks what holds at every instant, also in the middle of a power cut: positions rise by one and follow the order of every lane, and the
/// counter has counted each event up to its cursor once. How far the counter is, and how many events there are.
///
/// # Panics
/// When it does not hold.
#[track_caller]
pub fn check_feed(database: &Connection) -> (i64, i64) {
    // One moment for all of it, also while a relay writes.
    let moment = database.unchecked_transaction().expect("the database can be read");
    let number = |sql: &str| moment.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("the schema is known");
    let events = number("SELECT count(*) FROM every_event");
    assert_eq!(number("SELECT ifnull(max(position), 0) FROM every_event"), events, "the last position");
    assert_eq!(number("SELECT count(DISTINCT position) FROM every_event"), events, "positions are unique");
    const OUT_OF_ORDER: &str = "SELECT count(*) FROM (SELECT seq, row_number() OVER (PARTITION BY conversation, lane ORDER BY position) AS turn \
         FROM every_event) WHERE seq <> turn";
    assert_eq!(number(OUT_OF_ORDER), 0, "events that stand in another order in the feed than in their lane");
    let cursor = number("SELECT ifnull(max(position), 0) FROM consumer WHERE name = 'counter'");
    let counts = |sql: &str| -> BTreeMap<(String, String), i64> {
        let mut rows = moment.prepare(sql).expect("the schema is known");
        let row = |row: &rusqlite::Row<'_>| Ok(((row.get(0)?, row.get(1)?), row.get(2)?));
        rows.query_map([], row).and_then(Iterator::collect).expect("rows of counts")
    };
    let logged = format!(
        "SELECT site, json_extract(body, '$.kind') AS kind, count(*) FROM every_event \
         JOIN (SELECT id AS whose, site FROM conversation) ON whose = conversation WHERE position <= {cursor} GROUP BY site, kind"
    );
    assert_eq!(counts("SELECT site, kind, events FROM event_count"), counts(&logged), "up to position {cursor}");
    (cursor, events)
}

/// Waits until the counter has read all of the feed, and compares its counts with the log.
///
/// # Panics
/// When they differ, or the counter does not get there.
#[track_caller]
pub fn check_counter(data: &Path) -> i64 {
    let database = Connection::open(data.join("causeway.sqlite3")).expect("the database opens");
    wait_until("the counter has read all of the feed", || {
        let (cursor, events) = check_feed(&database);
        (cursor == events).then_some(events)
    })
}
