//! The order of service: class by class in turn, and within a class round by round, one of each network.

use std::collections::{VecDeque, btree_set};
use std::iter::{Peekable, Skip};

use wire::ConversationId;

use super::{KNOWN, KNOWN_IN_A_ROW_MAX, Key, Network, OTHERS, Queue, group_of};

impl Queue {
    /// Everybody who is here, in the order of service; also those who are taken.
    pub(in crate::routing) fn order(&self) -> Order<'_> {
        Order { classes: [self.rounds(KNOWN), self.rounds(OTHERS)], known_in_a_row: self.known_in_a_row }
    }

    fn rounds(&self, class: usize) -> Rounds<'_> {
        Rounds { queue: self, class, heads: self.ring[class].iter(), rest: VecDeque::new() }
    }
}

impl Network {
    fn members(&self) -> Members<'_> {
        Members { free: self.free.iter().peekable(), taken: self.taken.iter().peekable() }
    }
}

/// The members of a network, by turn.
struct Members<'a> {
    free: Peekable<btree_set::Iter<'a, (u64, ConversationId)>>,
    taken: Peekable<btree_set::Iter<'a, (u64, ConversationId)>>,
}

impl Iterator for Members<'_> {
    type Item = ConversationId;

    fn next(&mut self) -> Option<ConversationId> {
        let first = match (self.free.peek(), self.taken.peek()) {
            (Some(free), Some(taken)) if taken < free => self.taken.next(),
            (Some(_), _) => self.free.next(),
            (None, _) => self.taken.next(),
        };
        first.map(|(_, id)| *id)
    }
}

/// One class in the order of service: the ring, then the second of each network, and so on.
struct Rounds<'a> {
    queue: &'a Queue,
    class: usize,
    heads: btree_set::Iter<'a, Key>,
    rest: VecDeque<Skip<Members<'a>>>,
}

impl Iterator for Rounds<'_> {
    type Item = ConversationId;

    fn next(&mut self) -> Option<ConversationId> {
        if let Some((_, _, id)) = self.heads.next() {
            let entry = self.queue.waiting.get(id)?.entry;
            let network = self.queue.networks.get(&(self.class, group_of(*id, entry)))?;
            if network.free.len() + network.taken.len() > 1 {
                self.rest.push_back(network.members().skip(1));
            }
            return Some(*id);
        }
        while let Some(mut network) = self.rest.pop_front() {
            if let Some(id) = network.next() {
                self.rest.push_back(network);
                return Some(id);
            }
        }
        None
    }
}

/// Everybody in the order of service.
pub(in crate::routing) struct Order<'a> {
    classes: [Rounds<'a>; 2],
    known_in_a_row: usize,
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
