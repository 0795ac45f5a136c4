//! The queue of messages for a relay's core: bounded, and filled by every kind of bus.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use super::{BusError, BusMessage};
use crate::numbers::{Lost, bus_message_lost};
use crate::store::task::REQUESTS_MAX;

/// Messages that are repeated anyway (typing, presence) and may wait. The rest of the queue is kept for commits: there is always room for every
/// commit that this relay can have under way.
const REPEATED_MAX: usize = 1_024;

/// Something that comes out of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A message.
    Message(BusMessage),
    /// There was no room for messages of other relays, and nobody knows which.
    Lost,
}

/// The receiving end, for the core.
#[derive(Debug)]
pub struct BusReceiver {
    queue: mpsc::Receiver<BusMessage>,
    lost: Arc<AtomicBool>,
}

/// The sending end, for a bus.
#[derive(Debug)]
pub(super) struct BusSender {
    queue: mpsc::Sender<BusMessage>,
    lost: Arc<AtomicBool>,
}

/// Both ends of a new queue.
pub(super) fn queue() -> (BusSender, BusReceiver) {
    let (sender, queue) = mpsc::channel(REQUESTS_MAX + REPEATED_MAX);
    let lost = Arc::new(AtomicBool::new(false));
    (BusSender { queue: sender, lost: Arc::clone(&lost) }, BusReceiver { queue, lost })
}

impl BusSender {
    /// Sends a message of this relay itself. A commit for which there is no room reaches the core with the answer to its append.
    pub(super) fn send_own(&self, message: BusMessage) -> Result<(), BusError> {
        self.send(message)
    }

    /// Sends a message of another relay. When there is no room, the receiver learns of it, unless the message is repeated anyway.
    pub(super) fn send_foreign(&self, message: BusMessage) {
        let repeated = is_repeated(&message);
        if self.send(message) == Err(BusError::Full) && !repeated {
            self.lost.store(true, Ordering::Release);
        }
    }

    fn send(&self, message: BusMessage) -> Result<(), BusError> {
        let repeated = is_repeated(&message);
        let full = || {
            bus_message_lost(if repeated { Lost::Repeated } else { Lost::Commit });
            BusError::Full
        };
        if repeated && self.queue.capacity() <= REQUESTS_MAX {
            return Err(full());
        }
        self.queue.try_send(message).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => full(),
            mpsc::error::TrySendError::Closed(_) => BusError::Ended,
        })
    }

    /// Whether the receiver is gone.
    pub(super) fn has_ended(&self) -> bool {
        self.queue.is_closed()
    }
}

/// Whether it is repeated soon, and means nothing later. So is a change of settings: each relay compares the store's version of them all the time.
const fn is_repeated(message: &BusMessage) -> bool {
    match message {
        BusMessage::Committed(_) => false,
        BusMessage::Typing(_) | BusMessage::Presence { .. } | BusMessage::SettingsChanged => true,
    }
}

impl BusReceiver {
    /// The next message; none when the bus has ended.
    pub async fn recv(&mut self) -> Option<Received> {
        if self.has_lost() {
            return Some(Received::Lost);
        }
        self.queue.recv().await.map(Received::Message)
    }

    /// The next message, if one is there.
    pub fn try_recv(&mut self) -> Option<Received> {
        if self.has_lost() {
            return Some(Received::Lost);
        }
        self.queue.try_recv().ok().map(Received::Message)
    }

    /// Only a full queue loses something, so this is checked again after that.
    fn has_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed) && self.lost.swap(false, Ordering::Acquire)
    }
}
