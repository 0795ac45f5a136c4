//! The core's own ids: drawn from the seed it was given, so that the same seed gives the same ids.

use wire::{MessageId, uuid_v7};

/// Two independent SplitMix64 sequences (Steele, Lea and Flood, 2014), one for each half of an id.
#[derive(Debug)]
pub(crate) struct Ids {
    high: u64,
    low: u64,
}

impl Ids {
    /// A source that is fully determined by the seed.
    pub(crate) const fn new(seed: u128) -> Self {
        Self { high: (seed >> 64) as u64, low: seed as u64 }
    }

    /// An id for something that the core itself wants recorded.
    pub(crate) fn message(&mut self, now_ms: u64) -> MessageId {
        let random = (u128::from(step(&mut self.high)) << 64) | u128::from(step(&mut self.low));
        MessageId(uuid_v7(now_ms, random))
    }
}

const fn step(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_do_not_repeat_and_depend_on_the_seed_only() {
        let draw = |seed| {
            let mut ids = Ids::new(seed);
            (0..1_000).map(|_| ids.message(1)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert_eq!(draw(7).into_iter().collect::<BTreeSet<_>>().len(), 1_000);
    }
}
