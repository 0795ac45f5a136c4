//! Agents' connections: each has the rights with which it began, until it ends.

use wire::{AgentId, Close, Counts};

use super::{Connections, Side};
use crate::input::ConnectionId;
use crate::rights::Rights;
use crate::step::Step;

impl Connections {
    /// What an agent may do on its connection. None for a visitor's.
    pub(crate) fn rights_of(&self, connection: ConnectionId) -> Option<&Rights> {
        match &self.all.get(&connection)?.side {
            Side::Agent { rights, .. } => Some(rights),
            Side::Visitor { .. } => None,
        }
    }

    /// An agent's client said hello. False when it was closed.
    pub(crate) fn connect_agent(
        &mut self,
        connection: ConnectionId,
        (agent, rights): (AgentId, Rights),
        step: &mut Step,
    ) -> bool {
        let side = Side::Agent { agent, rights: rights.clone(), counts: Counts::default() };
        let new = self.connect(connection, side, step);
        if new {
            self.of_agents.insert((agent, connection), rights);
        }
        new
    }

    /// An agent signed out, or its rights have changed: all its connections end.
    pub(crate) fn close_agent(&mut self, agent: AgentId, close: Close, step: &mut Step) {
        let all: Vec<_> = self.of_agent(agent).collect();
        for connection in all {
            self.close(connection, close, step);
        }
    }
}
