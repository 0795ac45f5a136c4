//! The routing alone at work, for its benchmark and for the test of how its cost grows: all agents are full, many wait, and each time one
//! conversation ends, the agent gets the next one, and another visitor joins.

use wire::{AgentId, ConversationId, SiteId, Tag, VisitorId};

use super::Routing;
use crate::news::{News, Placed, Seat, Standing, Ticket};
use crate::request::Offer;
use crate::settings::Settings;
use crate::step::Step;

/// Visitors of one network, so that the ring is long and networks have more than one member.
const PER_NETWORK: u64 = 4;
/// Conversations that each agent holds.
const CAPACITY: u32 = 4;

/// Agents who are all full, and visitors who wait.
#[derive(Debug)]
pub struct Desk {
    routing: Routing,
    step: Step,
    agents: u64,
    last_turn: u64,
    /// Conversations given so far.
    given: u64,
    site: SiteId,
}

impl Desk {
    /// So many agents, and so many conversations in the queue.
    #[must_use]
    pub fn new(agents: u64, waiting: u64, site: SiteId) -> Self {
        let (routing, step) = (Routing::new(&Settings::default()), Step::new(1_000_000, 7));
        let mut desk = Self { routing, step, agents, last_turn: 0, given: 0, site };
        for agent in 0..agents {
            desk.seat(agent, CAPACITY as usize);
        }
        for _ in 0..waiting {
            desk.join();
        }
        desk.routing.settle(&mut desk.step);
        desk.news();
        desk
    }

    /// One agent has room, is offered the first of the queue and gets it; another visitor joins. Which one it was.
    pub fn assign_one(&mut self) -> Option<ConversationId> {
        self.seat(self.given % self.agents, CAPACITY as usize - 1);
        self.routing.settle(&mut self.step);
        let offer = self.news().into_iter().find_map(|news| {
            if let News::Offer { conversation, agent, .. } = news { Some((conversation, agent)) } else { None }
        });
        let (conversation, agent) = offer?;
        self.given += 1;
        self.placed(conversation, Standing::Queued(ticket(0)), Standing::With(agent));
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
        self.routing.seat(AgentId(agent.into()), Some(Seat { open: true, capacity: CAPACITY, held }));
    }

    fn join(&mut self) {
        self.last_turn += 1;
        let conversation = ConversationId(self.last_turn.into());
        self.placed(conversation, Standing::Nowhere, Standing::Queued(ticket(self.last_turn)));
    }

    fn placed(&mut self, conversation: ConversationId, was: Standing, is: Standing) {
        let (visitor, site) = (VisitorId(conversation.0), self.site.clone());
        self.routing.placed(Placed { conversation, visitor, site, here: true, was, is });
    }

    fn news(&mut self) -> Vec<News> {
        self.step.begin_at(0);
        std::iter::from_fn(|| self.step.next_news()).map(|(news, _)| news).collect()
    }
}

const fn ticket(turn: u64) -> Ticket {
    Ticket { turn, network: Some(Tag(turn / PER_NETWORK)), known: false }
}
