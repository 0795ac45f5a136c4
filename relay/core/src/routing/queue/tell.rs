//! Telling visitors their positions: each site's queue when it has moved, a long one now and then.

use std::collections::BTreeMap;

use wire::{ConversationId, ServerFrame, SiteId};

use super::{Queue, group_of};
use crate::news::Audience;
use crate::step::{Step, Timer};

/// Up to this length every move of a site's queue is told at once; a longer one is told at most every [`TELL_EVERY_MS`], because each move
/// concerns everybody in it. While a flood lasts, all are told that rarely.
const TELL_AT_ONCE_MAX: usize = 50;
/// How often a long queue is told.
const TELL_EVERY_MS: u64 = 1_000;

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Queue {
    /// Tells everybody in the queues that moved their position, when it or the length is another one.
    pub(in crate::routing) fn tell(&mut self, step: &mut Step) {
        if self.moved.is_empty() {
            return;
        }
        let mut long = BTreeMap::new();
        for site in std::mem::take(&mut self.moved) {
            let Some(queue) = self.sites.get_mut(&site) else { continue };
            let is_long = queue.here.len() > TELL_AT_ONCE_MAX || self.flood;
            let next_ms = queue.told_at_ms.saturating_add(TELL_EVERY_MS);
            if is_long && step.now_ms() < next_ms {
                step.wake_at(next_ms, Timer::Queue);
                self.moved.insert(site);
                continue;
            }
            queue.told_at_ms = step.now_ms();
            if is_long {
                long.insert(site, Vec::new());
            } else {
                let order = self.order_of_site(&site);
                self.tell_in_order(&order, step);
            }
        }
        if long.is_empty() {
            return;
        }
        // One look at everybody for all of them.
        for id in self.order() {
            let waits = self.waiting.get(&id);
            if let Some(order) = waits.and_then(|waits| long.get_mut(&waits.site)) {
                order.push(id);
            }
        }
        for order in long.into_values() {
            self.tell_in_order(&order, step);
        }
    }

    /// Everybody of one site who is here, whoever is served next first; while there is no flood, so that all are of one class. Looks at
    /// nobody of other sites, unless they share a network.
    pub(super) fn order_of_site(&self, site: &SiteId) -> Vec<ConversationId> {
        let here = self.sites.get(site).into_iter().flat_map(|queue| &queue.here);
        let mut keyed: Vec<_> = here
            .filter_map(|id| {
                let waits = self.waiting.get(id)?;
                let network = self.networks.get(&(waits.class, group_of(*id, waits.ticket)))?;
                let member = (waits.ticket.turn, *id);
                // In which round of its network it comes.
                let round = network.free.range(..member).count() + network.taken.range(..member).count();
                Some((round, network.key, *id))
            })
            .collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(.., id)| id).collect()
    }

    fn tell_in_order(&mut self, order: &[ConversationId], step: &mut Step) {
        let waiting = number(order.len());
        for (place, conversation) in (1..).zip(order) {
            let Some(waits) = self.waiting.get_mut(conversation) else { continue };
            if waits.told != (place, waiting) {
                waits.told = (place, waiting);
                let frame = ServerFrame::Queue { conversation: *conversation, place, waiting };
                step.send(Audience::Visitor(waits.visitor), frame);
            }
        }
    }

    /// The position and length that a conversation's visitor was last told; none before the first time.
    pub(in crate::routing) fn told(&self, id: ConversationId) -> Option<(u32, u32)> {
        self.waiting.get(&id).map(|waiting| waiting.told).filter(|told| *told != (0, 0))
    }
}
