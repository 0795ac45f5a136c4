//! Sign-ins that were proven while a look at all of them was under way.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// What connections and the task that looks at sign-ins know of each other.
#[derive(Debug, Default)]
pub struct SignIns {
    /// The version of the settings that the last look at all open sign-ins was after.
    looked: AtomicU64,
    /// Somebody came in with a sign-in that was proven before that look.
    again: Notify,
}

impl SignIns {
    /// A connection that the core has been told of stands on a sign-in that was proven at a version of the settings. A look that began
    /// after that version may have missed it.
    pub(crate) fn entered(&self, proven: u64) {
        if self.looked.load(Ordering::SeqCst) > proven {
            self.again.notify_one();
        }
    }

    /// A look at all open sign-ins begins, after this version of the settings.
    pub(crate) fn looking(&self, version: u64) {
        self.looked.store(version, Ordering::SeqCst);
    }

    /// Waits until a look has missed somebody.
    pub(crate) async fn entered_late(&self) {
        self.again.notified().await;
    }
}
