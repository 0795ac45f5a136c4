//! Bytes over time for one kind of key: a burst at once, and in the long run as much in each window (the generic cell rate algorithm).

use std::collections::BTreeMap;

/// Keys that are remembered. When there are more, those that have used least are forgotten: new ones are never refused, and heavy users stay
/// remembered. What is forgotten still counts for wider keys.
const KEYS_MAX: usize = 50_000;
/// The window of every quota: a day.
pub(super) const WINDOW_MS: u64 = 24 * 3_600_000;

/// What each key has used of its quota.
#[derive(Debug)]
pub(super) struct Meter<K> {
    /// For each key the time at which its quota is full again, in µs.
    whole_at: BTreeMap<K, u64>,
}

impl<K> Default for Meter<K> {
    fn default() -> Self {
        Self { whole_at: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> Meter<K> {
    /// Whether this many bytes of a quota are left; the error is the milliseconds until they are.
    pub(super) fn has(&self, key: &K, bytes: u64, bytes_max: u64, now_ms: u64) -> Result<(), u64> {
        let spent_us = self.spent_us(key, now_ms).saturating_add(price_us(bytes, bytes_max));
        if spent_us <= WINDOW_MS * 1_000 { Ok(()) } else { Err((spent_us - WINDOW_MS * 1_000).div_ceil(1_000)) }
    }

    /// Counts them.
    pub(super) fn spend(&mut self, key: &K, bytes: u64, bytes_max: u64, now_ms: u64) {
        if self.whole_at.len() >= KEYS_MAX && !self.whole_at.contains_key(key) {
            self.forget(now_ms);
        }
        let spent_us = self.spent_us(key, now_ms).saturating_add(price_us(bytes, bytes_max));
        self.whole_at.insert(key.clone(), (now_ms * 1_000).saturating_add(spent_us));
    }

    /// Undoes bytes that were counted and then not used.
    pub(super) fn give_back(&mut self, key: &K, bytes: u64, bytes_max: u64) {
        if let Some(whole_at_us) = self.whole_at.get_mut(key) {
            *whole_at_us = whole_at_us.saturating_sub(price_us(bytes, bytes_max));
        }
    }

    /// After the clock was set back nobody must be refused for longer than the window.
    fn spent_us(&self, key: &K, now_ms: u64) -> u64 {
        let whole_at_us = self.whole_at.get(key).copied().unwrap_or(0);
        whole_at_us.saturating_sub(now_ms * 1_000).min(WINDOW_MS * 1_000)
    }

    /// Removes full quotas, and when that is not enough the half that has used least.
    fn forget(&mut self, now_ms: u64) {
        self.whole_at.retain(|_, whole_at_us| *whole_at_us > now_ms * 1_000);
        if self.whole_at.len() > KEYS_MAX / 2 {
            let mut all: Vec<u64> = self.whole_at.values().copied().collect();
            let (_, middle, _) = all.select_nth_unstable(KEYS_MAX / 2);
            let middle = *middle;
            self.whole_at.retain(|_, whole_at_us| *whole_at_us > middle);
        }
    }
}

/// The part of the window that bytes cost. More than the whole quota costs more than anybody ever has.
fn price_us(bytes: u64, bytes_max: u64) -> u64 {
    let price = u128::from(bytes) * u128::from(WINDOW_MS * 1_000) / u128::from(bytes_max.max(1));
    u64::try_from(price).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_spent_at_once_and_comes_back_evenly() {
        let mut meter = Meter::default();
        let now = 1_700_000_000_000;
        assert_eq!(meter.has(&"a", 100, 100, now), Ok(()));
        meter.spend(&"a", 100, 100, now);
        assert_eq!(meter.has(&"a", 50, 100, now), Err(WINDOW_MS / 2));
        assert_eq!(meter.has(&"a", 50, 100, now + WINDOW_MS / 2), Ok(()), "half a day brings half of it back");
        assert_eq!(meter.has(&"b", 100, 100, now), Ok(()), "keys do not touch each other");
        meter.give_back(&"a", 40, 100);
        assert_eq!(meter.has(&"a", 40, 100, now), Ok(()));
        assert!(meter.has(&"a", 41, 100, now).is_err());
        assert!(meter.has(&"c", 101, 100, now).is_err(), "never more than the measure");
        assert!(
            meter.has(&"a", 1, 100, now - 10 * WINDOW_MS).is_ok_and(|()| true)
                || meter.spent_us(&"a", 0) <= WINDOW_MS * 1_000
        );
    }

    #[test]
    fn a_flood_of_keys_pushes_out_those_that_spent_least() {
        let mut meter = Meter::default();
        let now = 1_700_000_000_000;
        meter.spend(&0, 90, 100, now);
        for key in 1..=3 * KEYS_MAX {
            meter.spend(&key, 1, 100, now);
            assert!(meter.whole_at.len() <= KEYS_MAX);
        }
        assert!(meter.has(&0, 11, 100, now).is_err(), "whoever brought much is remembered");
        assert_eq!(meter.has(&(3 * KEYS_MAX + 1), 100, 100, now), Ok(()), "whoever is new is accepted");
    }
}
