//! Carries the log into the database on a thread of its own, so that no message waits for it.

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

/// Pages of log (16 MiB) after which they are carried over: each time syncs twice more.
const PAGES_DUE: i32 = 4_000;
/// Pages of log (48 MiB) at which it begins anew. It does so when all of it is carried over, which does not happen by itself while messages
/// keep coming: the writer then carries over the last few pages between two of its commits.
const PAGES_MAX: i32 = 12_000;

/// The thread that carries the log over.
pub(super) struct Checkpointer {
    /// None once it is to end.
    due: Option<SyncSender<()>>,
    shared_state: Arc<SharedState>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread and the writer tell each other.
struct SharedState {
    /// It is due when the log has this many pages.
    next: AtomicI32,
    /// All but what came a moment ago is carried over: the writer may do the rest.
    rest: AtomicBool,
}

impl Checkpointer {
    /// Starts the thread; it opens the database when it is first needed.
    pub(super) fn start(database: &Path, part: Part) -> Result<Self, OpenError> {
        // One waiting word is enough: it is about everything that is in the log by then.
        let (due, due_receiver) = sync_channel(1);
        let shared_state =
            Arc::new(SharedState { next: AtomicI32::new(due_after(0, &part)), rest: AtomicBool::new(false) });
        let (database, shared) = (database.to_owned(), Arc::clone(&shared_state));
        let thread = thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || run(&database, &due_receiver, &shared, &part))
            .map_err(|source| OpenError::Io { path: "thread store-checkpoint".to_owned(), source })?;
        Ok(Self { due: Some(due), shared_state, thread: Some(thread) })
    }

    /// Makes a connection that writes tell how long the log is, in place of carrying it over within its commits.
    pub(super) fn watch(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        let Some(due) = self.due.clone() else { return Ok(()) };
        let shared_state = Arc::clone(&self.shared_state);
        let mut last = 0;
        connection.wal_hook(Some(move |wal: &mut Wal, pages: i32| {
            if pages < last {
                // It has begun anew.
                shared_state.next.store(PAGES_DUE, Ordering::Relaxed);
            }
            last = pages;
            if pages >= shared_state.next.load(Ordering::Relaxed) {
                // A thread that has its hands full hears it with the next commit.
                let _ = due.try_send(());
            }
            if shared_state.rest.swap(false, Ordering::Relaxed) {
                // Here and not on the thread: beside a writer that never rests there is always a page more. Passive, so that no reader
                // can hold a commit up. The commit is on the disk whatever comes of this; the thread comes back to it.
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
            tracing::error!("the thread that carries the database's log over had panicked");
        }
    }
}

/// When it is due next, with so many pages in the log; at once for a test that ends it.
fn due_after(log: i32, part: &Part) -> i32 {
    if part.is_marked() { 1 } else { log + PAGES_DUE }
}

fn run(database: &Path, due: &Receiver<()>, shared_state: &SharedState, part: &Part) {
    let mut connection = None;
    let mut well = true;
    while due.recv().is_ok() {
        if part.is_doomed() {
            return;
        }
        let mut done = carry_over(database, &mut connection);
        if done.as_ref().is_ok_and(|log| *log >= PAGES_MAX) {
            // What came meanwhile, so that little is left.
            done = carry_over(database, &mut connection);
            shared_state.rest.store(done.is_ok(), Ordering::Relaxed);
        }
        match &done {
            Ok(log) => shared_state.next.store(due_after(*log, part), Ordering::Relaxed),
            // Told once: on a full disk it would be told with every commit. The log keeps everything meanwhile.
            Err(error) if well => {
                tracing::error!(%error, "the database's log could not be carried over; it grows until it can")
            }
            Err(_) => {}
        }
        well = done.is_ok();
        if !well {
            connection = None;
        }
    }
}

/// Carries over what is in the log without holding up the writer. Gives how long the log is.
fn carry_over(database: &Path, connection: &mut Option<Connection>) -> Result<i32, OpenError> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(open::connect(database)?),
    };
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1)).map_err(open::refused)
}
