//! Challenges that browsers were given: kept here, for five minutes, each for one answer.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use relay_edge::address::Network;
use wire::AgentId;

use super::ceremony::Ask;

/// Challenges that are kept at once.
pub(crate) const CHALLENGES_MAX: usize = 4_096;
/// How long one may take.
const WAIT_MS: u64 = 5 * 60_000;

/// Who was given a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    /// Somebody who is not signed in.
    Network(Network),
    /// An agent.
    Agent(AgentId),
}

#[derive(Debug)]
struct Waiting {
    holder: Holder,
    until_ms: u64,
    ask: Ask,
}

/// All of them, by challenge. When there are too many, whoever has most loses their oldest: nobody who asks for many takes those of others.
#[derive(Debug, Default)]
pub(in crate::identity) struct Challenges(Mutex<BTreeMap<u128, Waiting>>);

impl Challenges {
    /// Keeps what a browser was asked.
    pub(super) fn add(&self, challenge: u128, holder: Holder, ask: Ask, now_ms: u64) {
        let mut all = self.lock();
        all.retain(|_, waiting| waiting.until_ms > now_ms);
        if all.len() >= CHALLENGES_MAX {
            let mut counts: BTreeMap<Holder, usize> = BTreeMap::new();
            for waiting in all.values() {
                *counts.entry(waiting.holder).or_default() += 1;
            }
            let greatest = counts.into_iter().max_by_key(|(_, count)| *count).map(|(holder, _)| holder);
            let of_greatest = all.iter().filter(|(_, waiting)| Some(waiting.holder) == greatest);
            let oldest = of_greatest.min_by_key(|(_, waiting)| waiting.until_ms).map(|(challenge, _)| *challenge);
            if let Some(oldest) = oldest {
                all.remove(&oldest);
            }
        }
        all.insert(challenge, Waiting { holder, until_ms: now_ms + WAIT_MS, ask });
    }

    /// Takes one out: there is one answer to it, right or wrong.
    pub(super) fn take(&self, challenge: u128, now_ms: u64) -> Option<Ask> {
        let found = self.lock().remove(&challenge);
        found.filter(|waiting| waiting.until_ms > now_ms).map(|waiting| waiting.ask)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u128, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use relay_edge::address::Address;

    use super::super::PasskeyHost;
    use super::super::ceremony;
    use super::*;

    fn ask() -> (u128, Ask) {
        let host = PasskeyHost::of(&"http://localhost:8080".parse().expect("an origin")).expect("a name");
        let asked = ceremony::ask_anybody(&host).expect("options");
        (asked.challenge, asked.ask)
    }

    fn network(last: u8) -> Holder {
        Holder::Network(Address::new([198, 51, last, 1].into()).network())
    }

    fn add(all: &Challenges, holder: Holder, now_ms: u64) -> u128 {
        let (challenge, ask) = ask();
        all.add(challenge, holder, ask, now_ms);
        challenge
    }

    #[test]
    fn a_challenge_is_taken_once_and_in_time() {
        let all = Challenges::default();
        let (one, late) = (add(&all, network(1), 0), add(&all, network(1), 0));
        assert!(all.take(one ^ 1, 1).is_none(), "another");
        assert!(all.take(one, 1).is_some());
        assert!(all.take(one, 1).is_none(), "it was answered");
        assert!(all.take(late, WAIT_MS).is_none());
    }

    #[test]
    fn who_asks_for_many_takes_nobody_elses() {
        let all = Challenges::default();
        let agent = add(&all, Holder::Agent(AgentId(1)), 0);
        let other = add(&all, network(1), 0);
        let first = add(&all, network(2), 0);
        for at_ms in 0..CHALLENGES_MAX as u64 + 10 {
            add(&all, network(2), 1 + at_ms / 1_000);
        }
        assert_eq!(all.lock().len(), CHALLENGES_MAX);
        assert!(all.take(agent, 10).is_some() && all.take(other, 10).is_some());
        assert!(all.take(first, 10).is_none(), "the oldest of who has most");
    }
}
