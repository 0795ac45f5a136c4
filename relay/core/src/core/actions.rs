//! What people ask for in one conversation. Whether they may depends on how it stands. Where memory does not know that, the store is asked
//! first: nothing is assumed.

use wire::{AgentId, Body, Many, Refusal};

use super::Core;
use crate::append::{Condition, Draft, DraftBody};
use crate::connections::Who;
use crate::conversation::Conversation;
use crate::conversations::Conversations;
use crate::request::{Action, ActionKind, Asker, Pending};
use crate::staff::BlockRequest;
use crate::store::Query;

impl Core {
    /// Somebody asks for something: carried out now, or once the store has said how the conversation stands.
    pub(super) fn act(&mut self, who: Who, action: Action) {
        if self.conversations.knows(action.conversation) {
            return self.carry_out(who, action, None);
        }
        let conversation = action.conversation;
        self.step.query(Pending::Action(action), Query::Conversation { conversation });
    }

    /// The store has said how the conversation stands. From here on memory knows it, unless it has ended.
    pub(super) fn action_answered(&mut self, action: Action, read: &Conversation) {
        let Some(who) = self.connections.who(action.connection) else { return };
        let followed = self.connections.is_followed(action.conversation);
        self.conversations.adopt(read.clone(), followed, &mut self.step);
        self.pass_on();
        self.carry_out(who, action, Some(read));
    }

    /// `read` is what the store has said, when it was asked.
    fn carry_out(&mut self, who: Who, action: Action, read: Option<&Conversation>) {
        let Action { connection, conversation, .. } = action;
        match (who, &action.kind) {
            (Who::Visitor(Some(visitor)), ActionKind::Leave) => {
                self.conversations.leave_queue(connection, visitor, conversation, 0, &mut self.step);
            }
            (Who::Agent(agent), _) => self.carry_out_for(agent, action, read),
            (Who::Visitor(_), _) => self.step.refuse(connection, action.subject(), Refusal::NotAllowed),
        }
    }

    fn carry_out_for(&mut self, agent: AgentId, action: Action, read: Option<&Conversation>) {
        let (subject, role) = (action.subject(), self.staff.role_of(agent));
        let Action { connection, conversation, kind } = action;
        let may_end = self.conversations.may_end(agent, role, conversation);
        let step = &mut self.step;
        let done = match kind {
            ActionKind::Say(id, body) => self.conversations.may_answer(agent, conversation).map(|()| {
                let draft = Draft { id, author: self.staff.author(agent), body };
                let draft = (draft, Some(Condition::HeldBy(agent)));
                self.conversations.record_for_agent(connection, conversation, draft, step);
            }),
            ActionKind::End(id) => may_end.map(|()| {
                let draft = Draft { id, author: self.staff.author(agent), body: DraftBody::Ready(Body::Closed) };
                let draft = (draft, Conversations::if_may_end(agent, role));
                self.conversations.record_for_agent(connection, conversation, draft, step);
            }),
            ActionKind::Spam(id) => may_end.map(|()| {
                let (author, condition) = (self.staff.author(agent), Conversations::if_may_end(agent, role));
                self.conversations.spam(connection, author, (conversation, id), condition, step);
            }),
            ActionKind::Take => {
                let wanted = self.wanted(conversation).or_else(|| read.map(Conversations::wanted_read));
                let asker = Asker { connection, attempts: 0 };
                self.routing.take((conversation, wanted), agent, asker, &mut self.step);
                Ok(())
            }
            ActionKind::Release => {
                let by = (self.staff.author(agent), agent, role);
                self.conversations.release(connection, by, (conversation, read), step);
                Ok(())
            }
            ActionKind::Block(scope, for_ms, reason) => {
                let person = self.conversations.person(conversation, read);
                let request = BlockRequest { conversation, scope, for_ms, reason: &reason };
                self.staff.block((connection, agent), request, person, step);
                Ok(())
            }
            ActionKind::EndNetwork => {
                let person = self.conversations.person(conversation, read);
                let by = (self.staff.author(agent), role);
                self.conversations.end_many(connection, by, (Many::OfNetwork { conversation }, person), step);
                Ok(())
            }
            ActionKind::Leave => Err(Refusal::NotAllowed),
        };
        if let Err(refusal) = done {
            self.step.refuse(connection, subject, refusal);
        }
    }
}
