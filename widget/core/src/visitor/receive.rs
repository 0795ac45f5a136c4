//! Frames of the relay to a visitor.

use wire::{ConversationId, Refusal, SessionStart, Subject, ToVisitor, Token, VisitorConversation};

use super::{Register, VisitorSession};
use crate::connection::refused_ms;
use crate::outbox::Phase;
use crate::types::Output;

/// Positions in queues, and states of holders, kept at most: a visitor has fewer open conversations.
const QUEUES_MAX: usize = 8;

impl VisitorSession {
    pub(super) fn receive(&mut self, frame: ToVisitor) {
        match frame {
            ToVisitor::Welcome { now_ms, attachment_bytes_max, session, .. } => {
                if let SessionStart::Visitor { conversations, answering, .. } = session {
                    self.session.welcome(now_ms, attachment_bytes_max);
                    self.answering = answering;
                    self.welcome(conversations);
                }
            }
            ToVisitor::Registered { token, .. } => self.registered(token),
            ToVisitor::Refused { subject, refusal } => self.refused(subject, refusal),
            ToVisitor::Queue { conversation, place: position, waiting } => {
                self.queues.retain(|queue| queue.0 != conversation);
                self.queues.insert(0, (conversation, position, waiting));
                self.queues.truncate(QUEUES_MAX);
            }
            ToVisitor::Answering { agents } => self.answering = agents,
            ToVisitor::Look { look } => self.look = look,
            ToVisitor::Holder { conversation, state } => {
                self.holders.retain(|holder| holder.0 != conversation);
                self.holders.insert(0, (conversation, state));
                self.holders.truncate(QUEUES_MAX);
            }
            ToVisitor::Event { event } => self.session.event(event),
            ToVisitor::Events { conversation, lane, after, events, head } => {
                self.session.events((conversation, lane), after, events, head);
            }
            ToVisitor::Typing { conversation, name, .. } => self.session.typing(conversation, name),
            ToVisitor::Pong { heads } => self.session.pong(&heads),
            ToVisitor::Erased { conversation, last_line, .. } => {
                for row in &mut self.rows {
                    if row.conversation == conversation {
                        row.last_line.clone_from(&last_line);
                    }
                }
                self.session.begin_anew(conversation);
            }
        }
    }

    fn welcome(&mut self, conversations: Vec<VisitorConversation>) {
        self.rows = conversations;
        self.listed = true;
        for row in &self.rows {
            // Open ones are followed, shown or not: the visitor is told of new messages in all of them.
            if !row.closed || self.session.find_follow(row.conversation).is_some() {
                self.session.follow(row.conversation, true).listed = 0;
            }
        }
        if self.session.shown.is_none() && !self.fresh {
            let open = self.rows.iter().find(|row| !row.closed).map(|row| row.conversation);
            if let Some(conversation) = open {
                self.show(conversation, true);
            }
        }
    }

    fn registered(&mut self, token: Token) {
        self.register = Register::No;
        if self.token.is_none() {
            self.token = Some(token.clone());
            self.session.out.push_back(Output::KeepToken(token));
        }
    }

    fn refused(&mut self, subject: Subject, refusal: Refusal) {
        match subject {
            Subject::Message { conversation, id } => self.session.message_refused(conversation, id, refusal),
            Subject::Conversation { conversation } => self.conversation_refused(conversation, &refusal),
            // Every relay knows `register`, so `UnknownFrame` is about another frame.
            Subject::Connection
                if matches!(self.register, Register::Asked { .. }) && refusal != Refusal::UnknownFrame =>
            {
                self.register_refused(&refusal);
            }
            Subject::Connection => {
                if !refusal.retry() {
                    self.session.report(refusal);
                }
            }
        }
    }

    fn conversation_refused(&mut self, conversation: ConversationId, refusal: &Refusal) {
        self.session.conversation_refused(conversation, refusal);
        if self.leaving == Some((conversation, true)) {
            // They still wait in the queue. Whether to try again is for the visitor to decide.
            self.leaving = None;
            self.session.report(refusal.clone());
        }
        if *refusal != Refusal::NotFound {
            return;
        }
        let Some(followed) = self.session.follow_mut(conversation) else { return };
        if followed.timeline.items().next().is_some() || followed.ended {
            return;
        }
        // With drafts it does not exist yet at the relay. Without, there is nothing to show.
        followed.known = false;
        followed.followed = false;
        if self.session.shown == Some(conversation) && !self.session.outbox.holds(conversation) {
            self.show_none();
        }
    }

    fn register_refused(&mut self, refusal: &Refusal) {
        let random = self.session.ids.random();
        if refusal.retry() {
            let wait_ms = refused_ms(refusal, 2, random);
            self.register = Register::Later { at_ms: self.session.clock.now_ms().saturating_add(wait_ms) };
            return;
        }
        self.register = Register::No;
        for draft in &mut self.session.outbox.drafts {
            if !draft.failed() {
                draft.phase = Phase::Failed(refusal.clone());
            }
        }
    }
}
