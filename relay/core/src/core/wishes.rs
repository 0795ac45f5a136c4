//! What people wish about one conversation. Whether they may depends on how it stands. Where memory does not know that, the store is asked
//! first: nothing is assumed.

use wire::{AgentId, Body, Refusal};

use super::Core;
use crate::append::{Draft, DraftBody};
use crate::connections::Who;
use crate::conversation::Conversation;
use crate::conversations::Conversations;
use crate::request::{Asker, Pending, What, Wish};
use crate::staff::BlockWish;
use crate::store::Query;

impl Core {
    /// Somebody wishes something: carried out now, or once the store has said how the conversation stands.
    pub(super) fn wish(&mut self, who: Who, wish: Wish) {
        if self.conversations.knows(wish.conversation) {
            return self.carry_out(who, wish, None);
        }
        let conversation = wish.conversation;
        self.step.query(Pending::Wish(wish), Query::Conversation { conversation });
    }

    /// The store has said how the conversation stands. From here on memory knows it, unless it has ended.
    pub(super) fn wish_answered(&mut self, wish: Wish, read: &Conversation) {
        let Some(who) = self.connections.who(wish.connection) else { return };
        let followed = self.connections.is_followed(wish.conversation);
        self.conversations.adopt(read.clone(), followed, &mut self.step);
        self.pass_on();
        self.carry_out(who, wish, Some(read));
    }

    /// `read` is what the store has said, when it was asked.
    fn carry_out(&mut self, who: Who, wish: Wish, read: Option<&Conversation>) {
        let Wish { connection, conversation, .. } = wish;
        match (who, &wish.what) {
            (Who::Visitor(Some(visitor)), What::Leave) => {
                self.conversations.leave_queue(connection, visitor, conversation, 0, &mut self.step);
            }
            (Who::Agent(agent), _) => self.carry_out_for(agent, wish, read),
            (Who::Visitor(_), _) => self.step.refuse(connection, wish.subject(), Refusal::NotAllowed),
        }
    }

    fn carry_out_for(&mut self, agent: AgentId, wish: Wish, read: Option<&Conversation>) {
        let (subject, role) = (wish.subject(), self.staff.role_of(agent));
        let Wish { connection, conversation, what } = wish;
        let may_end = self.conversations.may_end(agent, role, conversation);
        let step = &mut self.step;
        let done = match what {
            What::Say(id, body) => self.conversations.may_answer(agent, conversation).map(|()| {
                let draft = Draft { id, author: self.staff.author(agent), body };
                self.conversations.record_for_agent(connection, conversation, draft, step);
            }),
            What::End(id) => may_end.map(|()| {
                let draft = Draft { id, author: self.staff.author(agent), body: DraftBody::Ready(Body::Closed) };
                self.conversations.record_for_agent(connection, conversation, draft, step);
            }),
            What::Spam(id) => may_end.map(|()| {
                self.conversations.spam(connection, self.staff.author(agent), (conversation, id), step);
            }),
            What::Take => {
                let wanted = self.wanted(conversation).or_else(|| read.map(Conversations::wanted_read));
                let asker = Asker { connection, attempts: 0 };
                self.routing.take((conversation, wanted), agent, asker, &mut self.step);
                Ok(())
            }
            What::Release => {
                let by = (self.staff.author(agent), agent, role);
                self.conversations.release(connection, by, (conversation, read), step);
                Ok(())
            }
            What::Block(scope, for_ms, reason) => {
                let person = self.conversations.person(conversation).or_else(|| read.map(Conversations::person_read));
                let wish = BlockWish { conversation, scope, for_ms, reason: &reason };
                self.staff.block((connection, agent), wish, person, step);
                Ok(())
            }
            What::Leave => Err(Refusal::NotAllowed),
        };
        if let Err(refusal) = done {
            self.step.refuse(connection, subject, refusal);
        }
    }
}
