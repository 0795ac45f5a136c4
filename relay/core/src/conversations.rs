//! The conversations in memory: every open one, and ended ones while somebody follows them.
//!
//! Takes: committed events, what the store has read, wishes of visitors and agents, visitors who come and go.
//! Gives: events and rows to be sent, appends and queries for the store, and word of each conversation that stands elsewhere now.

use std::collections::{BTreeMap, BTreeSet};

use wire::{AgentId, ConversationId, ConversationState, Lane, Party, Seq, VisitorId};

use crate::append::{AppendError, Appended};
use crate::conversation::{Conversation, OutOfOrder};
use crate::input::Commit;
use crate::news::{News, Placed, Standing, Ticket};
use crate::request::{Mark, Pending};
use crate::settings::Settings;
use crate::step::{RETRY_MS, Step, Timer};
use crate::store::{Query, QueryError};
use crate::view::Wanted;

mod again;
mod agent;
mod attend;
mod ending;
mod lists;
mod page;
mod read;
mod rows;
#[cfg(test)]
mod tests;
mod visitors;
mod write;

use again::{Rereads, tells_open};
use ending::Endings;
use lists::Numbers;
use rows::Rows;
use visitors::VisitorLive;
pub(crate) use write::{Reader, Way, Words};

/// A conversation in memory.
#[derive(Debug)]
struct Live {
    conversation: Conversation,
    /// Where the indexes have it.
    standing: Standing,
    /// Since when the indexes have it in the queue, when they do.
    waiting_since_ms: Option<u64>,
    /// Whether an append that queues it is on its way.
    queueing: bool,
    /// Whether an append that takes it out of the queue is on its way.
    leaving: bool,
    /// Whether an append is on its way that moves it by itself: into the queue, or aside.
    moving: bool,
    /// Not before this is that tried again.
    move_after_ms: u64,
    /// Since when it stands where it stands, as far as this core knows.
    placed_ms: u64,
    /// The cursor asked for by the visitor's side; at least the one that stands.
    seen_asked_by_visitor: Seq,
    /// The cursor asked for by the agents' side.
    seen_asked_by_staff: Seq,
}

/// Every conversation in memory, and the visitors whose they are.
#[derive(Debug)]
pub(crate) struct Conversations {
    /// Boxed: the nodes of a map are half empty when its keys only grow.
    live: BTreeMap<ConversationId, Box<Live>>,
    /// Visitors who are here or have an open conversation.
    visitors: BTreeMap<VisitorId, Box<VisitorLive>>,
    /// Conversations whose opening is on its way, with their visitor …
    opening: BTreeMap<ConversationId, VisitorId>,
    /// … and by visitor.
    opening_of: BTreeSet<(VisitorId, ConversationId)>,
    /// Conversations that are being read again; true when they must be once more.
    refreshing: BTreeMap<ConversationId, bool>,
    /// Those in the queue by how long they wait.
    waiting_since: BTreeSet<(u64, ConversationId)>,
    numbers: Numbers,
    rows: Rows,
    endings: Endings,
    rereads: Rereads,
    settings: Settings,
    /// Conversations read again because of missing events.
    gaps_repaired: u64,
}

impl Live {
    const fn new(conversation: Conversation) -> Self {
        Self {
            conversation,
            standing: Standing::Nowhere,
            waiting_since_ms: None,
            queueing: false,
            leaving: false,
            moving: false,
            move_after_ms: 0,
            placed_ms: 0,
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
            settings,
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

    /// What must be known of a conversation to give it to somebody.
    pub(crate) fn wanted(&self, id: ConversationId) -> Option<Wanted> {
        self.live.get(&id).map(|live| Self::wanted_read(&live.conversation))
    }

    /// The same of one that the store has read.
    pub(crate) const fn wanted_read(read: &Conversation) -> Wanted {
        let holder = read.holder();
        Wanted { ended: read.closed(), holder, holder_online: false, staff_head: read.head.staff }
    }

    /// Events of one conversation were committed. `followed` says whether anybody follows it.
    pub(crate) fn committed(&mut self, commit: Commit, followed: bool, step: &mut Step) {
        let Some(first) = commit.events.first() else { return };
        let id = first.conversation;
        debug_assert!(commit.events.iter().all(|event| event.conversation == id), "a commit is of one conversation");
        let opens = commit.events.iter().any(|event| event.lane == Lane::Shared && event.seq == Seq(1));
        if opens && !self.live.contains_key(&id) {
            let new = Conversation::new(id, commit.site, commit.visitor, first.at_ms, String::new());
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
            // An open one that is not in memory was missed, too.
            None => gap = followed || commit.events.iter().any(|event| tells_open(&event.body)),
        }
        step.tell(News::Events { visitor: commit.visitor, agents, events: commit.events });
        if changed {
            self.changed(id, step);
        }
        if gap {
            self.refresh(id, step);
        }
        self.evict(id, followed, step);
    }

    /// A conversation is new or different: indexes and lists follow.
    fn changed(&mut self, id: ConversationId, step: &mut Step) {
        let moved = self.reindex(id, step);
        self.row_changed(id, moved, step);
    }

    /// Puts the conversation where its state says, in every index. Whether it was elsewhere before.
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
        let is = standing_of(conversation);
        let was = std::mem::replace(&mut live.standing, is);
        if was == is {
            return false;
        }
        live.placed_ms = step.now_ms();
        let (site, visitor) = (conversation.site.clone(), conversation.visitor);
        self.numbers.placed(was, is);
        let known = self.visitors.entry(visitor).or_default();
        match (was, is) {
            (_, Standing::Nowhere) => known.open.retain(|open| *open != id),
            (Standing::Nowhere, _) => known.insert_open(id),
            (_, _) => {}
        }
        let here = !known.told_gone;
        step.tell(News::Placed(Placed { conversation: id, visitor, site, here, was, is }));
        if is == Standing::Nowhere {
            self.forget_visitor(visitor, step);
        }
        // Also one that was opened by a visitor who has gone meanwhile, and each one that a start finds.
        self.look_if_gone(visitor, step);
        true
    }

    /// Takes in a conversation as the store folded it, unless memory is already further.
    pub(crate) fn adopt(&mut self, read: Conversation, followed: bool, step: &mut Step) {
        let id = read.id;
        match self.live.get_mut(&id) {
            None if read.closed() => {
                // Old news: kept for its followers, told to nobody.
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
            // The read that is on its way may be too early for what was missed now.
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
            self.tell_last(id, step);
            self.live.remove(&id);
        }
    }

    /// What an append has recorded that the bus did not announce: `followed` as for [`Self::committed`].
    pub(crate) fn catch_up(&mut self, appended: &Appended, followed: bool, step: &mut Step) {
        let Some(first) = appended.events.first() else { return };
        let missed = match self.live.get(&first.conversation) {
            Some(live) => appended.events.iter().any(|event| event.seq > live.conversation.head_of(event.lane)),
            // Ended ones that nobody follows are not in memory; what opens one must be.
            None => !appended.repeated && first.lane == Lane::Shared && first.seq == Seq(1),
        };
        if missed {
            let (site, visitor, events) = (appended.site.clone(), appended.visitor, appended.events.clone());
            self.committed(Commit { site, visitor, events }, followed, step);
        }
    }

    /// An append to a conversation has failed: memory may be behind the store.
    pub(crate) fn doubt(&mut self, id: ConversationId, error: AppendError, step: &mut Step) {
        match error {
            // It may be recorded all the same, and then nobody has heard of it.
            AppendError::Down => step.wake_in(RETRY_MS, Timer::Refresh(id)),
            // If memory has it open, the announcement was lost, and it would stay in the queue and in the lists until somebody asks.
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

    /// What was on its way has arrived or will not.
    pub(crate) fn unmark(&mut self, mark: Mark, step: &mut Step) {
        match mark {
            Mark::None | Mark::AfterOpening => {}
            Mark::Opening(conversation, visitor) => {
                self.opening.remove(&conversation);
                self.opening_of.remove(&(visitor, conversation));
                self.forget_visitor(visitor, step);
            }
            Mark::Queueing(conversation) => {
                if let Some(live) = self.live.get_mut(&conversation) {
                    live.queueing = false;
                }
            }
            Mark::Leaving(conversation, _) => {
                if let Some(live) = self.live.get_mut(&conversation) {
                    live.leaving = false;
                }
            }
            Mark::Moving(conversation) => self.moved(conversation, true, step),
            Mark::Seen(conversation, party) => {
                if let Some(live) = self.live.get_mut(&conversation) {
                    *live.seen_asked_mut(party) = live.conversation.seen_by(party);
                }
            }
        }
    }
}

const fn standing_of(conversation: &Conversation) -> Standing {
    match conversation.state {
        ConversationState::Waiting { .. } => Standing::Queued(Ticket {
            turn: conversation.turn,
            network: conversation.network,
            known: conversation.known,
        }),
        ConversationState::Assigned { agent } => Standing::With(agent),
        ConversationState::Idle { why, .. } => Standing::Idle(why),
        ConversationState::Closed { .. } => Standing::Nowhere,
    }
}
