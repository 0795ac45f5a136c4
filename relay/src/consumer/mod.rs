//! Consumers of the feed: each reads every committed event in order, at its own pace, from a cursor that the store keeps.
//!
//! A consumer that is slow or fails delays nobody else, and continues from its cursor. With many relays exactly one runs it: the one that holds its
//! lease. Rows that a consumer keeps in the store are written in the transaction that moves its cursor, so every event counts there exactly
//! once. What it does elsewhere (sending, indexing) happens before the cursor moves: at least once.
//!
//! Nothing is written while there is nothing to read: a lease is taken when there is something, and runs out by itself.

mod counter;

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wire::limit::{CONSUMER_LEASE_MS, FEED_PAGE_EVENTS_MAX};

use crate::clock::{new_id, now_ms};
use crate::store::task::StoreHandle;
use crate::store::{ConsumerRows, FeedEvent, Lease, Leased, Position, StoreError};

pub use counter::{COUNTER, Counter};

/// Every consumer of this relay, for the numbers.
pub const CONSUMERS: [&str; 1] = [COUNTER];

/// Consumers that earlier relays had and this one has not. Their names move here, because a cursor that nobody moves keeps the feed from being
/// trimmed. A name that is in neither list is a newer relay's and stays.
pub const FORMER_CONSUMERS: [&str; 0] = [];

/// A commit of this relay wakes a consumer. A commit of another relay, or a lease that ran out, is found by checking this often.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The first wait after a failure, doubled each time …
const RETRY_FIRST: Duration = Duration::from_secs(1);
/// … up to this.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// A lease is made longer before a page when less than this is left of it.
const LEASE_LEFT_MS: u64 = CONSUMER_LEASE_MS / 2;

/// What a consumer writes into the store for one page, in the transaction that moves its cursor.
pub type Rows = Box<dyn FnMut(&mut dyn ConsumerRows) -> Result<(), StoreError> + Send>;

/// A consumer of the feed.
pub trait Consumer: Send + 'static {
    /// Its name in the store; it must never change.
    const NAME: &'static str;
    /// How long events may gather after it has read all of them.
    const PAUSE: Duration;

    /// Takes a page of events, in order and without a gap. The same page comes again when the relay ends before the cursor has moved, or when
    /// this gives nothing because it cannot be done now.
    fn take(&mut self, page: Vec<FeedEvent>) -> impl Future<Output = Option<Rows>> + Send;
}

/// Removes the cursors of consumers that are gone. A store in trouble is asked again at the next start.
pub async fn forget(store: &StoreHandle, former: &[&'static str]) {
    for &name in former {
        if let Err(error) = store.write(move |writer| writer.forget_consumer(name)).await {
            tracing::warn!(consumer = name, %error, "the cursor of a former consumer could not be removed");
        }
    }
}

/// Runs a consumer until the relay stops.
pub async fn run<C: Consumer>(consumer: C, store: StoreHandle, stopping: CancellationToken) {
    let mut commits = store.commits();
    let mut running = Running { consumer, store, holder: new_id(), lease: None, cursor: None };
    let mut retry = RETRY_FIRST;
    loop {
        commits.borrow_and_update();
        let step = tokio::select! {
            () = stopping.cancelled() => break,
            step = running.step() => step,
        };
        if step.is_ok() {
            retry = RETRY_FIRST;
        }
        let wait = match step {
            Ok(Step::More) => continue,
            Ok(Step::AllRead) => C::PAUSE,
            Ok(Step::HeldUntil(until_ms)) => Duration::from_millis(until_ms.saturating_sub(now_ms())).min(LOOK_EVERY),
            Ok(Step::Nothing) => {
                tokio::select! {
                    () = stopping.cancelled() => break,
                    // The store has ended; then the relay stops, too.
                    _ = commits.changed() => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
                continue;
            }
            Err(error) => {
                tracing::warn!(consumer = C::NAME, %error, "a consumer of the feed could not go on; it tries again");
                let wait = retry;
                retry = (retry * 2).min(RETRY_MAX);
                wait
            }
        };
        tokio::select! {
            () = stopping.cancelled() => break,
            () = tokio::time::sleep(wait) => {}
        }
    }
    running.release().await;
}

/// The result of a step.
enum Step {
    /// There is more to read.
    More,
    /// Something was read, and there is no more for now.
    AllRead,
    /// There was nothing to read.
    Nothing,
    /// Another relay runs it until then.
    HeldUntil(u64),
}

struct Running<C> {
    consumer: C,
    store: StoreHandle,
    /// This process, among all that may run the consumer.
    holder: u128,
    lease: Option<Lease>,
    /// The last cursor that was seen.
    cursor: Option<Position>,
}

impl<C: Consumer> Running<C> {
    /// Reads one page and moves the cursor past it.
    async fn step(&mut self) -> Result<Step, StoreError> {
        let end = self.store.read_feed(|reader| reader.feed_end()).await?;
        if self.cursor == Some(end) {
            return Ok(Step::Nothing);
        }
        let lease = match self.lease().await? {
            Leased::Yes(lease) => lease,
            Leased::Until(until_ms) => return Ok(Step::HeldUntil(until_ms)),
        };
        let page = self.store.read_feed(move |reader| reader.feed(lease.cursor, FEED_PAGE_EVENTS_MAX)).await?;
        let Some(to) = page.last().map(|last| last.position) else { return Ok(Step::Nothing) };
        let full = page.len() >= FEED_PAGE_EVENTS_MAX;
        let Some(mut rows) = self.consumer.take(page).await else { return Err(StoreError::Busy) };
        // Also after a failure: the store's answer to the next request counts.
        self.lease = None;
        let until_ms = now_ms() + CONSUMER_LEASE_MS;
        let moved = self.store.write(move |writer| writer.consume(&lease, to, until_ms, &mut *rows)).await?;
        self.lease = Some(moved);
        self.cursor = Some(moved.cursor);
        Ok(if full || to < end { Step::More } else { Step::AllRead })
    }

    /// The lease, taken or made longer where that is due.
    async fn lease(&mut self) -> Result<Leased, StoreError> {
        let now_ms = now_ms();
        if let Some(lease) = self.lease
            && lease.until_ms > now_ms + LEASE_LEFT_MS
        {
            return Ok(Leased::Yes(lease));
        }
        let (holder, until_ms) = (self.holder, now_ms + CONSUMER_LEASE_MS);
        let leased = self.store.write(move |writer| writer.lease(C::NAME, holder, now_ms, until_ms)).await?;
        self.lease = match leased {
            Leased::Yes(lease) => Some(lease),
            Leased::Until(_) => None,
        };
        self.cursor = self.lease.map(|lease| lease.cursor);
        Ok(leased)
    }

    /// Returns the lease, so that another relay can continue at once.
    async fn release(self) {
        if let Some(lease) = self.lease {
            // A store that is stopping refuses it: then the lease runs out.
            let _ = self.store.write(move |writer| writer.release(&lease)).await;
        }
    }
}

#[cfg(test)]
mod tests;
