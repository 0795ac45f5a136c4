//! The queue that visitors wait in: networks are served in turn, and within a network whoever came first.
//!
//! One key decides: `(class, ring, turn, conversation)`. Of each network only the one that waits longest stands in the ring, where `ring` is the
//! later of its own turn and the last time its network was served. So whoever is alone in a network waits for at most one of each other
//! network, however many those send; and an office behind one network goes on, one in each round.

use std::collections::{BTreeMap, BTreeSet, VecDeque, btree_set};
use std::iter::Skip;

use wire::{ConversationId, ConversationState, ServerFrame, SiteId, Tag, VisitorId};

use crate::Core;
use crate::input::ConnectionId;
use crate::planted::{Planted, planted};
use crate::timer::Timer;

/// Up to this length every move of a queue is told at once; a longer one is told at most every [`TELL_EVERY_MS`],
/// because each move concerns everybody in it.
const TELL_AT_ONCE_MAX: usize = 50;
/// How often a long queue is told.
const TELL_EVERY_MS: u64 = 1_000;
/// Networks whose last service is remembered; beyond, those of nobody who waits are forgotten.
const SERVED_NETWORKS_MAX: usize = 65_536;
/// While a flood lasts, so many visitors who were known before are served for each one who was not.
const KNOWN_IN_A_ROW_MAX: u32 = 3;
/// The class of visitors who were known before, while a flood lasts …
const KNOWN: usize = 0;
/// … and of everybody else, and of all while there is none.
const OTHERS: usize = 1;

/// When something came or was served: the last turn given by then, and what was served since the start.
type Ring = (u64, u64);
/// The key of the queue, within a class.
type Key = (Ring, u64, ConversationId);

/// Who counts as one when the queue is shared out. Whoever came without a tag (an older log) is alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Network(Tag),
    Alone(ConversationId),
}

/// What the queue must know of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// Lower ones came earlier.
    pub(crate) turn: u64,
    /// Where its visitor comes from.
    pub(crate) network: Option<Tag>,
    /// Whether its visitor was known before.
    pub(crate) known: bool,
}

/// One conversation that waits.
#[derive(Debug)]
struct Waiting {
    site: SiteId,
    ticket: Ticket,
    class: usize,
    /// Whether its visitor is here. Who is not keeps the turn, has no position and is not served.
    here: bool,
    /// The position and the length its visitor was last told.
    told: (u32, u32),
}

/// Everybody of one class and one network who is here.
#[derive(Debug, Default)]
struct Network {
    members: BTreeSet<(u64, ConversationId)>,
    /// Where its first member stands in the ring.
    key: Option<Key>,
}

/// One site's queue as it is told.
#[derive(Debug, Default)]
struct Line {
    /// Of those who are here.
    waiting: usize,
    told_at_ms: u64,
}

/// Who waits.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: BTreeMap<ConversationId, Waiting>,
    networks: BTreeMap<(usize, Group), Network>,
    /// Of each class, the first of each network.
    ring: [BTreeSet<Key>; 2],
    /// When each network was last served.
    served: BTreeMap<Group, Ring>,
    last_turn: u64,
    services: u64,
    flood: bool,
    /// Visitors who were known before and were served since the last one who was not, while both waited.
    known_in_a_row: u32,
    lines: BTreeMap<SiteId, Line>,
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
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether somebody of this network waits.
    pub(crate) fn has_network(&self, network: Option<Tag>) -> bool {
        let group = network.map(Group::Network);
        group.is_some_and(|group| [KNOWN, OTHERS].iter().any(|class| self.networks.contains_key(&(*class, group))))
    }

    /// Everybody, here or not, in no order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ConversationId> {
        self.waiting.keys().copied()
    }

    /// Everybody whose visitor is not here, in no order.
    pub(crate) fn absent(&self) -> impl Iterator<Item = ConversationId> {
        self.waiting.iter().filter(|(_, waits)| !waits.here).map(|(id, _)| *id)
    }

    /// Everybody who is here, whoever is served next first.
    pub(crate) fn iter(&self) -> Order<'_> {
        Order { classes: [self.rounds(KNOWN), self.rounds(OTHERS)], known_in_a_row: self.known_in_a_row }
    }

    fn rounds(&self, class: usize) -> Rounds<'_> {
        Rounds { queue: self, class, heads: self.ring[class].iter(), rest: VecDeque::new() }
    }

    /// Somebody joins. `again` when an agent had it and gave it back: its network is not to wait for that. `here` when its visitor is.
    pub(crate) fn insert(&mut self, site: SiteId, id: ConversationId, ticket: Ticket, again: bool, here: bool) {
        self.last_turn = self.last_turn.max(ticket.turn);
        let group = group_of(id, ticket);
        if again {
            self.served.remove(&group);
        }
        let class = self.class_of(ticket);
        self.waiting.insert(id, Waiting { site, ticket, class, here: false, told: (0, 0) });
        if here {
            self.set_here(id, true);
        }
    }

    /// The visitor of one that waits has come, or is gone for longer than a reload takes.
    pub(crate) fn set_here(&mut self, id: ConversationId, here: bool) {
        let Some(waits) = self.waiting.get_mut(&id).filter(|waits| waits.here != here) else { return };
        waits.here = here;
        waits.told = (0, 0);
        let (site, ticket, class) = (waits.site.clone(), waits.ticket, waits.class);
        let group = group_of(id, ticket);
        if here {
            self.networks.entry((class, group)).or_default().members.insert((ticket.turn, id));
            self.lines.entry(site.clone()).or_default().waiting += 1;
            self.moved.insert(site);
        } else {
            if let Some(network) = self.networks.get_mut(&(class, group)) {
                network.members.remove(&(ticket.turn, id));
            }
            self.shorten(site);
        }
        self.rekey(group);
    }

    /// One fewer is in the queue of a site.
    fn shorten(&mut self, site: SiteId) {
        let Some(line) = self.lines.get_mut(&site) else { return };
        line.waiting -= 1;
        if line.waiting == 0 {
            self.lines.remove(&site);
            self.moved.remove(&site);
        } else {
            self.moved.insert(site);
        }
    }

    /// Somebody leaves; `served` when an agent has taken them.
    pub(crate) fn remove(&mut self, id: ConversationId, served: bool) {
        let Some(left) = self.waiting.remove(&id) else { return };
        let group = group_of(id, left.ticket);
        if let Some(network) = self.networks.get_mut(&(left.class, group)) {
            network.members.remove(&(left.ticket.turn, id));
        }
        if served {
            self.count_service(group, left.class);
        }
        self.rekey(group);
        if left.here {
            self.shorten(left.site);
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

    /// Puts the first of a network where it stands now, in both classes.
    fn rekey(&mut self, group: Group) {
        let served = self.served.get(&group).copied().unwrap_or_default();
        for class in [KNOWN, OTHERS] {
            let Some(network) = self.networks.get_mut(&(class, group)) else { continue };
            let first = network.members.first();
            let key = first.map(|(turn, id)| (served.max((*turn, 0)), *turn, *id));
            if key != network.key {
                if let Some(old) = std::mem::replace(&mut network.key, key) {
                    self.ring[class].remove(&old);
                }
                self.ring[class].extend(key);
            }
            if network.members.is_empty() {
                self.networks.remove(&(class, group));
            }
        }
    }

    const fn class_of(&self, ticket: Ticket) -> usize {
        if self.flood && ticket.known { KNOWN } else { OTHERS }
    }

    /// A flood is declared, or over: everybody is put into their class.
    pub(crate) fn set_flood(&mut self, flood: bool) {
        if self.flood == flood {
            return;
        }
        self.flood = flood;
        self.known_in_a_row = 0;
        self.networks.clear();
        self.ring = [BTreeSet::new(), BTreeSet::new()];
        let mut groups = BTreeSet::new();
        for (id, waiting) in &mut self.waiting {
            waiting.class = if flood && waiting.ticket.known { KNOWN } else { OTHERS };
            if !waiting.here {
                continue;
            }
            let group = group_of(*id, waiting.ticket);
            self.networks.entry((waiting.class, group)).or_default().members.insert((waiting.ticket.turn, *id));
            groups.insert(group);
        }
        for group in groups {
            self.rekey(group);
        }
        self.moved.extend(self.lines.keys().cloned());
    }

    /// The queue of a site is to be told again, if there still is one.
    pub(crate) fn mark(&mut self, site: SiteId) {
        if self.lines.contains_key(&site) {
            self.moved.insert(site);
        }
    }

    /// The position and length that this conversation's visitor was last told; none before the first time.
    fn told(&self, id: ConversationId) -> Option<(u32, u32)> {
        self.waiting.get(&id).map(|waiting| waiting.told).filter(|told| *told != (0, 0))
    }
}

/// One class in the order of service: the ring, then the second of each network, and so on.
struct Rounds<'a> {
    queue: &'a Queue,
    class: usize,
    heads: btree_set::Iter<'a, Key>,
    rest: VecDeque<Skip<btree_set::Iter<'a, (u64, ConversationId)>>>,
}

impl Iterator for Rounds<'_> {
    type Item = ConversationId;

    fn next(&mut self) -> Option<ConversationId> {
        if let Some((_, _, id)) = self.heads.next() {
            let ticket = self.queue.waiting.get(id)?.ticket;
            let network = self.queue.networks.get(&(self.class, group_of(*id, ticket)))?;
            if network.members.len() > 1 {
                self.rest.push_back(network.members.iter().skip(1));
            }
            return Some(*id);
        }
        while let Some(mut network) = self.rest.pop_front() {
            if let Some((_, id)) = network.next() {
                self.rest.push_back(network);
                return Some(*id);
            }
        }
        None
    }
}

/// Everybody in the order of service.
pub(crate) struct Order<'a> {
    classes: [Rounds<'a>; 2],
    known_in_a_row: u32,
}

impl Iterator for Order<'_> {
    type Item = ConversationId;

    fn next(&mut self) -> Option<ConversationId> {
        let [known, others] = &mut self.classes;
        if self.known_in_a_row < KNOWN_IN_A_ROW_MAX
            && let Some(id) = known.next()
        {
            self.known_in_a_row += 1;
            return Some(id);
        }
        self.known_in_a_row = 0;
        others.next().or_else(|| known.next())
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Core {
    /// Tells everybody in the queues that moved their position, when it or the length is another one.
    pub(crate) fn tell_queue(&mut self) {
        let mut due = BTreeMap::new();
        for site in std::mem::take(&mut self.queue.moved) {
            let Some(line) = self.queue.lines.get_mut(&site) else { continue };
            let next_ms = line.told_at_ms.saturating_add(TELL_EVERY_MS);
            if line.waiting > TELL_AT_ONCE_MAX && self.now_ms < next_ms {
                self.timers.insert((next_ms, Timer::Queue(site)));
                continue;
            }
            line.told_at_ms = self.now_ms;
            due.insert(site, (0, number(line.waiting)));
        }
        if due.is_empty() {
            return;
        }
        let order: Vec<_> = self.queue.iter().collect();
        let mut news = Vec::new();
        for id in order {
            let Some(waits) = self.queue.waiting.get_mut(&id) else { continue };
            let Some((before, waiting)) = due.get_mut(&waits.site) else { continue };
            *before += 1;
            if waits.told != (*before, *waiting) {
                waits.told = (*before, *waiting);
                news.push((id, *before, *waiting));
            }
        }
        for (conversation, place, waiting) in news {
            let to = self.visitor_connections(conversation);
            self.send(&to, ServerFrame::Queue { conversation, place, waiting });
        }
    }

    /// Tells a visitor who just came their positions, and whether those who have their conversations are there.
    pub(crate) fn tell_places(&mut self, connection: ConnectionId, visitor: VisitorId) {
        let mut frames = Vec::new();
        for conversation in self.visitors.get(&visitor).into_iter().flat_map(|known| &known.open) {
            let Some(live) = self.conversations.get(conversation) else { continue };
            match live.conversation.state {
                ConversationState::Waiting { .. } => {
                    if let Some((place, waiting)) = self.queue.told(*conversation) {
                        frames.push(ServerFrame::Queue { conversation: *conversation, place, waiting });
                    }
                }
                ConversationState::Assigned { agent } => {
                    let state = self.state_of(agent);
                    frames.push(ServerFrame::Holder { conversation: *conversation, state });
                }
                ConversationState::Idle { .. } | ConversationState::Closed { .. } => {}
            }
        }
        for frame in frames {
            self.send_one(connection, frame);
        }
    }
}

#[cfg(test)]
mod tests;
