//! Counts events by site and kind.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Consumer, Rows};
use crate::store::FeedEvent;

/// The counter's name in the store.
pub const COUNTER: &str = "counter";

/// A consumer that counts events, in the store itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter;

impl Consumer for Counter {
    const NAME: &'static str = COUNTER;
    /// Nobody waits for it, and each page is a write.
    const PAUSE: Duration = Duration::from_secs(1);

    async fn take(&mut self, page: Vec<FeedEvent>) -> Option<Rows> {
        let mut counts = BTreeMap::new();
        for event in page {
            *counts.entry((event.site, event.kind)).or_default() += 1;
        }
        let counts: BTreeMap<_, u64> = counts;
        Some(Box::new(move |rows| {
            counts.iter().try_for_each(|((site, kind), events)| rows.count_events(site, kind, *events))
        }))
    }
}
