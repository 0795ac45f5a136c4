//! The agents as the store has them, and what they may do by the documents in force.

use std::collections::BTreeSet;

use relay_settings::Snapshot;
use wire::limit::CAPACITY_MAX;
use wire::{AgentId, AgentState, AgentSummary, ServerFrame};

use super::{AgentLive, Staff};
use crate::input::Agent;
use crate::news::{Audience, News};
use crate::rights::Rights;
use crate::step::Step;

impl Staff {
    /// The agents in the store now.
    pub(crate) fn set(&mut self, agents: Vec<Agent>, step: &mut Step) {
        let kept: BTreeSet<AgentId> = agents.iter().map(|agent| agent.id).collect();
        let removed: Vec<_> = self.agents.keys().filter(|agent| !kept.contains(agent)).copied().collect();
        for agent in removed {
            self.presence.forget(agent);
            self.change(agent, step, |known| known.elsewhere = None);
            self.signed_out(agent, step);
            // Colleagues see it go offline before it is forgotten.
            self.tell_colleagues(step);
            self.agents.remove(&agent);
            step.tell(News::Availability(agent, None));
            self.give_back(agent, step);
        }
        for mut settings in agents {
            settings.capacity = settings.capacity.clamp(1, CAPACITY_MAX);
            let id = settings.id;
            let rights = Rights::of(&settings, &self.documents);
            self.set_rights(id, rights.clone(), step);
            let known = self.change(id, step, |known| known.settings.clone_from(&settings));
            if known.is_none() {
                self.agents.insert(id, AgentLive::new(settings, rights, step.now_ms()));
                self.changed(id, None, step);
            }
        }
        self.look_at_hours(step);
    }

    /// The documents in force now: roles may give other rights.
    pub(crate) fn set_documents(&mut self, documents: Snapshot, step: &mut Step) {
        let rights = self.agents.iter().map(|(id, known)| (*id, Rights::of(&known.settings, &documents)));
        for (agent, rights) in rights.collect::<Vec<_>>() {
            self.set_rights(agent, rights, step);
        }
        self.documents = documents;
        self.look_at_hours(step);
    }

    /// An agent may do this from now on. When that is something else, its connections begin anew, and it is shown to whoever sees it now.
    fn set_rights(&mut self, agent: AgentId, rights: Rights, step: &mut Step) {
        let Some(before) = self.rights_of(agent).filter(|known| **known != rights).cloned() else { return };
        // Whoever sees it no longer must not go on to take it for online.
        if let Some(summary) = self.summary(agent).filter(|summary| summary.state != AgentState::Offline) {
            let agent_gone = AgentSummary { state: AgentState::Offline, ..summary };
            step.send(Audience::Colleagues(agent, before), ServerFrame::Agent { agent: agent_gone });
        }
        self.change(agent, step, |known| {
            known.rights = rights;
            if !known.answers() && known.state == AgentState::Online {
                known.state = AgentState::Away;
            }
            known.last_sent = None;
        });
        step.tell(News::RightsChanged(agent));
    }
}
