//! Admission: a bounded number of slots and a queue for them, in which networks take turns, so that one network cannot delay all others. Visitors
//! are admitted a few at a time, so that agents, who do not wait here, get through when thousands connect at once. Passwords are checked the
//! same way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use wire::limit::ADMISSION_SLOT_MS;

use crate::address::Network;

/// Who waits, by network: each in order, the networks in turn.
#[derive(Debug)]
struct Round<T> {
    /// Networks with somebody waiting, the next one first.
    turns: VecDeque<Network>,
    waiting: BTreeMap<Network, VecDeque<T>>,
    count: usize,
}

impl<T> Round<T> {
    const fn new() -> Self {
        Self { turns: VecDeque::new(), waiting: BTreeMap::new(), count: 0 }
    }

    fn of(&self, network: Network) -> usize {
        self.waiting.get(&network).map_or(0, VecDeque::len)
    }

    fn push(&mut self, network: Network, one: T) {
        let waiting = self.waiting.entry(network).or_default();
        if waiting.is_empty() {
            self.turns.push_back(network);
        }
        waiting.push_back(one);
        self.count += 1;
    }

    fn pop(&mut self) -> Option<T> {
        let network = self.turns.pop_front()?;
        let waiting = self.waiting.get_mut(&network)?;
        let one = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&network);
        } else {
            self.turns.push_back(network);
        }
        self.count = self.count.saturating_sub(1);
        one
    }

    /// Removes those of a network that no longer wait.
    fn retain_of(&mut self, network: Network, kept: impl Fn(&T) -> bool) {
        let Some(waiting) = self.waiting.get_mut(&network) else { return };
        let before = waiting.len();
        waiting.retain(kept);
        self.count = self.count.saturating_sub(before - waiting.len());
        if waiting.is_empty() {
            self.waiting.remove(&network);
            self.turns.retain(|other| *other != network);
        }
    }

    /// Removes all that no longer wait.
    fn retain(&mut self, kept: impl Fn(&T) -> bool) {
        for network in self.waiting.keys().copied().collect::<Vec<_>>() {
            self.retain_of(network, &kept);
        }
    }
}

/// How many may hold a slot, how many may wait for one, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct AdmissionBounds {
    /// Slots: how many are admitted at the same time.
    pub slots: usize,
    /// Waiting in all.
    pub waiting: usize,
    /// Waiting of one network.
    pub waiting_of_network: usize,
    /// The longest wait.
    pub wait: Duration,
}

/// Why somebody was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdmitted {
    /// Too many of the network wait already.
    Network,
    /// Too many wait already.
    All,
    /// It took too long.
    Late,
}

/// A bounded number of slots, and the queue for them.
#[derive(Clone, Debug)]
pub struct Admission {
    bounds: AdmissionBounds,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    free: usize,
    /// The queue with priority, then the other one.
    rounds: [Round<oneshot::Sender<AdmissionPermit>>; 2],
}

/// The right to be admitted now. Dropping it frees the slot.
#[derive(Debug)]
pub struct AdmissionPermit {
    /// None when the waiting side has gone away: then the slot goes to the next one.
    state: Option<Arc<Mutex<State>>>,
}

impl Admission {
    /// With every slot free.
    #[must_use]
    pub fn new(bounds: AdmissionBounds) -> Self {
        let state = State { free: bounds.slots, rounds: [Round::new(), Round::new()] };
        Self { bounds, state: Arc::new(Mutex::new(state)) }
    }

    /// Waits for a slot: first come, first served within a network, in turn with the other networks, and after those with priority.
    ///
    /// # Errors
    /// Why it was not admitted.
    pub async fn enter(&self, network: Network, first: bool) -> Result<AdmissionPermit, NotAdmitted> {
        let Some(mine) = self.ask(network, first)? else {
            return Ok(AdmissionPermit { state: Some(Arc::clone(&self.state)) });
        };
        match tokio::time::timeout(self.bounds.wait, mine).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(NotAdmitted::Late),
        }
    }

    /// A slot at once, or what brings it.
    fn ask(&self, network: Network, first: bool) -> Result<Option<oneshot::Receiver<AdmissionPermit>>, NotAdmitted> {
        let mut state = guard(&self.state);
        if state.free > 0 {
            state.free -= 1;
            return Ok(None);
        }
        let round = &mut state.rounds[usize::from(!first)];
        let is_full = |round: &Round<_>| round.count >= self.bounds.waiting;
        let is_full_of = |round: &Round<_>| round.of(network) >= self.bounds.waiting_of_network;
        // Some may have stopped waiting.
        if is_full_of(round) {
            round.retain_of(network, |waiter| !waiter.is_closed());
        }
        if is_full_of(round) {
            return Err(NotAdmitted::Network);
        }
        if is_full(round) {
            round.retain(|waiter| !waiter.is_closed());
        }
        if is_full(round) {
            return Err(NotAdmitted::All);
        }
        let (permit, mine) = oneshot::channel();
        round.push(network, permit);
        Ok(Some(mine))
    }
}

impl Drop for AdmissionPermit {
    fn drop(&mut self) {
        let Some(shared) = self.state.take() else { return };
        let mut state = guard(&shared);
        while let Some(next) = state.rounds.iter_mut().find_map(Round::pop) {
            let permit = Self { state: Some(Arc::clone(&shared)) };
            // If the waiting side has gone away, the slot is returned; that must not happen while the lock is held.
            let Err(mut permit) = next.send(permit) else { return };
            permit.state = None;
        }
        state.free += 1;
    }
}

/// A panic elsewhere leaves the queue valid, so a poisoned lock is used all the same.
fn guard(lock: &Mutex<State>) -> MutexGuard<'_, State> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AdmissionPermit {
    /// Holds the slot until the hello is proven, at most `ADMISSION_SLOT_MS`: a slow or silent client must not delay the next one.
    pub async fn during<T>(permit: Option<Self>, greeting: impl Future<Output = T>) -> T {
        let give_up = async {
            tokio::time::sleep(Duration::from_millis(ADMISSION_SLOT_MS)).await;
            drop(permit);
            std::future::pending().await
        };
        tokio::select! {
            done = greeting => done,
            done = give_up => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;

    fn network(number: u8) -> Network {
        Address::new(std::net::IpAddr::from([10, 0, number, 1])).network()
    }

    fn bounds(slots: usize) -> AdmissionBounds {
        AdmissionBounds { slots, waiting: 6, waiting_of_network: 3, wait: Duration::from_secs(5) }
    }

    #[test]
    fn networks_take_turns_whatever_they_send() {
        for (coming, served) in
            [("aaaabbc", "abcabaa"), ("aaaaaaaaaz", "azaaaaaaaa"), ("abcabc", "abcabc"), ("cba", "cba"), ("", "")]
        {
            let mut round = Round::new();
            coming.bytes().for_each(|one| round.push(network(one), one));
            let got: Vec<u8> = std::iter::from_fn(|| round.pop()).collect();
            assert_eq!(String::from_utf8_lossy(&got), served, "{coming}");
            assert_eq!((round.count, round.waiting.len()), (0, 0));
        }
        let mut round = Round::new();
        "aabbc".bytes().for_each(|one| round.push(network(one), one));
        round.retain(|one| *one != b'b');
        assert_eq!((round.count, round.of(network(b'b'))), (3, 0));
        assert_eq!(std::iter::from_fn(|| round.pop()).collect::<Vec<_>>(), b"aca");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slot_is_free_again_when_dropped_and_a_wait_has_an_end() {
        let admission = Admission::new(bounds(1));
        let first = admission.enter(network(1), false).await;
        assert!(first.is_ok());
        assert_eq!(admission.enter(network(1), false).await.err(), Some(NotAdmitted::Late), "the only slot is taken");
        drop(first);
        assert!(admission.enter(network(1), false).await.is_ok(), "nobody else waits any more");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_bounded_and_who_goes_first_passes_the_others() {
        let admission = Admission::new(bounds(1));
        let held = admission.enter(network(0), false).await.expect("a slot");
        let wait = |number: u8, first: bool| {
            let admission = admission.clone();
            tokio::spawn(async move { admission.enter(network(number), first).await })
        };
        let mut waiting = Vec::new();
        for (number, first) in [(1, false), (1, false), (1, false), (2, false), (1, true)] {
            waiting.push(wait(number, first));
            tokio::task::yield_now().await;
        }
        assert_eq!(admission.enter(network(1), false).await.err(), Some(NotAdmitted::Network));
        let first = waiting.pop().expect("the last one");
        drop(held);
        let passed = first.await.expect("joined").expect("admitted before all the others");
        assert!(waiting.iter().all(|one| !one.is_finished()));
        // One goes away, and with it the turn of its network.
        let gone = waiting.remove(0);
        gone.abort();
        assert!(gone.await.is_err());
        drop(passed);
        let other = waiting.pop().expect("network 2").await.expect("joined").expect("the other network's turn");
        assert!(waiting.iter().all(|one| !one.is_finished()));
        drop(other);
        assert!(waiting.remove(0).await.expect("joined").is_ok());
    }
}
