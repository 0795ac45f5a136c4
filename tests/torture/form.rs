//! How long and how hard: the short form runs with every test, the long one when asked for.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use support::Dice;

/// Set to `long` for the long form.
const FORM: &str = "TORTURE_FORM";
/// A number: the draws of an earlier run.
const SEED: &str = "TORTURE_SEED";

/// The numbers of every story.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// Kills, and after how many of them everything is read and judged.
    pub(crate) kills: u32,
    pub(crate) kills_between_verdicts: u32,
    /// Orderly stops under load.
    pub(crate) stops: u32,
    /// How often the disk runs full.
    pub(crate) fills: u32,
    /// Power cuts, and how often the database takes in its log meanwhile.
    pub(crate) cuts: u64,
    pub(crate) checkpoints: u32,
    /// Visitors and agents' consoles that come back at once, and the bound for all of them.
    pub(crate) clients: usize,
    pub(crate) consoles: usize,
    pub(crate) clients_bound: Duration,
    /// Times that every writer fills the connections of those who do not read.
    pub(crate) floods: u32,
    /// How long ordinary work goes on.
    pub(crate) soak: Duration,
    /// How long the network swallows everything.
    pub(crate) black_hole: Duration,
    /// How long any other fault of the network lasts.
    pub(crate) bad_network: Duration,
}

const SHORT: Form = Form {
    kills: 30,
    kills_between_verdicts: 10,
    stops: 3,
    fills: 2,
    cuts: 20,
    checkpoints: 1,
    floods: 5,
    soak: Duration::from_secs(120),
    clients: 1_000,
    consoles: 5,
    clients_bound: Duration::from_secs(30),
    black_hole: Duration::from_secs(5),
    bad_network: Duration::from_secs(3),
};

const LONG: Form = Form {
    kills: 500,
    kills_between_verdicts: 50,
    stops: 50,
    fills: 20,
    cuts: 300,
    checkpoints: 5,
    floods: 20,
    soak: Duration::from_secs(3_600),
    clients: 5_000,
    consoles: 20,
    clients_bound: Duration::from_secs(15),
    black_hole: Duration::from_secs(60),
    bad_network: Duration::from_secs(20),
};

/// One story's turn, its numbers and its dice.
pub(crate) struct Turn {
    pub(crate) form: Form,
    pub(crate) dice: Dice,
    /// Whether it is the long form.
    pub(crate) long: bool,
    name: &'static str,
    _alone: MutexGuard<'static, ()>,
}

/// Two cores carry one story at a time, whatever the test runner thinks.
static ALONE: Mutex<()> = Mutex::new(());

/// Waits for the story's turn and says which seed it draws from.
pub(crate) fn turn(name: &'static str) -> Turn {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let long = std::env::var(FORM).is_ok_and(|form| form == "long");
    let seed = match std::env::var(SEED) {
        Ok(text) => text.parse().expect("a seed is a number"),
        Err(_) => {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
            now.as_secs()
        }
    };
    let words = if long { "long" } else { "short" };
    println!("torture {name}, {words} form: {SEED}={seed}");
    Turn { form: if long { LONG } else { SHORT }, dice: Dice::new(seed), long, name, _alone: alone }
}

impl Turn {
    /// What came of it.
    pub(crate) fn tell(&self, what: impl std::fmt::Display) {
        println!("torture {}: {what}", self.name);
    }
}

/// Root is needed for some faults; a story that cannot make its fault says so instead of passing in silence: past the test runner, which
/// would keep what a passing test prints to itself.
pub(crate) fn skip(name: &str, why: &str) {
    writeln!(std::io::stderr(), "torture {name}: NOT RUN HERE: {why}").expect("standard error can be written");
}
