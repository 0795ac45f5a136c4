//! The queue that visitors wait in: networks are served in turn, and within a network whoever came first.
//!
//! One key decides the order: `(class, ring, turn, conversation)`. Of each network only the conversation that has waited longest competes. Its
//! `ring` is the later of its own turn and the last service of its network. So a visitor who is alone in a network waits for at most one visitor
//! of each other network, however many those send. An office behind one network is served too, one visitor in each round.

use std::collections::{BTreeMap, BTreeSet};

use wire::{ConversationId, SiteId, Tag, VisitorId};

use crate::news::QueueEntry;
use crate::planted::{Planted, planted};

mod order;
mod positions;

/// Networks whose last service is remembered. When there are more, those in which nobody waits are forgotten.
const SERVED_NETWORKS_MAX: usize = 65_536;
/// While a flood lasts, this many visitors who were known before are served for each one who was not.
const KNOWN_IN_A_ROW_MAX: usize = 3;
/// The class of visitors who were known before, while a flood lasts …
const KNOWN: usize = 0;
/// … and of everybody else, and of all while there is none.
const OTHERS: usize = 1;

/// A point in time: the last turn given by then, and the number of services since the start.
type Ring = (u64, u64);
/// The key of the queue, within a class.
type Key = (Ring, u64, ConversationId);
/// The order of the networks that are served next: how many of the network are taken already, then its first member's key.
type NextKey = (usize, Key);

/// Who counts as one network. A conversation without a tag (from an older log) counts as a network alone.
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
    entry: QueueEntry,
    class: usize,
    /// Whether its visitor is here. One who is not keeps the turn, has no position and is not served.
    here: bool,
    /// Whether it is offered to an agent, or held back: it keeps its position, and is not offered.
    taken: bool,
    /// The position and the length that were last sent to its visitor; zeros for none.
    last_sent: (u32, u32),
}

/// Everybody of one class and one network who is here.
#[derive(Debug, Default)]
struct Network {
    free: BTreeSet<(u64, ConversationId)>,
    taken: BTreeSet<(u64, ConversationId)>,
    /// How many of them are of each site: a change of one site's members changes the positions of the other sites' members, too.
    sites: BTreeMap<SiteId, usize>,
    /// The key of its first member.
    key: Option<Key>,
    /// Its key among the networks that are served next; none while all its members are taken.
    next: Option<NextKey>,
}

impl Network {
    /// How many members are taken that came before this free one. Nearly always all of them did, so they need not be counted.
    fn taken_before(&self, free: &(u64, ConversationId)) -> usize {
        match self.taken.last() {
            Some(last) if last > free => self.taken.range(..free).count(),
            Some(_) | None => self.taken.len(),
        }
    }
}

/// One site's queue, for its visitors' positions.
#[derive(Debug, Default)]
struct SiteQueue {
    /// Those who are here.
    here: BTreeSet<ConversationId>,
    sent_at_ms: u64,
}

/// Who joins the queue.
#[derive(Clone, Debug)]
pub(super) struct Joining {
    pub(super) site: SiteId,
    pub(super) visitor: VisitorId,
    pub(super) entry: QueueEntry,
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
    /// Of each site, how many are here and not taken.
    to_serve: BTreeMap<SiteId, usize>,
    /// Sites whose positions have changed since they were sent.
    moved: BTreeSet<SiteId>,
}

const fn group_of(id: ConversationId, entry: QueueEntry) -> Group {
    match entry.network {
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

    /// Whoever is here, is not taken, and is served next.
    pub(super) fn next(&self) -> Option<ConversationId> {
        // Those taken count as served: this many known visitors may be served before the next of the others.
        let known = KNOWN_IN_A_ROW_MAX.saturating_sub(self.known_in_a_row) + KNOWN_IN_A_ROW_MAX * self.taken[OTHERS];
        let [first, second] = if self.taken[KNOWN] < known { [KNOWN, OTHERS] } else { [OTHERS, KNOWN] };
        self.next_of(first).or_else(|| self.next_of(second))
    }

    /// The site of a conversation that waits.
    pub(super) fn site_of(&self, id: ConversationId) -> Option<&SiteId> {
        self.waiting.get(&id).map(|waits| &waits.site)
    }

    /// The sites on which somebody is here and not taken.
    pub(super) fn sites_to_serve(&self) -> impl Iterator<Item = &SiteId> {
        self.to_serve.keys()
    }

    fn next_of(&self, class: usize) -> Option<ConversationId> {
        let (_, (.., head)) = self.next[class].first()?;
        let entry = self.waiting.get(head)?.entry;
        let network = self.networks.get(&(class, group_of(*head, entry)))?;
        network.free.first().map(|(_, id)| *id)
    }

    /// A waiting conversation is offered to an agent or held back, or no longer.
    pub(super) fn set_taken(&mut self, id: ConversationId, taken: bool) {
        let Some(waits) = self.waiting.get_mut(&id).filter(|waits| waits.taken != taken) else { return };
        if waits.here {
            let (site, entry, class) = (waits.site.clone(), waits.entry, waits.class);
            self.leave(id, (&site, entry), class);
            if let Some(waits) = self.waiting.get_mut(&id) {
                waits.taken = taken;
            }
            self.enter(id);
            self.rekey(group_of(id, entry));
        } else {
            waits.taken = taken;
        }
    }

    /// Puts one who is here among the members of its network.
    fn enter(&mut self, id: ConversationId) {
        let Some(waits) = self.waiting.get(&id) else { return };
        let network = self.networks.entry((waits.class, group_of(id, waits.entry))).or_default();
        let members = if waits.taken { &mut network.taken } else { &mut network.free };
        members.insert((waits.entry.turn, id));
        *network.sites.entry(waits.site.clone()).or_default() += 1;
        if !waits.taken {
            *self.to_serve.entry(waits.site.clone()).or_default() += 1;
        }
        if network.sites.len() > 1 {
            self.moved.extend(network.sites.keys().cloned());
        }
        self.taken[waits.class] += usize::from(waits.taken);
    }

    /// Takes one of a site out of the members of its network.
    fn leave(&mut self, id: ConversationId, (site, entry): (&SiteId, QueueEntry), class: usize) {
        let Some(network) = self.networks.get_mut(&(class, group_of(id, entry))) else { return };
        let member = (entry.turn, id);
        let (was_free, was_taken) = (network.free.remove(&member), network.taken.remove(&member));
        self.taken[class] -= usize::from(was_taken);
        if was_free && let Some(count) = self.to_serve.get_mut(site) {
            *count -= 1;
            if *count == 0 {
                self.to_serve.remove(site);
            }
        }
        if let Some(count) = network.sites.get_mut(site).filter(|_| was_free || was_taken) {
            *count -= 1;
            if *count == 0 {
                network.sites.remove(site);
            }
            self.moved.extend(network.sites.keys().filter(|other| *other != site).cloned());
        }
    }

    /// A conversation joins. `again` when an agent had it and gave it back: then its network does not wait for another round. `taken` when it must
    /// not be offered yet.
    pub(super) fn insert(&mut self, id: ConversationId, one: Joining, again: bool, taken: bool) {
        let Joining { site, visitor, entry, here } = one;
        self.last_turn = self.last_turn.max(entry.turn);
        if again {
            self.served.remove(&group_of(id, entry));
        }
        let class = self.class_of(entry);
        self.waiting.insert(id, Waiting { site, visitor, entry, class, here: false, taken, last_sent: (0, 0) });
        self.set_here(id, here);
    }

    /// The visitor of a waiting conversation has connected, or has been gone for longer than a reload takes.
    pub(super) fn set_here(&mut self, id: ConversationId, here: bool) {
        let Some(waits) = self.waiting.get_mut(&id).filter(|waits| waits.here != here) else { return };
        waits.here = here;
        waits.last_sent = (0, 0);
        let (site, entry, class) = (waits.site.clone(), waits.entry, waits.class);
        if here {
            self.enter(id);
            self.sites.entry(site.clone()).or_default().here.insert(id);
            self.moved.insert(site);
        } else {
            self.leave(id, (&site, entry), class);
            self.shorten(site, id);
        }
        self.rekey(group_of(id, entry));
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

    /// A conversation leaves the queue; `served` when an agent has got it.
    pub(super) fn remove(&mut self, id: ConversationId, served: bool) {
        let Some(left) = self.waiting.remove(&id) else { return };
        let group = group_of(id, left.entry);
        self.leave(id, (&left.site, left.entry), left.class);
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
        // Counted only while visitors of both classes wait.
        let other_waits = !self.ring[1 - class].is_empty();
        self.known_in_a_row = if class == KNOWN && other_waits { self.known_in_a_row + 1 } else { 0 };
    }

    /// Updates a network's keys, in both classes.
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

    const fn class_of(&self, entry: QueueEntry) -> usize {
        if self.flood && entry.known { KNOWN } else { OTHERS }
    }

    /// A flood begins or ends: every conversation is put into its class.
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
        self.to_serve.clear();
        let here: Vec<_> = self.waiting.iter().filter(|(_, waits)| waits.here).map(|(id, _)| *id).collect();
        for waits in self.waiting.values_mut() {
            waits.class = if flood && waits.entry.known { KNOWN } else { OTHERS };
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
        ids.iter().filter_map(|id| self.waiting.get(id).map(|waits| group_of(*id, waits.entry)))
    }
}

#[cfg(test)]
mod tests;
