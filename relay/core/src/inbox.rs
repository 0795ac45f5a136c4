//! What every console's list is told: at once where a conversation goes to another place, and otherwise soon, many together.

use std::collections::{BTreeSet, VecDeque};

use wire::{ConversationId, ServerFrame};

use crate::Core;
use crate::planted::{Planted, planted};
use crate::timer::Timer;

/// Rows that changed in their place are told together this often: each goes to every console, which the messages must not wait for …
const ROWS_EVERY_MS: u64 = 100;
/// … and so many at a time: a busy site's rows would fill the queues of its consoles, and take longer to tell than its messages.
const ROWS_AT_ONCE_MAX: usize = 32;

/// Rows that wait to be told.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// In the order in which they changed …
    order: VecDeque<ConversationId>,
    /// … each once.
    waits: BTreeSet<ConversationId>,
}

impl Core {
    /// A row is new or different; `moved` when it stands in another place now.
    pub(crate) fn row_changed(&mut self, id: ConversationId, moved: bool) {
        if moved {
            return self.tell_row(id);
        }
        if self.inbox.waits.insert(id) {
            if self.inbox.order.is_empty() {
                self.wake_in(ROWS_EVERY_MS, Timer::Inbox);
            }
            self.inbox.order.push_back(id);
        }
    }

    /// Tells some of the rows that waited, as they are now.
    pub(crate) fn rows_due(&mut self) {
        let mut left = ROWS_AT_ONCE_MAX;
        while left > 0
            && let Some(id) = self.inbox.order.pop_front()
        {
            // One that was told meanwhile, because it moved, does not wait any more.
            if self.inbox.waits.contains(&id) {
                self.tell_row(id);
                left -= 1;
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
        let Some(live) = self.conversations.get(&id) else { return };
        let row = self.row_of(live);
        if planted(Planted::QuietInbox) && row.head.staff.0.is_multiple_of(3) {
            return;
        }
        let to = self.agent_connections();
        self.send(&to, ServerFrame::Inbox { row });
    }
}
