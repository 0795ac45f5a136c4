//! Two workloads for the routing alone, for its benchmark and for the test of how its cost grows.
//!
//! [`Workload::assign_one`]: all agents are full, many visitors wait, and a quarter of the agents have an offer that the store has not
//! answered yet. One conversation ends, the agent is offered the next one, and another visitor joins the queue.
//! [`Workload::serve_one`]: all agents have room and nobody waits. A visitor joins, is given to an agent, and leaves.

use std::collections::VecDeque;

use wire::{AgentId, ConversationId, SiteId, Tag, VisitorId};

use super::Routing;
use crate::news::{Availability, News, QueueEntry, Status, Transition};
use crate::request::Offer;
use crate::rights::Rights;
use crate::settings::Settings;
use crate::step::Step;

/// Visitors of one network, so that the ring is long and networks have more than one member.
const PER_NETWORK: u64 = 4;
/// Conversations that each agent holds.
const CAPACITY: u32 = 4;

/// Agents, visitors who wait, and offers that wait for the store.
#[derive(Debug)]
pub struct Workload {
    routing: Routing,
    step: Step,
    agents: u64,
    last_turn: u64,
    /// Conversations offered so far.
    offers: u64,
    pending: VecDeque<(ConversationId, AgentId)>,
    site: SiteId,
    /// Of every agent.
    rights: Rights,
}

impl Workload {
    /// This many agents, and this many conversations in the queue. Where nobody waits, all agents have room.
    #[must_use]
    pub fn new(agents: u64, waiting: u64, site: SiteId) -> Self {
        let (routing, step) = (Routing::new(&Settings::default()), Step::new(1_000_000, 7));
        let mut workload = Self {
            routing,
            step,
            agents,
            last_turn: 0,
            offers: 0,
            pending: VecDeque::new(),
            site,
            rights: Rights::all(),
        };
        for agent in 0..agents {
            workload.set_held(AgentId(agent.into()), if waiting == 0 { 0 } else { CAPACITY as usize });
        }
        for _ in 0..waiting {
            workload.join();
        }
        workload.routing.settle(&mut workload.step);
        workload.news();
        if waiting > 0 {
            for _ in 0..agents / 4 {
                workload.offer_to(AgentId((workload.offers % agents).into()));
            }
        }
        workload
    }

    /// One agent has room and is offered the first conversation of the queue, which is returned; the store records the oldest offer.
    pub fn assign_one(&mut self) -> Option<ConversationId> {
        let conversation = self.offer_to(AgentId((self.offers % self.agents).into()))?;
        let (recorded, agent) = self.pending.pop_front()?;
        self.recorded(recorded, agent, CAPACITY as usize);
        Some(conversation)
    }

    /// A visitor joins where nobody waits, is given to the least loaded agent, and leaves again. Gives the conversation.
    pub fn serve_one(&mut self) -> Option<ConversationId> {
        self.join();
        let (conversation, agent) = self.settle()?;
        self.recorded(conversation, agent, 1);
        self.transition(conversation, Status::Assigned(agent), Status::Absent);
        self.set_held(agent, 0);
        Some(conversation)
    }

    /// One agent has room; the first of the queue is offered to it, and another visitor joins.
    fn offer_to(&mut self, agent: AgentId) -> Option<ConversationId> {
        self.set_held(agent, CAPACITY as usize - 1);
        let offer = self.settle()?;
        self.offers += 1;
        self.pending.push_back(offer);
        self.join();
        Some(offer.0)
    }

    fn settle(&mut self) -> Option<(ConversationId, AgentId)> {
        self.routing.settle(&mut self.step);
        self.news().into_iter().find_map(|news| {
            if let News::Offer { conversation, agent, .. } = news { Some((conversation, agent)) } else { None }
        })
    }

    /// The store has recorded an offer; the agent holds this many conversations now.
    fn recorded(&mut self, conversation: ConversationId, agent: AgentId, held: usize) {
        self.transition(conversation, Status::Queued(entry(0)), Status::Assigned(agent));
        self.set_held(agent, held);
        let offer = Offer { conversation, agent, staff_head: wire::Seq::ZERO, asker: None };
        self.routing.answered(offer, Ok(()), None, &mut self.step);
    }

    /// How many wait and are not offered to an agent.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.routing.waiting() - self.pending.len()
    }

    fn set_held(&mut self, agent: AgentId, held: usize) {
        self.routing.set_availability(
            agent,
            Some(Availability { open: true, capacity: CAPACITY, held, rights: self.rights.clone() }),
        );
    }

    fn join(&mut self) {
        self.last_turn += 1;
        let conversation = ConversationId(self.last_turn.into());
        self.transition(conversation, Status::Absent, Status::Queued(entry(self.last_turn)));
    }

    fn transition(&mut self, conversation: ConversationId, was: Status, is: Status) {
        let (visitor, site) = (VisitorId(conversation.0), self.site.clone());
        self.routing.transition(Transition { conversation, visitor, site, here: true, was, is });
    }

    fn news(&mut self) -> Vec<News> {
        self.step.begin_at(0);
        std::iter::from_fn(|| self.step.next_news()).map(|(news, _)| news).collect()
    }
}

const fn entry(turn: u64) -> QueueEntry {
    QueueEntry { turn, network: Some(Tag(turn / PER_NETWORK)), known: false }
}
