//! The queue that visitors wait in: networks are served in turn, and within a network whoever came first.
//!
//! One key decides: `(class, ring, turn, conversation)`. Of each network only the one that waits longest stands in the ring, where `ring` is the
//! later of its own turn and the last time its network was served. So whoever is alone in a network waits for at most one of each other
//! network, however many those send; and an office behind one network goes on, one in each round.

use std::collections::{BTreeMap, BTreeSet};

use wire::{ConversationId, SiteId, Tag, VisitorId};

use crate::news::Ticket;
use crate::planted::{Planted, planted};

mod order;
mod tell;

/// Networks whose last service is remembered; beyond, those of nobody who waits are forgotten.
const SERVED_NETWORKS_MAX: usize = 65_536;
/// While a flood lasts, so many visitors who were known before are served for each one who was not.
const KNOWN_IN_A_ROW_MAX: usize = 3;
/// The class of visitors who were known before, while a flood lasts …
const KNOWN: usize = 0;
/// … and of everybody else, and of all while there is none.
const OTHERS: usize = 1;

/// When something came or was served: the last turn given by then, and what was served since the start.
type Ring = (u64, u64);
/// The key of the queue, within a class.
type Key = (Ring, u64, ConversationId);
/// Where a network stands among those to be served next: how many of it are taken already, then its first member's key.
type NextKey = (usize, Key);

/// Who counts as one when the queue is shared out. Whoever came without a tag (an older log) is alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Network(Tag),
    Alone(ConversationId),
}

/// One conversation that waits.
#[derive(Debug)]
struct Waiting {
    site: SiteId,
    visitor: VisitorId,
    ticket: Ticket,
    class: usize,
    /// Whether its visitor is here. Who is not keeps the turn, has no position and is not served.
    here: bool,
    /// Whether it is on its way to an agent, or held back: it keeps its position, and is not served.
    taken: bool,
    /// The position and the length its visitor was last told.
    told: (u32, u32),
}

/// Everybody of one class and one network who is here.
#[derive(Debug, Default)]
struct Network {
    free: BTreeSet<(u64, ConversationId)>,
    taken: BTreeSet<(u64, ConversationId)>,
    /// How many of them are of each site: one that comes or goes moves those of the other sites, too.
    sites: BTreeMap<SiteId, usize>,
    /// Where its first member stands in the ring.
    key: Option<Key>,
    /// Where it stands among those to be served next; none while all of it are taken.
    next: Option<NextKey>,
}

impl Network {
    /// How many are taken that came before its first free member. Those taken are nearly always its first, so nothing is counted.
    fn taken_before(&self, free: &(u64, ConversationId)) -> usize {
        match self.taken.last() {
            Some(last) if last > free => self.taken.range(..free).count(),
            Some(_) | None => self.taken.len(),
        }
    }
}

/// One site's queue as it is told.
#[derive(Debug, Default)]
struct SiteQueue {
    /// Those who are here.
    here: BTreeSet<ConversationId>,
    told_at_ms: u64,
}

/// Who joins the queue.
#[derive(Clone, Debug)]
pub(super) struct Joining {
    pub(super) site: SiteId,
    pub(super) visitor: VisitorId,
    pub(super) ticket: Ticket,
    /// Whether the visitor is here.
    pub(super) here: bool,
}

/// Who waits.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<ConversationId, Waiting>,
    networks: BTreeMap<(usize, Group), Network>,
    /// Of each class, the first of each network.
    ring: [BTreeSet<Key>; 2],
    /// Of each class, each network that has somebody to be served, in the order of service.
    next: [BTreeSet<NextKey>; 2],
    /// Of each class, how many are here and taken.
    taken: [usize; 2],
    /// When each network was last served.
    served: BTreeMap<Group, Ring>,
    last_turn: u64,
    services: u64,
    flood: bool,
    /// Visitors who were known before and were served since the last one who was not, while both waited.
    known_in_a_row: usize,
    sites: BTreeMap<SiteId, SiteQueue>,
    /// Sites whose queue moved since it was told.
    moved: BTreeSet<SiteId>,
}

const fn group_of(id: ConversationId, ticket: Ticket) -> Group {
    match ticket.network {
        Some(tag) => Group::Network(tag),
        None => Group::Alone(id),
    }
}

impl Queue {
    /// How many wait, over all sites, here or not.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether somebody of this network waits.
    pub(super) fn has_network(&self, network: Option<Tag>) -> bool {
        let group = network.map(Group::Network);
        group.is_some_and(|group| [KNOWN, OTHERS].iter().any(|class| self.networks.contains_key(&(*class, group))))
    }

    /// Everybody whose visitor is not here, in no order.
    pub(super) fn absent(&self) -> impl Iterator<Item = ConversationId> {
        self.waiting.iter().filter(|(_, waits)| !waits.here).map(|(id, _)| *id)
    }

    /// Whoever is here and served next, but for those who are taken.
    pub(super) fn next(&self) -> Option<ConversationId> {
        // What is taken counts as served: so many known ones may come before the next of the others.
        let known = KNOWN_IN_A_ROW_MAX.saturating_sub(self.known_in_a_row) + KNOWN_IN_A_ROW_MAX * self.taken[OTHERS];
        let [first, second] = if self.taken[KNOWN] < known { [KNOWN, OTHERS] } else { [OTHERS, KNOWN] };
        self.next_of(first).or_else(|| self.next_of(second))
    }

    fn next_of(&self, class: usize) -> Option<ConversationId> {
        let (_, (.., head)) = self.next[class].first()?;
        let ticket = self.waiting.get(head)?.ticket;
        let network = self.networks.get(&(class, group_of(*head, ticket)))?;
        network.free.first().map(|(_, id)| *id)
    }

    /// One that waits is on its way to an agent or held back, or no longer.
    pub(super) fn set_taken(&mut self, id: ConversationId, taken: bool) {
        let Some(waits) = self.waiting.get_mut(&id).filter(|waits| waits.taken != taken) else { return };
        if waits.here {
            let (site, ticket, class) = (waits.site.clone(), waits.ticket, waits.class);
            self.leave(id, (&site, ticket), class);
            if let Some(waits) = self.waiting.get_mut(&id) {
                waits.taken = taken;
            }
            self.enter(id);
            self.rekey(group_of(id, ticket));
        } else {
            waits.taken = taken;
        }
    }

    /// Puts one who is here among the members of its network.
    fn enter(&mut self, id: ConversationId) {
        let Some(waits) = self.waiting.get(&id) else { return };
        let network = self.networks.entry((waits.class, group_of(id, waits.ticket))).or_default();
        let members = if waits.taken { &mut network.taken } else { &mut network.free };
        members.insert((waits.ticket.turn, id));
        *network.sites.entry(waits.site.clone()).or_default() += 1;
        if network.sites.len() > 1 {
            self.moved.extend(network.sites.keys().cloned());
        }
        self.taken[waits.class] += usize::from(waits.taken);
    }

    /// Takes one of a site out of the members of its network.
    fn leave(&mut self, id: ConversationId, (site, ticket): (&SiteId, Ticket), class: usize) {
        let Some(network) = self.networks.get_mut(&(class, group_of(id, ticket))) else { return };
        let member = (ticket.turn, id);
        let (was_free, was_taken) = (network.free.remove(&member), network.taken.remove(&member));
        self.taken[class] -= usize::from(was_taken);
        if let Some(count) = network.sites.get_mut(site).filter(|_| was_free || was_taken) {
            *count -= 1;
            if *count == 0 {
                network.sites.remove(site);
            }
            self.moved.extend(network.sites.keys().filter(|other| *other != site).cloned());
        }
    }

    /// Somebody joins. `again` when an agent had it and gave it back: its network is not to wait for that. `taken` when it is not to be
    /// served yet.
    pub(super) fn insert(&mut self, id: ConversationId, one: Joining, again: bool, taken: bool) {
        let Joining { site, visitor, ticket, here } = one;
        self.last_turn = self.last_turn.max(ticket.turn);
        if again {
            self.served.remove(&group_of(id, ticket));
        }
        let class = self.class_of(ticket);
        self.waiting.insert(id, Waiting { site, visitor, ticket, class, here: false, taken, told: (0, 0) });
        self.set_here(id, here);
    }

    /// The visitor of one that waits has come, or is gone for longer than a reload takes.
    pub(super) fn set_here(&mut self, id: ConversationId, here: bool) {
        let Some(waits) = self.waiting.get_mut(&id).filter(|waits| waits.here != here) else { return };
        waits.here = here;
        waits.told = (0, 0);
        let (site, ticket, class) = (waits.site.clone(), waits.ticket, waits.class);
        if here {
            self.enter(id);
            self.sites.entry(site.clone()).or_default().here.insert(id);
            self.moved.insert(site);
        } else {
            self.leave(id, (&site, ticket), class);
            self.shorten(site, id);
        }
        self.rekey(group_of(id, ticket));
    }

    /// One is not in the queue of a site any more.
    fn shorten(&mut self, site: SiteId, id: ConversationId) {
        let Some(queue) = self.sites.get_mut(&site) else { return };
        queue.here.remove(&id);
        if queue.here.is_empty() {
            self.sites.remove(&site);
            self.moved.remove(&site);
        } else {
            self.moved.insert(site);
        }
    }

    /// Somebody leaves; `served` when an agent has taken them.
    pub(super) fn remove(&mut self, id: ConversationId, served: bool) {
        let Some(left) = self.waiting.remove(&id) else { return };
        let group = group_of(id, left.ticket);
        self.leave(id, (&left.site, left.ticket), left.class);
        if served {
            self.count_service(group, left.class);
        }
        self.rekey(group);
        if left.here {
            self.shorten(left.site, id);
        }
    }

    fn count_service(&mut self, group: Group, class: usize) {
        self.services += 1;
        if !planted(Planted::SkipsRounds) {
            self.served.insert(group, (self.last_turn, self.services));
        }
        if self.served.len() > SERVED_NETWORKS_MAX {
            let networks = &self.networks;
            self.served.retain(|group, _| [KNOWN, OTHERS].iter().any(|class| networks.contains_key(&(*class, *group))));
        }
        // Only where both wait is it counted who was served instead of whom.
        let other_waits = !self.ring[1 - class].is_empty();
        self.known_in_a_row = if class == KNOWN && other_waits { self.known_in_a_row + 1 } else { 0 };
    }

    /// Puts a network where it stands now, in both classes.
    fn rekey(&mut self, group: Group) {
        let served = self.served.get(&group).copied().unwrap_or_default();
        for class in [KNOWN, OTHERS] {
            let Some(network) = self.networks.get_mut(&(class, group)) else { continue };
            let first = network.free.first().into_iter().chain(network.taken.first()).min();
            let key = first.map(|(turn, id)| (served.max((*turn, 0)), *turn, *id));
            let next = key.zip(network.free.first()).map(|(key, free)| (network.taken_before(free), key));
            if key != network.key {
                if let Some(old) = std::mem::replace(&mut network.key, key) {
                    self.ring[class].remove(&old);
                }
                self.ring[class].extend(key);
            }
            if next != network.next {
                if let Some(old) = std::mem::replace(&mut network.next, next) {
                    self.next[class].remove(&old);
                }
                self.next[class].extend(next);
            }
            if key.is_none() {
                self.networks.remove(&(class, group));
            }
        }
    }

    const fn class_of(&self, ticket: Ticket) -> usize {
        if self.flood && ticket.known { KNOWN } else { OTHERS }
    }

    /// A flood is declared, or over: everybody is put into their class.
    pub(super) fn set_flood(&mut self, flood: bool) {
        if self.flood == flood {
            return;
        }
        self.flood = flood;
        self.known_in_a_row = 0;
        self.networks.clear();
        self.ring = [BTreeSet::new(), BTreeSet::new()];
        self.next = [BTreeSet::new(), BTreeSet::new()];
        self.taken = [0, 0];
        let here: Vec<_> = self.waiting.iter().filter(|(_, waits)| waits.here).map(|(id, _)| *id).collect();
        for waits in self.waiting.values_mut() {
            waits.class = if flood && waits.ticket.known { KNOWN } else { OTHERS };
        }
        let groups: BTreeSet<_> = self.networks_of(&here).collect();
        for id in here {
            self.enter(id);
        }
        for group in groups {
            self.rekey(group);
        }
        self.moved.extend(self.sites.keys().cloned());
    }

    fn networks_of(&self, ids: &[ConversationId]) -> impl Iterator<Item = Group> {
        ids.iter().filter_map(|id| self.waiting.get(id).map(|waits| group_of(*id, waits.ticket)))
    }
}

#[cfg(test)]
mod tests;
