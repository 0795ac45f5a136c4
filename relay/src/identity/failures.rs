//! How many failed sign-ins the audit log lists one by one: whoever guesses without end must not fill the disk.

use std::sync::{Mutex, PoisonError};

/// Failed sign-ins that are listed in a minute; more are counted.
const LISTED_PER_MINUTE_MAX: u32 = 120;
const MINUTE_MS: u64 = 60_000;

/// Counts failed sign-ins.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<Count>);

#[derive(Debug, Default)]
struct Count {
    minute: u64,
    listed: u32,
    /// Those since the last one that was listed.
    unlisted: u64,
}

impl Failures {
    /// Whether this one is listed, and how many before it were not.
    pub(super) fn note(&self, now_ms: u64) -> Option<u64> {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now_ms / MINUTE_MS;
        if minute != count.minute {
            (count.minute, count.listed) = (minute, 0);
        }
        if count.listed == LISTED_PER_MINUTE_MAX {
            count.unlisted += 1;
            return None;
        }
        count.listed += 1;
        Some(std::mem::take(&mut count.unlisted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_a_number_in_a_minute_they_are_only_counted() {
        let failures = Failures::default();
        for _ in 0..LISTED_PER_MINUTE_MAX {
            assert_eq!(failures.note(10 * MINUTE_MS), Some(0));
        }
        for at_ms in [1, 2, 3] {
            assert_eq!(failures.note(10 * MINUTE_MS + at_ms), None);
        }
        assert_eq!(failures.note(11 * MINUTE_MS), Some(3));
        assert_eq!(failures.note(11 * MINUTE_MS), Some(0));
    }
}
