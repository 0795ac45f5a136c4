//! The bus of a relay that is alone: a queue to its own core.

use tokio::sync::mpsc;

use super::{Bus, BusError, Notice};
use crate::store::task::REQUESTS_MAX;

/// Typing signs that may wait. More are dropped: they are sent again soon, and mean nothing later.
const TYPING_MAX: usize = 1_024;

/// A queue to the core of the same process.
#[derive(Clone, Debug)]
pub struct LocalBus {
    notices: mpsc::Sender<Notice>,
}

impl LocalBus {
    /// A bus and the end that the core listens at. There is always room for every commit that can be under way.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Notice>) {
        let (notices, queue) = mpsc::channel(REQUESTS_MAX + TYPING_MAX);
        (Self { notices }, queue)
    }
}

impl Bus for LocalBus {
    fn publish(&self, notice: Notice) -> Result<(), BusError> {
        let typing = matches!(notice, Notice::Typing(_));
        if typing && self.notices.capacity() <= REQUESTS_MAX {
            return Err(BusError::Full);
        }
        self.notices.try_send(notice).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => BusError::Full,
            mpsc::error::TrySendError::Closed(_) => BusError::Ended,
        })
    }
}

#[cfg(test)]
mod tests {
    use relay_core::input::Typing;
    use wire::{ConversationId, Party};

    use super::*;

    fn typing() -> Notice {
        Notice::Typing(Typing {
            conversation: ConversationId(1),
            party: Party::Visitor,
            agent: None,
            name: String::new(),
        })
    }

    #[test]
    fn what_was_published_is_in_the_queue_and_typing_leaves_room_for_commits() {
        let (bus, mut queue) = LocalBus::new();
        assert_eq!(bus.publish(typing()), Ok(()));
        assert_eq!(queue.try_recv(), Ok(typing()));
        let taken = (0..10_000_000).take_while(|_| bus.publish(typing()).is_ok()).count();
        assert_eq!(taken, TYPING_MAX);
        drop(queue);
        let (bus, queue) = LocalBus::new();
        drop(queue);
        assert_eq!(bus.publish(typing()), Err(BusError::Ended));
    }
}
