//! The store's threads: one writer that commits what queued up meanwhile in one transaction, and a few readers.

use std::iter;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use relay_core::append::{Append, AppendError, Appended, NewBody};
use relay_core::store::{Query, QueryAnswer, QueryError};
use tokio::sync::{mpsc, oneshot, watch};
use wire::Body;
use wire::limit::{STORE_BATCH_APPENDS_MAX, STORE_QUEUE_APPENDS_MAX, STORE_QUEUE_READS_MAX};

use super::{OpenError, Reader, Store, StoreError, Writer};
use crate::audit::{Action, By, NewEntry, Subject};
use crate::process::vital::{Part, Vitals};

/// Requests of the core that may be under way. The queue of answers has room for each, so that a store thread never waits when it answers.
pub const REQUESTS_MAX: usize = STORE_QUEUE_APPENDS_MAX + STORE_QUEUE_READS_MAX;

/// Threads that read. Two, so that one long page does not delay every other look-up; more would only wait for the disk.
const READERS: usize = 2;
/// Reads of the feed that may wait. A thread of its own does them, so that no consumer delays a person.
const FEED_READS_MAX: usize = 64;

/// Runs inside the transaction; what it gives back runs after it, with its outcome.
type WriteJob = Box<dyn FnOnce(&mut dyn Writer, u64) -> After + Send>;
type After = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
type ReadJob = Box<dyn FnOnce(&mut dyn Reader) + Send>;

enum Work<J> {
    Job(J),
    /// Finish what was queued before this, then end.
    Stop,
}

/// The store's threads, to be joined at the end.
pub struct StoreTask {
    handle: StoreHandle,
    vitals: Vitals,
    threads: Vec<thread::JoinHandle<()>>,
}

/// Sends requests to the store's threads; clones are cheap.
#[derive(Clone)]
pub struct StoreHandle {
    writes: mpsc::Sender<Work<WriteJob>>,
    reads: mpsc::Sender<Work<ReadJob>>,
    feeds: mpsc::Sender<Work<ReadJob>>,
    /// Changes with every commit that recorded events.
    commits: Arc<watch::Sender<()>>,
}

impl StoreTask {
    /// Opens the connections and starts the threads.
    ///
    /// # Errors
    /// When the database cannot be opened or a thread cannot be started.
    pub fn start(store: &dyn Store) -> Result<Self, OpenError> {
        let (writes, write_queue) = mpsc::channel(STORE_QUEUE_APPENDS_MAX);
        let (reads, read_queue) = mpsc::channel(STORE_QUEUE_READS_MAX);
        let (feeds, feed_queue) = mpsc::channel(FEED_READS_MAX);
        let mut threads = Vec::with_capacity(2 + READERS);
        let vitals = Vitals::default();
        let (writer, part) = (store.writer()?, vitals.part("store-writer"));
        threads.push(spawn("store-writer", move || write_all(writer, write_queue, &part))?);
        let (read_queue, feed_queue) = (Arc::new(Mutex::new(read_queue)), Arc::new(Mutex::new(feed_queue)));
        for queue in iter::repeat_n(read_queue, READERS).chain([feed_queue]) {
            let (reader, part) = (store.reader()?, vitals.part("store-reader"));
            threads.push(spawn("store-reader", move || read_all(reader, &queue, &part))?);
        }
        let commits = Arc::new(watch::Sender::new(()));
        Ok(Self { handle: StoreHandle { writes, reads, feeds, commits }, vitals, threads })
    }

    /// Reports a thread that has ended.
    #[must_use]
    pub fn vitals(&self) -> Vitals {
        self.vitals.clone()
    }

    /// The handle.
    #[must_use]
    pub fn handle(&self) -> StoreHandle {
        self.handle.clone()
    }

    /// Finishes what was asked before, answers `Down` to what comes after, and waits for the threads. Blocks.
    pub fn stop(self) {
        // A closed queue means that its threads have ended already.
        let _ = self.handle.writes.blocking_send(Work::Stop);
        for _ in 0..READERS {
            let _ = self.handle.reads.blocking_send(Work::Stop);
        }
        let _ = self.handle.feeds.blocking_send(Work::Stop);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a store thread had panicked");
            }
        }
    }
}

impl StoreHandle {
    /// Records; `reply` is called once: at once with `Busy` or `Down`, or after the commit on the writer's thread, in the order of
    /// the commits. It must not block.
    pub fn append(&self, append: Append, reply: impl FnOnce(Result<Appended, AppendError>) + Send + 'static) {
        let permit = match self.writes.try_reserve() {
            Ok(permit) => permit,
            Err(error) => return reply(Err(refused(&error).into())),
        };
        let (asked, commits) = (Instant::now(), Arc::clone(&self.commits));
        permit.send(Work::Job(Box::new(move |writer, now_ms| {
            let result = writer.append(now_ms, &append).and_then(|done| note_take_over(writer, &append, done, now_ms));
            Box::new(move |committed| {
                crate::numbers::appended(asked.elapsed());
                if committed.is_ok() && result.is_ok() {
                    commits.send_replace(());
                }
                reply(committed.map_err(AppendError::from).and(result));
            })
        })));
    }

    /// Reads for the core; `reply` is called once: at once with `Busy` or `Down`, or on a reader's thread. It must not block.
    pub fn query(&self, query: Query, reply: impl FnOnce(Result<QueryAnswer, QueryError>) + Send + 'static) {
        let permit = match self.reads.try_reserve() {
            Ok(permit) => permit,
            Err(error) => return reply(Err(refused(&error).into())),
        };
        permit.send(Work::Job(Box::new(move |reader| reply(reader.query(&query)))));
    }

    /// Reads, and hands over what was found.
    pub fn read_then<T: Send + 'static>(
        &self,
        look_up: impl FnOnce(&mut dyn Reader) -> Result<T, StoreError> + Send + 'static,
        reply: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) {
        match self.reads.try_reserve() {
            Ok(permit) => permit.send(Work::Job(Box::new(move |reader| reply(look_up(reader))))),
            Err(error) => reply(Err(refused(&error))),
        }
    }

    /// Carries out a change of records in the next transaction. `reply` is called as for [`StoreHandle::append`].
    pub fn write_then<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut dyn Writer) -> Result<T, StoreError> + Send + 'static,
        reply: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) {
        let permit = match self.writes.try_reserve() {
            Ok(permit) => permit,
            Err(error) => return reply(Err(refused(&error))),
        };
        permit.send(Work::Job(Box::new(move |writer, _now_ms| {
            let result = change(writer);
            Box::new(move |committed| reply(committed.and(result)))
        })));
    }

    /// The same, for callers that wait.
    ///
    /// # Errors
    /// What the change answers, `Busy`, or `Down`.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut dyn Writer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.write_then(change, move |result| {
            // Fails only when nobody waits for it any more.
            let _ = reply.send(result);
        });
        answer.await.unwrap_or(Err(StoreError::Down))
    }

    /// Looks something up.
    ///
    /// # Errors
    /// What the look-up answers, `Busy`, or `Down`.
    pub async fn read<T: Send + 'static>(
        &self,
        look_up: impl FnOnce(&mut dyn Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        read(&self.reads, look_up).await
    }

    /// Looks something up for a consumer of the feed. It waits for other consumers only, and nobody else waits for it.
    ///
    /// # Errors
    /// What the look-up answers, `Busy`, or `Down`.
    pub async fn read_feed<T: Send + 'static>(
        &self,
        look_up: impl FnOnce(&mut dyn Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        read(&self.feeds, look_up).await
    }

    /// Changes with every commit of this relay that recorded events.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<()> {
        self.commits.subscribe()
    }

    /// How many requests wait for the writer and for the readers, each with the most that may.
    #[must_use]
    pub fn backlog(&self) -> ((usize, usize), (usize, usize)) {
        (backlog(&self.writes), backlog(&self.reads))
    }

    /// Whether the store reads and its writer runs; for the health check.
    ///
    /// # Errors
    /// `Busy` or `Down`.
    pub async fn check(&self) -> Result<(), StoreError> {
        if self.writes.is_closed() {
            return Err(StoreError::Down);
        }
        self.read(|reader| reader.settings_version().map(|_| ())).await
    }
}

async fn read<T: Send + 'static>(
    queue: &mpsc::Sender<Work<ReadJob>>,
    look_up: impl FnOnce(&mut dyn Reader) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (reply, answer) = oneshot::channel();
    let job: ReadJob = Box::new(move |reader| {
        // Fails only when nobody waits for it any more.
        let _ = reply.send(look_up(reader));
    });
    queue.try_send(Work::Job(job)).map_err(|error| refused(&error))?;
    answer.await.unwrap_or(Err(StoreError::Down))
}

/// Notes that a conversation was taken from a colleague, and for whom. What cannot be noted does not happen: the transaction fails as a whole.
fn note_take_over(
    writer: &mut dyn Writer,
    append: &Append,
    done: Appended,
    at_ms: u64,
) -> Result<Appended, AppendError> {
    let by = append.new_events.first().map(|new_event| new_event.author.clone());
    if let (Some(from), Some(by), false) = (append.taken_from, by, done.repeated) {
        let subject = Subject::new("conversation", &append.conversation).of(done.site.clone());
        let by = By { who: by.into(), from: None, at_ms };
        let assigned = append.new_events.iter().find_map(|new_event| match new_event.body {
            NewBody::Ready(Body::Assigned { agent }) => Some(agent.to_string()),
            NewBody::Ready(_) | NewBody::File(_) | NewBody::Turn(_) => None,
        });
        let entry = NewEntry::new(by, Action::TakenOver).on(subject).with("agent_before", from.to_string());
        let entry = entry.with("agent", assigned);
        writer.append_audit(&entry)?;
    }
    Ok(done)
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<thread::JoinHandle<()>, OpenError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(|source| OpenError::Io { path: format!("thread {name}"), source })
}

fn backlog<T>(queue: &mpsc::Sender<T>) -> (usize, usize) {
    (queue.max_capacity() - queue.capacity(), queue.max_capacity())
}

/// Why a job was not queued.
const fn refused<T>(error: &mpsc::error::TrySendError<T>) -> StoreError {
    match error {
        mpsc::error::TrySendError::Full(_) => StoreError::Busy,
        mpsc::error::TrySendError::Closed(_) => StoreError::Down,
    }
}

/// The writer's loop: while one transaction is being committed, the next requests gather in the queue.
fn write_all(mut writer: Box<dyn Writer>, mut queue: mpsc::Receiver<Work<WriteJob>>, part: &Part) {
    let mut batch = Vec::with_capacity(STORE_BATCH_APPENDS_MAX);
    let mut after = Vec::with_capacity(STORE_BATCH_APPENDS_MAX);
    while queue.blocking_recv_many(&mut batch, STORE_BATCH_APPENDS_MAX) > 0 {
        if part.is_doomed() {
            return;
        }
        let started = Instant::now();
        let now_ms = now_ms();
        // A failed `begin` is answered by every job and by `commit`; nothing to do about it here.
        let mut outcome = writer.begin();
        for work in batch.drain(..) {
            match work {
                Work::Job(job) => after.push(job(&mut *writer, now_ms)),
                Work::Stop => queue.close(),
            }
        }
        outcome = outcome.and(writer.commit());
        crate::numbers::committed(after.len(), started.elapsed());
        for reply in after.drain(..) {
            reply(outcome);
        }
    }
}

/// A reader's loop.
fn read_all(mut reader: Box<dyn Reader>, queue: &Mutex<mpsc::Receiver<Work<ReadJob>>>, part: &Part) {
    loop {
        let work = queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        if part.is_doomed() {
            return;
        }
        match work {
            Some(Work::Job(job)) => job(&mut *reader),
            Some(Work::Stop) | None => return,
        }
    }
}

/// The wall clock, in milliseconds since 1970 UTC.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
