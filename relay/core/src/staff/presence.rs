//! Presence over several relays: each relay publishes which agents have a console at it, and keeps what others publish until its lease ends.
//!
//! An agent whose console is at another relay is shown with its state there, and keeps its conversations. It gets visitors only from the relay
//! that it is connected to.

use std::collections::{BTreeMap, BTreeSet};

use wire::{AgentId, AgentState};

use super::Staff;
use crate::input::{Presence, Present, RelayId};
use crate::news::News;
use crate::output::Output;
use crate::step::{Step, Timer};

/// Presence holds for this long, in milliseconds, unless it is renewed. After it a relay that died is forgotten.
pub const PRESENCE_LEASE_MS: u64 = 30_000;
/// Presence is renewed this often: two renewals of three may be lost.
const RENEWED_EVERY_MS: u64 = 10_000;
/// Agents in one [`Presence`]; for more agents, several are sent.
pub const PRESENCE_AGENTS_MAX: usize = 1_000;
/// Relays at which one agent may have a console at a time; further ones are ignored.
const RELAYS_MAX: usize = 16;

const _: () = assert!(3 * RENEWED_EVERY_MS <= PRESENCE_LEASE_MS);

/// One agent's state at one relay.
#[derive(Clone, Copy, Debug)]
struct Lease {
    state: AgentState,
    until_ms: u64,
}

/// What this relay has published, and what others have.
#[derive(Debug, Default)]
pub(super) struct Presences {
    /// The agents with a console here, as they were last published …
    published: BTreeMap<AgentId, AgentState>,
    /// … and those that may be different now.
    changed: BTreeSet<AgentId>,
    /// Whether the timer of the next renewal is set.
    renewing: bool,
    /// The agents with a console at other relays.
    elsewhere: BTreeMap<AgentId, BTreeMap<RelayId, Lease>>,
    /// When the leases are checked next: not after the first of them ends.
    expires_at_ms: Option<u64>,
}

impl Presences {
    /// An agent's console here came, went, or its state is another one.
    pub(super) fn changed(&mut self, agent: AgentId) {
        self.changed.insert(agent);
    }

    /// There is no such agent any more.
    pub(super) fn forget(&mut self, agent: AgentId) {
        self.changed.insert(agent);
        self.elsewhere.remove(&agent);
    }

    /// An agent's state at other relays: the most available one.
    fn elsewhere(&self, agent: AgentId) -> Option<AgentState> {
        let states = self.elsewhere.get(&agent)?.values().map(|lease| lease.state);
        states.reduce(more_available)
    }

    /// Plans a check of the leases at this time, unless an earlier one is planned.
    fn expire_at(&mut self, at_ms: u64, step: &mut Step) {
        if self.expires_at_ms.is_some_and(|planned_ms| planned_ms <= at_ms) {
            return;
        }
        if let Some(planned_ms) = self.expires_at_ms.replace(at_ms) {
            step.cancel(planned_ms, Timer::ExpirePresence);
        }
        step.wake_at(at_ms, Timer::ExpirePresence);
    }
}

/// The more available of two.
pub(super) const fn more_available(one: AgentState, other: AgentState) -> AgentState {
    match (one, other) {
        (AgentState::Online, _) | (_, AgentState::Online) => AgentState::Online,
        (AgentState::Away, _) | (_, AgentState::Away) => AgentState::Away,
        (AgentState::Offline, AgentState::Offline) => AgentState::Offline,
    }
}

impl Staff {
    /// Publishes what has changed.
    pub(super) fn publish_presence(&mut self, step: &mut Step) {
        if self.presence.changed.is_empty() {
            return;
        }
        let mut agents = Vec::new();
        for agent in std::mem::take(&mut self.presence.changed) {
            let known = self.agents.get(&agent);
            let here = known.is_some_and(super::AgentLive::here);
            let state = known.map_or(AgentState::Offline, |known| known.state);
            let published = &mut self.presence.published;
            let was = if here { published.insert(agent, state) } else { published.remove(&agent) };
            if was != here.then_some(state) {
                agents.push(Present { agent, state, here });
            }
        }
        publish(&agents, step);
        self.plan_renewal(step);
    }

    /// Publishes everything again, before its lease ends.
    pub(crate) fn renew_presence(&mut self, step: &mut Step) {
        self.presence.renewing = false;
        let published = self.presence.published.iter();
        let agents: Vec<_> =
            published.map(|(agent, state)| Present { agent: *agent, state: *state, here: true }).collect();
        publish(&agents, step);
        self.plan_renewal(step);
    }

    fn plan_renewal(&mut self, step: &mut Step) {
        if !self.presence.published.is_empty() && !std::mem::replace(&mut self.presence.renewing, true) {
            step.wake_in(RENEWED_EVERY_MS, Timer::RenewPresence);
        }
    }

    /// Another relay has published its agents.
    pub(crate) fn presence_received(&mut self, relay: RelayId, presence: Presence, step: &mut Step) {
        let until_ms = step.now_ms().saturating_add(presence.lease_ms.min(PRESENCE_LEASE_MS));
        for Present { agent, state, here } in presence.agents.into_iter().take(PRESENCE_AGENTS_MAX) {
            if !self.agents.contains_key(&agent) {
                continue;
            }
            let leases = self.presence.elsewhere.entry(agent).or_default();
            if !here {
                leases.remove(&relay);
            } else if leases.len() < RELAYS_MAX || leases.contains_key(&relay) {
                leases.insert(relay, Lease { state, until_ms });
                self.presence.expire_at(until_ms, step);
            }
            self.elsewhere_changed(agent, state, step);
        }
    }

    /// Leases may have ended: their relays have died, or cannot be reached.
    pub(crate) fn expire_presence(&mut self, step: &mut Step) {
        self.presence.expires_at_ms = None;
        let now_ms = step.now_ms();
        let (mut over, mut next_ms) = (Vec::new(), None);
        for (agent, leases) in &mut self.presence.elsewhere {
            let count = leases.len();
            leases.retain(|_, lease| lease.until_ms > now_ms);
            if leases.len() < count {
                over.push(*agent);
            }
            next_ms = leases.values().map(|lease| lease.until_ms).chain(next_ms).min();
        }
        for agent in over {
            self.elsewhere_changed(agent, AgentState::Away, step);
        }
        if let Some(at_ms) = next_ms {
            self.presence.expire_at(at_ms, step);
        }
    }

    /// An agent's state at other relays may have changed. `last` is its last state there, for one that has no console anywhere now.
    fn elsewhere_changed(&mut self, agent: AgentId, last: AgentState, step: &mut Step) {
        let elsewhere = self.presence.elsewhere(agent);
        if elsewhere.is_none() {
            self.presence.elsewhere.remove(&agent);
        }
        if self.agents.get(&agent).is_none_or(|known| known.elsewhere == elsewhere) {
            return;
        }
        let gone = self.change(agent, step, |known| {
            known.elsewhere = elsewhere;
            let gone = elsewhere.is_none() && !known.here();
            if gone {
                known.state = if last == AgentState::Offline { last } else { AgentState::Away };
            }
            gone
        });
        if gone == Some(true) {
            self.gone(agent, step);
        }
    }
}

fn publish(agents: &[Present], step: &mut Step) {
    for some in agents.chunks(PRESENCE_AGENTS_MAX) {
        let presence = Presence { agents: some.to_vec(), lease_ms: PRESENCE_LEASE_MS };
        step.tell(News::Out(Output::Presence(presence)));
    }
}
