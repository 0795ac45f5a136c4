//! Ids and random numbers, drawn from one seed: the same seed and times give the same ids.

use wire::{AttachmentId, ConversationId, MessageId, uuid_v7};

/// Draws ids that sort in the order in which they were made, also when the clock jumps back.
#[derive(Debug)]
pub(crate) struct Ids {
    high: u64,
    low: u64,
    last_ms: u64,
}

impl Ids {
    pub(crate) const fn new(seed: u128) -> Self {
        Self { high: (seed >> 64) as u64, low: seed as u64, last_ms: 0 }
    }

    /// Later ids will sort after this one, which was made by an earlier page.
    pub(crate) fn follow(&mut self, id: MessageId) {
        self.last_ms = self.last_ms.max((id.0 >> 80) as u64);
    }

    pub(crate) fn message(&mut self, now_ms: u64) -> MessageId {
        MessageId(self.draw(now_ms))
    }

    pub(crate) fn conversation(&mut self, now_ms: u64) -> ConversationId {
        ConversationId(self.draw(now_ms))
    }

    pub(crate) fn attachment(&mut self, now_ms: u64) -> AttachmentId {
        AttachmentId(self.draw(now_ms))
    }

    /// 64 random bits.
    pub(crate) const fn random(&mut self) -> u64 {
        mix(&mut self.low)
    }

    fn draw(&mut self, now_ms: u64) -> u128 {
        // At least one millisecond after the last, so that ids made at the same time keep their order too.
        self.last_ms = now_ms.max(self.last_ms.saturating_add(1));
        let high = mix(&mut self.high);
        uuid_v7(self.last_ms, u128::from(high) << 64 | u128::from(self.random()))
    }
}

/// The conversation that follows an ended one. It is the same in every tab: a draft that two tabs hold is moved to the same conversation by
/// both, and recorded once.
pub(crate) const fn successor(ended: ConversationId) -> ConversationId {
    let mut high = (ended.0 >> 64) as u64;
    let mut low = ended.0 as u64;
    let random = (mix(&mut high) as u128) << 64 | mix(&mut low) as u128;
    ConversationId(uuid_v7((ended.0 >> 80) as u64, random))
}

/// SplitMix64 (Steele, Lea, Flood 2014): a counter and a finalizer; every state is good.
const fn mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_with_the_seed_and_sort_by_making() {
        let mut one = Ids::new(7);
        let mut two = Ids::new(7);
        let first = one.message(1_000);
        assert_eq!(first, two.message(1_000));
        let at_once = one.message(1_000);
        let clock_back = one.message(10);
        assert!(first < at_once && at_once < clock_back);
        assert_ne!(Ids::new(8).message(1_000), first);
    }

    #[test]
    fn ids_sort_after_those_of_an_earlier_page() {
        let earlier = Ids::new(1).message(9_000);
        let mut ids = Ids::new(2);
        ids.follow(earlier);
        assert!(ids.message(3_000) > earlier);
    }

    #[test]
    fn successors_are_all_different_and_always_the_same() {
        let first = Ids::new(3).conversation(1_000);
        let second = successor(first);
        assert_eq!(second, successor(first));
        assert!(first != second && second != successor(second));
    }
}
