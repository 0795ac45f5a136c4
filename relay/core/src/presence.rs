//! Which agents are there: online, away, offline; and who is told about it.

use std::collections::BTreeSet;

use wire::limit::{AGENT_GRACE_MS, CAPACITY_MAX, INBOX_BYTES_MAX, INBOX_CONVERSATIONS_MAX};
use wire::{
    AgentId, AgentState, AgentSummary, Close, ConversationId, ConversationState, ConversationSummary, Refusal,
    ServerFrame, Session, Subject,
};

use crate::Core;
use crate::commit::Live;
use crate::input::{Agent, ConnectionId};
use crate::planted::{Planted, planted};
use crate::timer::Timer;
use crate::weight;

/// An agent and its live state.
#[derive(Debug)]
pub(crate) struct AgentLive {
    /// As the store has it, capacity within bounds.
    pub(crate) settings: Agent,
    /// Whether it gets visitors.
    pub(crate) state: AgentState,
    /// Its consoles.
    pub(crate) connections: BTreeSet<ConnectionId>,
    /// The number of the last offer made to it; 0 before the first.
    pub(crate) last_offer: u64,
    /// Whether it is away because it said so.
    chose_away: bool,
    /// Since when no console of it is there, when none is.
    pub(crate) gone_ms: u64,
    /// When the grace period after its last connection ends.
    grace_ends_ms: Option<u64>,
}

impl AgentLive {
    /// An agent that has not been here yet.
    pub(crate) fn new(settings: Agent, now_ms: u64) -> Self {
        Self {
            settings: bounded(settings),
            state: AgentState::Offline,
            connections: BTreeSet::new(),
            last_offer: 0,
            chose_away: false,
            gone_ms: now_ms,
            grace_ends_ms: None,
        }
    }
}

fn bounded(mut settings: Agent) -> Agent {
    settings.capacity = settings.capacity.clamp(1, CAPACITY_MAX);
    settings
}

impl Core {
    /// Agents online now.
    pub(crate) fn answering(&self) -> u32 {
        let online = self.agents.values().filter(|known| known.state == AgentState::Online).count();
        u32::try_from(online).unwrap_or(u32::MAX)
    }

    /// Whether an agent gets visitors; removed ones are offline.
    pub(crate) fn state_of(&self, agent: AgentId) -> AgentState {
        self.agents.get(&agent).map_or(AgentState::Offline, |known| known.state)
    }

    /// How many conversations an agent may hold.
    pub(crate) fn capacity_of(&self, agent: AgentId) -> usize {
        self.agents.get(&agent).map_or(0, |known| known.settings.capacity as usize)
    }

    /// Every line of every agent.
    pub(crate) fn agent_connections(&self) -> Vec<ConnectionId> {
        self.agents.values().flat_map(|known| known.connections.iter().copied()).collect()
    }

    /// An agent as colleagues see it.
    fn agent_summary(&self, agent: AgentId) -> Option<AgentSummary> {
        let known = self.agents.get(&agent)?;
        let load = self.holding.get(&agent).map_or(0, BTreeSet::len);
        Some(known.settings.summary(known.state, u32::try_from(load).unwrap_or(u32::MAX)))
    }

    /// A console of an agent has come; with a choice of its own when it made one, which this core may not know.
    pub(crate) fn agent_connected(&mut self, connection: ConnectionId, agent: AgentId, chosen: Option<AgentState>) {
        let Some(known) = self.agents.get_mut(&agent) else { return };
        known.connections.insert(connection);
        if let Some(ends_ms) = known.grace_ends_ms.take() {
            self.timers.remove(&(ends_ms, Timer::Away(agent)));
        }
        match chosen {
            Some(AgentState::Away) => known.chose_away = true,
            Some(AgentState::Online) => known.chose_away = false,
            Some(AgentState::Offline) | None => {}
        }
        known.state = if known.chose_away { AgentState::Away } else { AgentState::Online };
        self.agents_changed.insert(agent);
        self.assign_due = true;
        let Some(me) = self.agent_summary(agent) else { return };
        let agents = self.agents.keys().filter_map(|id| self.agent_summary(*id)).collect();
        let session = Session::Agent { me, agents, open: self.inbox_of(agent) };
        self.welcome(connection, session);
        let counts = self.counts();
        self.send_one(connection, ServerFrame::Counts { counts });
    }

    /// Open conversations for an agent's first picture: those in line and its own first.
    fn inbox_of(&self, agent: AgentId) -> Vec<ConversationSummary> {
        let rest = self.conversations.values().filter(|live| match live.conversation.state {
            ConversationState::Assigned { agent: holder } => holder != agent,
            ConversationState::Idle { .. } => true,
            ConversationState::Waiting { .. } | ConversationState::Closed { .. } => false,
        });
        let own = self.holding.get(&agent).into_iter().flatten().copied();
        let first =
            self.queue.iter().chain(own).chain(self.queue.absent()).filter_map(|id| self.conversations.get(&id));
        let mut bytes = 0;
        let fits = |row: &ConversationSummary| {
            bytes += weight::of_row(row);
            bytes <= INBOX_BYTES_MAX
        };
        let rows = first.chain(rest).take(INBOX_CONVERSATIONS_MAX).map(|live: &Live| self.row_of(live));
        rows.take_while(fits).collect()
    }

    /// A console of an agent has gone.
    pub(crate) fn agent_disconnected(&mut self, connection: ConnectionId, agent: AgentId) {
        let Some(known) = self.agents.get_mut(&agent) else { return };
        known.connections.remove(&connection);
        if !known.connections.is_empty() || known.state == AgentState::Offline {
            return;
        }
        let ends_ms = self.now_ms.saturating_add(AGENT_GRACE_MS);
        known.grace_ends_ms = Some(ends_ms);
        self.timers.insert((ends_ms, Timer::Away(agent)));
    }

    /// The grace period of an agent may be over.
    pub(crate) fn grace_over(&mut self, agent: AgentId, at_ms: u64) {
        let Some(known) = self.agents.get_mut(&agent) else { return };
        if known.grace_ends_ms != Some(at_ms) || planted(Planted::KeepsGoneOnline) {
            return;
        }
        known.grace_ends_ms = None;
        known.state = AgentState::Away;
        self.agents_changed.insert(agent);
        self.agent_gone(agent);
    }

    /// An agent chooses.
    pub(crate) fn choose_presence(&mut self, connection: ConnectionId, agent: AgentId, state: AgentState) {
        let Some(known) = self.agents.get_mut(&agent) else { return };
        match state {
            AgentState::Offline => return self.refuse(connection, Subject::Connection, Refusal::NotAllowed),
            AgentState::Online | AgentState::Away => {}
        }
        known.chose_away = state == AgentState::Away;
        known.state = state;
        // Told even when it is no change: its console waits to hear that the choice has arrived.
        self.agents_told.remove(&agent);
        self.agents_changed.insert(agent);
        self.assign_due = true;
    }

    /// An agent signed out everywhere: offline at once, without grace.
    pub(crate) fn signed_out(&mut self, agent: AgentId) {
        let Some(known) = self.agents.get_mut(&agent) else { return };
        known.state = AgentState::Offline;
        known.chose_away = false;
        if let Some(ends_ms) = known.grace_ends_ms.take() {
            self.timers.remove(&(ends_ms, Timer::Away(agent)));
        }
        for connection in known.connections.clone() {
            self.close(connection, Close::SignedOut);
        }
        self.agents_changed.insert(agent);
        self.agent_gone(agent);
    }

    /// The agents as they stand in the store now.
    pub(crate) fn agents_set(&mut self, agents: Vec<Agent>) {
        let kept: BTreeSet<AgentId> = agents.iter().map(|agent| agent.id).collect();
        let removed: Vec<_> = self.agents.keys().filter(|agent| !kept.contains(agent)).copied().collect();
        for agent in removed {
            self.signed_out(agent);
            // Colleagues see it go offline before it is forgotten.
            self.tell_agents();
            self.agents.remove(&agent);
            self.agents_told.remove(&agent);
            self.give_back(agent);
        }
        for settings in agents {
            let id = settings.id;
            match self.agents.get_mut(&id) {
                Some(known) => known.settings = bounded(settings),
                None => {
                    self.agents.insert(id, AgentLive::new(settings, self.now_ms));
                }
            }
            self.agents_changed.insert(id);
        }
        self.assign_due = true;
    }

    /// The conversation is with this agent from now on.
    pub(crate) fn hold(&mut self, agent: AgentId, conversation: ConversationId) {
        self.holding.entry(agent).or_default().insert(conversation);
        self.owned += 1;
        self.agents_changed.insert(agent);
        if self.agents.get(&agent).is_none_or(|known| known.connections.is_empty()) {
            self.wake_in(self.settings.agent_gone_after_ms, Timer::GiveBack(agent));
        }
        self.tell_holder(agent, &[conversation]);
    }

    /// The conversation is no longer with this agent.
    pub(crate) fn release(&mut self, agent: AgentId, conversation: ConversationId) {
        self.owned -= 1;
        if let Some(held) = self.holding.get_mut(&agent) {
            held.remove(&conversation);
            if held.is_empty() {
                self.holding.remove(&agent);
            }
        }
        self.agents_changed.insert(agent);
    }

    /// Tells agents about each one that looks different now.
    pub(crate) fn tell_agents(&mut self) {
        for id in std::mem::take(&mut self.agents_changed) {
            let Some(agent) = self.agent_summary(id) else { continue };
            if self.agents_told.get(&id) == Some(&agent) {
                continue;
            }
            let told = self.agents_told.insert(id, agent.clone());
            if told.is_none_or(|told| told.state != agent.state) {
                let held: Vec<_> = self.holding.get(&id).into_iter().flatten().copied().collect();
                self.tell_holder(id, &held);
            }
            let to = self.agent_connections();
            self.send(&to, ServerFrame::Agent { agent });
        }
    }

    /// Tells the visitors of these conversations whether the agent that has them is there.
    fn tell_holder(&mut self, agent: AgentId, held: &[ConversationId]) {
        let state = self.state_of(agent);
        for conversation in held {
            let to = self.visitor_connections(*conversation);
            self.send(&to, ServerFrame::Holder { conversation: *conversation, state });
        }
    }

    /// Tells visitors how many agents answer, when that is another number.
    pub(crate) fn tell_answering(&mut self) {
        let agents = self.answering();
        if self.answering_told == agents {
            return;
        }
        self.answering_told = agents;
        let visitors = self.connections.iter().filter(|(id, _)| !self.is_agent(**id));
        let to: Vec<_> = visitors.map(|(id, _)| *id).collect();
        self.send(&to, ServerFrame::Answering { agents });
    }
}
