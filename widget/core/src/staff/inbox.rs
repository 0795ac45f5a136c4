//! The agent's lists: open, waiting, own, and those of one visitor. Ended ones are in `ended`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use wire::limit::INBOX_CONVERSATIONS_MAX;
use wire::{
    AgentId, AgentState, ClientFrame, ConversationId, ConversationState, ConversationSummary, Idle, Party, Seq,
    VisitorId,
};

use super::{AgentSession, Found};
use crate::types::Output;

/// Open rows kept at most. In a flood there are more; the relay counts and searches those.
pub const OPEN_ROWS_MAX: usize = 2 * INBOX_CONVERSATIONS_MAX;

/// The rows of conversations, and which of them changed since the shell asked last.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Open conversations.
    pub(super) open: BTreeMap<ConversationId, ConversationSummary>,
    /// Conversations whose rows look different now.
    pub(super) changed: BTreeSet<ConversationId>,
    /// Conversations in which a colleague wrote a note since they were last looked at.
    pub(super) noted: BTreeSet<ConversationId>,
}

impl AgentSession {
    /// Conversations in the queue, the longest waiting first.
    #[must_use]
    pub fn waiting(&self) -> Vec<&ConversationSummary> {
        let mut rows: Vec<_> = self.rows.open.values().filter(|row| queued_ms(row).is_some()).collect();
        rows.sort_unstable_by_key(|row| (queued_ms(row), row.conversation));
        rows
    }

    /// The agent's own open conversations, the latest message first.
    #[must_use]
    pub fn mine(&self) -> Vec<&ConversationSummary> {
        let mut rows: Vec<_> = self.rows.open.values().filter(|row| self.is_mine(row)).collect();
        rows.sort_unstable_by_key(|row| (Reverse(row.last_at_ms), row.conversation));
        rows
    }

    /// Every open conversation: first those whose visitors wait, the longest wait first; then the latest message first.
    #[must_use]
    pub fn open(&self) -> Vec<&ConversationSummary> {
        let mut rows: Vec<_> = self.rows.open.values().collect();
        rows.sort_unstable_by_key(|row| {
            let waits_ms = waits_since_ms(row);
            (waits_ms.is_none(), waits_ms, Reverse(row.last_at_ms), row.conversation)
        });
        rows
    }

    /// Conversations that are neither assigned nor in the queue, for one reason: left by the visitor, or a message to be answered later. The longest
    /// first.
    #[must_use]
    pub fn idle(&self, wanted: Idle) -> Vec<&ConversationSummary> {
        let since_ms = |row: &ConversationSummary| match row.state {
            ConversationState::Idle { why, since_ms } if why == wanted => Some(since_ms),
            ConversationState::Idle { .. }
            | ConversationState::Waiting { .. }
            | ConversationState::Assigned { .. }
            | ConversationState::Closed { .. } => None,
        };
        let mut rows: Vec<_> = self.rows.open.values().filter(|row| since_ms(row).is_some()).collect();
        rows.sort_unstable_by_key(|row| (since_ms(row), row.conversation));
        rows
    }

    /// A conversation's row, wherever it is known from.
    #[must_use]
    pub fn row(&self, conversation: ConversationId) -> Option<&ConversationSummary> {
        let here = |row: &&ConversationSummary| row.conversation == conversation;
        let found = self.found.iter().flat_map(|found| &found.rows);
        let elsewhere = || self.shown_row.iter().chain(found).chain(self.ended.rows()).chain(&self.earlier).find(here);
        self.rows.open.get(&conversation).or_else(elsewhere)
    }

    /// The conversations whose rows look different since this was asked last.
    pub fn take_changed(&mut self) -> BTreeSet<ConversationId> {
        std::mem::take(&mut self.rows.changed)
    }

    /// Whether a colleague wrote a note in this agent's conversation that the agent has not looked at.
    #[must_use]
    pub fn noted(&self, conversation: ConversationId) -> bool {
        self.rows.noted.contains(&conversation)
    }

    /// An agent's state; of one that is not known any more, offline.
    #[must_use]
    pub fn state_of(&self, agent: AgentId) -> AgentState {
        self.agents.iter().find(|known| known.id == agent).map_or(AgentState::Offline, |known| known.state)
    }

    /// The other conversations of the shown conversation's visitor, newest first.
    #[must_use]
    pub fn earlier(&self) -> &[ConversationSummary] {
        &self.earlier
    }

    /// How many messages of visitors are not seen, in the agent's own conversations.
    #[must_use]
    pub fn unread_total(&self) -> u32 {
        self.rows.open.values().filter(|row| self.is_mine(row)).map(|row| row.unread).fold(0, u32::saturating_add)
    }

    /// Takes the rows of a welcome in place of all others.
    pub(super) fn take_rows(&mut self, rows: Vec<ConversationSummary>) {
        let old = std::mem::take(&mut self.rows.open);
        self.rows.changed.extend(old.keys());
        for row in rows {
            let before = old.get(&row.conversation);
            if self.welcomed {
                self.report_news(before, &row);
                self.look_for_notes(before, &row);
            }
            if Some(row.conversation) == self.session.shown {
                self.shown_row = Some(row.clone());
            }
            self.rows.changed.insert(row.conversation);
            self.rows.open.insert(row.conversation, row);
        }
        self.welcomed = true;
    }

    /// Takes a row that is new or changed.
    pub(super) fn take_row(&mut self, row: ConversationSummary) {
        let conversation = row.conversation;
        self.rows.changed.insert(conversation);
        if self.taking == Some(conversation) {
            self.taking = None;
        }
        if self.session.shown == Some(conversation) {
            self.shown_row = Some(row.clone());
        }
        if let Some(earlier) = self.earlier.iter_mut().find(|earlier| earlier.conversation == conversation) {
            *earlier = row.clone();
        }
        if let Some(found) = &mut self.found {
            found.take_row(&row);
        }
        let old = self.rows.open.remove(&conversation);
        if matches!(row.state, ConversationState::Closed { .. }) {
            self.rows.noted.remove(&conversation);
            if self.welcomed {
                self.ended.ends(row);
            }
            return;
        }
        if !self.is_mine(&row) {
            self.rows.noted.remove(&conversation);
        }
        self.report_news(old.as_ref(), &row);
        self.look_for_notes(old.as_ref(), &row);
        if old.is_some() || self.rows.open.len() < OPEN_ROWS_MAX || self.is_mine(&row) {
            self.rows.open.insert(conversation, row);
        }
    }

    /// Something of an ended conversation was erased: no list and no draft keeps it.
    pub(super) fn take_erased(&mut self, conversation: ConversationId, last_line: &str, language: &str) {
        let found = self.found.iter_mut().flat_map(|found| &mut found.rows);
        let listed = self.rows.open.values_mut().chain(found).chain(self.ended.rows_mut());
        let rows = listed.chain(&mut self.earlier).chain(&mut self.shown_row);
        for row in rows.filter(|row| row.conversation == conversation) {
            last_line.clone_into(&mut row.last_line);
            language.clone_into(&mut row.language);
        }
        self.rows.changed.insert(conversation);
        self.session.drop_drafts(|draft| draft.conversation == conversation);
        self.session.begin_anew(conversation);
    }

    /// Reports a new assignment, or a message in the agent's own conversation.
    fn report_news(&mut self, old: Option<&ConversationSummary>, row: &ConversationSummary) {
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

    /// Takes all conversations of a visitor.
    pub(super) fn take_earlier(&mut self, visitor: VisitorId, rows: Vec<ConversationSummary>) {
        if self.earlier_of.is_some_and(|(wanted, _)| wanted == visitor) {
            self.rows.changed.extend(rows.iter().map(|row| row.conversation));
            self.earlier = rows;
            let shown = self.session.shown;
            self.earlier.retain(|row| Some(row.conversation) != shown);
        }
    }

    /// Asks for the lists that are wanted.
    pub(super) fn pump_lists(&mut self) {
        let visitor = self.session.shown.and_then(|shown| self.row(shown)).map(|row| row.visitor);
        if self.earlier_of.map(|(wanted, _)| wanted) != visitor {
            self.earlier.clear();
            self.earlier_of = visitor.map(|visitor| (visitor, false));
        }
        if !self.session.connection.live() {
            return;
        }
        if let Some((visitor, said @ false)) = &mut self.earlier_of {
            *said = true;
            let visitor = *visitor;
            self.session.transmit(ClientFrame::ListOfVisitor { visitor });
        }
        if let Some(frame) = self.found.as_mut().and_then(Found::ask) {
            self.session.transmit(frame);
        }
        if let Some((before_ms, before)) = self.ended.ask() {
            self.session.transmit(ClientFrame::ListClosed { before_ms, before });
        }
    }
}

/// Since when a visitor waits for somebody: in the queue, or for an answer to what nobody has seen.
#[must_use]
pub const fn waits_since_ms(row: &ConversationSummary) -> Option<u64> {
    match row.state {
        ConversationState::Waiting { since_ms } => Some(since_ms),
        ConversationState::Assigned { .. }
            if row.unread > 0 && (row.unanswered || matches!(row.last_party, Party::Visitor)) =>
        {
            Some(row.last_at_ms)
        }
        ConversationState::Assigned { .. } | ConversationState::Idle { .. } | ConversationState::Closed { .. } => None,
    }
}

const fn queued_ms(row: &ConversationSummary) -> Option<u64> {
    match row.state {
        ConversationState::Waiting { since_ms } => Some(since_ms),
        ConversationState::Assigned { .. } | ConversationState::Idle { .. } | ConversationState::Closed { .. } => None,
    }
}
