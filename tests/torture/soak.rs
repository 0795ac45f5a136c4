//! Ordinary work for a long time: memory, open files, the database's log and the slowest answers stay as they were.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::{Door, Relay, Setup, check_integrity};

use crate::crowd::{Crowd, Raise, Size};
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
/// From one look at the machine itself to the next.
const PROBE_EVERY: Duration = Duration::from_millis(50);
/// An answer is several times what the machine is asked for then: threads that are woken one after the other, and a sync.
const PROBES_OF_AN_ANSWER: u32 = 4;

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
    let beside = relay.data().with_extension("probe");
    let mut looks = Vec::new();
    let began = Instant::now();
    let machine = crowd.act(|stage| {
        stage.all_ready();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let probe = scope.spawn(|| watch_machine(&beside, &over));
            // However the looking ends, the probe must not go on for ever.
            let end = Raise(&over);
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
            drop(end);
            probe.join().expect("the machine was watched")
        })
    });
    let whole = began.elapsed();
    let done: Vec<_> = crowd.judge.acknowledgements().iter().map(|done| (done.at, done.took)).collect();
    let part = |all: &[(Instant, Duration)], from: u32, to: u32| {
        let within = |at: &Instant| {
            let at = at.saturating_duration_since(began);
            at >= whole * from / 3 && at < whole * to / 3
        };
        slowest_of_hundred(all.iter().filter(|(at, _)| within(at)).map(|(_, took)| *took).collect())
    };
    let (first, last) = (part(&done, 0, 1), part(&done, 2, 3));
    let (machine_first, machine_last) = (part(&machine, 0, 1), part(&machine, 2, 3));
    let third = looks.len() / 3;
    let (early, late) = (&looks[..third], &looks[looks.len() - third..]);
    let memory = |looks: &[Look]| looks.iter().map(|look| look.memory_kib).max().unwrap_or(0);
    let files = |looks: &[Look]| looks.iter().map(|look| look.files).max().unwrap_or(0);
    let log_bytes = looks.iter().map(|look| look.log_bytes).max().unwrap_or(0);
    let (_, verdict) = crowd.judge(&relay);
    turn.tell(format_args!(
        "{whole:?}, first and last third: memory {} and {} KiB, open files {} and {}, 99 of 100 within {first:?} and {last:?}, \
         of a wake and a sync alone {machine_first:?} and {machine_last:?}; the log was {log_bytes} bytes at most: {verdict:?}",
        memory(early),
        memory(late),
        files(early),
        files(late),
    ));
    let grown = memory(late).saturating_sub(memory(early));
    assert!(grown < CACHES_KIB / 3 + CACHES_KIB * u64::from(turn.long), "memory grew by {grown} KiB");
    assert!(files(late) <= files(early) + FILES_MORE, "open files grew");
    assert!(log_bytes < LOG_BYTES_MAX, "the database's log grew to {log_bytes} bytes");
    // Not a bound on speed, which is the machine's, but on becoming slower than the machine itself became.
    let slower = machine_last.saturating_sub(machine_first) * PROBES_OF_AN_ANSWER;
    let most = first * 3 + Duration::from_millis(50) + slower;
    assert!(last < most, "answers became slower: {first:?}, then {last:?}, and {most:?} would be the machine's fault");
    let closes: usize = crowd.clients().map(|client| client.closes().len()).sum();
    assert_eq!(closes, 0, "connections broke though nothing happened to them");
    let mut relay = relay;
    assert!(relay.stop(), "the relay did not end cleanly");
    check_integrity(relay.data());
}

/// What the machine takes for a wake and a small sync on the relay's disk, again and again: other work on it slows the relay, too.
fn watch_machine(file: &Path, over: &AtomicBool) -> Vec<(Instant, Duration)> {
    let file = File::create(file).expect("a file beside the data folder");
    let mut took = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let at = Instant::now();
        thread::sleep(Duration::from_millis(1));
        file.write_all_at(&[0; 4_096], 0).expect("written");
        file.sync_data().expect("synced");
        took.extend(looks_of(at, at.elapsed()));
        thread::sleep(PROBE_EVERY);
    }
    took
}

/// A look that took long, and those that were due meanwhile. Visitors go on writing while the machine stands still, so each such moment counts
/// for as many answers as it is long, and must count for as many looks.
fn looks_of(at: Instant, took: Duration) -> impl Iterator<Item = (Instant, Duration)> {
    let due = (0..).map(move |number| PROBE_EVERY * number).take_while(move |late| late.is_zero() || *late < took);
    due.map(move |late| (at + late, took.saturating_sub(late)))
}

#[test]
fn a_long_look_counts_for_all_that_were_due_meanwhile() {
    let at = Instant::now();
    let ms = Duration::from_millis;
    assert_eq!(looks_of(at, ms(2)).collect::<Vec<_>>(), [(at, ms(2))]);
    assert_eq!(
        looks_of(at, ms(120)).collect::<Vec<_>>(),
        [(at, ms(120)), (at + ms(50), ms(70)), (at + ms(100), ms(20))]
    );
}

/// The time within which 99 of 100 came.
fn slowest_of_hundred(mut took: Vec<Duration>) -> Duration {
    took.sort();
    let at = (took.len() * 99 / 100).min(took.len().saturating_sub(1));
    took.get(at).copied().expect("there were some")
}
