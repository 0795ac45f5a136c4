//! The agents: who is online, what each holds, what colleagues and visitors were last sent about it; and who is blocked.
//!
//! Takes: consoles that come and go here and at other relays, agents' choices and settings, conversations that an agent gets or loses.
//! Gives: [`Availability`]s for the routing, conversations that need somebody else, frames for colleagues and visitors, presence for other relays.

use std::collections::{BTreeMap, BTreeSet};

use relay_settings::{Right, Snapshot};
use wire::limit::AGENT_GRACE_MS;
use wire::{
    AgentId, AgentState, AgentSummary, Author, BlockSummary, ConversationId, Refusal, ServerFrame, Subject, VisitorId,
};

use crate::input::{Agent, ConnectionId};
use crate::news::{Audience, Availability, News, Status, Transition};
use crate::online::OnlineCounts;
use crate::planted::{Planted, planted};
use crate::rights::Rights;
use crate::step::{Step, Timer};

mod blocks;
mod hours;
mod online;
mod presence;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use blocks::BlockRequest;
pub use presence::{PRESENCE_AGENTS_MAX, PRESENCE_LEASE_MS};

/// An agent and its live state.
#[derive(Debug)]
struct AgentLive {
    /// As the store has it, capacity within bounds.
    settings: Agent,
    /// What it may do, by its roles and the documents.
    rights: Rights,
    /// Whether it gets visitors here.
    state: AgentState,
    /// Its state at other relays, when it has a console there.
    elsewhere: Option<AgentState>,
    /// Whether it has a connection.
    connected: bool,
    /// Whether it is away because it said so.
    chose_away: bool,
    /// Whether it is outside its hours.
    off_hours: bool,
    /// Since when it has no connection, when it has none.
    gone_ms: u64,
    /// When the grace period after its last connection ends.
    grace_ends_ms: Option<u64>,
    /// What colleagues were last sent.
    last_sent: Option<AgentSummary>,
}

/// Every agent, and who is blocked.
#[derive(Debug)]
pub(crate) struct Staff {
    agents: BTreeMap<AgentId, AgentLive>,
    /// What each agent holds, with the visitors. Also of removed agents, until it is given back.
    holding: BTreeMap<AgentId, BTreeMap<ConversationId, VisitorId>>,
    online: OnlineCounts,
    /// What visitors were last sent of it.
    online_sent: OnlineCounts,
    /// Agents that colleagues may have to be sent again.
    changed: BTreeSet<AgentId>,
    /// The documents in force.
    documents: Snapshot,
    /// When the hours of agents are looked at again, while there is a timer for it.
    hours_due_ms: Option<u64>,
    blocks: blocks::Blocks,
    presence: presence::Presences,
    /// An agent without a connection gives back what it holds after this long.
    gone_after_ms: u64,
}

impl AgentLive {
    const fn new(settings: Agent, rights: Rights, now_ms: u64) -> Self {
        Self {
            settings,
            rights,
            state: AgentState::Offline,
            elsewhere: None,
            connected: false,
            chose_away: false,
            off_hours: false,
            gone_ms: now_ms,
            grace_ends_ms: None,
            last_sent: None,
        }
    }

    /// Whether it has a connection, or had one until a moment ago.
    const fn here(&self) -> bool {
        self.connected || self.grace_ends_ms.is_some()
    }

    /// The state that everybody sees: that of the relay where it is most available.
    const fn shown(&self) -> AgentState {
        let state = match self.elsewhere {
            Some(elsewhere) => presence::more_available(self.state, elsewhere),
            None => self.state,
        };
        match state {
            AgentState::Online if self.off_hours => AgentState::Away,
            AgentState::Online | AgentState::Away | AgentState::Offline => state,
        }
    }
}

impl Staff {
    /// Nobody is connected yet.
    pub(crate) fn new(documents: Snapshot, blocks: Vec<BlockSummary>, gone_after_ms: u64) -> Self {
        Self {
            agents: BTreeMap::new(),
            holding: BTreeMap::new(),
            online: OnlineCounts::default(),
            online_sent: OnlineCounts::default(),
            changed: BTreeSet::new(),
            documents,
            hours_due_ms: None,
            blocks: blocks::Blocks::new(blocks),
            presence: presence::Presences::default(),
            gone_after_ms,
        }
    }

    /// How many agents are online.
    pub(crate) fn online(&self) -> u32 {
        let online = self.agents.values().filter(|known| known.shown() == AgentState::Online);
        u32::try_from(online.count()).unwrap_or(u32::MAX)
    }

    /// Whether there is such an agent.
    pub(crate) fn knows(&self, agent: AgentId) -> bool {
        self.agents.contains_key(&agent)
    }

    /// Whether an agent gets visitors; removed ones are offline.
    pub(crate) fn state_of(&self, agent: AgentId) -> AgentState {
        self.agents.get(&agent).map_or(AgentState::Offline, AgentLive::shown)
    }

    /// What an agent may do.
    pub(crate) fn rights_of(&self, agent: AgentId) -> Option<&Rights> {
        self.agents.get(&agent).map(|known| &known.rights)
    }

    /// An agent's name, or empty.
    pub(crate) fn name_of(&self, agent: AgentId) -> String {
        self.agents.get(&agent).map(|known| known.settings.name.clone()).unwrap_or_default()
    }

    /// An agent as the author of an event, under the name it bears now.
    pub(crate) fn author(&self, agent: AgentId) -> Author {
        Author::Agent { id: agent, name: self.name_of(agent) }
    }

    /// An agent as colleagues see it.
    pub(crate) fn summary(&self, agent: AgentId) -> Option<AgentSummary> {
        let known = self.agents.get(&agent)?;
        let load = u32::try_from(self.load(agent)).unwrap_or(u32::MAX);
        Some(known.settings.summary(known.shown(), load, known.off_hours))
    }

    /// An agent itself and every colleague that it may see.
    pub(crate) fn summaries(&self, agent: AgentId, rights: &Rights) -> Vec<AgentSummary> {
        let seen = self.agents.iter().filter(|(id, known)| **id == agent || rights.sees(&known.rights));
        seen.filter_map(|(id, _)| self.summary(*id)).collect()
    }

    /// The conversations an agent holds.
    pub(crate) fn held_by(&self, agent: AgentId) -> impl Iterator<Item = ConversationId> {
        self.holding.get(&agent).into_iter().flat_map(|held| held.keys().copied())
    }

    fn load(&self, agent: AgentId) -> usize {
        self.holding.get(&agent).map_or(0, BTreeMap::len)
    }

    /// How many visitors an agent can get here. In its grace period it counts as online, but gets none. Nor does one whose console is at another
    /// relay.
    fn availability(&self, agent: AgentId) -> Option<Availability> {
        let known = self.agents.get(&agent)?;
        let open = known.state == AgentState::Online && known.connected && !known.off_hours;
        let (capacity, rights) = (known.settings.capacity, known.rights.clone());
        Some(Availability { open, capacity, held: self.load(agent), rights })
    }

    /// An agent has changed. Routing gets its availability if that has changed; colleagues are sent the change at the end of the step.
    fn changed(&mut self, agent: AgentId, was: Option<&Availability>, step: &mut Step) {
        let availability = self.availability(agent);
        if availability.as_ref() != was {
            step.tell(News::Availability(agent, availability));
        }
        self.changed.insert(agent);
    }

    /// Changes one agent, and what follows from it.
    fn change<T>(&mut self, agent: AgentId, step: &mut Step, change: impl FnOnce(&mut AgentLive) -> T) -> Option<T> {
        let was = self.availability(agent);
        let known = self.agents.get_mut(&agent)?;
        let (was_online, was_here) = (known.online_rights(), (known.here(), known.state));
        let result = change(known);
        if was_here != (known.here(), known.state) {
            self.presence.changed(agent);
        }
        let online = known.online_rights();
        if was_online != online {
            for (rights, comes) in [(was_online, false), (online, true)] {
                let reach = rights.map(|rights| rights.sites(Right::ConversationAnswer));
                reach.iter().for_each(|reach| self.online.count(reach, comes));
            }
        }
        self.changed(agent, was.as_ref(), step);
        Some(result)
    }

    /// A console of an agent has connected; `chosen` is the choice that it remembers, which may be unknown here.
    pub(crate) fn connected(&mut self, agent: AgentId, chosen: Option<AgentState>, step: &mut Step) {
        let grace_ends_ms = self.change(agent, step, |known| {
            known.connected = true;
            match chosen {
                Some(AgentState::Away) => known.chose_away = true,
                Some(AgentState::Online) => known.chose_away = false,
                Some(AgentState::Offline) | None => {}
            }
            known.state = if known.chose_away || !known.answers() { AgentState::Away } else { AgentState::Online };
            known.grace_ends_ms.take()
        });
        if let Some(ends_ms) = grace_ends_ms.flatten() {
            step.cancel(ends_ms, Timer::Away(agent));
        }
    }

    /// The last console of an agent has gone.
    pub(crate) fn disconnected(&mut self, agent: AgentId, step: &mut Step) {
        let ends_ms = step.now_ms().saturating_add(AGENT_GRACE_MS);
        let grace = self.change(agent, step, |known| {
            known.connected = false;
            let grace = known.state != AgentState::Offline;
            known.grace_ends_ms = grace.then_some(ends_ms);
            grace
        });
        if grace == Some(true) {
            step.wake_at(ends_ms, Timer::Away(agent));
        }
    }

    /// The grace period of an agent may be over.
    pub(crate) fn grace_over(&mut self, agent: AgentId, at_ms: u64, step: &mut Step) {
        let over = self.agents.get(&agent).is_some_and(|known| known.grace_ends_ms == Some(at_ms));
        if !over || planted(Planted::KeepsGoneOnline) {
            return;
        }
        self.change(agent, step, |known| {
            known.grace_ends_ms = None;
            known.state = AgentState::Away;
        });
        self.gone(agent, step);
    }

    /// An agent chooses whether it gets visitors.
    pub(crate) fn choose(&mut self, connection: ConnectionId, agent: AgentId, state: AgentState, step: &mut Step) {
        if state == AgentState::Offline {
            return step.refuse(connection, Subject::Connection, Refusal::NotAllowed);
        }
        self.change(agent, step, |known| {
            known.chose_away = state == AgentState::Away;
            known.state = state;
            // Sent even when nothing changed: its console waits for the confirmation.
            known.last_sent = None;
        });
    }

    /// An agent signed out everywhere: offline at once, without grace.
    pub(crate) fn signed_out(&mut self, agent: AgentId, step: &mut Step) {
        if !self.knows(agent) {
            return;
        }
        let grace_ends_ms = self.change(agent, step, |known| {
            known.state = AgentState::Offline;
            known.chose_away = false;
            known.grace_ends_ms.take()
        });
        if let Some(ends_ms) = grace_ends_ms.flatten() {
            step.cancel(ends_ms, Timer::Away(agent));
        }
        step.tell(News::CloseAgent(agent));
        self.gone(agent, step);
    }

    /// A conversation's status has changed: another agent has it, or none.
    pub(crate) fn transition(&mut self, transition: &Transition, step: &mut Step) {
        if let Status::Assigned(agent) = transition.was {
            self.release(agent, transition.conversation, step);
        }
        if let Status::Assigned(agent) = transition.is {
            self.hold(agent, transition.conversation, transition.visitor, step);
        }
    }

    fn hold(&mut self, agent: AgentId, conversation: ConversationId, visitor: VisitorId, step: &mut Step) {
        let was = self.availability(agent);
        self.holding.entry(agent).or_default().insert(conversation, visitor);
        self.changed(agent, was.as_ref(), step);
        if self.agents.get(&agent).is_none_or(|known| !known.connected) {
            step.wake_in(self.gone_after_ms, Timer::GiveBack(agent));
        }
        let state = self.state_of(agent);
        step.send(Audience::Visitor(visitor), ServerFrame::Holder { conversation, state });
    }

    fn release(&mut self, agent: AgentId, conversation: ConversationId, step: &mut Step) {
        let was = self.availability(agent);
        if let Some(held) = self.holding.get_mut(&agent) {
            held.remove(&conversation);
            if held.is_empty() {
                self.holding.remove(&agent);
            }
        }
        self.changed(agent, was.as_ref(), step);
    }

    /// At the start nobody is connected: agents who do not come give back what they hold.
    pub(crate) fn started(&mut self, step: &mut Step) {
        let holders: Vec<_> = self.holding.keys().copied().collect();
        for agent in holders {
            self.gone(agent, step);
        }
    }

    /// The time until an agent gives back what it holds begins.
    fn gone(&mut self, agent: AgentId, step: &mut Step) {
        if let Some(known) = self.agents.get_mut(&agent) {
            known.gone_ms = step.now_ms();
        }
        if self.holding.contains_key(&agent) {
            step.wake_in(self.gone_after_ms, Timer::GiveBack(agent));
        }
    }

    /// What an agent holds is given back, if it is away for long or was removed.
    pub(crate) fn give_back(&mut self, agent: AgentId, step: &mut Step) {
        let back_ms = |known: &AgentLive| known.gone_ms.saturating_add(self.gone_after_ms);
        let here = self
            .agents
            .get(&agent)
            .is_some_and(|known| known.connected || known.elsewhere.is_some() || back_ms(known) > step.now_ms());
        if here || planted(Planted::ForgetsGivenBack) {
            return;
        }
        let held: Vec<_> = self.held_by(agent).collect();
        if !held.is_empty() {
            step.tell(News::GiveBack(held));
        }
    }

    /// Sends agents, visitors and other relays what has changed.
    pub(crate) fn tell(&mut self, step: &mut Step) {
        self.tell_colleagues(step);
        if self.online_sent != self.online {
            self.online_sent.clone_from(&self.online);
            step.tell(News::Answering(self.online.clone()));
        }
        self.publish_presence(step);
    }

    /// Sends agents each colleague that has changed, and visitors the state of their agent.
    fn tell_colleagues(&mut self, step: &mut Step) {
        if self.changed.is_empty() {
            return;
        }
        for id in std::mem::take(&mut self.changed) {
            let Some(agent) = self.summary(id) else { continue };
            let Some(known) = self.agents.get_mut(&id).filter(|known| known.last_sent.as_ref() != Some(&agent)) else {
                continue;
            };
            let before = known.last_sent.replace(agent.clone());
            let rights = known.rights.clone();
            let state = agent.state;
            if before.is_none_or(|before| before.state != state) {
                for (conversation, visitor) in self.holding.get(&id).into_iter().flatten() {
                    let frame = ServerFrame::Holder { conversation: *conversation, state };
                    step.send(Audience::Visitor(*visitor), frame);
                }
            }
            step.send(Audience::Colleagues(id, rights), ServerFrame::Agent { agent });
        }
    }
}
