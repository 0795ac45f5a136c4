//! Marks conversations of the agent in which a colleague wrote a note, until the agent looks at them.

use wire::{Author, Body, ClientFrame, ConversationSummary, Event, Lane, ToAgent};

use super::AgentSession;

impl AgentSession {
    /// The staff lane of an own conversation has new events. If it is not followed they are fetched, to see if one of them is a note.
    pub(super) fn look_for_notes(&mut self, old: Option<&ConversationSummary>, row: &ConversationSummary) {
        let Some(old) = old.filter(|old| old.head.staff < row.head.staff) else { return };
        let conversation = row.conversation;
        if self.is_mine(row) && self.session.find_follow(conversation).is_none() && self.session.connection.live() {
            self.session.transmit(ClientFrame::Fetch { conversation, lane: Lane::Staff, after: old.head.staff });
        }
    }

    /// Looks for notes in a frame, before the timelines take it.
    pub(super) fn notice_notes(&mut self, frame: &ToAgent) {
        if let ToAgent::Event { event } = frame {
            self.notice_note(event);
        }
        // A lane that is loaded from its beginning has old notes.
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
            (Body::Note { .. }, Author::Service { .. }, Some(_)) => true,
            _ => false,
        };
        let own = self.rows.open.get(&conversation).is_some_and(|row| self.is_mine(row));
        if by_colleague && own && !self.looks_at(event) && self.rows.noted.insert(conversation) {
            self.rows.changed.insert(conversation);
        }
    }

    /// Whether the agent sees the conversation on the screen.
    fn looks_at(&self, event: &Event) -> bool {
        self.session.visible && self.session.shown == Some(event.conversation)
    }

    /// Removes the mark of the conversation that is on the screen.
    pub(super) fn unmark_shown(&mut self) {
        if let Some(shown) = self.session.shown.filter(|_| self.session.visible)
            && self.rows.noted.remove(&shown)
        {
            self.rows.changed.insert(shown);
        }
    }
}
