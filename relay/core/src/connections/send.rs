//! Sending: frames for one connection or for many, in the order in which they were made.

use relay_settings::{Reach, Right};
use wire::limit::HELD_BYTES_MAX;
use wire::{AgentId, Close, ConversationId, ConversationSummary, Counts, Event, Lane, ServerFrame, SiteId, VisitorId};

use super::{Connections, Side};
use crate::input::ConnectionId;
use crate::news::Audience;
use crate::output::Output;
use crate::planted::{Planted, planted};
use crate::rights::Rights;
use crate::step::Step;
use crate::weight;

/// Frames that wait for a connection's `Welcome`.
#[derive(Debug, Default)]
pub(super) struct Held {
    frames: Vec<ServerFrame>,
    /// Their weight, at most `HELD_BYTES_MAX`.
    bytes: usize,
}

impl Held {
    pub(super) fn into_frames(self) -> Vec<ServerFrame> {
        self.frames
    }
}

impl Connections {
    /// One frame for everybody it concerns.
    pub(crate) fn send(&mut self, audience: Audience, frame: ServerFrame, step: &mut Step) {
        let to = match audience {
            Audience::One(connection) => vec![connection],
            Audience::Visitor(visitor) => self.of_visitor(visitor).collect(),
            Audience::Colleagues(agent, rights) => {
                let sees = |other: &AgentId, theirs: &Rights| *other == agent || theirs.sees(&rights);
                return self.send_agents(sees, frame, step);
            }
            Audience::Conversation { conversation, site, agent, except, visitor } => {
                let mut to = self.staff_of(conversation, &site, &[agent]);
                if let Some(except) = except {
                    to.retain(|connection| !self.of_agents.contains_key(&(except, *connection)));
                }
                to.extend(visitor.into_iter().flat_map(|visitor| self.of_visitor(visitor)));
                to
            }
        };
        self.send_to(to, frame, step);
    }

    /// A row to the consoles of all who may read its conversation.
    pub(crate) fn send_row(&mut self, row: ConversationSummary, step: &mut Step) {
        let site = row.site.clone();
        let reads = |_: &AgentId, rights: &Rights| {
            rights.in_site(Right::ConversationRead, &site) || planted(Planted::SkipsScope)
        };
        self.send_agents(reads, ServerFrame::Inbox { row }, step);
    }

    /// One frame for the consoles of some agents. Agents are welcomed at once, so no frame must be held back.
    fn send_agents(&self, of: impl Fn(&AgentId, &Rights) -> bool, frame: ServerFrame, step: &mut Step) {
        let consoles = self.of_agents.iter().filter(|((agent, _), rights)| of(agent, rights));
        let to: Vec<_> = consoles.map(|((_, connection), _)| *connection).collect();
        if !to.is_empty() {
            step.output(Output::Send { to, frame });
        }
    }

    /// Counts for each console whose counts have changed; `counts` are those of some sites.
    pub(crate) fn send_counts(&mut self, counts: impl Fn(&Reach<SiteId>) -> Counts, step: &mut Step) {
        // Many consoles have the same sites; each selection is counted once.
        let mut known: Vec<(Reach<SiteId>, Counts, Vec<ConnectionId>)> = Vec::new();
        for ((_, connection), rights) in &self.of_agents {
            let sites = rights.sites(Right::ConversationRead);
            let at = known.iter().position(|(other, ..)| *other == sites).unwrap_or_else(|| {
                let counts = counts(&sites);
                known.push((sites, counts, Vec::new()));
                known.len() - 1
            });
            let Some(Side::Agent { counts: sent, .. }) = self.all.get_mut(connection).map(|known| &mut known.side)
            else {
                continue;
            };
            if std::mem::replace(sent, known[at].1) != known[at].1 {
                known[at].2.push(*connection);
            }
        }
        for (_, counts, to) in known {
            if !to.is_empty() {
                step.output(Output::Send { to, frame: ServerFrame::Counts { counts } });
            }
        }
    }

    /// The counts that a console is welcomed with.
    pub(crate) fn welcome_counts(&mut self, connection: ConnectionId, counts: Counts, step: &mut Step) {
        if let Some(Side::Agent { counts: sent, .. }) = self.all.get_mut(&connection).map(|known| &mut known.side) {
            *sent = counts;
        }
        self.send_one(connection, ServerFrame::Counts { counts }, step);
    }

    /// Each event to everybody it concerns: the shared lane to all of the visitor's connections, both lanes to the agents who follow the
    /// conversation and to those who have or just had it.
    pub(crate) fn send_events(
        &mut self,
        (visitor, site): (VisitorId, &SiteId),
        agents: &[Option<AgentId>],
        events: Vec<Event>,
        step: &mut Step,
    ) {
        let Some(conversation) = events.first().map(|event| event.conversation) else { return };
        let staff = self.staff_of(conversation, site, agents);
        let mut all = staff.clone();
        all.extend(self.of_visitor(visitor));
        for event in events {
            let to = match event.lane {
                Lane::Shared => all.clone(),
                Lane::Staff if planted(Planted::LeaksNotes) => all.clone(),
                Lane::Staff => staff.clone(),
            };
            self.send_to(to, ServerFrame::Event { event }, step);
        }
    }

    /// The agents' connections that a conversation concerns and who may read it, in order.
    fn staff_of(&self, conversation: ConversationId, site: &SiteId, agents: &[Option<AgentId>]) -> Vec<ConnectionId> {
        let mut to: Vec<_> = self.followers.get(&conversation).into_iter().flatten().copied().collect();
        to.extend(agents.iter().flatten().flat_map(|agent| self.of_agent(*agent)));
        to.sort_unstable();
        to.dedup();
        let reads = |rights: &Rights| rights.in_site(Right::ConversationRead, site);
        to.retain(|connection| self.rights_of(*connection).is_some_and(reads));
        to
    }

    /// One frame to one connection.
    pub(crate) fn send_one(&mut self, connection: ConnectionId, frame: ServerFrame, step: &mut Step) {
        self.send_to(vec![connection], frame, step);
    }

    /// One frame to many connections. Those that still wait for their `Welcome` get it after that.
    pub(super) fn send_to(&mut self, mut to: Vec<ConnectionId>, frame: ServerFrame, step: &mut Step) {
        let mut slow = Vec::new();
        to.retain(|connection| match self.all.get_mut(connection).map(|known| known.held.as_mut()) {
            None => false,
            Some(None) => true,
            Some(Some(held)) => {
                held.bytes += weight::of_frame(&frame);
                if held.bytes <= HELD_BYTES_MAX {
                    held.frames.push(frame.clone());
                } else {
                    slow.push(*connection);
                }
                false
            }
        });
        if !to.is_empty() {
            step.output(Output::Send { to, frame });
        }
        for connection in slow {
            self.close(connection, Close::Slow, step);
        }
    }
}
