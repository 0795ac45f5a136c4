//! Checkpoints: copies the write-ahead log into the database on a thread of its own, so that no message waits for it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;

use super::open;
use crate::process::vital::Part;
use crate::store::OpenError;

/// Pages of log (16 MiB) after which a checkpoint is due: each one costs two more syncs.
const PAGES_DUE: i32 = 4_000;
/// Pages of log (48 MiB) at which the log must restart. It restarts when all of it is copied, which the thread cannot reach while messages keep
/// coming: the writer then copies the last few pages between two of its commits.
const PAGES_MAX: i32 = 12_000;

/// The thread that does checkpoints.
pub(super) struct Checkpointer {
    /// None once it is to end.
    due: Option<SyncSender<()>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// State that the thread and the writer share.
struct Shared {
    /// The next checkpoint is due when the log has this many pages.
    next: AtomicI32,
    /// The first one of a log that has restarted.
    first: i32,
    /// Whether nearly all of the log is copied, so that the writer shall copy the rest.
    rest: AtomicBool,
}

impl Checkpointer {
    /// Starts the thread; it opens the database when it is first needed.
    pub(super) fn start(database: &Path, part: Part) -> Result<Self, OpenError> {
        // One waiting request is enough: it is for everything that is in the log by then.
        let (due, requests) = sync_channel(1);
        let first = due_after(0, &part);
        let shared = Arc::new(Shared { next: AtomicI32::new(first), first, rest: AtomicBool::new(false) });
        let (database, of_thread) = (database.to_owned(), Arc::clone(&shared));
        let thread = thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || run(&database, &requests, &of_thread, &part))
            .map_err(|source| OpenError::Io { path: "thread store-checkpoint".to_owned(), source })?;
        Ok(Self { due: Some(due), shared, thread: Some(thread) })
    }

    /// Makes the writer's connection request checkpoints when they are due, instead of doing them within its commits.
    pub(super) fn watch(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        let Some(due) = self.due.clone() else { return Ok(()) };
        let shared = Arc::clone(&self.shared);
        let mut last = 0;
        connection.wal_hook(Some(move |wal: &mut Wal, pages: i32| {
            if pages < last {
                // The log has restarted.
                shared.next.store(shared.first, Ordering::Relaxed);
            }
            last = pages;
            if pages >= shared.next.load(Ordering::Relaxed) {
                // While the thread is busy, the next commit requests it again.
                let _ = due.try_send(());
            }
            if shared.rest.swap(false, Ordering::Relaxed) {
                // Here and not on the thread, because a busy writer always adds pages meanwhile. Passive, so that no reader can delay a commit. The
                // commit is on the disk already; if this fails, the thread tries again.
                let _ = wal.checkpoint_v2(CheckpointMode::PASSIVE);
            }
            Ok(())
        }))
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.due = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that does the database's checkpoints had panicked");
        }
    }
}

/// When the next one is due, with this many pages in the log; at once for a test that ends the thread.
fn due_after(log: i32, part: &Part) -> i32 {
    if part.is_marked() { 1 } else { log + PAGES_DUE }
}

fn run(database: &Path, due: &Receiver<()>, shared: &Shared, part: &Part) {
    let mut connection = None;
    let mut well = true;
    while due.recv().is_ok() {
        if part.is_doomed() {
            return;
        }
        let mut done = checkpoint(database, &mut connection);
        if done.as_ref().is_ok_and(|log| *log >= PAGES_MAX) {
            // Again, for what was written meanwhile, so that little is left.
            done = checkpoint(database, &mut connection);
            shared.rest.store(done.is_ok(), Ordering::Relaxed);
        }
        match &done {
            Ok(log) => shared.next.store(due_after(*log, part), Ordering::Relaxed),
            // Logged once: on a full disk it would be logged with every commit. Nothing is lost: the log keeps everything meanwhile.
            Err(error) if well => {
                tracing::error!(%error, "a checkpoint of the database's log failed; the log grows until one succeeds")
            }
            Err(_) => {}
        }
        well = done.is_ok();
        if !well {
            connection = None;
        }
    }
}

/// Copies what is in the log, without delaying the writer. Returns the length of the log.
fn checkpoint(database: &Path, connection: &mut Option<Connection>) -> Result<i32, OpenError> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(open::connect(database)?),
    };
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1)).map_err(open::refused)
}
