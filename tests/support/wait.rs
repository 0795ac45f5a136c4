//! Waiting for a condition with a bound: the only way a test may let time pass.

use std::thread;
use std::time::{Duration, Instant};

/// How long a condition may take before it counts as never: generous, since two slow cores run everything.
pub const BOUND: Duration = Duration::from_secs(30);

const POLL_EVERY: Duration = Duration::from_millis(40);

/// Asks until there is an answer, and gives it; `None` after [`BOUND`].
pub fn eventually<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + BOUND;
    loop {
        if let Some(found) = ask() {
            return Some(found);
        }
        if Instant::now() > end {
            return None;
        }
        thread::sleep(POLL_EVERY);
    }
}

/// Asks until there is an answer, and gives it.
///
/// # Panics
/// After [`BOUND`], saying `what` did not happen.
#[track_caller]
pub fn wait_until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    match eventually(ask) {
        Some(found) => found,
        None => panic!("did not happen within {} s: {what}", BOUND.as_secs()),
    }
}
