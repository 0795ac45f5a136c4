//! Ordinary work for a long time: memory, open files, the database's log and the slowest answers stay as they were.

use std::time::{Duration, Instant};

use support::{Acknowledged, Door, Relay, Setup, check_integrity};

use crate::crowd::{Crowd, Size};
use crate::form::turn;
use crate::process::{memory_kib, open_files};

const CROWD: Size = Size { visitors: 8, agents: 3, capacity: 2, pause_ms: (150, 500), chars_max: 400 };
/// Looks at the process over the whole time.
const LOOKS: u32 = 60;
/// So many looks from one line about it to the next.
const LOOKS_TOLD: u32 = 6;
/// The page caches of the database's three connections, which fill as it grows.
const CACHES_KIB: u64 = 3 * 32 * 1024;
/// The log begins anew at 48 MiB at the latest, or a moment after.
const LOG_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Files that come and go.
const FILES_MORE: usize = 12;

/// One look.
#[derive(Clone, Copy, Debug)]
struct Look {
    memory_kib: u64,
    files: usize,
    log_bytes: u64,
}

#[test]
fn after_a_long_time_everything_is_as_it_was() {
    let turn = turn("soak");
    let relay = Relay::start_with(Setup::default());
    let mut crowd = Crowd::new(&relay, CROWD, &turn.dice, &Door::of(&relay));
    let log = relay.data().join("causeway.sqlite3-wal");
    let mut looks = Vec::new();
    let began = Instant::now();
    crowd.act(|stage| {
        stage.all_ready();
        for number in 1..=LOOKS {
            stage.last(turn.form.soak / LOOKS);
            let look = Look {
                memory_kib: memory_kib(relay.id(), "VmRSS"),
                files: open_files(relay.id()),
                log_bytes: std::fs::metadata(&log).map_or(0, |file| file.len()),
            };
            if number % LOOKS_TOLD == 0 {
                turn.tell(format_args!("after {:?}: {look:?}", began.elapsed()));
            }
            looks.push(look);
        }
    });
    let whole = began.elapsed();
    let done = crowd.judge.acknowledgements();
    let part = |from: u32, to: u32| -> Vec<Acknowledged> {
        let within = |done: &&Acknowledged| {
            let at = done.at.saturating_duration_since(began);
            at >= whole * from / 3 && at < whole * to / 3
        };
        done.iter().filter(within).copied().collect()
    };
    let (first, last) = (slowest_of_hundred(&part(0, 1)), slowest_of_hundred(&part(2, 3)));
    let third = looks.len() / 3;
    let (early, late) = (&looks[..third], &looks[looks.len() - third..]);
    let memory = |looks: &[Look]| looks.iter().map(|look| look.memory_kib).max().unwrap_or(0);
    let files = |looks: &[Look]| looks.iter().map(|look| look.files).max().unwrap_or(0);
    let log_bytes = looks.iter().map(|look| look.log_bytes).max().unwrap_or(0);
    let (_, verdict) = crowd.judge(&relay);
    turn.tell(format_args!(
        "{whole:?}, first and last third: memory {} and {} KiB, open files {} and {}, 99 of 100 within {first:?} and {last:?}; \
         the log was {log_bytes} bytes at most: {verdict:?}",
        memory(early),
        memory(late),
        files(early),
        files(late),
    ));
    let grown = memory(late).saturating_sub(memory(early));
    assert!(grown < CACHES_KIB / 3 + CACHES_KIB * u64::from(turn.long), "memory grew by {grown} KiB");
    assert!(files(late) <= files(early) + FILES_MORE, "open files grew");
    assert!(log_bytes < LOG_BYTES_MAX, "the database's log grew to {log_bytes} bytes");
    // Not a bound on speed, which is the machine's, but on becoming slower.
    assert!(last < first * 3 + Duration::from_millis(50), "answers became slower: {first:?}, then {last:?}");
    let lines: usize = crowd.clients().map(|client| client.closes().len()).sum();
    assert_eq!(lines, 0, "lines broke though nothing happened to them");
    let mut relay = relay;
    assert!(relay.stop(), "the relay did not end cleanly");
    check_integrity(relay.data());
}

/// The time within which 99 of 100 were acknowledged.
fn slowest_of_hundred(done: &[Acknowledged]) -> Duration {
    let mut took: Vec<Duration> = done.iter().map(|done| done.took).collect();
    took.sort();
    let at = (took.len() * 99 / 100).min(took.len().saturating_sub(1));
    took.get(at).copied().expect("something was acknowledged")
}
