//! Nobody is queued or owned for ever without being there: conversations follow their visitors and agents as they go and come back.

use wire::{AgentId, Aside, Author, Body, ConversationId, ConversationState, Idle, Refusal, VisitorId};

use super::{Conversations, Live};
use crate::admit::about;
use crate::append::{Append, Condition, NewBody};
use crate::conversation::Conversation;
use crate::input::{ConnectionId, Source};
use crate::news::News;
use crate::planted::{Planted, planted};
use crate::request::{Pending, PendingChange};
use crate::step::{RETRY_MS, Step, Timer};

/// A visitor without a connection counts as here for this long, so that a reload of the page changes nothing.
pub(super) const GONE_AFTER_MS: u64 = 10_000;

/// What the relay does with a conversation by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    Queue,
    Aside(Aside),
}

impl Conversations {
    /// Checks everything that a visitor has open: does what is due, and plans the next check.
    pub(super) fn attend(&mut self, visitor: VisitorId, step: &mut Step) {
        let now_ms = step.now_ms();
        let Some(known) = self.visitors.get_mut(&visitor) else { return };
        if let Some(at_ms) = known.attend_at_ms.take() {
            step.cancel(at_ms, Timer::Attend(visitor));
        }
        let known = &self.visitors[&visitor];
        let gone_ms = known.gone_ms;
        let (mut due, mut next_ms) = (Vec::new(), u64::MAX);
        let mut plan = |at_ms: u64, id, to| {
            if at_ms <= now_ms {
                due.push((id, to));
            } else {
                next_ms = next_ms.min(at_ms);
            }
        };
        for id in &known.open {
            let Some(live) = self.live.get(id) else { continue };
            if live.moving || live.queueing || live.leaving {
                continue;
            }
            match gone_ms {
                None => {
                    if let ConversationState::Idle { why: Idle::Left | Idle::Message, .. } = live.conversation.state {
                        plan(live.move_after_ms, *id, To::Queue);
                    }
                }
                Some(gone_ms) => {
                    if let Some((at_ms, aside)) = self.aside_due(live, gone_ms) {
                        plan(at_ms.max(live.move_after_ms), *id, To::Aside(aside));
                    }
                }
            }
        }
        if let Some(gone_ms) = gone_ms.filter(|_| !known.shown_gone) {
            next_ms = next_ms.min(gone_ms.saturating_add(GONE_AFTER_MS).max(now_ms));
        }
        if next_ms < u64::MAX
            && let Some(known) = self.visitors.get_mut(&visitor)
        {
            known.attend_at_ms = Some(next_ms);
            step.wake_at(next_ms, Timer::Attend(visitor));
        }
        for (id, to) in due {
            self.move_by_itself(id, to, step);
        }
    }

    /// When a conversation whose visitor is gone is set aside, and why.
    fn aside_due(&self, live: &Live, gone_ms: u64) -> Option<(u64, Aside)> {
        let set = self.waits.of(&live.conversation.site);
        let since_ms = gone_ms.max(live.status_since_ms);
        match live.conversation.state {
            ConversationState::Waiting { .. } if planted(Planted::KeepsLeftQueued) => None,
            ConversationState::Waiting { .. } => Some((since_ms.saturating_add(set.left_after_ms), Aside::Left)),
            ConversationState::Assigned { .. } => {
                // No agent has answered yet, so it is set aside as early as a queued one: other visitors are waiting.
                let after_ms = if live.conversation.answered { set.owned_left_after_ms } else { set.left_after_ms };
                Some((since_ms.saturating_add(after_ms), aside_of(live)))
            }
            ConversationState::Idle { why: Idle::Left, .. } if aside_of(live) == Aside::Message => {
                Some((since_ms.saturating_add(set.message_after_ms), Aside::Message))
            }
            ConversationState::Idle { .. } | ConversationState::Closed { .. } => None,
        }
    }

    /// The time of a planned check has come.
    pub(crate) fn attend_due(&mut self, visitor: VisitorId, at_ms: u64, step: &mut Step) {
        let Some(known) = self.visitors.get_mut(&visitor).filter(|known| known.attend_at_ms == Some(at_ms)) else {
            return;
        };
        known.attend_at_ms = None;
        let gone = known.gone_ms.is_some_and(|gone_ms| gone_ms.saturating_add(GONE_AFTER_MS) <= step.now_ms());
        if gone && !std::mem::replace(&mut known.shown_gone, true) {
            self.presence_changed(visitor, step);
        }
        self.attend(visitor, step);
    }

    /// A visitor has connected from this source: conversations that were set aside when they left are queued again.
    pub(crate) fn connected(&mut self, visitor: VisitorId, source: Source, step: &mut Step) {
        let known = self.visitors.entry(visitor).or_default();
        known.connected = true;
        known.source = source;
        known.gone_ms = None;
        if std::mem::take(&mut known.shown_gone) {
            self.presence_changed(visitor, step);
        }
        self.attend(visitor, step);
    }

    /// A visitor's last connection has gone.
    pub(crate) fn disconnected(&mut self, visitor: VisitorId, step: &mut Step) {
        if let Some(known) = self.visitors.get_mut(&visitor) {
            known.connected = false;
        }
        self.look_if_gone(visitor, step);
        self.forget_visitor(visitor, step);
    }

    /// Checks what a visitor has open, if they have no connection.
    pub(super) fn look_if_gone(&mut self, visitor: VisitorId, step: &mut Step) {
        let Some(known) = self.visitors.get_mut(&visitor).filter(|known| !known.connected) else { return };
        if known.gone_ms.is_none() {
            known.gone_ms = Some(step.now_ms());
            known.gone_since_ms = step.wall_ms();
        }
        self.attend(visitor, step);
    }

    fn presence_changed(&mut self, visitor: VisitorId, step: &mut Step) {
        let Some(known) = self.visitors.get(&visitor) else { return };
        let here = !known.shown_gone;
        for id in known.open.clone() {
            step.tell(News::Here(id, here || planted(Planted::ServesGone)));
            self.row_changed(id, false, step);
        }
    }

    /// Records what the relay does with a conversation, on condition that it has not changed.
    fn move_by_itself(&mut self, id: ConversationId, to: To, step: &mut Step) {
        if let Some(append) = self.move_append(id, to, Author::System, step) {
            step.append(Pending::Moved(id), append);
        }
    }

    fn move_append(&mut self, id: ConversationId, to: To, author: Author, step: &mut Step) -> Option<Append> {
        let live = self.live.get_mut(&id)?;
        live.moving = true;
        let (turn, staff_head, visitor) =
            (live.conversation.turn, live.conversation.head.staff, live.conversation.visitor);
        let new_events = match to {
            To::Queue => {
                let queueing = self.queueing(visitor, Some(turn));
                vec![
                    step.new_event(Author::System, NewBody::Ready(Body::Queued)),
                    step.new_event(author, NewBody::Turn(queueing)),
                ]
            }
            To::Aside(why) => vec![step.new_event(author, NewBody::Ready(Body::SetAside { why }))],
        };
        Some(Append::new(id, new_events).when(Condition::StaffHead(staff_head)))
    }

    /// Such an append was recorded, or failed; then it is tried again after a while.
    pub(crate) fn moved(&mut self, id: ConversationId, recorded: bool, step: &mut Step) {
        let retry_ms = step.now_ms().saturating_add(RETRY_MS);
        let Some(live) = self.live.get_mut(&id) else { return };
        live.moving = false;
        if !recorded {
            live.move_after_ms = retry_ms;
        }
        let (visitor, holder) = (live.conversation.visitor, live.holder());
        if let Some(agent) = holder.filter(|_| !recorded) {
            step.wake_at(retry_ms, Timer::GiveBack(agent));
        }
        self.attend(visitor, step);
    }

    /// The agent who had these is gone for long, or was removed: they are given back.
    pub(crate) fn give_back(&mut self, conversations: Vec<ConversationId>, step: &mut Step) {
        for id in conversations {
            let Some(live) = self.live.get(&id).filter(|live| !live.moving) else { continue };
            let to = self.back_to(live);
            self.move_by_itself(id, to, step);
        }
    }

    /// What becomes of a conversation that its agent gives back.
    fn back_to(&self, live: &Live) -> To {
        let visitor = self.visitors.get(&live.conversation.visitor);
        let here = visitor.is_some_and(|known| known.gone_ms.is_none());
        if here { To::Queue } else { To::Aside(aside_of(live)) }
    }

    /// An agent gives back a conversation of its own; with `any` that of anybody. A conversation that the store has and memory has not has ended.
    pub(crate) fn release(
        &mut self,
        connection: ConnectionId,
        (author, agent, any): (Author, AgentId, bool),
        (id, read): (ConversationId, Option<&Conversation>),
        step: &mut Step,
    ) {
        let refusal = match self.live.get(&id) {
            None if read.is_some() => Refusal::Ended,
            None => Refusal::NotFound,
            Some(live) if live.conversation.closed() => Refusal::Ended,
            Some(live) => match live.holder() {
                None => Refusal::NotAllowed,
                Some(holder) if holder != agent && !any => Refusal::Taken,
                Some(_) if live.moving => return,
                Some(_) => {
                    let to = self.back_to(live);
                    if let Some(append) = self.move_append(id, to, author, step) {
                        let change = PendingChange::Moving(id);
                        step.append(Pending::Asked { connection, subject: about(id), change }, append);
                    }
                    return;
                }
            },
        };
        step.refuse(connection, about(id), refusal);
    }
}

/// How a conversation is set aside whose visitor is gone: as a message when no agent has written since they did.
const fn aside_of(live: &Live) -> Aside {
    if live.conversation.unanswered { Aside::Message } else { Aside::Left }
}
