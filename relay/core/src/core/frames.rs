//! Clients' frames: each goes to the machine that it concerns, with what that machine needs to know of the others.

use relay_settings::Right;
use wire::{
    AgentId, Body, Close, ConversationId, Follow, FromAgent, FromVisitor, Incoming, Lane, Many, MessageId, Party,
    Refusal, Say, ServerFrame, Subject, VisitorId,
};

use super::Core;
use crate::admit::{about, admit_say};
use crate::append::NewBody;
use crate::connections::Who;
use crate::conversations::{MessageEffect, Reader, VisitorEvent};
use crate::input::{ConnectionId, Typing};
use crate::news::{Audience, News};
use crate::output::Output;
use crate::request::{Action, ActionKind, AgentAction, Page, Pending};
use crate::store::Query;

impl Core {
    /// One frame of a client.
    pub(super) fn frame(&mut self, connection: ConnectionId, frame: Incoming) {
        let Some(who) = self.connections.admit(connection, &frame, &mut self.step) else { return };
        match (who, frame) {
            (who, frame) if frame.is_ping() => self.ping(connection, who),
            (Who::Visitor(None), Incoming::Visitor(frame)) => self.frame_of_stranger(connection, frame),
            (Who::Visitor(Some(visitor)), Incoming::Visitor(frame)) => {
                self.frame_of_visitor(connection, visitor, frame);
            }
            (Who::Agent(agent), Incoming::Agent(frame)) => self.frame_of_agent(connection, agent, frame),
            // Cannot be: the shell decodes a connection's frames as its side's.
            (Who::Visitor(_), Incoming::Agent(_)) | (Who::Agent(_), Incoming::Visitor(_)) => {
                self.connections.close(connection, Close::Malformed, &mut self.step);
            }
        }
    }

    /// A frame of a visitor who did not register yet.
    fn frame_of_stranger(&mut self, connection: ConnectionId, frame: FromVisitor) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "a visitor without a token may do nothing else")]
        match frame {
            FromVisitor::Register => self.connections.register(connection, &mut self.step),
            FromVisitor::Page { page } => {
                self.connections.set_page(connection, &page);
            }
            frame => self.step.refuse(connection, frame.subject(), Refusal::NotAllowed),
        }
    }

    /// A frame of a registered visitor.
    fn frame_of_visitor(&mut self, connection: ConnectionId, visitor: VisitorId, frame: FromVisitor) {
        let step = &mut self.step;
        match frame {
            FromVisitor::Say { conversation, id, say } => {
                self.visitor_says(connection, visitor, (conversation, id), say);
            }
            FromVisitor::Typing { conversation } => self.typing_said(connection, conversation),
            FromVisitor::Seen { conversation, up_to } => {
                let reader = Reader::Visitor(visitor);
                self.conversations.seen(connection, reader, (conversation, up_to), step);
            }
            FromVisitor::LeaveQueue { conversation } => {
                self.act(Action { connection, conversation, kind: ActionKind::LeaveQueue(visitor) });
            }
            FromVisitor::End { conversation, id } => {
                let event = VisitorEvent { visitor, conversation, id, body: NewBody::Ready(Body::Closed) };
                self.conversations.record(connection, event, step);
            }
            FromVisitor::Rate { conversation, id, score, comment } => {
                self.conversations.rate(connection, (visitor, conversation, id), (score, &comment), step);
            }
            FromVisitor::Follow { follow } => self.follow(connection, follow),
            FromVisitor::Unfollow { conversation } => {
                self.connections.unfollow(connection, conversation, step);
            }
            FromVisitor::Fetch { conversation, lane, after } => {
                let page = Page { connection, conversation, lane, after, follow: false };
                self.conversations.page(page, Some(Some(visitor)), step);
            }
            FromVisitor::Page { page } => {
                if let Some(page) = self.connections.set_page(connection, &page) {
                    self.conversations.note_page(visitor, page, step);
                }
            }
            FromVisitor::Register => step.refuse(connection, Subject::Connection, Refusal::NotAllowed),
            FromVisitor::Ping => {}
        }
    }

    /// A visitor's message. When it opens a conversation or needs a new turn in the queue, the rates of opening apply.
    fn visitor_says(
        &mut self,
        connection: ConnectionId,
        visitor: VisitorId,
        (conversation, id): (ConversationId, MessageId),
        say: Say,
    ) {
        let admitted = admit_say(say).and_then(|body| {
            let effect = self.conversations.effect(visitor, conversation)?;
            if matches!(effect, MessageEffect::Open | MessageEffect::Queue { keep: None }) {
                let (source, known) = self.conversations.origin(visitor);
                self.routing.may_open(source, known, &self.step)?;
            }
            Ok((effect, VisitorEvent { visitor, conversation, id, body }))
        });
        let step = &mut self.step;
        match admitted {
            Ok((MessageEffect::Record, event)) => self.conversations.record(connection, event, step),
            Ok((MessageEffect::Queue { keep }, event)) => self.conversations.queue_again(connection, event, keep, step),
            Ok((MessageEffect::Open, event)) => {
                if let Some(at) = self.connections.page_of(connection) {
                    self.conversations.open_with(connection, event, at, step);
                    self.subscribe(conversation);
                }
            }
            Err(refusal) => step.refuse(connection, Subject::Message { conversation, id }, refusal),
        }
    }

    /// A frame of an agent.
    fn frame_of_agent(&mut self, connection: ConnectionId, agent: AgentId, frame: FromAgent) {
        let Some(rights) = self.admit_agent(connection, &frame) else { return };
        let about_what = frame.subject();
        let action = |core: &mut Self, conversation, action| {
            core.act(Action { connection, conversation, kind: ActionKind::OfAgent(agent, action) });
        };
        let step = &mut self.step;
        match frame {
            FromAgent::Say { conversation, id, say } => match admit_say(say) {
                Ok(body) => action(self, conversation, AgentAction::Say(id, body)),
                Err(refusal) => step.refuse(connection, about_what, refusal),
            },
            FromAgent::Record { conversation, id, body } => match body.by_agent() {
                Ok(body) => action(self, conversation, AgentAction::Record(id, body)),
                Err(refusal) => step.refuse(connection, about_what, refusal),
            },
            FromAgent::Note { conversation, id, text } => match (Body::Note { text }).by_agent() {
                Ok(body) => action(self, conversation, AgentAction::Record(id, body)),
                Err(refusal) => step.refuse(connection, about_what, refusal),
            },
            FromAgent::End { conversation, id } => action(self, conversation, AgentAction::End(id)),
            FromAgent::Spam { conversation, id } => action(self, conversation, AgentAction::Spam(id)),
            FromAgent::Take { conversation } => action(self, conversation, AgentAction::Take),
            FromAgent::Release { conversation } => action(self, conversation, AgentAction::Release),
            FromAgent::Block { conversation, scope, for_ms, reason } => {
                action(self, conversation, AgentAction::Block(scope, for_ms, reason));
            }
            FromAgent::Typing { conversation } => self.typing_said(connection, conversation),
            FromAgent::Seen { conversation, up_to } => {
                let reader = Reader::Agent(agent, self.staff.author(agent));
                self.conversations.seen(connection, reader, (conversation, up_to), step);
            }
            FromAgent::Follow { follow } => self.follow(connection, follow),
            FromAgent::Unfollow { conversation } => {
                self.connections.unfollow(connection, conversation, step);
            }
            FromAgent::Fetch { conversation, lane, after } => {
                let page = Page { connection, conversation, lane, after, follow: false };
                self.conversations.page(page, None, step);
            }
            FromAgent::Presence { state } => self.choose(connection, agent, state),
            FromAgent::ListClosed { before_ms, before } => {
                let sites = rights.sites(Right::ConversationRead);
                step.query(Pending::ListClosed { connection, before_ms }, Query::Closed { before_ms, before, sites });
            }
            FromAgent::ListOfVisitor { visitor } => {
                let sites = rights.sites(Right::ConversationRead);
                step.query(Pending::ListOfVisitor { connection, visitor }, Query::OfVisitor { visitor, sites });
            }
            FromAgent::ListOpen { view, find, after } => {
                self.conversations.list_open(connection, &rights, (view, find), after, step);
            }
            FromAgent::EndMany { many: Many::OfNetwork { conversation } } => {
                action(self, conversation, AgentAction::EndNetwork);
            }
            FromAgent::EndMany { many } => {
                let by = (self.staff.author(agent), agent, &rights);
                self.conversations.end_many(connection, by, (many, None), step);
            }
            FromAgent::Unblock { block } => self.staff.unblock((connection, agent, &rights), block, step),
            FromAgent::ListBlocks => self.staff.tell_blocks(connection, &rights, Ok(()), step),
            FromAgent::Flood { on } => self.routing.declare_flood(on),
            FromAgent::Ping => {}
        }
    }

    /// A client follows a conversation. Agents are registered as followers before the store is read, so that no event is missed in between. A
    /// visitor is sent the shared lane of all their conversations anyway.
    pub(super) fn follow(&mut self, connection: ConnectionId, follow: Follow) {
        let Follow { conversation, after } = follow;
        let page = |lane, after| Page { connection, conversation, lane, after, follow: true };
        match self.connections.who(connection) {
            None => {}
            Some(Who::Visitor(visitor)) => {
                self.conversations.page(page(Lane::Shared, after.shared), Some(visitor), &mut self.step);
            }
            Some(Who::Agent(_)) if self.connections.follow(connection, conversation) => {
                self.subscribe(conversation);
                self.conversations.page(page(Lane::Shared, after.shared), None, &mut self.step);
                self.conversations.page(page(Lane::Staff, after.staff), None, &mut self.step);
            }
            Some(Who::Agent(_)) => self.step.refuse(connection, about(conversation), Refusal::NotAllowed),
        }
    }

    /// Answers a ping with the last numbers of everything that this connection follows.
    fn ping(&mut self, connection: ConnectionId, who: Who) {
        let heads = match who {
            Who::Visitor(None) => Vec::new(),
            Who::Visitor(Some(visitor)) => self.conversations.heads_of(visitor),
            Who::Agent(_) => self.conversations.heads(self.connections.following(connection)),
        };
        self.step.send(Audience::One(connection), ServerFrame::Pong { heads });
    }

    /// A client types. What may not be passed on is dropped without a refusal: so the answer is the same for other people's conversations and
    /// for those that do not exist.
    fn typing_said(&mut self, connection: ConnectionId, conversation: ConversationId) {
        let (visitor, agent) = match self.connections.who(connection) {
            Some(Who::Visitor(visitor)) => (visitor, None),
            Some(Who::Agent(agent)) => (None, Some(agent)),
            None => return,
        };
        let Some(party) = self.conversations.types(conversation, visitor, agent) else { return };
        if self.connections.types(connection, conversation, self.step.now_ms()) {
            let name = agent.filter(|_| party == Party::Staff).map(|agent| self.staff.name_of(agent));
            let typing = Typing { conversation, party, agent, name: name.unwrap_or_default() };
            self.step.tell(News::Out(Output::Typing(typing)));
        }
    }

    /// Who reads on a connection.
    pub(super) fn reader(&self, connection: ConnectionId) -> Option<Reader> {
        match self.connections.who(connection)? {
            Who::Visitor(visitor) => visitor.map(Reader::Visitor),
            Who::Agent(agent) => Some(Reader::Agent(agent, self.staff.author(agent))),
        }
    }
}
