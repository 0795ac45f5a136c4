//! The list of ended conversations, newest first: a bounded part of all, loaded page by page.

use wire::{ConversationId, ConversationState, ConversationSummary};

use super::{AgentSession, LATEST_MS};

/// Ended conversations kept at once; loading older ones drops the newest.
pub const ENDED_ROWS_MAX: usize = 500;

/// Which page is wanted: what ended before this time, and comes after this row.
type Wanted = (u64, Option<ConversationId>);

/// The loaded part of the list.
#[derive(Debug)]
pub(super) struct Ended {
    rows: Vec<ConversationSummary>,
    /// Whether the first row is the newest that there is.
    newest: bool,
    more: bool,
    /// The page that is wanted, and whether it was asked for on this connection.
    wanted: Option<(Wanted, bool)>,
    /// Whether that page takes the place of all rows.
    renewing: bool,
}

impl Ended {
    pub(super) const fn new() -> Self {
        Self { rows: Vec::new(), newest: true, more: true, wanted: None, renewing: false }
    }

    pub(super) fn rows(&self) -> &[ConversationSummary] {
        &self.rows
    }

    pub(super) const fn rows_mut(&mut self) -> &mut Vec<ConversationSummary> {
        &mut self.rows
    }

    /// A conversation has just ended. It is not added before the first page, which will have it, nor where the newest ones were dropped.
    pub(super) fn ends(&mut self, row: ConversationSummary) {
        if !self.newest || (self.more && self.rows.is_empty()) {
            return;
        }
        self.rows.retain(|old| old.conversation != row.conversation);
        self.rows.insert(0, row);
        if self.rows.len() > ENDED_ROWS_MAX {
            self.rows.truncate(ENDED_ROWS_MAX);
            self.more = true;
        }
    }

    /// The first or the next page.
    fn want(&mut self) {
        if self.wanted.is_none() && self.more {
            let last = self.rows.last();
            let last_ms = last.and_then(ended_ms).unwrap_or(LATEST_MS);
            self.wanted = Some(((last_ms, last.map(|row| row.conversation)), false));
        }
    }

    fn take(&mut self, before_ms: u64, rows: Vec<ConversationSummary>, more: bool) {
        if self.wanted.is_none_or(|((wanted_ms, _), _)| wanted_ms != before_ms) {
            return;
        }
        self.wanted = None;
        if std::mem::take(&mut self.renewing) {
            self.rows.clear();
            self.newest = true;
        }
        self.more = more && !rows.is_empty();
        for row in rows {
            self.rows.retain(|old| old.conversation != row.conversation);
            self.rows.push(row);
        }
        if let Some(over) = self.rows.len().checked_sub(ENDED_ROWS_MAX).filter(|over| *over > 0) {
            self.rows.drain(..over);
            self.newest = false;
        }
    }

    /// The page to ask for now.
    pub(super) const fn ask(&mut self) -> Option<Wanted> {
        match &mut self.wanted {
            Some((wanted, said @ false)) => {
                *said = true;
                Some(*wanted)
            }
            Some((_, true)) | None => None,
        }
    }

    /// The connection is lost, with the request on it. What ends or is erased meanwhile is known to the relay alone: rows stay until its newest come.
    pub(super) const fn lost(&mut self) {
        if !self.rows.is_empty() {
            self.wanted = Some(((LATEST_MS, None), false));
            self.renewing = true;
        } else if let Some((_, said)) = &mut self.wanted {
            *said = false;
        }
    }

    /// The request was refused.
    pub(super) const fn refused(&mut self) {
        self.wanted = None;
        self.renewing = false;
    }
}

impl AgentSession {
    /// The ended conversations loaded so far, newest first; at most [`ENDED_ROWS_MAX`].
    #[must_use]
    pub fn closed_list(&self) -> &[ConversationSummary] {
        &self.ended.rows
    }

    /// Whether there are older ended conversations to load; true before the first page came.
    #[must_use]
    pub const fn closed_more(&self) -> bool {
        self.ended.more
    }

    /// Whether the newest ones were dropped, so that the list does not begin with the newest.
    #[must_use]
    pub const fn closed_cut(&self) -> bool {
        !self.ended.newest
    }

    /// The first or the next page of ended conversations; `newest` begins anew.
    pub(super) fn want_closed(&mut self, newest: bool) {
        if newest {
            self.rows.changed.extend(self.ended.rows.iter().map(|row| row.conversation));
            self.ended = Ended::new();
        }
        self.ended.want();
    }

    /// A page of ended conversations.
    pub(super) fn take_closed(&mut self, before_ms: u64, rows: Vec<ConversationSummary>, more: bool) {
        let before = self.ended.rows.iter().filter(|_| self.ended.renewing);
        self.rows.changed.extend(before.chain(&rows).map(|row| row.conversation));
        self.ended.take(before_ms, rows, more);
    }
}

fn ended_ms(row: &ConversationSummary) -> Option<u64> {
    match row.state {
        ConversationState::Closed { at_ms } => Some(at_ms),
        ConversationState::Assigned { .. } | ConversationState::Idle { .. } | ConversationState::Waiting { .. } => None,
    }
}
