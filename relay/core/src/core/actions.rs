//! Requests about one conversation. Whether they are allowed depends on the conversation's state. When it is not in memory, the store is asked
//! first: nothing is assumed.

use relay_settings::Right;
use wire::{AgentId, Body, ConversationId, Many, Refusal};

use super::Core;
use crate::append::{Condition, NewBody, NewEvent};
use crate::conversation::Conversation;
use crate::conversations::Conversations;
use crate::input::ConnectionId;
use crate::request::{Action, ActionKind, AgentAction, Asker, Pending};
use crate::staff::BlockRequest;
use crate::store::Query;

impl Core {
    /// Carries out a request: now, or when the store has read the conversation.
    pub(super) fn act(&mut self, action: Action) {
        if self.conversations.knows(action.conversation) {
            return self.carry_out(action, None);
        }
        let conversation = action.conversation;
        self.step.query(Pending::Action(action), Query::Conversation { conversation });
    }

    /// The store has read the conversation. From here on it is in memory, unless it has ended.
    pub(super) fn action_answered(&mut self, action: Action, read: &Conversation) {
        if self.connections.who(action.connection).is_none() {
            return;
        }
        let followed = self.connections.is_followed(action.conversation);
        self.conversations.adopt(read.clone(), followed, &mut self.step);
        self.pass_on();
        self.carry_out(action, Some(read));
    }

    /// `read` is the conversation from the store, when it was asked.
    fn carry_out(&mut self, action: Action, read: Option<&Conversation>) {
        let subject = action.subject();
        let Action { connection, conversation, kind } = action;
        match kind {
            ActionKind::LeaveQueue(visitor) => {
                self.conversations.leave_queue(connection, visitor, conversation, 0, &mut self.step);
            }
            ActionKind::OfAgent(agent, action) => {
                if let Err(refusal) = self.carry_out_for((connection, agent), conversation, action, read) {
                    self.step.refuse(connection, subject, refusal);
                }
            }
        }
    }

    fn carry_out_for(
        &mut self,
        (connection, agent): (ConnectionId, AgentId),
        conversation: ConversationId,
        action: AgentAction,
        read: Option<&Conversation>,
    ) -> Result<(), Refusal> {
        let Some(rights) = self.connections.rights_of(connection).cloned() else { return Ok(()) };
        let site = self.conversations.site_of(conversation).or_else(|| read.map(|read| &read.site));
        let may = |right| site.is_some_and(|site| rights.in_site(right, site));
        let (end_any, release_any) = (may(Right::ConversationEndAny), may(Right::ConversationReleaseAny));
        let over = may(Right::ConversationTakeOver);
        let may_end = self.conversations.may_end(agent, end_any, conversation);
        let step = &mut self.step;
        match action {
            AgentAction::Say(id, body) => self.conversations.may_answer(agent, conversation).map(|()| {
                let new_event = NewEvent { id, author: self.staff.author(agent), body };
                let new_event = (new_event, Some(Condition::HeldBy(agent)));
                self.conversations.record_for_agent(connection, conversation, new_event, step);
            }),
            AgentAction::Record(id, body) => {
                let new_event = NewEvent { id, author: self.staff.author(agent), body: NewBody::Ready(body) };
                self.conversations.record_for_agent(connection, conversation, (new_event, None), step);
                Ok(())
            }
            AgentAction::End(id) => may_end.map(|()| {
                let new_event = NewEvent { id, author: self.staff.author(agent), body: NewBody::Ready(Body::Closed) };
                let new_event = (new_event, Conversations::if_may_end(agent, end_any));
                self.conversations.record_for_agent(connection, conversation, new_event, step);
            }),
            AgentAction::Spam(id) => may_end.map(|()| {
                let (author, condition) = (self.staff.author(agent), Conversations::if_may_end(agent, end_any));
                self.conversations.spam(connection, author, (conversation, id), condition, step);
            }),
            AgentAction::Take => {
                let view = self.assignment_view(conversation).or_else(|| read.map(Conversations::assignment_view_of));
                let asker = Asker { connection, attempts: 0, over };
                self.routing.take((conversation, view), agent, asker, &mut self.step);
                Ok(())
            }
            AgentAction::Release => {
                let by = (self.staff.author(agent), agent, release_any);
                self.conversations.release(connection, by, (conversation, read), step);
                Ok(())
            }
            AgentAction::Block(scope, for_ms, reason) => {
                let person = self.conversations.person(conversation, read);
                let request = BlockRequest { conversation, scope, for_ms, reason: &reason };
                self.staff.block((connection, agent, &rights), request, person, step);
                Ok(())
            }
            AgentAction::EndNetwork => {
                let person = self.conversations.person(conversation, read);
                let by = (self.staff.author(agent), agent, &rights);
                self.conversations.end_many(connection, by, (Many::OfNetwork { conversation }, person), step);
                Ok(())
            }
        }
    }
}
