//! Counting per key (address, account) with bounds on the count, the time and the number of keys.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keys remembered at most. Beyond, whoever is new is refused until old ones fall out: memory is bounded in a flood.
const KEYS_MAX: usize = 100_000;

/// At most `count_max` in each window of `window_ms`, for every key.
#[derive(Debug)]
pub struct Window<K> {
    count_max: u32,
    window_ms: u64,
    counts: Mutex<BTreeMap<K, Count>>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    since_ms: u64,
    count: u32,
}

impl<K: Ord> Window<K> {
    /// A counter with nothing counted.
    #[must_use]
    pub const fn new(count_max: u32, window_ms: u64) -> Self {
        Self { count_max, window_ms, counts: Mutex::new(BTreeMap::new()) }
    }

    /// Counts one more.
    ///
    /// # Errors
    /// When it is over the bound (and is not counted): the milliseconds until it may go through.
    pub fn take(&self, key: K, now_ms: u64) -> Result<(), u64> {
        let mut counts = guard(&self.counts);
        if counts.len() >= KEYS_MAX && !counts.contains_key(&key) {
            counts.retain(|_, count| now_ms.saturating_sub(count.since_ms) < self.window_ms);
            if counts.len() >= KEYS_MAX {
                return Err(self.window_ms);
            }
        }
        let count = counts.entry(key).or_insert(Count { since_ms: now_ms, count: 0 });
        let age_ms = now_ms.saturating_sub(count.since_ms);
        if age_ms >= self.window_ms {
            *count = Count { since_ms: now_ms, count: 0 };
        }
        if count.count >= self.count_max {
            return Err(self.window_ms.saturating_sub(age_ms).max(1));
        }
        count.count += 1;
        Ok(())
    }

    /// Takes one back: what was counted beforehand turned out not to count.
    pub fn give_back(&self, key: &K) {
        if let Some(count) = guard(&self.counts).get_mut(key) {
            count.count = count.count.saturating_sub(1);
        }
    }
}

/// At most so many at once, in all and for every key.
#[derive(Debug)]
pub struct Slots<K: Ord> {
    total_max: usize,
    each_max: usize,
    held: Mutex<Held<K>>,
}

#[derive(Debug)]
struct Held<K: Ord> {
    total: usize,
    each: BTreeMap<K, usize>,
}

/// One taken slot; free again when dropped.
#[derive(Debug)]
pub struct Slot<K: Ord + Clone> {
    slots: Arc<Slots<K>>,
    key: K,
}

impl<K: Ord + Clone> Slots<K> {
    /// All free.
    #[must_use]
    pub const fn new(total_max: usize, each_max: usize) -> Self {
        Self { total_max, each_max, held: Mutex::new(Held { total: 0, each: BTreeMap::new() }) }
    }

    /// Takes one, if there is one.
    #[must_use]
    pub fn take(self: &Arc<Self>, key: K) -> Option<Slot<K>> {
        let mut held = guard(&self.held);
        let each = held.each.get(&key).copied().unwrap_or(0);
        if held.total >= self.total_max || each >= self.each_max {
            return None;
        }
        held.total += 1;
        held.each.insert(key.clone(), each + 1);
        drop(held);
        Some(Slot { slots: Arc::clone(self), key })
    }

    /// How many are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        guard(&self.held).total
    }
}

impl<K: Ord + Clone> Drop for Slot<K> {
    fn drop(&mut self) {
        let mut held = guard(&self.slots.held);
        held.total = held.total.saturating_sub(1);
        let left = held.each.get(&self.key).copied().unwrap_or(1).saturating_sub(1);
        if left == 0 {
            held.each.remove(&self.key);
        } else {
            held.each.insert(self.key.clone(), left);
        }
    }
}

/// A counter is whole after any panic elsewhere, so a poisoned lock is taken all the same.
fn guard<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_counts_refuses_and_forgets() {
        let window = Window::new(2, 1_000);
        assert_eq!(window.take("a", 0), Ok(()));
        assert_eq!(window.take("a", 400), Ok(()));
        assert_eq!(window.take("a", 400), Err(600));
        assert_eq!(window.take("b", 400), Ok(()), "keys do not touch each other");
        assert_eq!(window.take("a", 1_000), Ok(()));
        assert_eq!(window.take("a", 1_000), Ok(()));
        window.give_back(&"a");
        assert_eq!(window.take("a", 1_001), Ok(()));
        assert_eq!(window.take("a", 1_001), Err(999));
    }

    #[test]
    fn slots_are_free_again_when_dropped() {
        let slots = Arc::new(Slots::new(3, 2));
        let first = slots.take("a");
        let second = slots.take("a");
        assert!(first.is_some() && second.is_some());
        assert!(slots.take("a").is_none(), "each");
        let third = slots.take("b");
        assert!(third.is_some() && slots.take("c").is_none(), "in all");
        drop(first);
        assert_eq!(slots.taken(), 2);
        assert!(slots.take("a").is_some());
    }
}
