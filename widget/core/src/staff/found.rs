//! What the relay found among all open conversations: a bounded part of a list of any length, loaded page by page.

use wire::limit::FIND_CHARS_MAX;
use wire::{ClientFrame, ConversationId, ConversationState, ConversationSummary, RowCursor, View};

use super::AgentSession;

/// Rows kept at once; loading further ones drops the first.
pub const FOUND_ROWS_MAX: usize = 500;

/// A list that was asked for, as far as it is loaded.
#[derive(Clone, Debug)]
pub struct Found {
    /// Which conversations.
    pub view: View,
    /// What was searched for; empty for all.
    pub find: String,
    /// The rows loaded so far, first those that are longest in their present state; at most [`FOUND_ROWS_MAX`].
    pub rows: Vec<ConversationSummary>,
    /// How many there are in all; none before the first answer.
    pub total: Option<u32>,
    /// Whether there are more to load.
    pub more: bool,
    /// Whether the first rows were dropped.
    pub cut: bool,
    /// Where the next page begins.
    next: Option<RowCursor>,
    /// Whether a page is wanted, and if so whether it was asked for on this connection.
    wanted: Option<bool>,
    /// Whether that page takes the place of all rows.
    renewing: bool,
}

impl Found {
    fn new(view: View, find: String) -> Self {
        Self {
            view,
            find,
            rows: Vec::new(),
            total: None,
            more: true,
            cut: false,
            next: None,
            wanted: Some(false),
            renewing: false,
        }
    }

    /// The connection is lost, with the request on it. What changes meanwhile is known to the relay alone: rows stay until its first page comes.
    pub(super) const fn lost(&mut self) {
        if !self.rows.is_empty() {
            (self.next, self.wanted, self.renewing) = (None, Some(false), true);
        } else if let Some(said) = &mut self.wanted {
            *said = false;
        }
    }

    /// The request to send now.
    pub(super) fn ask(&mut self) -> Option<ClientFrame> {
        let said = self.wanted.as_mut().filter(|said| !**said)?;
        *said = true;
        Some(ClientFrame::ListOpen { view: self.view, find: self.find.clone(), after: self.next })
    }

    /// A row changed. One that ended is removed.
    pub(super) fn take_row(&mut self, row: &ConversationSummary) {
        if matches!(row.state, ConversationState::Closed { .. }) {
            let before = self.rows.len();
            self.rows.retain(|old| old.conversation != row.conversation);
            if self.rows.len() < before {
                self.total = self.total.map(|total| total.saturating_sub(1));
            }
        } else if let Some(old) = self.rows.iter_mut().find(|old| old.conversation == row.conversation) {
            old.clone_from(row);
        }
    }
}

impl AgentSession {
    /// The list that was asked for last, if one is wanted.
    #[must_use]
    pub const fn found(&self) -> Option<&Found> {
        self.found.as_ref()
    }

    /// Searches all open conversations of a view; none ends the search.
    pub(super) fn find(&mut self, wanted: Option<(View, String)>) {
        self.forget_found();
        self.found = wanted.map(|(view, find)| Found::new(view, find.chars().take(FIND_CHARS_MAX).collect()));
    }

    /// Loads the next page of the list.
    pub(super) const fn find_more(&mut self) {
        if let Some(found) = &mut self.found
            && found.more
            && found.wanted.is_none()
        {
            found.wanted = Some(false);
        }
    }

    /// A page came.
    pub(super) fn take_found(
        &mut self,
        (view, find): (View, &str),
        rows: Vec<ConversationSummary>,
        (next, total): (Option<RowCursor>, u32),
    ) {
        let Some(found) = self.found.as_mut().filter(|found| found.view == view && found.find == find) else { return };
        if found.wanted.take().is_none() {
            return;
        }
        if std::mem::take(&mut found.renewing) {
            self.rows.changed.extend(found.rows.drain(..).map(|row| row.conversation));
            found.cut = false;
        }
        self.rows.changed.extend(rows.iter().map(|row| row.conversation));
        found.more = next.is_some() && !rows.is_empty();
        found.next = next;
        found.total = Some(total);
        for row in rows {
            found.rows.retain(|old| old.conversation != row.conversation);
            found.rows.push(row);
        }
        if let Some(over) = found.rows.len().checked_sub(FOUND_ROWS_MAX).filter(|over| *over > 0) {
            self.rows.changed.extend(found.rows.drain(..over).map(|row| row.conversation));
            found.cut = true;
        }
    }

    /// Drops the list.
    pub(super) fn forget_found(&mut self) {
        if let Some(found) = self.found.take() {
            self.rows
                .changed
                .extend(found.rows.iter().map(|row: &ConversationSummary| -> ConversationId { row.conversation }));
        }
    }
}
