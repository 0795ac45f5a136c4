//! The conversations in memory: every open one, and ended ones while somebody follows them.
//!
//! Takes: committed events, what the store has read, requests of visitors and agents, visitors who come and go.
//! Gives: events and rows to be sent, appends and queries for the store, and each conversation's change of status.

use std::collections::{BTreeMap, BTreeSet};

use wire::{AgentId, ConversationId, ConversationState, Lane, Party, Seq, VisitorId};

use crate::append::{AppendError, Appended};
use crate::conversation::{Conversation, OutOfOrder};
use crate::input::Commit;
use crate::news::{News, QueueEntry, Status, Transition};
use crate::request::{Pending, PendingChange};
use crate::settings::Settings;
use crate::step::{RETRY_MS, Step, Timer};
use crate::store::{Query, QueryError};
use crate::view::AssignmentView;

mod agent;
mod attend;
mod ending;
mod lists;
mod page;
mod read;
mod reread;
mod rows;
#[cfg(test)]
mod tests;
mod times;
mod visitors;
mod write;

use ending::Endings;
use lists::Numbers;
use reread::{Rereads, tells_open};
use rows::Rows;
use times::AllWaits;
use visitors::VisitorLive;
pub(crate) use write::{MessageEffect, Reader, VisitorEvent};

/// A conversation in memory.
#[derive(Debug)]
struct Live {
    conversation: Conversation,
    /// Its status in the indexes.
    status: Status,
    /// Since when it is in the queue, in the indexes.
    waiting_since_ms: Option<u64>,
    /// Whether an append that queues it waits for the store.
    queueing: bool,
    /// Whether an append by which its visitor leaves the queue waits for the store.
    leaving: bool,
    /// Whether an append by which the relay queues it or sets it aside waits for the store.
    moving: bool,
    /// When that may be tried again.
    move_after_ms: u64,
    /// Since when it has its status, as far as this core knows.
    status_since_ms: u64,
    /// The cursor that the visitor's side last asked for; not less than the recorded one.
    seen_asked_by_visitor: Seq,
    /// The cursor asked for by the agents' side.
    seen_asked_by_staff: Seq,
}

/// Every conversation in memory, and their visitors.
#[derive(Debug)]
pub(crate) struct Conversations {
    /// Boxed: the nodes of a map are half empty when its keys only grow.
    live: BTreeMap<ConversationId, Box<Live>>,
    /// Visitors who are here or have an open conversation.
    visitors: BTreeMap<VisitorId, Box<VisitorLive>>,
    /// Conversations whose opening waits for the store, with their visitor …
    opening: BTreeMap<ConversationId, VisitorId>,
    /// … and by visitor.
    opening_of: BTreeSet<(VisitorId, ConversationId)>,
    /// Conversations that are being read again; true when they must be read once more after that.
    refreshing: BTreeMap<ConversationId, bool>,
    /// Those in the queue, by since when they wait.
    waiting_since: BTreeSet<(u64, ConversationId)>,
    numbers: Numbers,
    rows: Rows,
    endings: Endings,
    rereads: Rereads,
    waits: AllWaits,
    /// Conversations read again because of missing events.
    gaps_repaired: u64,
}

impl Live {
    const fn new(conversation: Conversation) -> Self {
        Self {
            conversation,
            status: Status::Absent,
            waiting_since_ms: None,
            queueing: false,
            leaving: false,
            moving: false,
            move_after_ms: 0,
            status_since_ms: 0,
            seen_asked_by_visitor: Seq::ZERO,
            seen_asked_by_staff: Seq::ZERO,
        }
    }

    /// The cursor last asked for by one side.
    const fn seen_asked_mut(&mut self, party: Party) -> &mut Seq {
        match party {
            Party::Visitor => &mut self.seen_asked_by_visitor,
            Party::Staff => &mut self.seen_asked_by_staff,
        }
    }

    /// The agent that has it now.
    const fn holder(&self) -> Option<AgentId> {
        self.conversation.holder()
    }
}

impl Conversations {
    /// None is in memory.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            live: BTreeMap::new(),
            visitors: BTreeMap::new(),
            opening: BTreeMap::new(),
            opening_of: BTreeSet::new(),
            refreshing: BTreeMap::new(),
            waiting_since: BTreeSet::new(),
            numbers: Numbers::default(),
            rows: Rows::default(),
            endings: Endings::default(),
            rereads: Rereads::default(),
            waits: AllWaits::new(settings),
            gaps_repaired: 0,
        }
    }

    /// Conversations read again because of missing events, since the start.
    pub(crate) const fn gaps_repaired(&self) -> u64 {
        self.gaps_repaired
    }

    /// Since when the one that has waited longest is in the queue.
    pub(crate) fn waiting_since_ms(&self) -> Option<u64> {
        self.waiting_since.first().map(|(since_ms, _)| *since_ms)
    }

    fn open(&self, id: ConversationId) -> Option<&Live> {
        self.live.get(&id).map(|live| &**live).filter(|live| !live.conversation.closed())
    }

    /// The agent that has a conversation now.
    pub(crate) fn holder(&self, id: ConversationId) -> Option<AgentId> {
        self.live.get(&id).and_then(|live| live.holder())
    }

    /// Whether a conversation is in memory.
    pub(crate) fn knows(&self, id: ConversationId) -> bool {
        self.live.contains_key(&id)
    }

    /// What must be known of a conversation before it is assigned.
    pub(crate) fn assignment_view(&self, id: ConversationId) -> Option<AssignmentView> {
        self.live.get(&id).map(|live| Self::assignment_view_of(&live.conversation))
    }

    /// The same for one that the store has read.
    pub(crate) const fn assignment_view_of(read: &Conversation) -> AssignmentView {
        let holder = read.holder();
        AssignmentView { ended: read.closed(), holder, holder_online: false, staff_head: read.head.staff }
    }

    /// Events of one conversation were committed. `followed` says whether anybody follows it.
    pub(crate) fn committed(&mut self, commit: Commit, followed: bool, step: &mut Step) {
        let Some(first) = commit.events.first() else { return };
        let id = first.conversation;
        debug_assert!(commit.events.iter().all(|event| event.conversation == id), "a commit is of one conversation");
        let opens = commit.events.iter().any(|event| event.lane == Lane::Shared && event.seq == Seq(1));
        if opens && !self.live.contains_key(&id) {
            let new = Conversation::new(id, commit.site.clone(), commit.visitor, first.at_ms, String::new());
            self.live.insert(id, Box::new(Live::new(new)));
        }
        let (mut changed, mut gap) = (false, false);
        let mut agents = [None; 2];
        match self.live.get_mut(&id) {
            Some(live) => {
                debug_assert!(live.conversation.visitor == commit.visitor, "a conversation keeps its visitor");
                agents[0] = live.holder();
                for event in &commit.events {
                    match live.conversation.apply(event) {
                        Ok(()) => changed = true,
                        Err(OutOfOrder::Old) => {}
                        Err(OutOfOrder::Gap) => gap = true,
                    }
                }
                agents[1] = live.holder();
            }
            // An open conversation that is not in memory: its opening was missed.
            None => gap = followed || commit.events.iter().any(|event| tells_open(&event.body)),
        }
        step.tell(News::Events { site: commit.site, visitor: commit.visitor, agents, events: commit.events });
        if changed {
            self.changed(id, step);
        }
        if gap {
            self.refresh(id, step);
        }
        self.evict(id, followed, step);
    }

    /// A conversation is new or changed: updates indexes and lists.
    fn changed(&mut self, id: ConversationId, step: &mut Step) {
        let moved = self.reindex(id, step);
        self.row_changed(id, moved, step);
    }

    /// Updates every index with the conversation's state. Whether its status has changed.
    fn reindex(&mut self, id: ConversationId, step: &mut Step) -> bool {
        let Some(live) = self.live.get_mut(&id) else { return false };
        let conversation = &live.conversation;
        let since_ms = conversation.waiting_since_ms();
        if since_ms != live.waiting_since_ms {
            if let Some(old) = std::mem::replace(&mut live.waiting_since_ms, since_ms) {
                self.waiting_since.remove(&(old, id));
            }
            self.waiting_since.extend(since_ms.map(|since_ms| (since_ms, id)));
        }
        let is = status_of(conversation);
        let was = std::mem::replace(&mut live.status, is);
        if was == is {
            return false;
        }
        live.status_since_ms = step.now_ms();
        let (site, visitor) = (conversation.site.clone(), conversation.visitor);
        self.numbers.transition(&site, was, is);
        let known = self.visitors.entry(visitor).or_default();
        match (was, is) {
            (_, Status::Absent) => known.open.retain(|open| *open != id),
            (Status::Absent, _) => known.insert_open(id),
            (_, _) => {}
        }
        let here = !known.shown_gone;
        step.tell(News::Transition(Transition { conversation: id, visitor, site, here, was, is }));
        if is == Status::Absent {
            self.forget_visitor(visitor, step);
        }
        // For one that was opened by a visitor who has gone meanwhile, and for each one that is open at the start.
        self.look_if_gone(visitor, step);
        true
    }

    /// Takes a conversation from the store into memory, unless memory has newer events.
    pub(crate) fn adopt(&mut self, read: Conversation, followed: bool, step: &mut Step) {
        let id = read.id;
        match self.live.get_mut(&id) {
            None if read.closed() => {
                // It has ended: kept for its followers, sent to nobody.
                if followed {
                    self.live.insert(id, Box::new(Live::new(read)));
                }
                return;
            }
            None => {
                self.live.insert(id, Box::new(Live::new(read)));
            }
            Some(live) => {
                let (known, new) = (live.conversation.head, read.head);
                if (new.shared, new.staff) == (known.shared, known.staff)
                    || new.shared < known.shared
                    || new.staff < known.staff
                {
                    return;
                }
                live.conversation = read;
            }
        }
        self.changed(id, step);
        self.evict(id, followed, step);
    }

    /// Reads a conversation again, because events of it were missed.
    pub(crate) fn refresh(&mut self, id: ConversationId, step: &mut Step) {
        if let Some(again) = self.refreshing.get_mut(&id) {
            // The read that is under way may be too early for the events that were missed now.
            *again = true;
            return;
        }
        self.refreshing.insert(id, false);
        step.query(Pending::Refresh(id), Query::Conversation { conversation: id });
    }

    /// A conversation was read again.
    pub(crate) fn refreshed(&mut self, id: ConversationId, read: Conversation, followed: bool, step: &mut Step) {
        self.gaps_repaired += 1;
        self.adopt(read, followed, step);
        if self.refreshing.remove(&id) == Some(true) {
            return self.refresh(id, step);
        }
        self.was_read_again(id, step);
    }

    /// A conversation could not be read again.
    pub(crate) fn refresh_failed(&mut self, id: ConversationId, error: QueryError, step: &mut Step) {
        self.refreshing.remove(&id);
        if error == QueryError::NotFound {
            self.was_read_again(id, step);
        } else {
            step.wake_in(RETRY_MS, Timer::Refresh(id));
        }
    }

    /// Forgets an ended conversation that nobody follows.
    pub(crate) fn evict(&mut self, id: ConversationId, followed: bool, step: &mut Step) {
        if !followed && self.live.get(&id).is_some_and(|live| live.conversation.closed()) {
            self.send_last(id, step);
            self.live.remove(&id);
        }
    }

    /// Takes in events of an append that did not come through the bus. `followed` as for [`Self::committed`].
    pub(crate) fn catch_up(&mut self, appended: &Appended, followed: bool, step: &mut Step) {
        let Some(first) = appended.events.first() else { return };
        let missed = match self.live.get(&first.conversation) {
            Some(live) => appended.events.iter().any(|event| event.seq > live.conversation.head_of(event.lane)),
            // Ended ones that nobody follows are not in memory; a new one must be.
            None => !appended.repeated && first.lane == Lane::Shared && first.seq == Seq(1),
        };
        if missed {
            let (site, visitor, events) = (appended.site.clone(), appended.visitor, appended.events.clone());
            self.committed(Commit { site, visitor, events }, followed, step);
        }
    }

    /// An append to a conversation has failed: memory may be behind the store.
    pub(crate) fn reread_after_failure(&mut self, id: ConversationId, error: AppendError, step: &mut Step) {
        match error {
            // It may be recorded all the same, and then its events have reached nobody.
            AppendError::Down => step.wake_in(RETRY_MS, Timer::Refresh(id)),
            // When it is open in memory, its end was missed. It would stay in the queue and the lists until somebody asks for it.
            AppendError::Ended if self.open(id).is_some() => self.refresh(id, step),
            AppendError::Ended
            | AppendError::NotFound
            | AppendError::Moved
            | AppendError::AtCapacity
            | AppendError::FileMissing
            | AppendError::Busy
            | AppendError::DiskFull
            | AppendError::OverQuota { .. } => {}
        }
    }

    /// A pending change was recorded, or failed.
    pub(crate) fn change_done(&mut self, change: PendingChange, step: &mut Step) {
        match change {
            PendingChange::None | PendingChange::AfterOpening => {}
            PendingChange::Opening(conversation, visitor) => {
                self.opening.remove(&conversation);
                self.opening_of.remove(&(visitor, conversation));
                self.forget_visitor(visitor, step);
            }
            PendingChange::Queueing(conversation) => {
                if let Some(live) = self.live.get_mut(&conversation) {
                    live.queueing = false;
                }
            }
            PendingChange::Leaving(conversation, _) => {
                if let Some(live) = self.live.get_mut(&conversation) {
                    live.leaving = false;
                }
            }
            PendingChange::Moving(conversation) => self.moved(conversation, true, step),
            PendingChange::Seen(conversation, party) => {
                if let Some(live) = self.live.get_mut(&conversation) {
                    *live.seen_asked_mut(party) = live.conversation.seen_by(party);
                }
            }
        }
    }
}

const fn status_of(conversation: &Conversation) -> Status {
    match conversation.state {
        ConversationState::Waiting { .. } => Status::Queued(QueueEntry {
            turn: conversation.turn,
            network: conversation.network,
            known: conversation.known,
        }),
        ConversationState::Assigned { agent } => Status::Assigned(agent),
        ConversationState::Idle { why, .. } => Status::Idle(why),
        ConversationState::Closed { .. } => Status::Absent,
    }
}
