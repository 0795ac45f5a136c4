//! Who gets the next visitor. The core offers, the store decides: an offer is an append under conditions.

use wire::{AgentId, AgentState, Author, Body, ConversationId, Refusal, Seq};

use crate::Core;
use crate::admit::about;
use crate::append::{Append, AppendError, Condition, Draft, DraftBody};
use crate::input::ConnectionId;
use crate::planted::{Planted, planted};
use crate::request::{ATTEMPTS_MAX, Pending, refusal_of};
use crate::timer::{RETRY_MS, Timer};

/// A conversation on its way to an agent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub(crate) conversation: ConversationId,
    agent: AgentId,
    /// Where the staff lane ended when it was offered.
    staff_head: Seq,
    /// The agent's line that took it, and how often that was tried before; none when the core offered it.
    pub(crate) asker: Option<(ConnectionId, u8)>,
}

impl Core {
    /// Offers whoever waits and is here to whoever has room: in the queue's order, to the least loaded agent.
    pub(crate) fn assign(&mut self) {
        if !std::mem::take(&mut self.assign_due) || self.queue.len() == 0 || self.now_ms < self.assign_after_ms {
            return;
        }
        let free = |core: &Self, id: &ConversationId| {
            !core.offers.contains_key(id) && !core.conversations_held_back.contains(id)
        };
        let waiting: Vec<_> = {
            let room: usize = self.agents.keys().map(|agent| self.room(*agent)).sum();
            self.queue.iter().filter(|id| free(self, id)).take(room).collect()
        };
        for conversation in waiting {
            let Some(agent) = self.next_agent() else { return };
            self.offer(conversation, agent, None);
        }
    }

    /// How many more conversations the agent can be given now.
    fn room(&self, agent: AgentId) -> usize {
        let Some(known) = self.agents.get(&agent) else { return 0 };
        // An agent in its grace period counts as online, but nobody is given to an empty chair.
        if known.state != AgentState::Online || known.connections.is_empty() {
            return 0;
        }
        if self.agents_held_back.contains(&agent) {
            return 0;
        }
        if planted(Planted::IgnoresRoom) {
            return 1;
        }
        (known.settings.capacity as usize).saturating_sub(self.load_with_offers(agent))
    }

    /// What the agent holds, with what is on its way to it.
    pub(crate) fn load_with_offers(&self, agent: AgentId) -> usize {
        let held = self.holding.get(&agent);
        let offered = self.offers.iter().filter(|(id, to)| {
            // One that has just been recorded is held already; its answer is still to come.
            **to == agent && held.is_none_or(|held| !held.contains(id))
        });
        held.map_or(0, std::collections::BTreeSet::len) + offered.count()
    }

    /// The least loaded agent with room; of equals the one served longest ago, then the lowest id.
    fn next_agent(&self) -> Option<AgentId> {
        let with_room = self.agents.iter().filter(|(agent, _)| self.room(**agent) > 0);
        let best = with_room.min_by_key(|(agent, known)| (self.load_with_offers(**agent), known.last_offer, **agent));
        best.map(|(agent, _)| *agent)
    }

    fn offer(&mut self, conversation: ConversationId, agent: AgentId, asker: Option<(ConnectionId, u8)>) {
        let Some(live) = self.conversations.get(&conversation) else { return };
        let Some(known) = self.agents.get_mut(&agent) else { return };
        self.last_offer += 1;
        known.last_offer = self.last_offer;
        let staff_head = live.conversation.head.staff;
        let author = Author::Agent { id: agent, name: known.settings.name.clone() };
        let capacity = known.settings.capacity;
        let drafts = [Body::Assigned { agent }, Body::Joined].map(|body| Draft {
            id: self.ids.message(self.now_ms),
            author: author.clone(),
            body: DraftBody::Ready(body),
        });
        self.offers.insert(conversation, agent);
        let mut append = Append::new(conversation, drafts.into()).when(Condition::StaffHead(staff_head));
        if !planted(Planted::IgnoresRoom) {
            append = append.when(Condition::Capacity(agent, capacity));
        }
        self.append(Pending::Offered(Offer { conversation, agent, staff_head, asker }), append);
    }

    /// An agent takes a conversation by itself.
    pub(crate) fn take(&mut self, connection: ConnectionId, agent: AgentId, id: ConversationId, attempts: u8) {
        let refusal = match self.conversations.get(&id) {
            None => Some(Refusal::NotFound),
            Some(live) if live.conversation.closed() => Some(Refusal::Ended),
            Some(live) => match (live.holder(), self.offers.get(&id)) {
                // It has it, or is about to: the event says so.
                (Some(holder), _) if holder == agent => None,
                (_, Some(to)) if *to == agent => None,
                (Some(holder), _) if self.state_of(holder) == AgentState::Online => Some(Refusal::Taken),
                (_, Some(_)) => Some(Refusal::Taken),
                (_, None) if self.load_with_offers(agent) >= self.capacity_of(agent) => Some(Refusal::AtCapacity),
                (_, None) => return self.offer(id, agent, Some((connection, attempts))),
            },
        };
        if let Some(refusal) = refusal {
            self.refuse(connection, about(id), refusal);
        }
    }

    /// The store has decided on an offer.
    pub(crate) fn offer_answered(&mut self, offer: Offer, result: Result<(), AppendError>) {
        let Offer { conversation, agent, staff_head, asker } = offer;
        self.offers.remove(&conversation);
        self.assign_due = true;
        match (result, asker) {
            (Ok(()), _) => {
                let live = self.conversations.get(&conversation);
                if live.is_some_and(|live| live.conversation.head.staff <= staff_head) {
                    // Recorded, they say, but the events have not come.
                    self.hold_back(conversation);
                }
            }
            (Err(AppendError::Moved), Some((connection, attempts))) if attempts < ATTEMPTS_MAX => {
                self.take(connection, agent, conversation, attempts + 1);
            }
            (Err(error), Some((connection, _))) => self.refuse(connection, about(conversation), refusal_of(error)),
            (Err(AppendError::AtCapacity), None) => {
                self.agents_held_back.insert(agent);
                self.wake_in(RETRY_MS, Timer::Assign);
            }
            (
                Err(AppendError::Busy | AppendError::Down | AppendError::DiskFull | AppendError::OverQuota { .. }),
                None,
            ) => {
                self.assign_after_ms = self.now_ms.saturating_add(RETRY_MS);
                self.wake_in(RETRY_MS, Timer::Assign);
            }
            (Err(AppendError::Moved), None) => {
                let live = self.conversations.get(&conversation);
                if live.is_some_and(|live| live.conversation.head.staff == staff_head) {
                    // The store is further than what was heard of it.
                    self.hold_back(conversation);
                }
            }
            (Err(AppendError::NotFound | AppendError::Ended | AppendError::FileMissing), None) => {
                self.hold_back(conversation);
            }
        }
    }

    /// Memory and store disagree about a conversation: it is read again, and not offered for a while.
    fn hold_back(&mut self, conversation: ConversationId) {
        if self.conversations.get(&conversation).is_none_or(|live| live.conversation.closed()) {
            return;
        }
        self.conversations_held_back.insert(conversation);
        self.wake_in(RETRY_MS, Timer::Assign);
        self.refresh(conversation);
    }

    /// What was held back may be offered again.
    pub(crate) fn assign_again(&mut self) {
        self.conversations_held_back.clear();
        self.agents_held_back.clear();
        self.assign_due = true;
    }
}
