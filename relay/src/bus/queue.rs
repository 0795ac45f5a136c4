//! What a relay's core hears of the bus: one bounded queue, which every kind of bus fills.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use super::{BusError, Notice};
use crate::numbers::{Lost, notice_lost};
use crate::store::task::REQUESTS_MAX;

/// Notices that are repeated anyway (typing, presence) and may wait. The rest of the queue is kept for commits: there is always room for every
/// commit that this relay can have under way.
const REPEATED_MAX: usize = 1_024;

/// Something that comes out of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A notice.
    Notice(Notice),
    /// There was no room for notices of other relays, and nobody knows which.
    Missed,
}

/// The end at which the core listens.
#[derive(Debug)]
pub struct Notices {
    queue: mpsc::Receiver<Notice>,
    missed: Arc<AtomicBool>,
}

/// The end at which a bus puts notices in.
#[derive(Debug)]
pub(super) struct NoticeSender {
    queue: mpsc::Sender<Notice>,
    missed: Arc<AtomicBool>,
}

/// Both ends of a new queue.
pub(super) fn queue() -> (NoticeSender, Notices) {
    let (sender, queue) = mpsc::channel(REQUESTS_MAX + REPEATED_MAX);
    let missed = Arc::new(AtomicBool::new(false));
    (NoticeSender { queue: sender, missed: Arc::clone(&missed) }, Notices { queue, missed })
}

impl NoticeSender {
    /// Puts a notice of this relay itself in. The answer to the append tells its core of a commit for which there was no room.
    pub(super) fn send_own(&self, notice: Notice) -> Result<(), BusError> {
        self.send(notice)
    }

    /// Puts a notice of another relay in. What there was no room for is told, unless it is repeated anyway.
    pub(super) fn send_foreign(&self, notice: Notice) {
        let repeated = is_repeated(&notice);
        if self.send(notice) == Err(BusError::Full) && !repeated {
            self.missed.store(true, Ordering::Release);
        }
    }

    fn send(&self, notice: Notice) -> Result<(), BusError> {
        let repeated = is_repeated(&notice);
        let full = || {
            notice_lost(if repeated { Lost::Repeated } else { Lost::Commit });
            BusError::Full
        };
        if repeated && self.queue.capacity() <= REQUESTS_MAX {
            return Err(full());
        }
        self.queue.try_send(notice).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => full(),
            mpsc::error::TrySendError::Closed(_) => BusError::Ended,
        })
    }

    /// Whether nobody listens any more.
    pub(super) fn has_ended(&self) -> bool {
        self.queue.is_closed()
    }
}

/// Whether it is said again soon, and means nothing later. A change of settings is one: the store's version of them is looked at all the time.
const fn is_repeated(notice: &Notice) -> bool {
    match notice {
        Notice::Committed(_) => false,
        Notice::Typing(_) | Notice::Presence { .. } | Notice::SettingsChanged => true,
    }
}

impl Notices {
    /// The next notice; none when the bus has ended.
    pub async fn recv(&mut self) -> Option<Received> {
        if self.has_missed() {
            return Some(Received::Missed);
        }
        self.queue.recv().await.map(Received::Notice)
    }

    /// The next notice, if one is there.
    pub fn try_recv(&mut self) -> Option<Received> {
        if self.has_missed() {
            return Some(Received::Missed);
        }
        self.queue.try_recv().ok().map(Received::Notice)
    }

    /// Only a full queue misses something: so it is looked at once more after that.
    fn has_missed(&self) -> bool {
        self.missed.load(Ordering::Relaxed) && self.missed.swap(false, Ordering::Acquire)
    }
}
