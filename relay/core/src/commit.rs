//! What was recorded: folded into memory, then told to everybody it concerns. The only way out for events.

use std::collections::BTreeSet;

use wire::{AgentId, ConversationId, ConversationState, Event, Idle, Lane, Party, Seq, ServerFrame, VisitorId};

use crate::Core;
use crate::conversation::{Conversation, OutOfOrder};
use crate::input::{Commit, ConnectionId};
use crate::planted::{Planted, planted};
use crate::queue::Ticket;
use crate::request::Pending;
use crate::store::{Query, QueryError};
use crate::timer::{RETRY_MS, Timer};

/// A conversation in memory: every open one, and ended ones while somebody follows them.
#[derive(Debug)]
pub(crate) struct Live {
    /// As it stands.
    pub(crate) conversation: Conversation,
    /// Where the indexes have it.
    place: Place,
    /// Whether an append that queues it is on its way.
    pub(crate) queueing: bool,
    /// Whether an append that takes it out of the line is on its way.
    pub(crate) leaving: bool,
    /// Whether an append is on its way that moves it by itself: into the queue, or aside.
    pub(crate) moving: bool,
    /// Not before this is that tried again.
    pub(crate) move_after_ms: u64,
    /// Since when it stands where it stands, as far as this core knows.
    pub(crate) placed_ms: u64,
    /// The cursor asked for by the visitor's side; at least the one that stands.
    seen_asked_by_visitor: Seq,
    /// The cursor asked for by the agents' side.
    seen_asked_by_staff: Seq,
}

/// Which index a conversation stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Not in memory a moment ago, or ended.
    None,
    /// In line.
    Waiting(Ticket),
    /// With an agent.
    Held(AgentId),
    /// Open with nobody.
    Idle(Idle),
}

impl Live {
    const fn new(conversation: Conversation) -> Self {
        Self {
            conversation,
            place: Place::None,
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
    pub(crate) const fn seen_asked_mut(&mut self, party: Party) -> &mut Seq {
        match party {
            Party::Visitor => &mut self.seen_asked_by_visitor,
            Party::Staff => &mut self.seen_asked_by_staff,
        }
    }

    /// The agent that has it now.
    pub(crate) const fn holder(&self) -> Option<AgentId> {
        match self.conversation.state {
            ConversationState::Assigned { agent } => Some(agent),
            ConversationState::Waiting { .. } | ConversationState::Idle { .. } | ConversationState::Closed { .. } => {
                None
            }
        }
    }
}

impl Core {
    /// Events of one conversation were committed.
    pub(crate) fn committed(&mut self, commit: Commit) {
        let Some(first) = commit.events.first() else { return };
        let id = first.conversation;
        debug_assert!(commit.events.iter().all(|event| event.conversation == id), "a commit is of one conversation");
        let opens = commit.events.iter().any(|event| event.lane == Lane::Shared && event.seq == Seq(1));
        if opens && !self.conversations.contains_key(&id) {
            let new = Conversation::new(id, commit.site, commit.visitor, first.at_ms, String::new());
            self.conversations.insert(id, Live::new(new));
        }
        let mut agents = BTreeSet::new();
        let mut changed = false;
        let mut gap = false;
        match self.conversations.get_mut(&id) {
            Some(live) => {
                debug_assert!(live.conversation.visitor == commit.visitor, "a conversation keeps its visitor");
                agents.extend(live.holder());
                for event in &commit.events {
                    match live.conversation.apply(event) {
                        Ok(()) => changed = true,
                        Err(OutOfOrder::Old) => {}
                        Err(OutOfOrder::Gap) => gap = true,
                    }
                }
                agents.extend(live.holder());
            }
            None => gap = self.followers.contains_key(&id),
        }
        self.fan_out(commit.visitor, &agents, commit.events);
        if changed {
            self.changed(id);
        }
        if gap {
            self.refresh(id);
        }
        self.evict(id);
    }

    /// Each event to everybody it concerns: the shared lane to all the visitor's lines, both lanes to the agents who
    /// follow it and to those who have or just had it.
    fn fan_out(&mut self, visitor: VisitorId, agents: &BTreeSet<AgentId>, events: Vec<Event>) {
        let Some(id) = events.first().map(|event| event.conversation) else { return };
        let staff: Vec<_> = self.staff_of(id, agents).into_iter().collect();
        let mut all = staff.clone();
        all.extend(self.visitors.get(&visitor).into_iter().flat_map(|known| known.connections.iter().copied()));
        for event in events {
            let to = match event.lane {
                Lane::Shared => &all,
                Lane::Staff if planted(Planted::LeaksNotes) => &all,
                Lane::Staff => &staff,
            };
            self.send(to, ServerFrame::Event { event });
        }
    }

    /// The agents' lines that a conversation concerns.
    pub(crate) fn staff_of(&self, id: ConversationId, agents: &BTreeSet<AgentId>) -> BTreeSet<ConnectionId> {
        let followers = self.followers.get(&id).into_iter().flatten().copied();
        let mut to: BTreeSet<_> = followers.filter(|connection| self.is_agent(*connection)).collect();
        to.extend(agents.iter().filter_map(|agent| self.agents.get(agent)).flat_map(|known| &known.connections));
        to
    }

    /// Whether the fan-out of a conversation reaches this agent's line.
    pub(crate) fn hears(&self, connection: ConnectionId, id: ConversationId) -> bool {
        let holder = self.conversations.get(&id).and_then(Live::holder);
        self.staff_of(id, &holder.into_iter().collect()).contains(&connection)
    }

    /// The conversation is new or different: indexes and lists follow.
    fn changed(&mut self, id: ConversationId) {
        let moved = self.reindex(id);
        self.row_changed(id, moved);
    }

    /// Puts the conversation where its state says, in every index. Whether it was elsewhere before.
    fn reindex(&mut self, id: ConversationId) -> bool {
        let Some(live) = self.conversations.get_mut(&id) else { return false };
        let conversation = &live.conversation;
        let new = match conversation.state {
            ConversationState::Waiting { .. } => Place::Waiting(Ticket {
                turn: conversation.turn,
                network: conversation.network,
                known: conversation.known,
            }),
            ConversationState::Assigned { agent } => Place::Held(agent),
            ConversationState::Idle { why, .. } => Place::Idle(why),
            ConversationState::Closed { .. } => Place::None,
        };
        let old = std::mem::replace(&mut live.place, new);
        if old == new {
            return false;
        }
        live.placed_ms = self.now_ms;
        let (site, visitor) = (conversation.site.clone(), conversation.visitor);
        match old {
            Place::None => {
                self.visitors.entry(visitor).or_default().open.insert(id);
            }
            Place::Idle(why) => self.idle[why as usize] -= 1,
            Place::Waiting(_) => self.queue.remove(id, matches!(new, Place::Held(_))),
            Place::Held(agent) => self.release(agent, id),
        }
        match new {
            Place::None => {
                if let Some(known) = self.visitors.get_mut(&visitor) {
                    known.open.remove(&id);
                }
                self.forget_visitor(visitor);
            }
            Place::Idle(why) => self.idle[why as usize] += 1,
            Place::Waiting(ticket) => {
                let here = self.visitors.get(&visitor).is_some_and(|known| !known.told_gone);
                self.queue.insert(site, id, ticket, matches!(old, Place::Held(_)), here);
            }
            Place::Held(agent) => self.hold(agent, id),
        }
        // Also one that was opened by a visitor who has gone meanwhile, and each one that a start finds.
        self.visitor_went(visitor);
        self.assign_due = true;
        true
    }

    /// Takes in a conversation as the store folded it, unless memory is already further.
    pub(crate) fn adopt(&mut self, read: Conversation) {
        let id = read.id;
        match self.conversations.get_mut(&id) {
            None if read.closed() => {
                // Old news: kept for its followers, told to nobody.
                if self.followers.contains_key(&id) {
                    self.conversations.insert(id, Live::new(read));
                }
                return;
            }
            None => {
                self.conversations.insert(id, Live::new(read));
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
        self.changed(id);
        self.evict(id);
    }

    /// Reads a conversation again, because events of it were missed.
    pub(crate) fn refresh(&mut self, id: ConversationId) {
        if let Some(again) = self.refreshing.get_mut(&id) {
            // The read that is on its way may be too early for what was missed now.
            *again = true;
            return;
        }
        self.refreshing.insert(id, false);
        self.query(Pending::Refresh(id), Query::Conversation { conversation: id });
    }

    /// A conversation was read again.
    pub(crate) fn refreshed(&mut self, id: ConversationId, read: Conversation) {
        self.gaps_repaired_by_relay += 1;
        self.adopt(read);
        if self.refreshing.remove(&id) == Some(true) {
            self.refresh(id);
        }
    }

    /// A conversation could not be read again.
    pub(crate) fn refresh_failed(&mut self, id: ConversationId, error: QueryError) {
        self.refreshing.remove(&id);
        if error != QueryError::NotFound {
            self.wake_in(RETRY_MS, Timer::Refresh(id));
        }
    }

    /// Forgets an ended conversation that nobody follows.
    pub(crate) fn evict(&mut self, id: ConversationId) {
        let ended = self.conversations.get(&id).is_some_and(|live| live.conversation.closed());
        if ended && !self.followers.contains_key(&id) {
            self.tell_last(id);
            self.conversations.remove(&id);
        }
    }
}
