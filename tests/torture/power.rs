//! Power loss, approximated: only what the relay had synced survives, with any sectors of what it had not.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

use support::{Acknowledged, Door, Relay, Setup, check_integrity, wait_until};
use tempfile::TempDir;

use crate::crowd::{Crowd, Size};
use crate::fault::Tracer;
use crate::form::{skip, turn};
use crate::trace::{Disks, read, tracer};

/// Long texts, one after the other: the log of the database must be carried into the database while it runs.
const CROWD: Size = Size { visitors: 8, agents: 3, capacity: 2, pause_ms: (20, 70), chars_max: 9_000 };
const DATABASE: &str = "causeway.sqlite3";
const LOG: &str = "causeway.sqlite3-wal";

#[test]
fn after_a_power_cut_everything_acknowledged_is_there() {
    let mut turn = turn("power");
    if !Tracer::works() {
        return skip("power", "no strace, or no permission to trace");
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = folder.path().join("trace");
    let data = folder.path().join("data");
    let setup = Setup { data: Some(data.clone()), wrapper: tracer(&output), ..Setup::moving() };
    let mut relay = Relay::start_with(setup);
    let mut crowd = Crowd::new(&relay, CROWD, &turn.dice, &Door::of(&relay));
    // Nobody is there yet, so nothing is being written: this is what the disk holds.
    let held = [DATABASE, LOG].map(|name| (data.join(name), std::fs::read(data.join(name)).expect("it is there")));
    let began = seconds(SystemTime::now());
    let bytes = |name: &str| std::fs::metadata(data.join(name)).map_or(0, |file| file.len());
    let before = bytes(DATABASE);
    crowd.act(|stage| {
        stage.all_ready();
        for _ in 0..turn.form.checkpoints {
            // A database grows only when its log is carried into it.
            let grown = bytes(DATABASE).max(before);
            wait_until("the log is carried into the database", || (bytes(DATABASE) > grown).then_some(()));
        }
        stage.more(50);
        relay.kill_traced();
    });
    let calls: Vec<_> = read(&output, &data).into_iter().filter(|call| call.began >= began).collect();
    let acknowledged = crowd.judge.acknowledgements();
    let mut disks = Disks::durable(held);
    let cuts: BTreeSet<usize> = (0..turn.form.cuts)
        .map(|_| usize::try_from(turn.dice.below(calls.len() as u64)).expect("an index fits"))
        .collect();
    let (mut syncs, mut at_risk) = (0_u32, 0);
    for (index, call) in calls.iter().enumerate() {
        if cuts.contains(&index) {
            at_risk = at_risk.max(disks.at_risk());
            let promised: Vec<_> = acknowledged.iter().filter(|done| seconds(done.wall) < call.began).collect();
            check_cut(&promised, |into| disks.cut(into, None));
            check_cut(&promised, |into| disks.cut(into, Some(&mut turn.dice)));
        }
        syncs += u32::from(disks.apply(call));
    }
    assert!(at_risk > 0, "no cut fell between a write and its sync");
    // The last moment, with the real relay and everybody coming back to it.
    let after = tempfile::tempdir().expect("a temporary folder can be made");
    disks.cut(after.path(), None);
    for name in [DATABASE, LOG] {
        std::fs::copy(after.path().join(name), data.join(name)).expect("a file can be copied");
    }
    std::fs::remove_file(data.join("causeway.sqlite3-shm")).ok();
    relay.set_untraced();
    relay.up();
    let (_, verdict) = crowd.judge(&relay);
    turn.tell(format_args!(
        "{} cuts, each twice, among {} writes and {syncs} syncs, at most {at_risk} bytes at risk: {verdict:?}",
        cuts.len(),
        calls.len()
    ));
}

/// Opens what a cut left and looks for everything that was promised by then.
fn check_cut(promised: &[&Acknowledged], cut: impl FnOnce(&Path)) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    cut(folder.path());
    check_integrity(folder.path());
    let database = rusqlite::Connection::open(folder.path().join(DATABASE)).expect("the database opens");
    let mut find = database.prepare("SELECT count(*) FROM every_event WHERE id = ?1").expect("the schema is known");
    for done in promised {
        let count: i64 = find.query_row([done.id.0.to_be_bytes()], |row| row.get(0)).expect("it can be asked");
        assert_eq!(count, 1, "a power cut lost or doubled {:?}, acknowledged before it", done.id);
    }
    let gaps: i64 = database
        .query_row(
            "SELECT count(*) FROM (SELECT 1 FROM every_event GROUP BY conversation, lane HAVING count(*) <> max(seq))",
            [],
            |row| row.get(0),
        )
        .expect("it can be asked");
    assert_eq!(gaps, 0, "a lane has a gap");
}

fn seconds(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64()
}
