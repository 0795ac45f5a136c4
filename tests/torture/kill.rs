//! `kill -9` at random instants under load: nothing acknowledged is lost or doubled, everybody keeps their position in the queue, and the counter, which
//! reads the feed, has counted every event once.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use support::{Door, RawSocket, Relay, Setup, check_counter, check_feed, check_integrity, check_queue, new_id};
use wire::ConversationId;

use crate::crowd::{Crowd, Size};
use crate::form::turn;

#[test]
fn killed_at_random_instants_it_loses_nothing_and_nobody_their_place() {
    let mut turn = turn("kill");
    let mut relay = Relay::start_with(Setup::moving());
    let mut crowd = Crowd::new(&relay, Size::BUSY, &turn.dice, &Door::of(&relay));
    let mut killed = 0;
    while killed < turn.form.kills {
        crowd.act(|stage| {
            for _ in 0..turn.form.kills_between_verdicts {
                stage.more(usize::try_from(turn.dice.between(1, 40)).expect("a small number"));
                // The instant is the point: anywhere within some commits.
                stage.last(Duration::from_micros(turn.dice.below(30_000)));
                relay.kill();
                killed += 1;
                relay.up();
            }
        });
        let (log, verdict) = crowd.judge(&relay);
        let before = check_queue(&relay, &crowd.cookie, &log);
        let counted = check_counter(relay.data());
        relay.kill();
        check_integrity(relay.data());
        relay.up();
        let log = crowd.judge.read(&relay, &crowd.cookie);
        let _ = crowd.judge.verdict(&log);
        let waiting = check_queue(&relay, &crowd.cookie, &log);
        assert_eq!(waiting, before, "after another kill somebody is missing from the queue");
        turn.tell(format_args!(
            "{killed} kills, {waiting} wait in the queue, {counted} events counted once: {verdict:?}"
        ));
    }
}

/// An event is in one of two tables, or in both: all of them into the one that has no rules about positions.
const ONE_TABLE: &str = "INSERT OR IGNORE INTO event (conversation, lane, seq, at_ms, id, author, agent, agent_name, body, position) \
     SELECT conversation, lane, seq, at_ms, id, author, agent, agent_name, body, position FROM recent; DELETE FROM recent;";

/// Without this a check of the feed that finds nothing would pass every torture.
#[test]
fn each_fault_in_the_feed_is_found() {
    let mut relay = Relay::start_with(Setup::moving());
    let mut visitor = RawSocket::visitor(&relay, None);
    visitor.register();
    for n in 0..3 {
        visitor.say(ConversationId(new_id()), &format!("{n}"));
    }
    let events = check_counter(relay.data());
    assert!(events >= 6, "each has been queued, too: {events}");
    assert!(relay.stop());
    check_integrity(relay.data());
    let whole = relay.data().join("causeway.sqlite3");
    let broken = relay.data().join("broken.sqlite3");
    // Without its WAL, a copy is whole once all of that is in the database itself.
    let flush = |path: &Path| {
        let database = Connection::open(path).expect("opened");
        database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("flushed");
        database
    };
    for (fault, sql) in [
        ("a gap", "UPDATE event SET position = position + 5 WHERE position = (SELECT max(position) FROM every_event)"),
        ("one position twice", "UPDATE event SET position = 1 WHERE position = 2"),
        ("an event that is gone", "DELETE FROM event WHERE position = 2"),
        (
            "two of a lane in another order",
            "UPDATE event SET position = CASE seq WHEN 1 THEN (SELECT max(position) FROM every_event) \
             ELSE (SELECT min(position) FROM every_event) END \
             WHERE position IN (SELECT min(position) FROM every_event UNION SELECT max(position) FROM every_event)",
        ),
        ("one counted twice", "UPDATE event_count SET events = events + 1"),
        ("one not counted", "UPDATE event_count SET events = events - 1 WHERE kind = 'text'"),
        ("a cursor behind what was counted", "UPDATE consumer SET position = position - 1"),
    ] {
        drop(flush(&whole));
        std::fs::copy(&whole, &broken).expect("copied");
        let database = flush(&broken);
        database.execute_batch(ONE_TABLE).expect("moved");
        assert_eq!(check_feed(&database), (events, events), "still whole");
        database.execute_batch(sql).expect("broken on purpose");
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check_feed(&database)));
        assert!(found.is_err(), "{fault} is not found");
    }
}
