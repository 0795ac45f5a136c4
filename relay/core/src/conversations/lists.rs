//! Counts of all conversations, and lists of open ones, page by page.

use std::collections::BTreeSet;

use wire::limit::{FIND_CHARS_MAX, INBOX_BYTES_MAX, INBOX_CONVERSATIONS_MAX, PAGE_CONVERSATIONS_MAX};
use wire::{
    AgentId, ConversationId, ConversationState, ConversationSummary, Counts, Idle, Refusal, RowCursor, ServerFrame,
    Subject, View,
};

use super::{Conversations, Live};
use crate::conversation::Conversation;
use crate::input::ConnectionId;
use crate::news::{Audience, Status};
use crate::step::{Step, Timer};
use crate::weight;

/// Counts are sent at most this often.
const TELL_EVERY_MS: u64 = 1_000;

/// How many conversations have each status.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    waiting: usize,
    owned: usize,
    /// Open with nobody, by why.
    idle: [usize; 3],
    /// The counts that consoles were last sent …
    last_sent: Counts,
    /// … and when.
    sent_at_ms: u64,
}

impl Numbers {
    /// A conversation's status has changed.
    pub(super) fn transition(&mut self, was: Status, is: Status) {
        if let Some(number) = self.of(was) {
            *number -= 1;
        }
        if let Some(number) = self.of(is) {
            *number += 1;
        }
    }

    const fn of(&mut self, status: Status) -> Option<&mut usize> {
        match status {
            Status::Absent => None,
            Status::Queued(_) => Some(&mut self.waiting),
            Status::Assigned(_) => Some(&mut self.owned),
            Status::Idle(why) => Some(&mut self.idle[why as usize]),
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Since when a row has its status.
const fn since_ms(row: &Conversation) -> u64 {
    match row.state {
        ConversationState::Waiting { since_ms } | ConversationState::Idle { since_ms, .. } => since_ms,
        ConversationState::Assigned { .. } => row.opened_at_ms,
        ConversationState::Closed { at_ms } => at_ms,
    }
}

const fn is_in(row: &Conversation, view: View) -> bool {
    match row.state {
        ConversationState::Closed { .. } => false,
        ConversationState::Waiting { .. } => matches!(view, View::Open | View::Waiting),
        ConversationState::Assigned { .. } => matches!(view, View::Open | View::Owned),
        ConversationState::Idle { why: Idle::Left, .. } => matches!(view, View::Open | View::Left),
        ConversationState::Idle { why: Idle::Message, .. } => matches!(view, View::Open | View::Message),
        ConversationState::Idle { why: Idle::SteppedOut, .. } => matches!(view, View::Open),
    }
}

impl Conversations {
    /// How many conversations have not ended.
    pub(crate) fn open_count(&self) -> usize {
        self.numbers.waiting + self.numbers.owned + self.numbers.idle.iter().sum::<usize>()
    }

    /// How many conversations have each status. `flood` says whether a flood lasts.
    pub(crate) fn counts(&self, flood: bool) -> Counts {
        let idle = |why: Idle| number(self.numbers.idle[why as usize]);
        Counts {
            waiting: number(self.numbers.waiting),
            owned: number(self.numbers.owned),
            left: idle(Idle::Left),
            message: idle(Idle::Message),
            stepped_out: idle(Idle::SteppedOut),
            flood,
        }
    }

    /// Sends consoles the counts, when they have changed and it is not too soon.
    pub(crate) fn send_counts(&mut self, flood: bool, step: &mut Step) {
        let counts = self.counts(flood);
        if counts == self.numbers.last_sent {
            return;
        }
        let next_ms = self.numbers.sent_at_ms.saturating_add(TELL_EVERY_MS);
        if step.now_ms() < next_ms {
            return step.wake_at(next_ms, Timer::Counts);
        }
        (self.numbers.last_sent, self.numbers.sent_at_ms) = (counts, step.now_ms());
        step.send(Audience::Agents, ServerFrame::Counts { counts });
    }

    /// A conversation's row, as agents see it now.
    pub(super) fn row_of(&self, live: &Live, now_ms: u64) -> ConversationSummary {
        ConversationSummary { presence: self.presence_of(live.conversation.id, now_ms), ..live.conversation.summary() }
    }

    /// Open conversations for an agent's welcome: `first` in their order, then those that colleagues have and those that nobody has.
    pub(crate) fn first_rows(
        &self,
        agent: AgentId,
        first: impl Iterator<Item = ConversationId>,
        now_ms: u64,
    ) -> Vec<ConversationSummary> {
        let rest = self.live.values().filter(|live| match live.conversation.state {
            ConversationState::Assigned { agent: holder } => holder != agent,
            ConversationState::Idle { .. } => true,
            ConversationState::Waiting { .. } | ConversationState::Closed { .. } => false,
        });
        let mut bytes = 0;
        let fits = |row: &ConversationSummary| {
            bytes += weight::of_row(row);
            bytes <= INBOX_BYTES_MAX
        };
        let all = first.filter_map(|id| self.live.get(&id)).chain(rest).take(INBOX_CONVERSATIONS_MAX);
        all.map(|live| self.row_of(live, now_ms)).take_while(fits).collect()
    }

    /// Open conversations of a list, in no order, each with its cursor in it.
    pub(super) fn found(&self, view: View, find: &str) -> impl Iterator<Item = (RowCursor, ConversationId)> {
        let find = find.trim().to_lowercase();
        let listed = self.live.values().map(|live| &live.conversation).filter(move |row| {
            is_in(row, view)
                && (find.is_empty()
                    || row.last_line.to_lowercase().contains(&find)
                    || row.visitor.to_string().contains(&find))
        });
        listed.map(|row| (RowCursor { at_ms: since_ms(row), conversation: row.id }, row.id))
    }

    /// A page of a list.
    pub(crate) fn list_open(
        &self,
        connection: ConnectionId,
        (view, find): (View, String),
        after: Option<RowCursor>,
        step: &mut Step,
    ) {
        if find.chars().count() > FIND_CHARS_MAX {
            return step.refuse(connection, Subject::Connection, Refusal::Malformed);
        }
        let (mut page, mut total) = (BTreeSet::new(), 0_u32);
        for (cursor, _) in self.found(view, &find) {
            total += 1;
            if after.is_none_or(|after| cursor > after) {
                page.insert(cursor);
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
        let lives = page.iter().filter_map(|cursor| self.live.get(&cursor.conversation));
        let rows = lives.map(|live| self.row_of(live, step.now_ms())).collect();
        step.send(Audience::One(connection), ServerFrame::Open { view, find, rows, next, total });
    }
}
