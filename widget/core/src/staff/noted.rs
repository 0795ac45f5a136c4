//! Colleagues' notes in the agent's own conversations: they leave a mark until the conversation is looked at.

use wire::{Author, Body, ClientFrame, ConversationSummary, Event, Lane, ToAgent};

use super::AgentSession;

impl AgentSession {
    /// The staff lane of an own conversation went on. Where it is not followed, its news are asked for: only a note leaves a mark.
    pub(super) fn look_for_notes(&mut self, old: Option<&ConversationSummary>, row: &ConversationSummary) {
        let Some(old) = old.filter(|old| old.head.staff < row.head.staff) else { return };
        let conversation = row.conversation;
        if self.is_mine(row) && self.session.find_follow(conversation).is_none() && self.session.connection.live() {
            self.session.transmit(ClientFrame::Fetch { conversation, lane: Lane::Staff, after: old.head.staff });
        }
    }

    /// Looks at what was recorded, before the timelines take it.
    pub(super) fn notice_notes(&mut self, frame: &ToAgent) {
        if let ToAgent::Event { event } = frame {
            self.notice_note(event);
        }
        // What is loaded from its beginning is history.
        if let ToAgent::Events { lane: Lane::Staff, events, after, .. } = frame
            && after.0 > 0
        {
            events.iter().for_each(|event| self.notice_note(event));
        }
    }

    fn notice_note(&mut self, event: &Event) {
        let conversation = event.conversation;
        let by_colleague = match (&event.body, &event.author, &self.me) {
            (Body::Note { .. }, Author::Agent { id, .. }, Some(me)) => *id != me.id,
            _ => false,
        };
        let own = self.rows.open.get(&conversation).is_some_and(|row| self.is_mine(row));
        if by_colleague && own && !self.looks_at(event) && self.rows.noted.insert(conversation) {
            self.rows.changed.insert(conversation);
        }
    }

    /// Whether the agent has the conversation before the eyes.
    fn looks_at(&self, event: &Event) -> bool {
        self.session.visible && self.session.shown == Some(event.conversation)
    }

    /// What is before the eyes bears no mark.
    pub(super) fn unmark_shown(&mut self) {
        if let Some(shown) = self.session.shown.filter(|_| self.session.visible)
            && self.rows.noted.remove(&shown)
        {
            self.rows.changed.insert(shown);
        }
    }
}
