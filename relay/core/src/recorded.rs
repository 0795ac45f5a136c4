//! What the answer of the store to an append means to those who asked.

use wire::{Close, ConversationId, Lane, Refusal, Seq, ServerFrame, Subject};

use crate::Core;
use crate::append::{AppendError, Appended};
use crate::connection::Who;
use crate::input::{Commit, ConnectionId, RequestId};
use crate::planted::{Planted, planted};
use crate::request::{ATTEMPTS_MAX, Mark, Pending, refusal_of};
use crate::timer::{RETRY_MS, Timer};

impl Core {
    /// The store has recorded, or not.
    pub(crate) fn appended(&mut self, request: RequestId, result: Result<Appended, AppendError>) {
        let Some(pending) = self.recall(request) else { return };
        match (&result, pending.appends_to()) {
            (Ok(appended), _) => self.catch_up(appended),
            // It may be recorded all the same, and then nobody has heard of it.
            (Err(AppendError::Down), Some(conversation)) => self.wake_in(RETRY_MS, Timer::Refresh(conversation)),
            (Err(AppendError::Ended), Some(conversation)) => self.hear_ended(conversation),
            (Err(_), _) => {}
        }
        match pending {
            Pending::Quiet(_) => {}
            Pending::Moved(conversation) => self.moved(conversation, result.is_ok()),
            Pending::Ending(wish, conversation) => self.ended(wish, conversation, result.err()),
            Pending::Offered(offer) => self.offer_answered(offer, result.map(|_| ())),
            Pending::Asked { connection, subject, mark } => {
                self.unmark(mark);
                match result {
                    Ok(appended) => self.acknowledge(connection, appended),
                    Err(error) => self.append_failed(connection, subject, mark, error),
                }
            }
            Pending::Welcome { .. }
            | Pending::Page { .. }
            | Pending::Seen { .. }
            | Pending::ListClosed { .. }
            | Pending::ListOfVisitor { .. }
            | Pending::Refresh(_) => self.wrong_answer(&pending),
        }
    }

    /// The answer of the store is here. Its announcement came before, unless the bus has lost it.
    fn catch_up(&mut self, appended: &Appended) {
        let Some(first) = appended.events.first() else { return };
        let missed = match self.conversations.get(&first.conversation) {
            Some(live) => appended.events.iter().any(|event| event.seq > live.conversation.head_of(event.lane)),
            // Ended ones that nobody follows are not in memory; what opens one must be.
            None => !appended.repeated && first.lane == Lane::Shared && first.seq == Seq(1),
        };
        if missed {
            let (site, visitor, events) = (appended.site.clone(), appended.visitor, appended.events.clone());
            self.committed(Commit { site, visitor, events });
        }
    }

    /// The store says that a conversation has ended. If memory has it open, the announcement was lost, and it would stand in line and in the
    /// consoles' lists until somebody asks.
    fn hear_ended(&mut self, id: ConversationId) {
        if self.conversations.get(&id).is_some_and(|live| !live.conversation.closed()) {
            self.refresh(id);
        }
    }

    /// What was on its way has arrived or will not.
    fn unmark(&mut self, mark: Mark) {
        match mark {
            Mark::None | Mark::AfterOpening => {}
            Mark::Opening(conversation, visitor) => {
                self.opening.remove(&conversation);
                self.forget_visitor(visitor);
            }
            Mark::Queueing(conversation) => {
                if let Some(live) = self.conversations.get_mut(&conversation) {
                    live.queueing = false;
                }
            }
            Mark::Leaving(conversation, _) => {
                if let Some(live) = self.conversations.get_mut(&conversation) {
                    live.leaving = false;
                }
            }
            Mark::Moving(conversation) => self.moved(conversation, true),
            Mark::Seen(conversation, party) => {
                if let Some(live) = self.conversations.get_mut(&conversation) {
                    *live.seen_asked_mut(party) = live.conversation.seen_by(party);
                }
            }
        }
    }

    fn append_failed(&mut self, connection: ConnectionId, subject: Subject, mark: Mark, error: AppendError) {
        let refusal = match (mark, error) {
            // The visitor leaves while the staff lane moves: a note, or somebody took them meanwhile. Look again.
            (Mark::Leaving(conversation, attempts), AppendError::Moved) if attempts < ATTEMPTS_MAX => {
                return self.leave_queue(connection, conversation, attempts + 1);
            }
            // Somebody took the idle conversation just then: the message is to be sent once more, without queueing.
            (Mark::Queueing(_), AppendError::Moved) => Refusal::Busy,
            // The append that was to open the conversation failed; its own refusal says why, and this one may be retried.
            (Mark::AfterOpening, AppendError::NotFound) => Refusal::Busy,
            (_, error) => refusal_of(error),
        };
        self.refuse(connection, subject, refusal);
    }

    /// Sends to its maker what the fan-out does not bring: events recorded before, or where it does not follow.
    fn acknowledge(&mut self, connection: ConnectionId, appended: Appended) {
        let Some(line) = self.connections.get(&connection) else { return };
        let agent = match line.who() {
            Who::Visitor(visitor) if visitor == Some(appended.visitor) => None,
            Who::Visitor(_) => {
                debug_assert!(false, "the store checks the owner");
                return self.close(connection, Close::Malformed);
            }
            Who::Agent(agent) => Some(agent),
        };
        let conversation = appended.events.first().map(|event| event.conversation);
        let heard = conversation.is_some_and(|id| agent.is_none() || self.hears(connection, id));
        if heard && (!appended.repeated || planted(Planted::SilentOnRetry)) {
            return;
        }
        for event in appended.events {
            if agent.is_some() || event.lane == Lane::Shared {
                self.send_one(connection, ServerFrame::Event { event });
            }
        }
    }
}
