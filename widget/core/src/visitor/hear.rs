//! What the relay says to a visitor.

use wire::{ConversationId, Refusal, ServerFrame, Session, Subject, Token, VisitorConversation};

use super::{Register, VisitorSession};
use crate::backoff::refused_ms;
use crate::outbox::Phase;
use crate::types::Output;

/// Places in line kept at most: a visitor has fewer open conversations.
const QUEUES_MAX: usize = 8;

impl VisitorSession {
    pub(super) fn hear(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Welcome { now_ms, attachment_bytes_max, session, .. } => {
                if let Session::Visitor { conversations, answering, .. } = session {
                    self.session.welcome(now_ms, attachment_bytes_max);
                    self.answering = answering;
                    self.welcome(conversations);
                }
            }
            ServerFrame::Registered { token, .. } => self.registered(token),
            ServerFrame::Refused { subject, refusal } => self.refused(subject, refusal),
            ServerFrame::Queue { conversation, place, waiting } => {
                self.queues.retain(|queue| queue.0 != conversation);
                self.queues.insert(0, (conversation, place, waiting));
                self.queues.truncate(QUEUES_MAX);
            }
            ServerFrame::Answering { agents } => self.answering = agents,
            ServerFrame::Holder { conversation, state } => {
                self.holders.retain(|holder| holder.0 != conversation);
                self.holders.insert(0, (conversation, state));
                self.holders.truncate(QUEUES_MAX);
            }
            ServerFrame::Event { .. }
            | ServerFrame::Events { .. }
            | ServerFrame::Typing { .. }
            | ServerFrame::Pong { .. }
            | ServerFrame::Counts { .. }
            | ServerFrame::Open { .. }
            | ServerFrame::Ending { .. }
            | ServerFrame::Blocks { .. }
            | ServerFrame::Inbox { .. }
            | ServerFrame::Agent { .. }
            | ServerFrame::Closed { .. }
            | ServerFrame::OfVisitor { .. } => {}
        }
    }

    fn welcome(&mut self, conversations: Vec<VisitorConversation>) {
        self.rows = conversations;
        self.listed = true;
        for row in &self.rows {
            // Open ones are followed, shown or not: their messages are news.
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
            Subject::Connection if matches!(self.register, Register::Asked { .. }) => self.register_refused(&refusal),
            Subject::Connection => {
                if !refusal.retry() {
                    self.session.tell(refusal);
                }
            }
        }
    }

    fn conversation_refused(&mut self, conversation: ConversationId, refusal: &Refusal) {
        self.session.conversation_refused(conversation, refusal);
        if self.leaving == Some((conversation, true)) {
            // Whether to try again is the visitor's to say: they still stand in line.
            self.leaving = None;
            self.session.tell(refusal.clone());
        }
        if *refusal != Refusal::NotFound {
            return;
        }
        let Some(followed) = self.session.follow_mut(conversation) else { return };
        if followed.timeline.items().next().is_some() || followed.ended {
            return;
        }
        // Not there yet, when it has drafts; otherwise nothing that could be shown.
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
