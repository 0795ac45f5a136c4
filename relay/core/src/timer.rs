//! What time alone makes due: one ordered set of deadlines.

use wire::{AgentId, ConversationId, SiteId, VisitorId};

use crate::Core;

/// After a store that was busy or down, or disagreed with what is known here, the core tries again after this long.
pub(crate) const RETRY_MS: u64 = 1_000;

/// Something to look at when its time has come. Whether it is still wanted is decided then.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The agent's last connection has been gone for the grace period.
    Away(AgentId),
    /// What was held back from assignment may be tried again.
    Assign,
    /// A conversation is to be read again.
    Refresh(ConversationId),
    /// A long line is told its places again.
    Queue(SiteId),
    /// Rows of the consoles' lists that waited are told.
    Inbox,
    /// A visitor's conversations are to be looked at again.
    Attend(VisitorId),
    /// An agent is away for long.
    GiveBack(AgentId),
    /// Consoles may be told the numbers.
    Counts,
    /// More may be ended.
    Endings,
    /// A visitor's page may be recorded again.
    Context(VisitorId),
}

impl Core {
    /// Wakes up for this after a while.
    pub(crate) fn wake_in(&mut self, wait_ms: u64, timer: Timer) {
        self.timers.insert((self.now_ms.saturating_add(wait_ms), timer));
    }

    /// Runs everything that is due.
    pub(crate) fn run_timers(&mut self) {
        while let Some((at_ms, _)) = self.timers.first() {
            if *at_ms > self.now_ms {
                break;
            }
            let Some((at_ms, timer)) = self.timers.pop_first() else { break };
            match timer {
                Timer::Away(agent) => self.grace_over(agent, at_ms),
                Timer::Assign => self.assign_again(),
                Timer::Refresh(conversation) => self.refresh(conversation),
                Timer::Queue(site) => self.queue.mark(site),
                Timer::Inbox => self.rows_due(),
                Timer::Attend(visitor) => self.attend_due(visitor, at_ms),
                Timer::GiveBack(agent) => self.give_back(agent),
                // `settle` tells them.
                Timer::Counts => {}
                Timer::Endings => self.end_again(),
                Timer::Context(visitor) => self.context_due(visitor),
            }
        }
    }
}
