//! The topics that the relay is subscribed to: at every moment what its clients follow, and nothing else.

use relay_core::{Input, Output, Peer};
use wire::{ClientFrame, VisitorId};

use crate::relay::Relay;
use crate::world::{World, sites};

impl Relay {
    /// Something reaches the core.
    pub(crate) fn note_input(&mut self, input: &Input) {
        match input {
            Input::Connected { connection, peer, follow } => {
                let visitor = match peer {
                    Peer::Visitor { visitor, .. } => Some(visitor.unwrap_or(VisitorId(0))),
                    Peer::Agent { .. } => None,
                };
                self.peers.insert(*connection, visitor);
                self.followed.connected(*connection, peer, follow);
            }
            Input::Frame { connection, frame } => {
                if let Some(frame) = follow_of(frame) {
                    self.followed.said(*connection, &frame);
                }
            }
            Input::Registered { connection, visitor, .. } => {
                if let Some(peer) = self.peers.get_mut(connection) {
                    *peer = Some(*visitor);
                }
            }
            Input::Disconnected { connection } => {
                self.peers.remove(connection);
                self.followed.gone(*connection);
            }
            _ => {}
        }
    }

    /// The core wants something done.
    pub(crate) fn note_output(&mut self, output: &Output) {
        self.followed.output(output);
        match output {
            Output::Send { to, frame } => to.iter().for_each(|connection| self.followed.sent(*connection, frame)),
            Output::Close { connection, .. } => {
                self.peers.remove(connection);
                self.followed.gone(*connection);
            }
            _ => {}
        }
    }
}

/// What an agent asks to follow, or not to.
fn follow_of(frame: &wire::Incoming) -> Option<ClientFrame> {
    match frame {
        wire::Incoming::Agent(wire::FromAgent::Follow { follow }) => Some(ClientFrame::Follow { follow: *follow }),
        wire::Incoming::Agent(wire::FromAgent::Unfollow { conversation }) => {
            Some(ClientFrame::Unfollow { conversation: *conversation })
        }
        _ => None,
    }
}

impl World {
    /// The core is at rest.
    pub(crate) fn topics_have_followers(&self) {
        if self.relay.core.is_some() {
            self.relay.followed.check_always(&self.relay.peers, &sites());
        }
    }

    /// All is well, and nothing is under way.
    pub(crate) fn topics_are_exact(&self) {
        assert!(self.relay.core.is_some(), "the relay is up");
        self.relay.followed.check(&self.relay.store, &self.relay.peers, &sites());
    }
}
