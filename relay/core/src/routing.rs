//! Who gets the next visitor: the queue, the agents with room, and the offers that wait for the store.
//!
//! Takes: changes of conversations' status, which visitors are here, agents' [`Availability`], the store's answers to offers.
//! Gives: offers (the store decides), positions for visitors, conversations that memory and store disagree about.

use std::collections::{BTreeMap, BTreeSet};

use wire::{AgentId, ConversationId, Refusal};

use crate::admit::about;
use crate::append::AppendError;
use crate::input::Source;
use crate::news::{Availability, News, Status, Transition};
use crate::request::{ATTEMPTS_MAX, Asker, Offer};
use crate::settings::Settings;
use crate::step::{RETRY_MS, Step, Timer};
use crate::view::AssignmentView;

mod agents;
mod keyed_rate;
mod openings;
mod queue;
#[cfg(test)]
mod tests;
#[doc(hidden)]
pub mod workload;

use agents::Agents;
use openings::Openings;
use queue::{Joining, Queue};

/// An offer that waits for the store's answer.
#[derive(Clone, Copy, Debug)]
struct PendingOffer {
    agent: AgentId,
    /// Whether its events have come already, so that only the store's answer is missing.
    arrived: bool,
}

/// The queue and the offers.
#[derive(Debug)]
pub(crate) struct Routing {
    queue: Queue,
    openings: Openings,
    agents: Agents,
    offers: BTreeMap<ConversationId, PendingOffer>,
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
            agents: Agents::default(),
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

    /// The position and length that were last sent to a conversation's visitor; none before the first time.
    pub(crate) fn last_position(&self, conversation: ConversationId) -> Option<(u32, u32)> {
        self.queue.last_position(conversation)
    }

    /// Whether a visitor may have a conversation queued now; if so, it is counted. Not called for a retry of one that is being opened.
    pub(crate) fn may_open(&mut self, source: Source, known: bool, step: &Step) -> Result<(), Refusal> {
        let waits = self.queue.has_network(source.network);
        self.openings.admit(source, known, waits, step.now_ms())
    }

    /// A supervisor declares a flood, or its end.
    pub(crate) fn declare_flood(&mut self, on: bool) {
        self.openings.declare(on);
        self.queue.set_flood(on);
    }

    /// How many visitors an agent can get has changed.
    pub(crate) fn set_availability(&mut self, agent: AgentId, availability: Option<Availability>) {
        self.agents.set(agent, availability);
    }

    /// A conversation's status has changed.
    pub(crate) fn transition(&mut self, transition: Transition) {
        let Transition { conversation, visitor, site, here, was, is } = transition;
        if let Status::Queued(_) = was {
            self.queue.remove(conversation, matches!(is, Status::Assigned(_)));
        }
        if let Status::Queued(entry) = is {
            let again = matches!(was, Status::Assigned(_));
            let taken = self.is_taken(conversation);
            self.queue.insert(conversation, Joining { site, visitor, entry, here }, again, taken);
        }
        if let Status::Assigned(agent) = is
            && let Some(offer) = self.offers.get_mut(&conversation)
            && offer.agent == agent
            && !std::mem::replace(&mut offer.arrived, true)
        {
            self.agents.arrived(agent);
        }
    }

    /// The visitor of a conversation has connected, or is gone.
    pub(crate) fn here(&mut self, conversation: ConversationId, here: bool) {
        self.queue.set_here(conversation, here);
    }

    /// Offers waiting visitors who are here to agents with room, and sends changed positions.
    pub(crate) fn settle(&mut self, step: &mut Step) {
        self.openings.look(self.queue.len(), step.now_ms());
        self.queue.set_flood(self.openings.flood());
        self.assign(step);
        self.queue.send_changes(step);
    }

    /// Assigns in the queue's order, to the least loaded agent. Both orders are kept up to date, so one assignment looks at nobody else.
    fn assign(&mut self, step: &mut Step) {
        if step.now_ms() < self.not_before_ms {
            return;
        }
        while let Some((conversation, agent)) = self.next_pair() {
            self.offer(conversation, agent, None, step);
        }
    }

    /// Who is served next, and by whom: nearly always the first of the queue, by the first agent with room. When nobody with room may answer on that
    /// visitor's site, whoever is first on another one.
    fn next_pair(&self) -> Option<(ConversationId, AgentId)> {
        if !self.agents.have_room() {
            return None;
        }
        let head = self.queue.next()?;
        if let Some(agent) = self.agents.next(self.queue.site_of(head)?) {
            return Some((head, agent));
        }
        let served: BTreeMap<_, _> =
            self.queue.sites_to_serve().filter_map(|site| Some((site, self.agents.next(site)?))).collect();
        if served.is_empty() {
            return None;
        }
        let mut free = self.queue.order().filter(|id| !self.is_taken(*id));
        free.find_map(|id| Some((id, *served.get(self.queue.site_of(id)?)?)))
    }

    fn offer(&mut self, conversation: ConversationId, agent: AgentId, asker: Option<Asker>, step: &mut Step) {
        self.offers.insert(conversation, PendingOffer { agent, arrived: false });
        self.queue.set_taken(conversation, true);
        self.agents.offered(agent);
        let capacity = self.agents.capacity(agent);
        step.tell(News::Offer { conversation, agent, capacity, asker });
    }

    /// An agent takes a conversation by itself. `view` is what is known of the conversation, when it is in memory.
    pub(crate) fn take(
        &mut self,
        (conversation, view): (ConversationId, Option<AssignmentView>),
        agent: AgentId,
        asker: Asker,
        step: &mut Step,
    ) {
        let refusal = match view {
            None => Refusal::NotFound,
            Some(view) if view.ended => Refusal::Ended,
            Some(view) => match (view.holder, self.offers.get(&conversation)) {
                // The agent has it, or is about to get it: the event will say so.
                (Some(holder), _) if holder == agent => return,
                (_, Some(offer)) if offer.agent == agent => return,
                (Some(_), _) if view.holder_online && !asker.over => Refusal::Taken,
                (_, Some(_)) => Refusal::Taken,
                (_, None) if self.agents.full(agent) => Refusal::AtCapacity,
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
        now: Option<AssignmentView>,
        step: &mut Step,
    ) {
        let Offer { conversation, agent, staff_head, asker } = offer;
        if self.offers.remove(&conversation).is_some_and(|on_way| !on_way.arrived) {
            self.agents.arrived(agent);
        }
        self.queue.set_taken(conversation, self.is_taken(conversation));
        let head = now.map(|now| now.staff_head);
        match (result, asker) {
            // The store says that it is recorded, but the events have not come.
            (Ok(()), _) if head.is_some_and(|head| head <= staff_head) => self.hold_back(conversation, now, step),
            (Ok(()), _) => {}
            (Err(AppendError::Moved), Some(asker)) if asker.attempts < ATTEMPTS_MAX => {
                let again = Asker { attempts: asker.attempts + 1, ..asker };
                self.take((conversation, now), agent, again, step);
            }
            (Err(error), Some(Asker { connection, .. })) => {
                step.refuse(connection, about(conversation), error.refusal());
            }
            (Err(AppendError::AtCapacity), None) => {
                self.agents.hold_back(agent);
                step.wake_in(RETRY_MS, Timer::Assign);
            }
            (
                Err(AppendError::Busy | AppendError::Down | AppendError::DiskFull | AppendError::OverQuota { .. }),
                None,
            ) => {
                self.not_before_ms = step.now_ms().saturating_add(RETRY_MS);
                step.wake_in(RETRY_MS, Timer::Assign);
            }
            // The store has events that memory has not.
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
    fn hold_back(&mut self, conversation: ConversationId, now: Option<AssignmentView>, step: &mut Step) {
        if now.is_none_or(|now| now.ended) {
            return;
        }
        self.held_back.insert(conversation);
        self.queue.set_taken(conversation, true);
        step.wake_in(RETRY_MS, Timer::Assign);
        step.tell(News::Reread(conversation));
    }

    /// What was held back may be offered again.
    pub(crate) fn try_again(&mut self) {
        self.agents.try_again();
        for conversation in std::mem::take(&mut self.held_back) {
            self.queue.set_taken(conversation, self.is_taken(conversation));
        }
    }
}
