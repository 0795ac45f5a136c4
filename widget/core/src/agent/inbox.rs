//! The agent's lists: open, waiting, own, ended, and those of one visitor.

use wire::{ClientFrame, ConversationId, ConversationState, ConversationSummary, Party, Seq, VisitorId};

use super::{AgentSession, EVER_MS};
use crate::types::Output;

impl AgentSession {
    /// Conversations in line, the longest waiting first.
    #[must_use]
    pub fn waiting(&self) -> Vec<&ConversationSummary> {
        let mut rows: Vec<_> = self.rows.iter().filter(|row| since_ms(row).is_some()).collect();
        rows.sort_unstable_by_key(|row| (since_ms(row), row.conversation));
        rows
    }

    /// The agent's own open conversations, the latest message first.
    #[must_use]
    pub fn mine(&self) -> Vec<&ConversationSummary> {
        latest_first(self.rows.iter().filter(|row| self.is_mine(row)).collect())
    }

    /// Every open conversation, the latest message first.
    #[must_use]
    pub fn open(&self) -> Vec<&ConversationSummary> {
        latest_first(self.rows.iter().collect())
    }

    /// A conversation's row, wherever it is known from.
    #[must_use]
    pub fn row(&self, conversation: ConversationId) -> Option<&ConversationSummary> {
        self.rows
            .iter()
            .chain(&self.shown_row)
            .chain(&self.closed)
            .chain(&self.earlier)
            .find(|row| row.conversation == conversation)
    }

    /// The ended conversations loaded so far, newest first.
    #[must_use]
    pub fn closed_list(&self) -> &[ConversationSummary] {
        &self.closed
    }

    /// Whether there are more ended conversations to load; true before the first page came.
    #[must_use]
    pub const fn closed_more(&self) -> bool {
        self.closed_more
    }

    /// The other conversations of the shown conversation's visitor, newest first.
    #[must_use]
    pub fn earlier(&self) -> &[ConversationSummary] {
        &self.earlier
    }

    /// The visitors' messages nobody has seen, in the agent's own conversations.
    #[must_use]
    pub fn unread_total(&self) -> u32 {
        self.rows.iter().filter(|row| self.is_mine(row)).map(|row| row.unread).fold(0, u32::saturating_add)
    }

    /// Takes the rows of a welcome in place of all others.
    pub(super) fn take_rows(&mut self, rows: Vec<ConversationSummary>) {
        let old = std::mem::replace(&mut self.rows, rows);
        let find = |id| old.iter().find(|row: &&ConversationSummary| row.conversation == id);
        for at in 0..self.rows.len() {
            if self.welcomed {
                self.tell_news(find(self.rows[at].conversation), &self.rows[at].clone());
            }
            if Some(self.rows[at].conversation) == self.session.shown {
                self.shown_row = Some(self.rows[at].clone());
            }
        }
        self.welcomed = true;
    }

    /// Takes a row that is new or changed.
    pub(super) fn take_row(&mut self, row: ConversationSummary) {
        let conversation = row.conversation;
        if self.taking == Some(conversation) {
            self.taking = None;
        }
        if self.session.shown == Some(conversation) {
            self.shown_row = Some(row.clone());
        }
        if let Some(earlier) = self.earlier.iter_mut().find(|earlier| earlier.conversation == conversation) {
            *earlier = row.clone();
        }
        let at = self.rows.iter().position(|old| old.conversation == conversation);
        let old = at.map(|at| self.rows.swap_remove(at));
        if matches!(row.state, ConversationState::Closed { .. }) {
            // Before the first page came, it will be in it.
            if self.welcomed && (!self.closed_more || !self.closed.is_empty()) {
                self.closed.retain(|old| old.conversation != conversation);
                self.closed.insert(0, row);
            }
            return;
        }
        self.tell_news(old.as_ref(), &row);
        self.rows.push(row);
    }

    /// Tells of a new assignment, or a message in one's own conversation.
    fn tell_news(&mut self, old: Option<&ConversationSummary>, row: &ConversationSummary) {
        if !self.is_mine(row) {
            return;
        }
        let assigned = !old.is_some_and(|old| self.is_mine(old));
        let message = row.last_party == Party::Visitor && old.is_none_or(|old| row.unread > old.unread);
        if assigned || message {
            let (conversation, seq): (_, Seq) = (row.conversation, row.head.shared);
            self.session.out.push_back(Output::Arrived { conversation, seq, assigned });
        }
    }

    /// The first or the next page of ended conversations.
    pub(super) fn want_closed(&mut self) {
        if self.closed_wanted.is_none() && self.closed_more {
            let last = self.closed.last();
            let last_ms = last.and_then(ended_ms).unwrap_or(EVER_MS);
            self.closed_wanted = Some((last_ms, last.map(|row| row.conversation), false));
        }
    }

    /// A page of ended conversations.
    pub(super) fn take_closed(&mut self, before_ms: u64, rows: Vec<ConversationSummary>, more: bool) {
        if self.closed_wanted.is_none_or(|(wanted_ms, _, _)| wanted_ms != before_ms) {
            return;
        }
        self.closed_wanted = None;
        self.closed_more = more && !rows.is_empty();
        for row in rows {
            self.closed.retain(|old| old.conversation != row.conversation);
            self.closed.push(row);
        }
    }

    /// All conversations of a visitor.
    pub(super) fn take_earlier(&mut self, visitor: VisitorId, rows: Vec<ConversationSummary>) {
        if self.earlier_of.is_some_and(|(wanted, _)| wanted == visitor) {
            self.earlier = rows;
            self.drop_shown_from_earlier();
        }
    }

    /// Asks for the lists that are wanted.
    pub(super) fn pump_lists(&mut self) {
        let visitor = self.session.shown.and_then(|shown| self.row(shown)).map(|row| row.visitor);
        if self.earlier_of.map(|(wanted, _)| wanted) != visitor {
            self.earlier.clear();
            self.earlier_of = visitor.map(|visitor| (visitor, false));
        }
        if !self.session.line.live() {
            return;
        }
        if let Some((visitor, said @ false)) = &mut self.earlier_of {
            *said = true;
            let visitor = *visitor;
            self.session.transmit(ClientFrame::ListOfVisitor { visitor });
        }
        if let Some((before_ms, before, said @ false)) = &mut self.closed_wanted {
            *said = true;
            let (before_ms, before) = (*before_ms, *before);
            self.session.transmit(ClientFrame::ListClosed { before_ms, before });
        }
    }

    fn drop_shown_from_earlier(&mut self) {
        let shown = self.session.shown;
        self.earlier.retain(|row| Some(row.conversation) != shown);
    }
}

fn since_ms(row: &ConversationSummary) -> Option<u64> {
    match row.state {
        ConversationState::Waiting { since_ms } => Some(since_ms),
        ConversationState::Assigned { .. } | ConversationState::Idle | ConversationState::Closed { .. } => None,
    }
}

fn ended_ms(row: &ConversationSummary) -> Option<u64> {
    match row.state {
        ConversationState::Closed { at_ms } => Some(at_ms),
        ConversationState::Assigned { .. } | ConversationState::Idle | ConversationState::Waiting { .. } => None,
    }
}

fn latest_first(mut rows: Vec<&ConversationSummary>) -> Vec<&ConversationSummary> {
    rows.sort_unstable_by_key(|row| (std::cmp::Reverse(row.last_at_ms), row.conversation));
    rows
}
