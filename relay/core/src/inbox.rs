//! What every console's list is told: at once where a conversation goes to another place, and otherwise often enough to be read.

use std::collections::{BTreeSet, VecDeque};

use wire::{ConversationId, ServerFrame};

use crate::Core;
use crate::planted::{Planted, planted};
use crate::timer::Timer;

/// A row whose place is the same is told again after this long: each row goes to every console, and nobody reads faster.
const ROW_EVERY_MS: u64 = 500;
/// Rows in the same place are told so many at a time …
const ROWS_AT_ONCE_MAX: usize = 16;
/// … this often: a busy site's rows would fill the queues of its consoles, and take longer to tell than its messages.
const ROWS_EVERY_MS: u64 = 50;

/// Rows that wait to be told.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// In the order in which they changed …
    order: VecDeque<ConversationId>,
    /// … each once.
    waits: BTreeSet<ConversationId>,
    /// The beginning of a stretch of `ROWS_EVERY_MS`, …
    since_ms: u64,
    /// … and rows told in it.
    told: usize,
}

impl Inbox {
    /// Whether one more row may be told now; counts it.
    const fn room(&mut self, now_ms: u64) -> bool {
        // A clock that was set back begins a new stretch, too.
        if now_ms.abs_diff(self.since_ms) >= ROWS_EVERY_MS {
            self.since_ms = now_ms;
            self.told = 0;
        }
        let room = self.told < ROWS_AT_ONCE_MAX;
        self.told += room as usize;
        room
    }
}

impl Core {
    /// A row is new or different; `moved` when it stands in another place now.
    pub(crate) fn row_changed(&mut self, id: ConversationId, moved: bool) {
        let Some(live) = self.conversations.get(&id) else { return };
        let due = self.now_ms >= live.row_told_ms.saturating_add(ROW_EVERY_MS);
        if moved || due && self.inbox.order.is_empty() && self.inbox.room(self.now_ms) {
            return self.tell_row(id);
        }
        if self.inbox.waits.insert(id) {
            if self.inbox.order.is_empty() {
                self.wake_in(if due { ROWS_EVERY_MS } else { ROW_EVERY_MS }, Timer::Inbox);
            }
            self.inbox.order.push_back(id);
        }
    }

    /// Tells some of the rows that waited, as they are now.
    pub(crate) fn rows_due(&mut self) {
        while let Some(id) = self.inbox.order.front().copied() {
            // One that was told meanwhile, because it moved, does not wait any more.
            let waits = self.inbox.waits.contains(&id);
            if waits && !self.inbox.room(self.now_ms) {
                break;
            }
            self.inbox.order.pop_front();
            if waits {
                self.tell_row(id);
            }
        }
        if !self.inbox.order.is_empty() {
            self.wake_in(ROWS_EVERY_MS, Timer::Inbox);
        }
    }

    /// Tells a row before it is forgotten, when it waits to be told.
    pub(crate) fn tell_last(&mut self, id: ConversationId) {
        if self.inbox.waits.contains(&id) {
            self.tell_row(id);
        }
    }

    fn tell_row(&mut self, id: ConversationId) {
        self.inbox.waits.remove(&id);
        let now_ms = self.now_ms;
        let Some(live) = self.conversations.get_mut(&id) else { return };
        live.row_told_ms = now_ms;
        let row = live.conversation.summary();
        if planted(Planted::QuietInbox) && row.head.staff.0 % 3 == 0 {
            return;
        }
        let to = self.agent_connections();
        self.send(&to, ServerFrame::Inbox { row });
    }
}
