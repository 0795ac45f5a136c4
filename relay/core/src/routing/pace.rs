//! How fast conversations may be opened from one address or network: bounded, whatever comes.

use std::collections::BTreeMap;
use std::hash::Hash;

use crate::settings::Rate;

/// Addresses or networks whose allowance is remembered. More are kept only while they owe time; then new ones pass unremembered: what so
/// many open is a flood, which has a bound of its own.
const KEPT_MAX: usize = 65_536;

/// How often those who owe no time are forgotten, once there are so many.
const TIDY_EVERY_MS: u64 = 1_000;

/// A virtual scheduling rate (GCRA, ITU-T I.371) for each of many.
#[derive(Debug)]
pub(super) struct Pace<T> {
    rate: Rate,
    /// When each would have opened its last one, had it kept to the lasting rate.
    due: BTreeMap<T, u64>,
    /// Not before this are those forgotten again who owe no time: a look at all of them is not for every opening.
    tidy_ms: u64,
}

impl<T: Copy + Ord + Hash> Pace<T> {
    pub(super) const fn new(rate: Rate) -> Self {
        Self { rate, due: BTreeMap::new(), tidy_ms: 0 }
    }

    const fn interval_ms(&self) -> u64 {
        let per_minute = if self.rate.per_minute == 0 { 1 } else { self.rate.per_minute };
        60_000 / per_minute as u64 + (60_000 % per_minute as u64 != 0) as u64
    }

    /// How long until one more may be opened; 0 when now. Takes nothing.
    pub(super) fn wait_ms(&self, now_ms: u64, who: T) -> u64 {
        let ahead = self.interval_ms().saturating_mul(u64::from(self.rate.burst.max(1)) - 1);
        self.due.get(&who).map_or(0, |due| due.saturating_sub(now_ms.saturating_add(ahead)))
    }

    /// One was opened.
    pub(super) fn take(&mut self, now_ms: u64, who: T) {
        if self.due.len() >= KEPT_MAX && now_ms >= self.tidy_ms {
            self.due.retain(|_, due| *due > now_ms);
            self.tidy_ms = now_ms.saturating_add(TIDY_EVERY_MS);
        }
        if self.due.len() >= KEPT_MAX && !self.due.contains_key(&who) {
            return;
        }
        let interval = self.interval_ms();
        let due = self.due.entry(who).or_insert(now_ms);
        *due = (*due).max(now_ms).saturating_add(interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_lasting_rate_and_a_rest_gives_the_burst_back() {
        let mut pace = Pace::new(Rate { burst: 30, per_minute: 30 });
        for _ in 0..30 {
            assert_eq!(pace.wait_ms(0, 1), 0);
            pace.take(0, 1);
        }
        assert_eq!(pace.wait_ms(0, 1), 2_000);
        assert_eq!(pace.wait_ms(0, 2), 0, "others are not held for it");
        assert_eq!(pace.wait_ms(2_000, 1), 0);
        pace.take(2_000, 1);
        assert_eq!(pace.wait_ms(2_000, 1), 2_000);
        assert_eq!(pace.wait_ms(120_000, 1), 0);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_slowed_stay_slowed() {
        let mut pace = Pace::new(Rate { burst: 1, per_minute: 1 });
        pace.take(0, 0);
        for who in 1..KEPT_MAX * 2 {
            pace.take(0, who);
        }
        assert_eq!(pace.due.len(), KEPT_MAX);
        assert!(pace.wait_ms(0, 0) > 0);
        pace.take(60_001, usize::MAX);
        assert_eq!(pace.due.len(), 1);
    }
}
