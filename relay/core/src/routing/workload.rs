//! A workload for the routing alone, for its benchmark and for the test of how its cost grows: all agents are full and many visitors wait. Each
//! time one conversation ends, the agent gets the next one, and another visitor joins the queue.

use wire::{AgentId, ConversationId, SiteId, Tag, VisitorId};

use super::Routing;
use crate::news::{Availability, News, QueueEntry, Status, Transition};
use crate::request::Offer;
use crate::settings::Settings;
use crate::step::Step;

/// Visitors of one network, so that the ring is long and networks have more than one member.
const PER_NETWORK: u64 = 4;
/// Conversations that each agent holds.
const CAPACITY: u32 = 4;

/// Agents who are all full, and visitors who wait.
#[derive(Debug)]
pub struct Workload {
    routing: Routing,
    step: Step,
    agents: u64,
    last_turn: u64,
    /// Conversations given so far.
    given: u64,
    site: SiteId,
}

impl Workload {
    /// This many agents, and this many conversations in the queue.
    #[must_use]
    pub fn new(agents: u64, waiting: u64, site: SiteId) -> Self {
        let (routing, step) = (Routing::new(&Settings::default()), Step::new(1_000_000, 7));
        let mut workload = Self { routing, step, agents, last_turn: 0, given: 0, site };
        for agent in 0..agents {
            workload.seat(agent, CAPACITY as usize);
        }
        for _ in 0..waiting {
            workload.join();
        }
        workload.routing.settle(&mut workload.step);
        workload.news();
        workload
    }

    /// One agent has room and gets the first conversation of the queue, which is returned; another visitor joins.
    pub fn assign_one(&mut self) -> Option<ConversationId> {
        self.seat(self.given % self.agents, CAPACITY as usize - 1);
        self.routing.settle(&mut self.step);
        let offer = self.news().into_iter().find_map(|news| {
            if let News::Offer { conversation, agent, .. } = news { Some((conversation, agent)) } else { None }
        });
        let (conversation, agent) = offer?;
        self.given += 1;
        self.transition(conversation, Status::Queued(entry(0)), Status::Assigned(agent));
        self.seat(agent.0 as u64, CAPACITY as usize);
        let offer = Offer { conversation, agent, staff_head: wire::Seq::ZERO, asker: None };
        self.routing.answered(offer, Ok(()), None, &mut self.step);
        self.join();
        Some(conversation)
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.routing.waiting()
    }

    fn seat(&mut self, agent: u64, held: usize) {
        self.routing.seat(AgentId(agent.into()), Some(Availability { open: true, capacity: CAPACITY, held }));
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
