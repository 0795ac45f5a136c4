//! Sign-ins that were proven while all of them were being checked.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Shared by connections and the task that checks sign-ins (`relay/src/background/watch.rs`).
#[derive(Debug, Default)]
pub struct SignIns {
    /// The version of the settings before the last check of all open sign-ins.
    looked: AtomicU64,
    /// A connection has come with a sign-in that was proven before that check.
    again: Notify,
}

impl SignIns {
    /// A connection is known to the core, and its sign-in was proven at this version of the settings. A check that began after that version may
    /// have missed it.
    pub(crate) fn entered(&self, proven: u64) {
        if self.looked.load(Ordering::SeqCst) > proven {
            self.again.notify_one();
        }
    }

    /// A check of all open sign-ins begins, after this version of the settings.
    pub(crate) fn looking(&self, version: u64) {
        self.looked.store(version, Ordering::SeqCst);
    }

    /// Waits until a check has missed a connection.
    pub(crate) async fn entered_late(&self) {
        self.again.notified().await;
    }
}
