//! Reads everything in memory again, a few at a time, after the bus has dropped messages and nobody knows which.

use std::collections::BTreeSet;

use wire::{Body, ConversationId};

use super::Conversations;
use crate::step::Step;

/// Conversations that are read again at the same time: the store has other work, too.
const AT_ONCE_MAX: usize = 16;

/// What is still to be read again.
#[derive(Debug, Default)]
pub(super) struct Rereads {
    left: BTreeSet<ConversationId>,
    on_way: BTreeSet<ConversationId>,
}

/// Whether an event shows that its conversation was open before it and still is.
pub(super) const fn tells_open(body: &Body) -> bool {
    !matches!(body, Body::Closed) && !body.is_taken_after_end()
}

impl Conversations {
    /// Everything in memory is read again. An open conversation that is not in memory is found by its next event.
    pub(crate) fn read_all_again(&mut self, step: &mut Step) {
        self.rereads.left = self.live.keys().copied().collect();
        self.read_some_again(step);
    }

    fn read_some_again(&mut self, step: &mut Step) {
        while self.rereads.on_way.len() < AT_ONCE_MAX
            && let Some(id) = self.rereads.left.pop_first()
        {
            self.rereads.on_way.insert(id);
            self.refresh(id, step);
        }
    }

    /// One was read again, or does not exist: the next one follows.
    pub(super) fn was_read_again(&mut self, id: ConversationId, step: &mut Step) {
        if self.rereads.on_way.remove(&id) {
            self.read_some_again(step);
        }
    }
}
