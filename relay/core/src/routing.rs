//! Who gets the next visitor: the queue, the agents with room, and what is on its way from one to the other.
//!
//! Takes: where conversations stand, which visitors are here, agents' [`Seat`]s, what the store says to offers.
//! Gives: offers (the store decides), positions for visitors, conversations that memory and store disagree about.

use std::collections::{BTreeMap, BTreeSet};

use wire::{AgentId, ConversationId, Refusal};

use crate::admit::about;
use crate::append::AppendError;
use crate::input::Source;
use crate::news::{News, Placed, Seat, Standing};
use crate::request::{ATTEMPTS_MAX, Asker, Offer, refusal_of};
use crate::settings::Settings;
use crate::step::{RETRY_MS, Step, Timer};
use crate::view::Wanted;

#[doc(hidden)]
pub mod desk;
mod openings;
mod pace;
mod queue;
mod seats;
#[cfg(test)]
mod tests;

use openings::Openings;
use queue::{Joining, Queue};
use seats::Seats;

/// A conversation on its way to an agent.
#[derive(Clone, Copy, Debug)]
struct OnWay {
    agent: AgentId,
    /// Whether it has arrived: recorded, and only the store's answer is still to come.
    arrived: bool,
}

/// The queue and the offers.
#[derive(Debug)]
pub(crate) struct Routing {
    queue: Queue,
    openings: Openings,
    seats: Seats,
    offers: BTreeMap<ConversationId, OnWay>,
    /// Conversations that are not offered for a while.
    held_back: BTreeSet<ConversationId>,
    /// No offer before this: the store was busy or down.
    not_before_ms: u64,
}

impl Routing {
    /// Nobody waits yet.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            queue: Queue::default(),
            openings: Openings::new(settings),
            seats: Seats::default(),
            offers: BTreeMap::new(),
            held_back: BTreeSet::new(),
            not_before_ms: 0,
        }
    }

    /// How many wait, over all sites, here or not.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Whether a flood lasts.
    pub(crate) const fn flood(&self) -> bool {
        self.openings.flood()
    }

    /// Everybody who is here, whoever is served next first; then those who are not.
    pub(crate) fn order(&self) -> impl Iterator<Item = ConversationId> {
        self.queue.order()
    }

    /// Everybody whose visitor is not here, in no order.
    pub(crate) fn absent(&self) -> impl Iterator<Item = ConversationId> {
        self.queue.absent()
    }

    /// The position and length that a conversation's visitor was last told; none before the first time.
    pub(crate) fn told(&self, conversation: ConversationId) -> Option<(u32, u32)> {
        self.queue.told(conversation)
    }

    /// Whether a visitor may have a conversation queued now; counted when so. A retry of one that is on its way is not asked for.
    pub(crate) fn may_open(&mut self, source: Source, known: bool, step: &Step) -> Result<(), Refusal> {
        let waits = self.queue.has_network(source.network);
        self.openings.admit(source, known, waits, step.now_ms())
    }

    /// A supervisor declares a flood, or its end.
    pub(crate) fn declare_flood(&mut self, on: bool) {
        self.openings.declare(on);
        self.queue.set_flood(on);
    }

    /// What an agent can take has changed.
    pub(crate) fn seat(&mut self, agent: AgentId, seat: Option<Seat>) {
        self.seats.set(agent, seat);
    }

    /// A conversation stands elsewhere.
    pub(crate) fn placed(&mut self, placed: Placed) {
        let Placed { conversation, visitor, site, here, was, is } = placed;
        if let Standing::Queued(_) = was {
            self.queue.remove(conversation, matches!(is, Standing::With(_)));
        }
        if let Standing::Queued(ticket) = is {
            let again = matches!(was, Standing::With(_));
            let taken = self.is_taken(conversation);
            self.queue.insert(conversation, Joining { site, visitor, ticket, here }, again, taken);
        }
        if let Standing::With(agent) = is
            && let Some(offer) = self.offers.get_mut(&conversation)
            && offer.agent == agent
            && !std::mem::replace(&mut offer.arrived, true)
        {
            self.seats.arrived(agent);
        }
    }

    /// The visitor of a conversation has come, or is gone.
    pub(crate) fn here(&mut self, conversation: ConversationId, here: bool) {
        self.queue.set_here(conversation, here);
    }

    /// Offers whoever waits and is here to whoever has room, and tells who moved.
    pub(crate) fn settle(&mut self, step: &mut Step) {
        self.openings.look(self.queue.len(), step.now_ms());
        self.queue.set_flood(self.openings.flood());
        self.assign(step);
        self.queue.tell(step);
    }

    /// In the queue's order, to the least loaded agent. What both come to is kept in order, so one assignment looks at nobody else.
    fn assign(&mut self, step: &mut Step) {
        if step.now_ms() < self.not_before_ms {
            return;
        }
        while let Some(agent) = self.seats.next()
            && let Some(conversation) = self.queue.next()
        {
            self.offer(conversation, agent, None, step);
        }
    }

    fn offer(&mut self, conversation: ConversationId, agent: AgentId, asker: Option<Asker>, step: &mut Step) {
        self.offers.insert(conversation, OnWay { agent, arrived: false });
        self.queue.set_taken(conversation, true);
        self.seats.offered(agent);
        let capacity = self.seats.capacity(agent);
        step.tell(News::Offer { conversation, agent, capacity, asker });
    }

    /// An agent takes a conversation by itself. `wanted` is what is known of it, when it is in memory.
    pub(crate) fn take(
        &mut self,
        (conversation, wanted): (ConversationId, Option<Wanted>),
        agent: AgentId,
        asker: Asker,
        step: &mut Step,
    ) {
        let refusal = match wanted {
            None => Refusal::NotFound,
            Some(wanted) if wanted.ended => Refusal::Ended,
            Some(wanted) => match (wanted.holder, self.offers.get(&conversation)) {
                // It has it, or is about to: the event says so.
                (Some(holder), _) if holder == agent => return,
                (_, Some(offer)) if offer.agent == agent => return,
                (Some(_), _) if wanted.holder_online => Refusal::Taken,
                (_, Some(_)) => Refusal::Taken,
                (_, None) if self.seats.full(agent) => Refusal::AtCapacity,
                (_, None) => return self.offer(conversation, agent, Some(asker), step),
            },
        };
        step.refuse(asker.connection, about(conversation), refusal);
    }

    /// The store has decided on an offer. `now` is what is known of the conversation.
    pub(crate) fn answered(
        &mut self,
        offer: Offer,
        result: Result<(), AppendError>,
        now: Option<Wanted>,
        step: &mut Step,
    ) {
        let Offer { conversation, agent, staff_head, asker } = offer;
        if self.offers.remove(&conversation).is_some_and(|on_way| !on_way.arrived) {
            self.seats.arrived(agent);
        }
        self.queue.set_taken(conversation, self.is_taken(conversation));
        let head = now.map(|now| now.staff_head);
        match (result, asker) {
            // Recorded, it says, but the events have not come.
            (Ok(()), _) if head.is_some_and(|head| head <= staff_head) => self.hold_back(conversation, now, step),
            (Ok(()), _) => {}
            (Err(AppendError::Moved), Some(asker)) if asker.attempts < ATTEMPTS_MAX => {
                let again = Asker { attempts: asker.attempts + 1, ..asker };
                self.take((conversation, now), agent, again, step);
            }
            (Err(error), Some(Asker { connection, .. })) => {
                step.refuse(connection, about(conversation), refusal_of(error));
            }
            (Err(AppendError::AtCapacity), None) => {
                self.seats.hold_back(agent);
                step.wake_in(RETRY_MS, Timer::Assign);
            }
            (
                Err(AppendError::Busy | AppendError::Down | AppendError::DiskFull | AppendError::OverQuota { .. }),
                None,
            ) => {
                self.not_before_ms = step.now_ms().saturating_add(RETRY_MS);
                step.wake_in(RETRY_MS, Timer::Assign);
            }
            // The store is further than what was heard of it.
            (Err(AppendError::Moved), None) if head == Some(staff_head) => self.hold_back(conversation, now, step),
            (Err(AppendError::Moved), None) => {}
            (Err(AppendError::NotFound | AppendError::Ended | AppendError::FileMissing), None) => {
                self.hold_back(conversation, now, step);
            }
        }
    }

    fn is_taken(&self, conversation: ConversationId) -> bool {
        self.offers.contains_key(&conversation) || self.held_back.contains(&conversation)
    }

    /// Memory and store disagree about a conversation: it is read again, and not offered for a while.
    fn hold_back(&mut self, conversation: ConversationId, now: Option<Wanted>, step: &mut Step) {
        if now.is_none_or(|now| now.ended) {
            return;
        }
        self.held_back.insert(conversation);
        self.queue.set_taken(conversation, true);
        step.wake_in(RETRY_MS, Timer::Assign);
        step.tell(News::Doubt(conversation));
    }

    /// What was held back may be offered again.
    pub(crate) fn try_again(&mut self) {
        self.seats.try_again();
        for conversation in std::mem::take(&mut self.held_back) {
            self.queue.set_taken(conversation, self.is_taken(conversation));
        }
    }
}
