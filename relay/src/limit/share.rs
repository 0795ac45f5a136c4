//! Slots that addresses and networks share: each has a bound of its own, and the fewer are free, the fewer one may hold.
//!
//! The rule is the dynamic threshold of shared buffers (Choudhury and Hahne, 1998): a network gets one more only while it holds less than a
//! certain part of what is free. With a bound of `1/p` of all, `n` networks that take all they can, in whatever order, leave `(1 - 1/p)^n` of
//! all: of eight thousand connections that speak HTTP eighteen leave more than six hundred. Somebody from elsewhere, who holds none, gets one
//! as long as one is free; while many are free, nobody is limited by this. The same holds for the addresses inside a network. Agents are
//! counted apart, and the last slots are reserved for them and for known visitors.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use crate::numbers::Full;

use crate::address::{Address, Network};

/// The part of the slots that is reserved for agents, and as much again for known visitors: one in this many.
const KEPT_PART: usize = 32;
/// A network may hold one part in this many while all are free.
const NETWORK_PART: usize = 17;

/// Who asks for a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Anybody.
    Stranger,
    /// A known visitor, or one who has yet to prove it.
    Known,
    /// An agent with a valid sign-in.
    Agent,
}

/// How many there are, and how many one may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// In all.
    pub all: usize,
    /// One address (IPv4 /32, IPv6 /64).
    pub address: usize,
    /// One network (IPv4 /24, IPv6 /48); at least twice an address, so that no address has its whole network's.
    pub network: usize,
}

impl Bounds {
    /// The bound of a step from wide to narrow; what lies between holds half a network's.
    fn of(self, level: Level) -> usize {
        let network = self.network.max(self.address.saturating_mul(2));
        match level {
            Level::Network => network,
            Level::Part => (network / 2).max(self.address),
            Level::Address => self.address,
        }
    }
}

/// The level of a step among the steps of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Network,
    Part,
    Address,
}

/// The steps from wide to narrow.
fn steps(address: Address) -> impl Iterator<Item = (Network, Level)> {
    let last = address.steps().count().saturating_sub(1);
    address.steps().rev().enumerate().map(move |(index, network)| {
        let level = if index == 0 {
            Level::Network
        } else if index == last {
            Level::Address
        } else {
            Level::Part
        };
        (network, level)
    })
}

/// Who holds how many. Holds a key for each network, part and address with a slot: at most three for each slot.
#[derive(Debug)]
struct Table {
    bounds: Bounds,
    total: usize,
    held: BTreeMap<(bool, Network), usize>,
}

impl Table {
    fn held(&self, agent: bool, network: Network) -> usize {
        self.held.get(&(agent, network)).copied().unwrap_or(0)
    }

    /// The slots that are free for somebody of this standing.
    fn free(&self, standing: Standing) -> usize {
        let kept = self.bounds.all / KEPT_PART;
        let kept = match standing {
            Standing::Stranger => 2 * kept,
            Standing::Known => kept,
            Standing::Agent => 0,
        };
        self.bounds.all.saturating_sub(kept + self.total)
    }

    /// How many one network may hold while this many are free: its bound when all are.
    fn share(&self, free: usize, standing: Standing) -> usize {
        let all = self.free(standing) + self.total;
        let bound = self.bounds.of(Level::Network).max(all / NETWORK_PART);
        // The configuration may let one network have all of them.
        let Some(rest) = all.checked_sub(bound).filter(|rest| *rest > 0) else { return usize::MAX };
        (free.saturating_mul(bound) / rest).max(1)
    }

    fn take(&mut self, address: Address, standing: Standing) -> Result<(), Full> {
        let agent = standing == Standing::Agent;
        let mut room = self.free(standing);
        if room == 0 {
            return Err(Full::All);
        }
        for (network, level) in steps(address) {
            let (held, bound) = (self.held(agent, network), self.bounds.of(level));
            if held >= bound {
                return Err(if level == Level::Address { Full::Address } else { Full::Network });
            }
            let share = if level == Level::Network { self.share(room, standing) } else { room };
            if held >= share && !agent {
                return Err(Full::Share);
            }
            room = room.min(bound - held);
        }
        self.total += 1;
        for network in address.steps() {
            *self.held.entry((agent, network)).or_insert(0) += 1;
        }
        Ok(())
    }

    fn give_back(&mut self, address: Address, agent: bool) {
        self.total = self.total.saturating_sub(1);
        for network in address.steps() {
            let left = self.held(agent, network).saturating_sub(1);
            if left == 0 {
                self.held.remove(&(agent, network));
            } else {
                self.held.insert((agent, network), left);
            }
        }
    }
}

/// Slots of one kind.
#[derive(Debug)]
pub struct Shares {
    table: Mutex<Table>,
}

/// One taken slot; free again when dropped.
#[derive(Debug)]
pub struct Share {
    shares: Arc<Shares>,
    /// None when it counts in all only.
    address: Option<Address>,
    agent: bool,
}

impl Shares {
    /// All free.
    #[must_use]
    pub const fn new(bounds: Bounds) -> Self {
        Self { table: Mutex::new(Table { bounds, total: 0, held: BTreeMap::new() }) }
    }

    /// Takes one.
    ///
    /// # Errors
    /// Which bound is reached.
    pub fn take(self: &Arc<Self>, address: Address, standing: Standing) -> Result<Share, Full> {
        self.guard().take(address, standing)?;
        let agent = standing == Standing::Agent;
        Ok(Share { shares: Arc::clone(self), address: Some(address), agent })
    }

    /// Takes one that counts in all only: for a proxy.
    ///
    /// # Errors
    /// When none is left.
    pub fn take_for_many(self: &Arc<Self>) -> Result<Share, Full> {
        let mut table = self.guard();
        if table.total >= table.bounds.all {
            return Err(Full::All);
        }
        table.total += 1;
        drop(table);
        Ok(Share { shares: Arc::clone(self), address: None, agent: false })
    }

    /// How many are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.guard().total
    }

    /// A panic elsewhere leaves the table valid, so a poisoned lock is used all the same.
    fn guard(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut table = self.shares.guard();
        match self.address {
            Some(address) => table.give_back(address, self.agent),
            None => table.total = table.total.saturating_sub(1),
        }
    }
}

/// How many strangers from elsewhere still find a slot when so many networks take all they can, in turn or one after the other.
#[cfg(test)]
pub(crate) fn left_by(bounds: Bounds, networks: u8) -> usize {
    let of = |network: u8| (1..=40_u8).map(move |last| Address::new(std::net::IpAddr::from([10, 0, network, last])));
    let full = |tables: &mut Table, address| while tables.take(address, Standing::Stranger).is_ok() {};
    let mut in_order = Table { bounds, total: 0, held: BTreeMap::new() };
    (0..networks).flat_map(of).for_each(|address| full(&mut in_order, address));
    let mut in_turn = Table { bounds, total: 0, held: BTreeMap::new() };
    let mut before = None;
    while before != Some(in_turn.total) {
        before = Some(in_turn.total);
        for address in (0..networks).flat_map(of) {
            // Whoever gets none has what it can.
            let _ = in_turn.take(address, Standing::Stranger);
        }
    }
    in_order.free(Standing::Stranger).min(in_turn.free(Standing::Stranger))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::new(text.parse().expect("an address"))
    }

    fn table(all: usize, address: usize, network: usize) -> Table {
        Table { bounds: Bounds { all, address, network }, total: 0, held: BTreeMap::new() }
    }

    /// The first takes all it can, then the next.
    fn one_by_one(table: &mut Table, who: &[Address]) -> Vec<usize> {
        who.iter().map(|address| greedy(table, &[*address], Standing::Stranger)[0]).collect()
    }

    /// Everybody takes one in turn until nobody gets any more; how many each has.
    fn greedy(table: &mut Table, who: &[Address], standing: Standing) -> Vec<usize> {
        let mut got = vec![0; who.len()];
        loop {
            let before = table.total;
            for (got, address) in got.iter_mut().zip(who) {
                *got += usize::from(table.take(*address, standing).is_ok());
            }
            if table.total == before {
                return got;
            }
        }
    }

    /// So many networks with so many addresses each, of both families.
    fn networks(count: u8, addresses: u8) -> Vec<Address> {
        let one = |network: u8, last: u8| match network % 2 {
            0 => address(&format!("10.0.{network}.{last}")),
            _ => address(&format!("2001:db8:{network:x}:{last:x}::1")),
        };
        (0..count).flat_map(|network| (0..addresses).map(move |last| one(network, last))).collect()
    }

    #[test]
    fn hostile_networks_never_take_the_last_slot_from_somebody_elsewhere() {
        // The pools of a relay: connections held, plain HTTP, uploads; and a small one.
        for (all, each, network) in [(50_000, 200, 1_000), (8_192, 456, 912), (256, 8, 32), (64, 4, 8)] {
            for (count, addresses) in [(1, 1), (1, 200), (2, 50), (18, 1), (18, 20), (18, 200), (200, 2)] {
                let who = networks(count, addresses);
                let mut in_turn = table(all, each, network);
                greedy(&mut in_turn, &who, Standing::Stranger);
                let mut in_order = table(all, each, network);
                one_by_one(&mut in_order, &who);
                for (how, mut table) in [("in turn", in_turn), ("in order", in_order)] {
                    let what = format!("{count} networks, {addresses} addresses each, {how}: {} of {all}", table.total);
                    if count <= 18 {
                        for last in 1..=(all / 32).min(9) {
                            let elsewhere = address(&format!("203.0.{last}.7"));
                            assert_eq!(table.take(elsewhere, Standing::Stranger), Ok(()), "{what}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn more_networks_than_slots_leave_those_that_are_kept() {
        let mut table = table(64, 8, 16);
        greedy(&mut table, &networks(250, 1), Standing::Stranger);
        let elsewhere = address("203.0.113.7");
        assert_eq!((table.total, table.take(elsewhere, Standing::Stranger)), (60, Err(Full::All)));
        assert_eq!(table.take(elsewhere, Standing::Known), Ok(()));
        assert_eq!(table.take(address("203.0.114.7"), Standing::Known), Ok(()));
        assert_eq!(table.take(address("203.0.115.7"), Standing::Known), Err(Full::All));
        assert_eq!(greedy(&mut table, &[elsewhere], Standing::Agent), [2], "agents are asked for no share");
        assert_eq!(table.total, 64);
    }

    #[test]
    fn an_address_and_a_network_have_their_bounds_and_leave_room_beside_them() {
        for (who, each, full) in [
            (vec!["203.0.113.1"], vec![20], Full::Address),
            (vec!["203.0.113.1", "203.0.113.2"], vec![20, 20], Full::Address),
            (vec!["2001:db8::1", "2001:db8::2"], vec![10, 10], Full::Address),
            // Two of one part: they leave room in it.
            (vec!["2001:db8:0:1::1", "2001:db8:0:2::1"], vec![17, 17], Full::Share),
            (vec!["2001:db8:0:1::1", "2001:db8:0:100::1"], vec![20, 20], Full::Address),
        ] {
            let mut table = table(10_000, 20, 100);
            let who: Vec<Address> = who.into_iter().map(address).collect();
            assert_eq!(greedy(&mut table, &who, Standing::Stranger), each, "{who:?}");
            assert_eq!(table.take(who[0], Standing::Stranger), Err(full), "{who:?}");
        }
        // Many addresses of one network: the neighbour finds a slot, and nobody beyond the network's bound.
        let mut table = table(10_000, 20, 100);
        let crowd: Vec<Address> = (0..200).map(|last| address(&format!("203.0.113.{last}"))).collect();
        greedy(&mut table, &crowd[..50], Standing::Stranger);
        assert_eq!(table.take(address("203.0.113.250"), Standing::Stranger), Ok(()));
        greedy(&mut table, &crowd, Standing::Stranger);
        assert_eq!((table.total, table.take(crowd[0], Standing::Stranger)), (100, Err(Full::Network)));
        // Parts of an IPv6 network leave room to other parts.
        let mut table = self::table(10_000, 20, 100);
        let part: Vec<Address> = (0..40).map(|last| address(&format!("2001:db8:0:1{last:02x}::1"))).collect();
        greedy(&mut table, &part, Standing::Stranger);
        assert!((40..=50).contains(&table.total), "half a network's at most: {}", table.total);
        assert_eq!(table.take(address("2001:db8:0:200::1"), Standing::Stranger), Ok(()));
    }

    #[test]
    fn agents_are_counted_apart_from_visitors_of_their_address() {
        let mut table = table(100, 3, 6);
        let office = address("203.0.113.1");
        assert_eq!(greedy(&mut table, &[office], Standing::Stranger), [3]);
        assert_eq!(table.take(office, Standing::Known), Err(Full::Address));
        assert_eq!(greedy(&mut table, &[office], Standing::Agent), [3]);
        table.give_back(office, true);
        assert_eq!(table.take(office, Standing::Stranger), Err(Full::Address));
        table.give_back(office, false);
        assert_eq!(table.take(office, Standing::Stranger), Ok(()));
    }

    #[test]
    fn a_slot_is_free_again_when_dropped_and_leaves_no_trace() {
        let shares = Arc::new(Shares::new(Bounds { all: 3, address: 2, network: 2 }));
        let held: Vec<_> =
            ["203.0.113.1", "2001:db8::1"].map(|text| shares.take(address(text), Standing::Stranger)).into();
        let many = shares.take_for_many();
        assert!(held.iter().all(Result::is_ok) && many.is_ok() && shares.take_for_many().is_err());
        drop((held, many));
        assert_eq!((shares.taken(), shares.guard().held.len()), (0, 0));
    }
}
