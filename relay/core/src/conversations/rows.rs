//! Sends changed rows to every console's list: at once when a conversation's status has changed, otherwise many together a little later.

use std::collections::{BTreeSet, VecDeque};

use wire::ConversationId;

use super::Conversations;
use crate::news::News;
use crate::planted::{Planted, planted};
use crate::step::{Step, Timer};

/// Rows whose status has not changed are sent together this often. Each goes to every console, and messages must not wait for that …
const ROWS_EVERY_MS: u64 = 100;
/// … and at most this many at a time: a busy site's rows would fill the queues of its consoles.
const ROWS_AT_ONCE_MAX: usize = 32;

/// Rows that wait to be sent.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// In the order in which they changed …
    order: VecDeque<ConversationId>,
    /// … each once.
    waits: BTreeSet<ConversationId>,
}

impl Conversations {
    /// A row is new or changed; `moved` when its status has changed.
    pub(super) fn row_changed(&mut self, id: ConversationId, moved: bool, step: &mut Step) {
        if moved {
            return self.send_row(id, step);
        }
        if self.rows.waits.insert(id) {
            if self.rows.order.is_empty() {
                step.wake_in(ROWS_EVERY_MS, Timer::Rows);
            }
            self.rows.order.push_back(id);
        }
    }

    /// Sends some of the rows that wait, as they are now.
    pub(crate) fn rows_due(&mut self, step: &mut Step) {
        let mut left = ROWS_AT_ONCE_MAX;
        while left > 0
            && let Some(id) = self.rows.order.pop_front()
        {
            // One that was sent meanwhile, because its status changed, does not wait any more.
            if self.rows.waits.contains(&id) {
                self.send_row(id, step);
                left -= 1;
            }
        }
        if !self.rows.order.is_empty() {
            step.wake_in(ROWS_EVERY_MS, Timer::Rows);
        }
    }

    /// Sends a row before it is forgotten, if it waits to be sent.
    pub(super) fn send_last(&mut self, id: ConversationId, step: &mut Step) {
        if self.rows.waits.contains(&id) {
            self.send_row(id, step);
        }
    }

    fn send_row(&mut self, id: ConversationId, step: &mut Step) {
        self.rows.waits.remove(&id);
        let Some(live) = self.live.get(&id) else { return };
        let row = self.row_of(live, step.now_ms());
        if planted(Planted::QuietInbox) && row.head.staff.0.is_multiple_of(3) {
            return;
        }
        step.tell(News::Row(row));
    }
}
