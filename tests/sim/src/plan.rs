//! What a run consists of: how many people, how long, and which faults how often. All of it is drawn from the seed.

use crate::rng::Rng;

/// Frames that may wait for one reader. The relay counts bytes; texts here are short, so frames do as well.
pub(crate) const SEND_QUEUE_FRAMES_MAX: usize = 256;

/// A run's size and faults. Rates are of a thousand chances; a rate of 0 means that the fault does not occur in this run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) visitors: usize,
    pub(crate) agents: usize,
    /// How long faults happen.
    pub(crate) run_ms: u64,
    /// People do something this often, on average.
    pub(crate) act_every_ms: u64,
    /// The usual way over the network takes up to this long, and sometimes ten times as long.
    pub(crate) delay_ms: u64,
    /// A commit takes up to this long.
    pub(crate) commit_ms: u64,
    /// The next trouble of the whole (network, relay, store) comes this long after the last, on average.
    pub(crate) trouble_every_ms: u64,
    /// Frames that may wait for one reader: a shorter queue than the real one meets slow readers oftener.
    pub(crate) queue_frames_max: usize,
    pub(crate) lose: u64,
    pub(crate) double: u64,
    pub(crate) lose_on_bus: u64,
    pub(crate) store_error: u64,
    pub(crate) answer_lost: u64,
    pub(crate) store_full: u64,
    pub(crate) core_full: u64,
    /// Weights of the troubles, in the order of [`Trouble::ALL`].
    weights: [u64; Trouble::ALL.len()],
}

/// A trouble that befalls the whole now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A connection breaks; both ends learn of it, or only one.
    Cut,
    /// Nothing comes down a connection for a while, things still go up.
    SilentDown,
    /// The reverse.
    SilentUp,
    /// A connection stays open, and nothing arrives in either direction.
    BlackHole,
    /// The relay dies at once.
    Crash,
    /// The relay dies after so many more of its steps: within a commit, between commit and announcement, half way through a fan-out.
    CrashSoon,
    /// The store cannot write for a while.
    StoreDown,
    /// The store takes seconds for each commit.
    StoreSlow,
    /// The relay's clock is set.
    RelayClock,
    /// A browser's clock is set.
    BrowserClock,
    /// A console stops reading for a while, and somebody writes much that it should show.
    SlowReader,
    /// A page is loaded anew.
    Reload,
    /// A tab is opened or closed.
    Tab,
    /// An agent's capacity is changed.
    Capacity,
    /// A visitor pastes a book, message by message.
    Flood,
    /// The browser says that there is no network, and later that there is.
    Offline,
}

impl Trouble {
    pub(crate) const ALL: [Self; 16] = [
        Self::Cut,
        Self::SilentDown,
        Self::SilentUp,
        Self::BlackHole,
        Self::Crash,
        Self::CrashSoon,
        Self::StoreDown,
        Self::StoreSlow,
        Self::RelayClock,
        Self::BrowserClock,
        Self::SlowReader,
        Self::Reload,
        Self::Tab,
        Self::Capacity,
        Self::Flood,
        Self::Offline,
    ];
}

impl Plan {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        // Each fault is in half of the runs: together they hide each other, alone each shows what it does.
        let mut sometimes = |rate: u64| if rng.chance(500) { rng.between(1, rate) } else { 0 };
        let (lose, double, lose_on_bus) = (sometimes(30), sometimes(30), sometimes(30));
        let (store_error, answer_lost) = (sometimes(60), sometimes(60));
        let (store_full, core_full) = (sometimes(30), sometimes(15));
        let short = sometimes(2) > 0;
        let weights = Trouble::ALL.map(|_| sometimes(10));
        Self {
            visitors: rng.between(1, 5) as usize,
            agents: rng.between(1, 3) as usize,
            run_ms: rng.between(20_000, 120_000),
            act_every_ms: rng.between(300, 3_000),
            delay_ms: rng.between(1, 300),
            commit_ms: rng.between(1, 30),
            trouble_every_ms: rng.between(2_000, 20_000),
            queue_frames_max: if short { 1 << rng.between(2, 6) } else { SEND_QUEUE_FRAMES_MAX },
            lose,
            double,
            lose_on_bus,
            store_error,
            answer_lost,
            store_full,
            core_full,
            weights,
        }
    }

    /// The next trouble, if this run has any.
    pub(crate) fn trouble(&self, rng: &mut Rng) -> Option<Trouble> {
        let all: u64 = self.weights.iter().sum();
        let mut at = rng.below(all.max(1));
        Trouble::ALL.into_iter().zip(self.weights).find_map(|(trouble, weight)| {
            let here = at < weight;
            at = at.saturating_sub(weight);
            here.then_some(trouble)
        })
    }
}
