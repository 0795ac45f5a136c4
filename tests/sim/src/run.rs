//! Runs seeds on all cores of the machine, and tells of those that fail in a way that can be repeated.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::planted::{self, Fault};
use crate::world::{Stats, World};

/// Seeds that failed once, each with what was wrong then. They are run first, always.
const KEPT: &[u64] = &[];
/// A planted fault that is not found by this many seeds is not found.
const PLANTED_SEEDS_MAX: u64 = 1_000;

pub(crate) struct Options {
    pub(crate) wanted: Wanted,
    pub(crate) from: u64,
}

pub(crate) enum Wanted {
    One(u64),
    Seeds(u64),
    For(Duration),
    Planted,
}

thread_local! {
    /// What the last panic of this thread said, and where.
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Does what was asked for. Whether all is well.
pub(crate) fn run(options: &Options) -> bool {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("no words");
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
        SAID.set(format!("{text}\n    at {place}"));
    }));
    match options.wanted {
        Wanted::One(seed) => one(seed),
        Wanted::Seeds(count) => many(options.from, Some(count), None),
        Wanted::For(time) => many(options.from, None, Some(time)),
        Wanted::Planted => all_planted(options.from),
    }
}

/// One run. The words of what failed, if something did.
fn try_seed(seed: u64, fault: Option<Fault>, trace: bool) -> Result<Stats, String> {
    planted::plant(fault);
    let mut world = None;
    let done = catch_unwind(AssertUnwindSafe(|| {
        let world = world.insert(World::new(seed, fault, trace));
        world.run();
        world.stats
    }));
    if let Some(world) = world.filter(|_| trace) {
        world.print_trace();
    }
    done.map_err(|_| SAID.take())
}

fn one(seed: u64) -> bool {
    match try_seed(seed, None, true) {
        Ok(stats) => {
            println!("seed {seed}: all well, {stats:?}");
            true
        }
        Err(text) => {
            tell(seed, &text);
            false
        }
    }
}

fn tell(seed: u64, text: &str) {
    let commit = option_env!("SIM_COMMIT").unwrap_or("of this checkout");
    let commit = std::env::var("SIM_COMMIT").unwrap_or_else(|_| commit.to_owned());
    println!("FAILED: seed {seed}, commit {commit}\n    {text}\n    Again, with a trace: cargo xtask sim {seed}");
}

/// Many seeds, on every core. Ends at the tenth failure.
fn many(from: u64, count: Option<u64>, time: Option<Duration>) -> bool {
    let begun = Instant::now();
    let next = AtomicU64::new(0);
    let failed = AtomicU64::new(0);
    let sum = Mutex::new((0_u64, Stats::default()));
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let kept = KEPT.len() as u64;
            let over = count.is_some_and(|count| number >= count + kept)
                || time.is_some_and(|time| begun.elapsed() >= time)
                || failed.load(Ordering::Relaxed) >= 10;
            if over {
                return;
            }
            let seed = KEPT.get(number as usize).copied().unwrap_or(from + number.saturating_sub(kept));
            match try_seed(seed, None, false) {
                Ok(stats) => {
                    let mut sum = sum.lock().expect("nobody panics while adding");
                    sum.0 += 1;
                    add(&mut sum.1, &stats);
                }
                Err(text) => {
                    failed.fetch_add(1, Ordering::Relaxed);
                    tell(seed, &text);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..cores() {
            scope.spawn(work);
        }
    });
    let (seeds, stats) = sum.into_inner().expect("nobody panics while adding");
    println!(
        "{seeds} seeds well, {} failed, in {:.1} s: {} hours of virtual time, {} happenings, {} messages written, {} commits, \
         {} crashes, {} slow readers closed",
        failed.load(Ordering::Relaxed),
        begun.elapsed().as_secs_f64(),
        stats.virtual_ms / 3_600_000,
        stats.happenings,
        stats.said,
        stats.commits,
        stats.crashes,
        stats.slow_closed,
    );
    failed.load(Ordering::Relaxed) == 0 && seeds > 0
}

const fn add(sum: &mut Stats, one: &Stats) {
    sum.happenings += one.happenings;
    sum.commits += one.commits;
    sum.crashes += one.crashes;
    sum.slow_closed += one.slow_closed;
    sum.said += one.said;
    sum.virtual_ms += one.virtual_ms;
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Plants each known fault by itself: the checks must find it.
fn all_planted(from: u64) -> bool {
    if !cfg!(feature = "planted") {
        println!("This build has no faults to plant: `cargo xtask sim --planted` makes one that has.");
        return false;
    }
    println!("{:<28} found within  by", "planted fault");
    let mut all = true;
    for fault in planted::all() {
        match find(fault, from) {
            Some((seeds, text)) => {
                let first = text.lines().next().unwrap_or_default();
                let short: String = first.chars().take(90).collect();
                println!("{:<28} {seeds:>5} seeds    {short}", format!("{fault:?}"));
            }
            None => {
                all = false;
                println!("{:<28} NOT FOUND in {PLANTED_SEEDS_MAX} seeds", format!("{fault:?}"));
            }
        }
    }
    all
}

/// How many seeds it takes, and what the check says.
fn find(fault: Fault, from: u64) -> Option<(u64, String)> {
    let next = AtomicU64::new(0);
    let done = AtomicBool::new(false);
    let found: Mutex<Option<(u64, String)>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..cores() {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= PLANTED_SEEDS_MAX {
                        return;
                    }
                    if let Err(text) = try_seed(from + number, Some(fault), false) {
                        done.store(true, Ordering::Relaxed);
                        let mut found = found.lock().expect("nobody panics while telling");
                        if found.as_ref().is_none_or(|(first, _)| number < *first - 1) {
                            *found = Some((number + 1, text));
                        }
                    }
                }
            });
        }
    });
    found.into_inner().expect("nobody panics while telling")
}
