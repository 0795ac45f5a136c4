//! What waits unsent, in bytes: by address and in the whole relay, so that readers who take nothing cannot make it hold more.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::ws::Utf8Bytes;
use wire::limit::{
    PAGE_AFTER_BYTES_MAX, SEND_BYTES_MAX, SEND_BYTES_OF_AGENT_MAX, SEND_BYTES_PER_ADDRESS_MAX, SEND_BYTES_TOTAL_MAX,
};

use crate::address::Address;
use crate::metrics::Slow;

/// What a frame in a queue takes beside its text.
pub(super) const FRAME_BYTES: usize = 64;

/// All that waits unsent in this relay. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Unsent(Arc<All>);

#[derive(Debug, Default)]
struct All {
    /// Bytes of all frames that some queue still holds, each counted once however many will get it.
    bytes: AtomicUsize,
    /// Those of them that wait for the visitors of one address, for each connection.
    addresses: Mutex<BTreeMap<Address, Arc<AtomicUsize>>>,
}

/// One frame, encoded once for all who get it.
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
        let counted = Arc::clone(self.addresses().entry(address).or_default());
        Share { all: self.clone(), bytes_max: SEND_BYTES_MAX, address: Some((address, counted)) }
    }

    /// The bounds of an agent's connection: it is known who that is, and its first picture is large.
    #[must_use]
    pub fn of_agent(&self) -> Share {
        Share { all: self.clone(), bytes_max: SEND_BYTES_OF_AGENT_MAX, address: None }
    }

    /// Bounds for a test.
    #[cfg(test)]
    pub(crate) fn of_nobody(&self, bytes_max: usize) -> Share {
        Share { all: self.clone(), bytes_max, address: None }
    }

    /// A map is whole after any panic elsewhere, so a poisoned lock is taken all the same.
    fn addresses(&self) -> std::sync::MutexGuard<'_, BTreeMap<Address, Arc<AtomicUsize>>> {
        self.0.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one connection may hold of it.
#[derive(Debug)]
pub struct Share {
    all: Unsent,
    bytes_max: usize,
    address: Option<(Address, Arc<AtomicUsize>)>,
}

impl Share {
    /// Takes a frame's bytes into account where so many wait already. To a queue in which nothing waits, every frame may go: whoever reads is
    /// not closed for what others do not read; but a large one, when the relay holds all it may.
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
        if let Some((_, counted)) = &self.address {
            if waiting > 0 && counted.load(Ordering::Relaxed) + frame > SEND_BYTES_PER_ADDRESS_MAX {
                return Err(Slow::Address);
            }
            counted.fetch_add(frame, Ordering::Relaxed);
        }
        Ok(())
    }

    /// So many bytes wait no more.
    pub(super) fn give_back(&self, bytes: usize) {
        if let Some((_, counted)) = &self.address {
            counted.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some((address, counted)) = self.address.take() else { return };
        let mut addresses = self.all.addresses();
        // One is in the map, one is here.
        if Arc::strong_count(&counted) <= 2 {
            addresses.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Address {
        Address::new(std::net::IpAddr::from([203, 0, 113, last]))
    }

    #[test]
    fn a_frame_counts_once_in_all_and_for_every_connection_of_an_address() {
        let unsent = Unsent::default();
        let (one, two) = (unsent.of_visitor(address(1)), unsent.of_visitor(address(1)));
        let frame = unsent.frame("x".repeat(1_000));
        let other = frame.clone();
        assert_eq!((one.take(0, frame.bytes()), two.take(0, frame.bytes())), (Ok(()), Ok(())));
        assert_eq!(unsent.bytes(), 1_000 + FRAME_BYTES);
        assert_eq!(unsent.addresses()[&address(1)].load(Ordering::Relaxed), 2 * frame.bytes());
        one.give_back(frame.bytes());
        drop((frame, other, one));
        assert_eq!(unsent.bytes(), 0);
        assert_eq!(unsent.addresses().len(), 1);
        drop(two);
        assert_eq!(unsent.addresses().len(), 0, "an address without connections is forgotten");
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
