//! What every console's list is told: at once when a conversation stands elsewhere, and otherwise soon, many together.

use std::collections::{BTreeSet, VecDeque};

use wire::{ConversationId, ServerFrame};

use super::Conversations;
use crate::news::Audience;
use crate::planted::{Planted, planted};
use crate::step::{Step, Timer};

/// Rows that changed and stand where they stood are told together this often: each goes to every console, which the messages must not wait for …
const ROWS_EVERY_MS: u64 = 100;
/// … and so many at a time: a busy site's rows would fill the queues of its consoles, and take longer to tell than its messages.
const ROWS_AT_ONCE_MAX: usize = 32;

/// Rows that wait to be told.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// In the order in which they changed …
    order: VecDeque<ConversationId>,
    /// … each once.
    waits: BTreeSet<ConversationId>,
}

impl Conversations {
    /// A row is new or different; `moved` when it stands elsewhere now.
    pub(super) fn row_changed(&mut self, id: ConversationId, moved: bool, step: &mut Step) {
        if moved {
            return self.tell_row(id, step);
        }
        if self.rows.waits.insert(id) {
            if self.rows.order.is_empty() {
                step.wake_in(ROWS_EVERY_MS, Timer::Rows);
            }
            self.rows.order.push_back(id);
        }
    }

    /// Tells some of the rows that waited, as they are now.
    pub(crate) fn rows_due(&mut self, step: &mut Step) {
        let mut left = ROWS_AT_ONCE_MAX;
        while left > 0
            && let Some(id) = self.rows.order.pop_front()
        {
            // One that was told meanwhile, because it moved, does not wait any more.
            if self.rows.waits.contains(&id) {
                self.tell_row(id, step);
                left -= 1;
            }
        }
        if !self.rows.order.is_empty() {
            step.wake_in(ROWS_EVERY_MS, Timer::Rows);
        }
    }

    /// Tells a row before it is forgotten, when it waits to be told.
    pub(super) fn tell_last(&mut self, id: ConversationId, step: &mut Step) {
        if self.rows.waits.contains(&id) {
            self.tell_row(id, step);
        }
    }

    fn tell_row(&mut self, id: ConversationId, step: &mut Step) {
        self.rows.waits.remove(&id);
        let Some(live) = self.live.get(&id) else { return };
        let row = self.row_of(live, step.now_ms());
        if planted(Planted::QuietInbox) && row.head.staff.0.is_multiple_of(3) {
            return;
        }
        step.send(Audience::Agents, ServerFrame::Inbox { row });
    }
}
