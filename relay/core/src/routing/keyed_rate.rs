//! A rate for each address or network, in bounded memory.

use std::collections::BTreeMap;
use std::hash::Hash;

use crate::settings::Rate;

/// Addresses or networks that are remembered. When there are more, those that have used nothing lately are forgotten; if none can be, new ones
/// pass unlimited. So many at once are a flood, which has a bound of its own.
const KEPT_MAX: usize = 65_536;

/// How often those are forgotten that have used nothing lately, once there are so many.
const TIDY_EVERY_MS: u64 = 1_000;

/// A virtual scheduling rate (GCRA, ITU-T I.371) for each of many.
#[derive(Debug)]
pub(super) struct KeyedRate<T> {
    rate: Rate,
    /// The theoretical arrival time of each (GCRA): when it would have opened its last one at the lasting rate.
    due: BTreeMap<T, u64>,
    /// When unused ones may be forgotten next: this looks at all of them, so it is not done for every opening.
    tidy_ms: u64,
}

impl<T: Copy + Ord + Hash> KeyedRate<T> {
    pub(super) const fn new(rate: Rate) -> Self {
        Self { rate, due: BTreeMap::new(), tidy_ms: 0 }
    }

    const fn interval_ms(&self) -> u64 {
        let per_minute = if self.rate.per_minute == 0 { 1 } else { self.rate.per_minute };
        60_000 / per_minute as u64 + (60_000 % per_minute as u64 != 0) as u64
    }

    /// How long until one more may be opened; 0 when now. Counts nothing.
    pub(super) fn wait_ms(&self, now_ms: u64, who: T) -> u64 {
        let ahead = self.interval_ms().saturating_mul(u64::from(self.rate.burst.max(1)) - 1);
        self.due.get(&who).map_or(0, |due| due.saturating_sub(now_ms.saturating_add(ahead)))
    }

    /// Counts one that was opened.
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
        let mut keyed_rate = KeyedRate::new(Rate { burst: 30, per_minute: 30 });
        for _ in 0..30 {
            assert_eq!(keyed_rate.wait_ms(0, 1), 0);
            keyed_rate.take(0, 1);
        }
        assert_eq!(keyed_rate.wait_ms(0, 1), 2_000);
        assert_eq!(keyed_rate.wait_ms(0, 2), 0, "others are not held for it");
        assert_eq!(keyed_rate.wait_ms(2_000, 1), 0);
        keyed_rate.take(2_000, 1);
        assert_eq!(keyed_rate.wait_ms(2_000, 1), 2_000);
        assert_eq!(keyed_rate.wait_ms(120_000, 1), 0);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_slowed_stay_slowed() {
        let mut keyed_rate = KeyedRate::new(Rate { burst: 1, per_minute: 1 });
        keyed_rate.take(0, 0);
        for who in 1..KEPT_MAX * 2 {
            keyed_rate.take(0, who);
        }
        assert_eq!(keyed_rate.due.len(), KEPT_MAX);
        assert!(keyed_rate.wait_ms(0, 0) > 0);
        keyed_rate.take(60_001, usize::MAX);
        assert_eq!(keyed_rate.due.len(), 1);
    }
}
