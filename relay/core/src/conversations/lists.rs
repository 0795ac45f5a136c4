//! Counts of all conversations, and lists of open ones, page by page.

use std::collections::{BTreeMap, BTreeSet};

use relay_settings::{Reach, Right};
use wire::limit::{FIND_CHARS_MAX, INBOX_BYTES_MAX, INBOX_CONVERSATIONS_MAX, PAGE_CONVERSATIONS_MAX};
use wire::{
    AgentId, ConversationId, ConversationState, ConversationSummary, Counts, Idle, Refusal, RowCursor, ServerFrame,
    SiteId, Subject, View,
};

use super::{Conversations, Live};
use crate::conversation::Conversation;
use crate::input::ConnectionId;
use crate::news::{Audience, News, Status};
use crate::rights::Rights;
use crate::step::{Step, Timer};
use crate::weight;

/// Counts are sent at most this often.
const TELL_EVERY_MS: u64 = 1_000;

/// How many conversations have each status, by site.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    of_sites: BTreeMap<SiteId, OfSite>,
    /// Whether they have changed since consoles were sent them.
    changed: bool,
    /// Whether a flood lasted then.
    flood: bool,
    /// When that was.
    sent_at_ms: u64,
}

/// How many conversations of one site have each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct OfSite {
    waiting: usize,
    owned: usize,
    /// Open with nobody, by why.
    idle: [usize; 3],
}

impl Numbers {
    /// The status of a site's conversation has changed.
    pub(super) fn transition(&mut self, site: &SiteId, was: Status, is: Status) {
        if !self.of_sites.contains_key(site) {
            self.of_sites.insert(site.clone(), OfSite::default());
        }
        let Some(numbers) = self.of_sites.get_mut(site) else { return };
        let before = *numbers;
        if let Some(number) = numbers.of(was) {
            *number -= 1;
        }
        if let Some(number) = numbers.of(is) {
            *number += 1;
        }
        self.changed |= *numbers != before;
        if *numbers == OfSite::default() {
            self.of_sites.remove(site);
        }
    }

    /// The sum over some sites.
    fn sum(&self, sites: &Reach<SiteId>) -> OfSite {
        let mut sum = OfSite::default();
        for (_, one) in self.of_sites.iter().filter(|(site, _)| sites.has(site)) {
            sum.waiting += one.waiting;
            sum.owned += one.owned;
            for (all, one) in sum.idle.iter_mut().zip(one.idle) {
                *all += one;
            }
        }
        sum
    }
}

impl OfSite {
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
        let all = self.numbers.sum(&Reach::All);
        all.waiting + all.owned + all.idle.iter().sum::<usize>()
    }

    /// How many conversations of some sites have each status. `flood` says whether a flood lasts.
    pub(crate) fn counts(&self, sites: &Reach<SiteId>, flood: bool) -> Counts {
        let sum = self.numbers.sum(sites);
        let idle = |why: Idle| number(sum.idle[why as usize]);
        Counts {
            waiting: number(sum.waiting),
            owned: number(sum.owned),
            left: idle(Idle::Left),
            message: idle(Idle::Message),
            stepped_out: idle(Idle::SteppedOut),
            flood,
        }
    }

    /// Says when consoles are to be sent the counts: when they have changed and it is not too soon.
    pub(crate) fn counts_due(&mut self, flood: bool, step: &mut Step) {
        if !self.numbers.changed && flood == self.numbers.flood {
            return;
        }
        let next_ms = self.numbers.sent_at_ms.saturating_add(TELL_EVERY_MS);
        if step.now_ms() < next_ms {
            return step.wake_at(next_ms, Timer::Counts);
        }
        (self.numbers.changed, self.numbers.flood, self.numbers.sent_at_ms) = (false, flood, step.now_ms());
        step.tell(News::Counts);
    }

    /// A conversation's row, as agents see it now.
    pub(super) fn row_of(&self, live: &Live, now_ms: u64) -> ConversationSummary {
        ConversationSummary { presence: self.presence_of(live.conversation.id, now_ms), ..live.conversation.summary() }
    }

    /// Open conversations that an agent may read, for its welcome: `first` in their order, then those that colleagues have and those that nobody has.
    pub(crate) fn first_rows(
        &self,
        (agent, rights): (AgentId, &Rights),
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
        let reads = |live: &&Live| rights.in_site(Right::ConversationRead, &live.conversation.site);
        let all = first
            .filter_map(|id| self.live.get(&id))
            .chain(rest)
            .map(AsRef::as_ref)
            .filter(reads)
            .take(INBOX_CONVERSATIONS_MAX);
        all.map(|live| self.row_of(live, now_ms)).take_while(fits).collect()
    }

    /// Open conversations of a list that an agent may read, in no order, each with its cursor in it.
    pub(super) fn found(
        &self,
        (view, find): (View, &str),
        rights: &Rights,
    ) -> impl Iterator<Item = (RowCursor, ConversationId)> {
        let right = if find.is_empty() { Right::ConversationRead } else { Right::ConversationSearch };
        let find = find.trim().to_lowercase();
        let listed = self.live.values().map(|live| &live.conversation).filter(move |row| {
            is_in(row, view)
                && rights.in_site(Right::ConversationRead, &row.site)
                && rights.in_site(right, &row.site)
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
        rights: &Rights,
        (view, find): (View, String),
        after: Option<RowCursor>,
        step: &mut Step,
    ) {
        if find.chars().count() > FIND_CHARS_MAX {
            return step.refuse(connection, Subject::Connection, Refusal::Malformed);
        }
        let (mut page, mut total) = (BTreeSet::new(), 0_u32);
        for (cursor, _) in self.found((view, &find), rights) {
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
