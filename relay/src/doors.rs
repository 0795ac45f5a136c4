//! Who may come in at all: a bound on connections that speak HTTP, in all and for each address, before a byte of theirs is read.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::limit::{HTTP_CONNECTIONS_MAX, HTTP_CONNECTIONS_SPARE};

use crate::address::Address;
use crate::limiter::{Slot, Slots};

/// Counts the connections of one listener until they are upgraded or end.
#[derive(Debug)]
pub struct Doors {
    all: Arc<Semaphore>,
    each: Arc<Slots<Address>>,
    /// Proxies bring everybody: they count in all only.
    trusted: Vec<IpNet>,
}

/// One connection's place; free again when dropped.
#[derive(Debug)]
pub struct Place {
    _all: OwnedSemaphorePermit,
    _each: Option<Slot<Address>>,
}

impl Doors {
    /// Nobody inside. `lines_max` is how many lines one address may hold: as many may be on their way to one.
    #[must_use]
    pub fn new(lines_max: usize, trusted: &[IpNet]) -> Self {
        let each_max = lines_max.saturating_add(HTTP_CONNECTIONS_SPARE);
        Self {
            all: Arc::new(Semaphore::new(HTTP_CONNECTIONS_MAX)),
            each: Arc::new(Slots::new(HTTP_CONNECTIONS_MAX, each_max)),
            trusted: trusted.to_vec(),
        }
    }

    /// A place for a connection from there, if there is one.
    #[must_use]
    pub fn enter(&self, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let each = if self.trusted.iter().any(|net| net.contains(&peer)) {
            None
        } else {
            Some(self.each.take(Address::new(peer))?)
        };
        let all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Place { _all: all, _each: each })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn one_address_never_takes_the_place_of_others() {
        let doors = Doors::new(2, &["10.0.0.1/32".parse().expect("a network")]);
        let mut inside = Vec::new();
        while let Some(place) = doors.enter(ip("203.0.113.1")) {
            inside.push(place);
        }
        assert_eq!(inside.len(), 2 + HTTP_CONNECTIONS_SPARE);
        assert!(doors.enter(ip("203.0.113.2")).is_some());
        inside.pop();
        assert!(doors.enter(ip("::ffff:203.0.113.1")).is_some(), "a place is free again");
    }

    #[test]
    fn a_trusted_proxy_brings_as_many_as_there_is_room_for() {
        let doors = Doors::new(2, &["10.0.0.0/8".parse().expect("a network")]);
        let inside: Vec<_> = (0..HTTP_CONNECTIONS_MAX).map_while(|_| doors.enter(ip("10.1.2.3"))).collect();
        assert_eq!(inside.len(), HTTP_CONNECTIONS_MAX);
        assert!(doors.enter(ip("203.0.113.2")).is_none(), "full is full");
    }
}
