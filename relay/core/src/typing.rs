//! Somebody is typing: passes from one side to the other, often enough to be seen and no oftener.

use wire::{AgentId, ConversationId, Party, ServerFrame};

use crate::Core;
use crate::commit::Live;
use crate::connection::Who;
use crate::input::{ConnectionId, Typing};
use crate::output::Output;

/// A line that says it oftener than this, for one conversation, is not listened to.
const TYPING_PASSES_EVERY_MS: u64 = 1_000;

impl Core {
    /// A client says that somebody types. What cannot be passed on is dropped: a sign of life is not worth a refusal,
    /// and the answer is the same for conversations of others and for none.
    pub(crate) fn typing_said(&mut self, connection: ConnectionId, conversation: ConversationId) {
        let Some(live) = self.conversations.get(&conversation) else { return };
        let Some(line) = self.connections.get(&connection) else { return };
        if live.conversation.closed() {
            return;
        }
        let typing = match line.who() {
            Who::Visitor(visitor) => {
                if visitor != Some(live.conversation.visitor) {
                    return;
                }
                Typing { conversation, party: Party::Visitor, agent: None, name: String::new() }
            }
            Who::Agent(agent) => {
                // Only who may answer seems to answer.
                if live.holder() != Some(agent) {
                    return;
                }
                let name = self.agents.get(&agent).map(|known| known.settings.name.clone()).unwrap_or_default();
                Typing { conversation, party: Party::Staff, agent: Some(agent), name }
            }
        };
        let now_ms = self.now_ms;
        let Some(line) = self.connections.get_mut(&connection) else { return };
        line.typed_at_ms.retain(|_, at_ms| now_ms.saturating_sub(*at_ms) < TYPING_PASSES_EVERY_MS);
        if line.typed_at_ms.contains_key(&conversation) {
            return;
        }
        line.typed_at_ms.insert(conversation, now_ms);
        self.outputs.push_back(Output::Typing(typing));
    }

    /// The bus says that somebody types.
    pub(crate) fn typing_heard(&mut self, typing: Typing) {
        let Typing { conversation, party, agent, name } = typing;
        let holder = self.conversations.get(&conversation).and_then(Live::holder);
        let mut to = self.staff_of(conversation, &holder.into_iter().collect());
        if let Some(own) = agent.and_then(|agent: AgentId| self.agents.get(&agent)) {
            to.retain(|connection| !own.connections.contains(connection));
        }
        let mut to: Vec<_> = to.into_iter().collect();
        if party == Party::Staff {
            to.extend(self.visitor_connections(conversation));
        }
        self.send(&to, ServerFrame::Typing { conversation, party, name });
    }
}
