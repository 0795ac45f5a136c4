//! True numbers, and lists of open conversations that reach everything.

use std::collections::BTreeSet;

use wire::limit::{FIND_CHARS_MAX, PAGE_CONVERSATIONS_MAX};
use wire::{
    ConversationId, ConversationState, ConversationSummary, Counts, Idle, Refusal, RowCursor, ServerFrame, Subject,
    View,
};

use crate::Core;
use crate::commit::Live;
use crate::conversation::Conversation;
use crate::input::ConnectionId;
use crate::timer::Timer;

/// The numbers are told at most this often.
const TELL_EVERY_MS: u64 = 1_000;

/// What consoles were told of the numbers.
#[derive(Debug, Default)]
pub(crate) struct Told {
    counts: Counts,
    at_ms: u64,
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Since when a row stands where it stands.
const fn since_ms(row: &Conversation) -> u64 {
    match row.state {
        ConversationState::Waiting { since_ms } | ConversationState::Idle { since_ms, .. } => since_ms,
        ConversationState::Assigned { .. } => row.opened_at_ms,
        ConversationState::Closed { at_ms } => at_ms,
    }
}

const fn stands_in(row: &Conversation, view: View) -> bool {
    match row.state {
        ConversationState::Closed { .. } => false,
        ConversationState::Waiting { .. } => matches!(view, View::Open | View::Waiting),
        ConversationState::Assigned { .. } => matches!(view, View::Open | View::Owned),
        ConversationState::Idle { why: Idle::Left, .. } => matches!(view, View::Open | View::Left),
        ConversationState::Idle { why: Idle::Message, .. } => matches!(view, View::Open | View::Message),
        ConversationState::Idle { why: Idle::SteppedOut, .. } => matches!(view, View::Open),
    }
}

impl Core {
    /// How many conversations stand where.
    pub(crate) fn counts(&self) -> Counts {
        let idle = |why: Idle| number(self.idle[why as usize]);
        Counts {
            waiting: number(self.queue.len()),
            owned: number(self.owned),
            left: idle(Idle::Left),
            message: idle(Idle::Message),
            stepped_out: idle(Idle::SteppedOut),
            flood: self.openings.flood(),
        }
    }

    /// Tells consoles the numbers, when they are others and it is not too soon.
    pub(crate) fn tell_counts(&mut self) {
        let counts = self.counts();
        if counts == self.counts_told.counts {
            return;
        }
        let next_ms = self.counts_told.at_ms.saturating_add(TELL_EVERY_MS);
        if self.now_ms < next_ms {
            self.timers.insert((next_ms, Timer::Counts));
            return;
        }
        self.counts_told = Told { counts, at_ms: self.now_ms };
        let to = self.agent_connections();
        self.send(&to, ServerFrame::Counts { counts });
    }

    /// A conversation's row, as agents see it now.
    pub(crate) fn row_of(&self, live: &Live) -> ConversationSummary {
        ConversationSummary { presence: self.presence_of(live.conversation.id), ..live.conversation.summary() }
    }

    /// Open conversations of a list, in no order, each with its place in it.
    pub(crate) fn found(&self, view: View, find: &str) -> impl Iterator<Item = (RowCursor, ConversationId)> {
        let find = find.trim().to_lowercase();
        let listed = self.conversations.values().map(|live| &live.conversation).filter(move |row| {
            stands_in(row, view)
                && (find.is_empty()
                    || row.last_line.to_lowercase().contains(&find)
                    || row.visitor.to_string().contains(&find))
        });
        listed.map(|row| (RowCursor { at_ms: since_ms(row), conversation: row.id }, row.id))
    }

    /// A page of a list.
    pub(crate) fn list_open(&mut self, connection: ConnectionId, view: View, find: String, after: Option<RowCursor>) {
        if find.chars().count() > FIND_CHARS_MAX {
            return self.refuse(connection, Subject::Connection, Refusal::Malformed);
        }
        let (mut page, mut total) = (BTreeSet::new(), 0_u32);
        for (place, _) in self.found(view, &find) {
            total += 1;
            if after.is_none_or(|after| place > after) {
                page.insert(place);
                if page.len() > PAGE_CONVERSATIONS_MAX + 1 {
                    page.pop_last();
                }
            }
        }
        let more = page.len() > PAGE_CONVERSATIONS_MAX;
        if more {
            page.pop_last();
        }
        let next = page.last().copied().filter(|_| more);
        let lives = page.iter().filter_map(|place| self.conversations.get(&place.conversation));
        let rows = lives.map(|live| self.row_of(live)).collect();
        self.send_one(connection, ServerFrame::Open { view, find, rows, next, total });
    }
}
