//! Sends visitors their positions in the queue: when their site's positions have changed, and in a long queue once a second.

use std::collections::BTreeMap;

use wire::{ConversationId, ServerFrame, SiteId};

use super::{Queue, group_of};
use crate::news::Audience;
use crate::step::{Step, Timer};

/// Up to this length every change is sent at once. In a longer queue positions are sent at most every [`SEND_EVERY_MS`], because each change
/// concerns everybody in it. While a flood lasts, this holds for all queues.
const AT_ONCE_LENGTH_MAX: usize = 50;
/// How often the positions in a long queue are sent.
const SEND_EVERY_MS: u64 = 1_000;

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Queue {
    /// Sends the position to everybody whose position or queue length has changed.
    pub(in crate::routing) fn send_changes(&mut self, step: &mut Step) {
        if self.moved.is_empty() {
            return;
        }
        let mut long = BTreeMap::new();
        for site in std::mem::take(&mut self.moved) {
            let Some(queue) = self.sites.get_mut(&site) else { continue };
            let is_long = queue.here.len() > AT_ONCE_LENGTH_MAX || self.flood;
            let next_ms = queue.sent_at_ms.saturating_add(SEND_EVERY_MS);
            if is_long && step.now_ms() < next_ms {
                step.wake_at(next_ms, Timer::Queue);
                self.moved.insert(site);
                continue;
            }
            queue.sent_at_ms = step.now_ms();
            if is_long {
                long.insert(site, Vec::new());
            } else {
                let order = self.order_of_site(&site);
                self.send_positions(&order, step);
            }
        }
        if long.is_empty() {
            return;
        }
        // One pass through the queue for all long sites.
        for id in self.order() {
            let waits = self.waiting.get(&id);
            if let Some(order) = waits.and_then(|waits| long.get_mut(&waits.site)) {
                order.push(id);
            }
        }
        for order in long.into_values() {
            self.send_positions(&order, step);
        }
    }

    /// Everybody of one site who is here, in the order of service. Only while there is no flood, so that all are of one class. Does not look at
    /// other sites, unless they share a network.
    pub(super) fn order_of_site(&self, site: &SiteId) -> Vec<ConversationId> {
        let here = self.sites.get(site).into_iter().flat_map(|queue| &queue.here);
        let mut keyed: Vec<_> = here
            .filter_map(|id| {
                let waits = self.waiting.get(id)?;
                let network = self.networks.get(&(waits.class, group_of(*id, waits.entry)))?;
                let member = (waits.entry.turn, *id);
                // In which round of its network it is served.
                let round = network.free.range(..member).count() + network.taken.range(..member).count();
                Some((round, network.key, *id))
            })
            .collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(.., id)| id).collect()
    }

    fn send_positions(&mut self, order: &[ConversationId], step: &mut Step) {
        let waiting = number(order.len());
        for (position, conversation) in (1..).zip(order) {
            let Some(waits) = self.waiting.get_mut(conversation) else { continue };
            if waits.last_sent != (position, waiting) {
                waits.last_sent = (position, waiting);
                let frame = ServerFrame::Queue { conversation: *conversation, place: position, waiting };
                step.send(Audience::Visitor(waits.visitor), frame);
            }
        }
    }

    /// The position and length that were last sent to a conversation's visitor; none before the first time.
    pub(in crate::routing) fn last_position(&self, id: ConversationId) -> Option<(u32, u32)> {
        self.waiting.get(&id).map(|waiting| waiting.last_sent).filter(|sent| *sent != (0, 0))
    }
}
