//! Bytes of unsent frames: by address, by network and in the whole relay, so that clients that read nothing cannot fill its memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::ws::Utf8Bytes;
use wire::limit::{
    PAGE_AFTER_BYTES_MAX, SEND_BYTES_MAX, SEND_BYTES_OF_AGENT_MAX, SEND_BYTES_PER_ADDRESS_MAX,
    SEND_BYTES_PER_NETWORK_MAX, SEND_BYTES_TOTAL_MAX,
};

use crate::address::{Address, Network};
use crate::numbers::Slow;

/// What a frame in a queue takes beside its text.
pub(super) const FRAME_BYTES: usize = 64;

/// All that waits unsent in this relay. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Unsent(Arc<All>);

#[derive(Debug, Default)]
struct All {
    /// Bytes of all frames that some queue still holds, each counted once however many will get it.
    bytes: AtomicUsize,
    /// Those of them that wait for the visitors of one address or network, for each connection.
    networks: Mutex<BTreeMap<Network, Arc<AtomicUsize>>>,
}

/// One frame, encoded once for all receivers.
#[derive(Clone, Debug)]
pub struct Frame(Arc<Encoded>);

#[derive(Debug)]
struct Encoded {
    text: Utf8Bytes,
    all: Unsent,
}

impl Frame {
    /// What is written.
    #[must_use]
    pub fn text(&self) -> &Utf8Bytes {
        &self.0.text
    }

    /// What it counts for in a queue.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.text.len() + FRAME_BYTES
    }
}

impl Drop for Encoded {
    fn drop(&mut self) {
        self.all.0.bytes.fetch_sub(self.text.len() + FRAME_BYTES, Ordering::Relaxed);
    }
}

impl Unsent {
    /// Makes a frame of a text; it counts until nobody holds it any more.
    #[must_use]
    pub fn frame(&self, text: impl Into<Utf8Bytes>) -> Frame {
        let text = text.into();
        self.0.bytes.fetch_add(text.len() + FRAME_BYTES, Ordering::Relaxed);
        Frame(Arc::new(Encoded { text, all: self.clone() }))
    }

    /// Bytes that wait now.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Whether there is room for pages: they are the largest frames, and can be asked for again.
    #[must_use]
    pub fn has_room_for_pages(&self) -> bool {
        self.bytes() < SEND_BYTES_TOTAL_MAX / 2
    }

    /// The bounds of a visitor's connection from this address.
    #[must_use]
    pub fn of_visitor(&self, address: Address) -> Share {
        let mut networks = self.networks();
        let counts = address.steps().map(|step| {
            let (bytes_max, slow) = bound(step, address);
            Count { step, bytes_max, slow, bytes: Arc::clone(networks.entry(step).or_default()) }
        });
        Share { all: self.clone(), bytes_max: SEND_BYTES_MAX, counts: counts.collect() }
    }

    /// The bounds of an agent's connection: an agent is known, and its welcome is large.
    #[must_use]
    pub fn of_agent(&self) -> Share {
        Share { all: self.clone(), bytes_max: SEND_BYTES_OF_AGENT_MAX, counts: Vec::new() }
    }

    /// Bounds for a test.
    #[cfg(test)]
    pub(crate) fn of_nobody(&self, bytes_max: usize) -> Share {
        Share { all: self.clone(), bytes_max, counts: Vec::new() }
    }

    /// A panic elsewhere leaves the map valid, so a poisoned lock is used all the same.
    fn networks(&self) -> std::sync::MutexGuard<'_, BTreeMap<Network, Arc<AtomicUsize>>> {
        self.0.networks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one connection counts for, and its bounds.
#[derive(Debug)]
pub struct Share {
    all: Unsent,
    bytes_max: usize,
    /// From its address to its network; none for agents.
    counts: Vec<Count>,
}

/// What waits for all visitors of one address or network.
#[derive(Debug)]
struct Count {
    step: Network,
    bytes_max: usize,
    slow: Slow,
    bytes: Arc<AtomicUsize>,
}

/// What may wait for one step between an address and its network; what lies between (IPv6 /56) has the middle of the two.
fn bound(step: Network, address: Address) -> (usize, Slow) {
    if Some(step) == address.steps().next() {
        (SEND_BYTES_PER_ADDRESS_MAX, Slow::Address)
    } else if step == address.network() {
        (SEND_BYTES_PER_NETWORK_MAX, Slow::Network)
    } else {
        (SEND_BYTES_PER_ADDRESS_MAX.midpoint(SEND_BYTES_PER_NETWORK_MAX), Slow::Network)
    }
}

impl Share {
    /// Counts a frame's bytes, for a queue in which `waiting` bytes wait. An empty queue takes every frame, so that a client that reads is never
    /// closed because of others; except for a large frame when the relay is at its bound.
    ///
    /// # Errors
    /// Which bound that would be over.
    pub(super) fn take(&self, waiting: usize, frame: usize) -> Result<(), Slow> {
        let full = self.all.bytes() > SEND_BYTES_TOTAL_MAX;
        if full && (waiting > 0 || frame > PAGE_AFTER_BYTES_MAX) {
            return Err(Slow::Relay);
        }
        if waiting > 0 && waiting + frame > self.bytes_max {
            return Err(Slow::Connection);
        }
        let over = |count: &&Count| count.bytes.load(Ordering::Relaxed) + frame > count.bytes_max;
        if let Some(count) = self.counts.iter().find(over).filter(|_| waiting > 0) {
            return Err(count.slow);
        }
        for count in &self.counts {
            count.bytes.fetch_add(frame, Ordering::Relaxed);
        }
        Ok(())
    }

    /// This many bytes are sent.
    pub(super) fn give_back(&self, bytes: usize) {
        for count in &self.counts {
            count.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.counts.is_empty() {
            return;
        }
        let mut networks = self.all.networks();
        for count in &self.counts {
            // One is in the map, one is here.
            if Arc::strong_count(&count.bytes) <= 2 {
                networks.remove(&count.step);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Address {
        Address::new(std::net::IpAddr::from([203, 0, 113, last]))
    }

    /// How often half of what may wait for a connection may wait for visitors from there in turn, and which bound is met then.
    fn taken(unsent: &Unsent, from: &[&str]) -> (usize, Slow) {
        let from = from.iter().map(|text| Address::new(text.parse().unwrap()));
        let shares: Vec<_> = from.cycle().take(2_000).map(|address| unsent.of_visitor(address)).collect();
        for (number, share) in shares.iter().enumerate() {
            if let Err(slow) = share.take(1, SEND_BYTES_MAX / 2) {
                return (number, slow);
            }
        }
        panic!("no bound");
    }

    #[test]
    fn a_network_has_a_bound_between_that_of_an_address_and_that_of_the_relay() {
        let (address, network) = (SEND_BYTES_PER_ADDRESS_MAX, SEND_BYTES_PER_NETWORK_MAX);
        let v4: Vec<_> = (1..=9).map(|last| format!("203.0.113.{last}")).collect();
        let of_56: Vec<_> = (0..9).map(|number| format!("2001:db8:1:{number:x}::1")).collect();
        let of_48: Vec<_> = (0..9).map(|number| format!("2001:db8:1:{number:x}00::1")).collect();
        for (from, bytes_max, slow) in [
            (vec!["203.0.113.1".to_owned()], address, Slow::Address),
            (v4, network, Slow::Network),
            (vec!["2001:db8:1:1::1".to_owned(), "2001:db8:1:1::2".to_owned()], address, Slow::Address),
            (of_56, address.midpoint(network), Slow::Network),
            (of_48, network, Slow::Network),
        ] {
            let unsent = Unsent::default();
            let from: Vec<_> = from.iter().map(String::as_str).collect();
            assert_eq!(taken(&unsent, &from), (bytes_max / (SEND_BYTES_MAX / 2), slow), "{from:?}");
            assert_eq!(unsent.networks().len(), 0, "who is gone is forgotten");
            let elsewhere = unsent.of_visitor(Address::new("198.51.100.1".parse().unwrap()));
            assert_eq!(elsewhere.take(1, 100), Ok(()));
        }
    }

    #[test]
    fn a_frame_counts_once_in_all_and_for_every_connection_of_an_address() {
        let unsent = Unsent::default();
        let (one, two) = (unsent.of_visitor(address(1)), unsent.of_visitor(address(1)));
        let frame = unsent.frame("x".repeat(1_000));
        let other = frame.clone();
        assert_eq!((one.take(0, frame.bytes()), two.take(0, frame.bytes())), (Ok(()), Ok(())));
        assert_eq!(unsent.bytes(), 1_000 + FRAME_BYTES);
        assert_eq!(unsent.networks()[&address(1).network()].load(Ordering::Relaxed), 2 * frame.bytes());
        one.give_back(frame.bytes());
        drop((frame, other, one));
        assert_eq!(unsent.bytes(), 0);
        assert_eq!(unsent.networks().len(), 2);
        drop(two);
        assert_eq!(unsent.networks().len(), 0, "an address without connections is forgotten");
    }

    #[test]
    fn each_bound_is_kept_and_whoever_reads_is_never_refused() {
        let unsent = Unsent::default();
        let share = unsent.of_visitor(address(1));
        assert_eq!(share.take(1, SEND_BYTES_MAX - 1), Ok(()));
        assert_eq!(share.take(1, SEND_BYTES_MAX), Err(Slow::Connection));
        assert_eq!(share.take(0, SEND_BYTES_MAX + 1), Ok(()), "nothing waits");

        let shares: Vec<_> = (0..).map(|_| unsent.of_visitor(address(2))).take(2_000).collect();
        let taken = shares.iter().take_while(|share| share.take(1, SEND_BYTES_MAX / 2).is_ok()).count();
        assert_eq!(taken, SEND_BYTES_PER_ADDRESS_MAX / (SEND_BYTES_MAX / 2), "one address");
        assert_eq!(shares[0].take(1, SEND_BYTES_MAX / 2), Err(Slow::Address));
        assert_eq!(unsent.of_visitor(address(3)).take(1, 100), Ok(()), "others are not concerned");
        assert_eq!(unsent.of_agent().take(1, SEND_BYTES_OF_AGENT_MAX - 1), Ok(()));

        let everything = unsent.frame("x".repeat(SEND_BYTES_TOTAL_MAX));
        assert_eq!(unsent.of_visitor(address(3)).take(1, 100), Err(Slow::Relay));
        assert_eq!(unsent.of_visitor(address(3)).take(0, 100), Ok(()));
        assert_eq!(unsent.of_visitor(address(3)).take(0, PAGE_AFTER_BYTES_MAX + 1), Err(Slow::Relay));
        assert!(!unsent.has_room_for_pages());
        drop(everything);
        assert_eq!(unsent.of_visitor(address(3)).take(1, 100), Ok(()));
    }
}
