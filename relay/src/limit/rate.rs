//! Counting per key (address, account) with bounds on the count, the time and the number of keys.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::address::{Address, Network};

/// Keys that are remembered. When there are more, new ones are refused until old ones are forgotten: memory is bounded in a flood.
pub(crate) const KEYS_MAX: usize = 100_000;

/// At most `burst` at once, and in the long run as many in each window, for every key. The allowance is refilled evenly, so that an office with a
/// few failures may go on after a moment instead of at the window's end (generic cell rate algorithm, ITU-T I.371).
#[derive(Debug)]
pub struct Pace<K> {
    burst: u32,
    window_us: u64,
    /// For each key the time at which its allowance is full again, in µs.
    whole_at: Mutex<BTreeMap<K, u64>>,
}

impl<K: Ord> Pace<K> {
    /// With nothing counted.
    #[must_use]
    pub const fn new(burst: u32, window_ms: u64) -> Self {
        Self { burst, window_us: window_ms.saturating_mul(1_000), whole_at: Mutex::new(BTreeMap::new()) }
    }

    /// The cost of one; with a burst of 0 more than anybody ever has.
    const fn price_us(&self) -> u64 {
        if self.burst == 0 { self.window_us.saturating_mul(2) } else { self.window_us / self.burst as u64 }
    }

    /// Counts one more.
    ///
    /// # Errors
    /// When it is over the bound (and is not counted): the milliseconds until it may go through.
    pub fn take(&self, key: K, now_ms: u64) -> Result<(), u64> {
        let now_us = now_ms.saturating_mul(1_000);
        let mut all = guard(&self.whole_at);
        if all.len() >= KEYS_MAX && !all.contains_key(&key) {
            all.retain(|_, whole_at_us| (now_us + 1..=now_us + self.window_us).contains(whole_at_us));
            if all.len() >= KEYS_MAX {
                return Err(self.window_us / 1_000);
            }
        }
        let whole_at_us = all.entry(key).or_insert(0);
        // After the clock was set back nobody must be refused for longer than the window.
        *whole_at_us = (*whole_at_us).min(now_us + self.window_us);
        let spent_us = whole_at_us.saturating_sub(now_us) + self.price_us();
        if spent_us > self.window_us {
            return Err((spent_us - self.window_us).div_ceil(1_000));
        }
        *whole_at_us = now_us + spent_us;
        Ok(())
    }

    /// Undoes one that was counted in advance.
    pub fn give_back(&self, key: &K) {
        if let Some(whole_at_us) = guard(&self.whole_at).get_mut(key) {
            *whole_at_us = whole_at_us.saturating_sub(self.price_us());
        }
    }
}

/// A rate for each address and each network around it: `burst` of each at once, and in the long run as many in each window.
#[derive(Debug)]
pub struct Paces {
    address: u32,
    network: u32,
    window_us: u64,
    /// For each network, wide or narrow, the time at which nothing of it is spent any more, in µs. A narrow one has a key only after the wide
    /// one allowed it, so that one network adds no more keys than its rate allows.
    whole_at: Mutex<BTreeMap<Network, u64>>,
}

impl Paces {
    /// With nothing counted. A network's burst is at least twice an address's.
    #[must_use]
    pub fn new(address: u32, network: u32, window_ms: u64) -> Self {
        let network = network.max(address.saturating_mul(2));
        Self { address, network, window_us: window_ms.saturating_mul(1_000), whole_at: Mutex::new(BTreeMap::new()) }
    }

    /// The cost of one for each step of the address, from wide to narrow, in µs.
    fn prices(&self, address: Address) -> impl Iterator<Item = (Network, u64)> {
        let last = address.steps().count().saturating_sub(1);
        address.steps().rev().enumerate().map(move |(index, step)| {
            let burst = match index {
                0 => self.network,
                _ if index == last => self.address,
                _ => (self.network / 2).max(self.address),
            };
            // With a burst of 0 more than anybody ever has.
            let price_us =
                if burst == 0 { self.window_us.saturating_mul(2) } else { self.window_us / u64::from(burst) };
            (step, price_us)
        })
    }

    /// Counts one more for the address and its networks, or for none of them.
    ///
    /// # Errors
    /// When it is over a bound: the milliseconds until it may go through.
    pub fn take(&self, address: Address, now_ms: u64) -> Result<(), u64> {
        let now_us = now_ms.saturating_mul(1_000);
        let mut all = guard(&self.whole_at);
        if all.len() + STEPS_MAX > KEYS_MAX {
            all.retain(|_, whole_at_us| (now_us + 1..=now_us + self.window_us).contains(whole_at_us));
            if all.len() + STEPS_MAX > KEYS_MAX {
                return Err(self.window_us / 1_000);
            }
        }
        // After the clock was set back nobody must be refused for longer than the window.
        let spent_us = |all: &BTreeMap<_, u64>, step, price_us| {
            let whole_at_us = all.get(&step).copied().unwrap_or(0).min(now_us + self.window_us);
            whole_at_us.saturating_sub(now_us) + price_us
        };
        for (step, price_us) in self.prices(address) {
            let spent_us = spent_us(&all, step, price_us);
            if spent_us > self.window_us {
                return Err((spent_us - self.window_us).div_ceil(1_000));
            }
        }
        for (step, price_us) in self.prices(address) {
            let whole_at_us = now_us + spent_us(&all, step, price_us);
            all.insert(step, whole_at_us);
        }
        Ok(())
    }

    /// Undoes one that was counted in advance.
    pub fn give_back(&self, address: Address) {
        let mut all = guard(&self.whole_at);
        for (step, price_us) in self.prices(address) {
            if let Some(whole_at_us) = all.get_mut(&step) {
                *whole_at_us = whole_at_us.saturating_sub(price_us);
            }
        }
    }
}

/// Keys of one address at most: itself, the part of its network, its network.
const STEPS_MAX: usize = 3;

/// At most this many at once, in all and for every key.
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

/// A panic elsewhere leaves the counter valid, so a poisoned lock is used all the same.
fn guard<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_allows_a_burst_and_then_one_by_one() {
        let pace = Pace::new(2, 1_000);
        assert_eq!(pace.take("a", 5_000), Ok(()));
        assert_eq!(pace.take("a", 5_000), Ok(()));
        assert_eq!(pace.take("a", 5_400), Err(100));
        assert_eq!(pace.take("b", 5_400), Ok(()), "keys do not touch each other");
        assert_eq!(pace.take("a", 5_500), Ok(()), "half the window brings half of it back");
        assert_eq!(pace.take("a", 5_500), Err(500));
        pace.give_back(&"a");
        assert_eq!(pace.take("a", 5_501), Ok(()));
        assert_eq!(pace.take("a", 5_501), Err(499));
        assert_eq!((0..5).filter(|_| pace.take("a", 9_000).is_ok()).count(), 2, "never more than the burst");
    }

    #[test]
    fn a_network_has_a_pace_of_its_own_and_what_it_refuses_leaves_no_key() {
        let address = |text: &str| Address::new(text.parse().expect("an address"));
        for (what, make) in [
            ("IPv4", (|number| format!("203.0.113.{}", number % 256)) as fn(u32) -> String),
            ("IPv6 /48", |number| format!("2001:db8:1:{number:x}::1")),
            ("IPv6 /56", |number| format!("2001:db8:1:1{:02x}::1", number % 256)),
        ] {
            let paces = Paces::new(1, 7, 1_000);
            let passed = (0..1_000).filter(|number| paces.take(address(&make(*number)), 5_000).is_ok()).count();
            // A part of an IPv6 network has half of it, though no less than one address.
            let expected = if matches!(what, "IPv4" | "IPv6 /48") { 7 } else { 3 };
            assert_eq!(passed, expected, "{what}");
            assert!(guard(&paces.whole_at).len() <= 3 * passed, "{what}");
            assert_eq!(paces.take(address("198.51.100.1"), 5_000), Ok(()), "{what}: somebody elsewhere");
            assert_eq!(paces.take(address(&make(999)), 6_000), Ok(()), "{what}: after the window");
        }
        let paces = Paces::new(1, 4, 1_000);
        assert_eq!(paces.take(address("203.0.113.1"), 5_000), Ok(()));
        assert_eq!(paces.take(address("203.0.113.1"), 5_000), Err(1_000));
        paces.give_back(address("203.0.113.1"));
        assert_eq!(paces.take(address("203.0.113.1"), 5_001), Ok(()));
    }

    #[test]
    fn a_pace_of_nothing_refuses_and_a_clock_set_back_locks_nobody_out() {
        assert_eq!(Pace::new(0, 1_000).take("a", 7), Err(1_000));
        let pace = Pace::new(2, 1_000);
        assert_eq!(pace.take("a", 500_000), Ok(()));
        assert_eq!(pace.take("a", 0), Err(500));
        assert_eq!(pace.take("a", 500), Ok(()));
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
