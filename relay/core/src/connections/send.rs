//! Sending: frames for one connection or for many, in the order in which they were made.

use wire::limit::HELD_BYTES_MAX;
use wire::{Close, ConversationId, Event, Lane, ServerFrame, VisitorId};

use super::Connections;
use crate::input::ConnectionId;
use crate::news::Audience;
use crate::output::Output;
use crate::planted::{Planted, planted};
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
            Audience::Visitors => {
                let visitors = self.all.iter().filter(|(_, known)| !matches!(known.side, super::Side::Agent(_)));
                visitors.map(|(id, _)| *id).collect()
            }
            Audience::Agents => {
                // Agents are welcomed at once, so no frame must be held back. With many consoles, looking each one up would cost more than the rest.
                let to: Vec<_> = self.of_agents.iter().map(|(_, connection)| *connection).collect();
                if !to.is_empty() {
                    step.output(Output::Send { to, frame });
                }
                return;
            }
            Audience::Conversation { conversation, agent, except, visitor } => {
                let mut to = self.staff_of(conversation, &[agent]);
                if let Some(except) = except {
                    to.retain(|connection| !self.of_agents.contains(&(except, *connection)));
                }
                to.extend(visitor.into_iter().flat_map(|visitor| self.of_visitor(visitor)));
                to
            }
        };
        self.send_to(to, frame, step);
    }

    /// Each event to everybody it concerns: the shared lane to all of the visitor's connections, both lanes to the agents who follow the
    /// conversation and to those who have or just had it.
    pub(crate) fn send_events(
        &mut self,
        visitor: VisitorId,
        agents: &[Option<wire::AgentId>],
        events: Vec<Event>,
        step: &mut Step,
    ) {
        let Some(conversation) = events.first().map(|event| event.conversation) else { return };
        let staff = self.staff_of(conversation, agents);
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

    /// The agents' connections that a conversation concerns, in order.
    fn staff_of(&self, conversation: ConversationId, agents: &[Option<wire::AgentId>]) -> Vec<ConnectionId> {
        let mut to: Vec<_> = self.followers.get(&conversation).into_iter().flatten().copied().collect();
        to.extend(agents.iter().flatten().flat_map(|agent| self.of_agent(*agent)));
        to.sort_unstable();
        to.dedup();
        to
    }

    /// One frame to one connection.
    pub(crate) fn send_one(&mut self, connection: ConnectionId, frame: ServerFrame, step: &mut Step) {
        self.send_to(vec![connection], frame, step);
    }

    /// One frame to many connections. Those that still wait for their `Welcome` get it after that.
    fn send_to(&mut self, mut to: Vec<ConnectionId>, frame: ServerFrame, step: &mut Step) {
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
