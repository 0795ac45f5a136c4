//! Which topics this relay subscribes to: what its own clients follow.

use wire::{AgentId, ConversationId, VisitorId};

use super::Core;

impl Core {
    /// Subscribes to a conversation while a client here follows it: one that asked to, its visitor while it is open, or the agent who has it.
    /// Called whenever one of these may have changed, and before anything of the conversation is read for them.
    pub(super) fn subscribe(&mut self, id: ConversationId) {
        let visitor = self.conversations.visitor_of_open(id);
        let agent = self.conversations.holder(id);
        let followed = self.connections.is_followed(id)
            || visitor.is_some_and(|visitor| self.connections.has_visitor(visitor))
            || agent.is_some_and(|agent| self.connections.has_agent(agent));
        self.subscriptions.set_conversation(id, followed, &mut self.step);
    }

    /// A visitor's first connection has come, or the last one has gone.
    pub(super) fn subscribe_for_visitor(&mut self, visitor: VisitorId) {
        let all: Vec<_> = self.conversations.open_or_opening(visitor).collect();
        for id in all {
            self.subscribe(id);
        }
    }

    /// An agent's first connection has come, or the last one has gone.
    pub(super) fn subscribe_for_agent(&mut self, agent: AgentId) {
        self.subscriptions.set_staffed(self.connections.agents() > 0, &mut self.step);
        let all: Vec<_> = self.staff.held_by(agent).collect();
        for id in all {
            self.subscribe(id);
        }
    }
}
