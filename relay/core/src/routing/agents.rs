//! Which agent is next: agents with room, in the order in which they get visitors.

use std::collections::{BTreeMap, BTreeSet};

use relay_settings::Right;
use wire::{AgentId, SiteId};

use crate::news::Availability;
use crate::planted::{Planted, planted};

/// An agent with room: the least loaded first, of equals the one served longest ago, then the lowest id.
type Free = (usize, u64, AgentId);

/// What is known of one agent.
#[derive(Clone, Debug)]
struct Known {
    availability: Availability,
    /// How many conversations are offered to it and wait for the store.
    offered: usize,
    /// The number of the last offer made to it; 0 before the first.
    last_offer: u64,
    /// Whether the store said that it is full, although memory says otherwise.
    held_back: bool,
}

/// Every agent.
#[derive(Debug, Default)]
pub(super) struct Agents {
    all: BTreeMap<AgentId, Known>,
    free: BTreeSet<Free>,
    held_back: BTreeSet<AgentId>,
    last_offer: u64,
}

impl Known {
    const fn load(&self) -> usize {
        self.availability.held + self.offered
    }

    const fn full(&self) -> bool {
        self.load() >= self.availability.capacity as usize
    }

    fn free(&self, agent: AgentId) -> Option<Free> {
        let room = !self.full() || planted(Planted::IgnoresRoom);
        (self.availability.open && !self.held_back && room).then_some((self.load(), self.last_offer, agent))
    }
}

impl Agents {
    /// How many visitors an agent can get has changed; none when there is no such agent any more.
    pub(super) fn set(&mut self, agent: AgentId, availability: Option<Availability>) {
        match availability {
            Some(availability) => {
                self.all.entry(agent).or_insert_with(|| {
                    let closed = Availability { open: false, ..availability.clone() };
                    Known { availability: closed, offered: 0, last_offer: 0, held_back: false }
                });
                self.change(agent, |known| known.availability = availability);
            }
            None => {
                self.change(agent, |known| known.availability.open = false);
                self.all.remove(&agent);
                self.held_back.remove(&agent);
            }
        }
    }

    /// Whether anybody has room.
    pub(super) fn have_room(&self) -> bool {
        !self.free.is_empty()
    }

    /// The agent that gets the next visitor of a site.
    pub(super) fn next(&self, site: &SiteId) -> Option<AgentId> {
        let answers = |agent: &AgentId| {
            self.all.get(agent).is_some_and(|known| known.availability.rights.in_site(Right::ConversationAnswer, site))
        };
        self.free.iter().map(|(.., agent)| *agent).find(answers)
    }

    /// Whether an agent has as many conversations as it may, with those that are offered to it.
    pub(super) fn full(&self, agent: AgentId) -> bool {
        self.all.get(&agent).is_none_or(Known::full)
    }

    /// How many conversations an agent may hold.
    pub(super) fn capacity(&self, agent: AgentId) -> u32 {
        self.all.get(&agent).map_or(0, |known| known.availability.capacity)
    }

    /// One more conversation is offered to an agent.
    pub(super) fn offered(&mut self, agent: AgentId) {
        self.last_offer += 1;
        let number = self.last_offer;
        self.change(agent, |known| {
            known.offered += 1;
            known.last_offer = number;
        });
    }

    /// An offer to an agent was recorded, or failed.
    pub(super) fn arrived(&mut self, agent: AgentId) {
        self.change(agent, |known| known.offered = known.offered.saturating_sub(1));
    }

    /// The store says that an agent is full.
    pub(super) fn hold_back(&mut self, agent: AgentId) {
        self.held_back.insert(agent);
        self.change(agent, |known| known.held_back = true);
    }

    /// Agents that were held back may get visitors again.
    pub(super) fn try_again(&mut self) {
        for agent in std::mem::take(&mut self.held_back) {
            self.change(agent, |known| known.held_back = false);
        }
    }

    fn change(&mut self, agent: AgentId, change: impl FnOnce(&mut Known)) {
        let Some(known) = self.all.get_mut(&agent) else { return };
        let was = known.free(agent);
        change(known);
        let is = known.free(agent);
        if was != is {
            if let Some(was) = was {
                self.free.remove(&was);
            }
            self.free.extend(is);
        }
    }
}
