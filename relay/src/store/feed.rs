//! The feed: every committed event in the one order in which everything was committed, and the cursors of those who read it.
//!
//! A consumer (a counter, a search index, webhooks) reads events by [`Position`] from a cursor of its own. The cursor is kept in the store and
//! moves in the same transaction as the rows that the consumer keeps there, so that each event counts there exactly once. Of many relays one
//! runs a consumer: the one that holds its lease. A lease has a number that rises with each new holder. Who holds an older number can move
//! nothing any more.

use wire::{Event, SiteId, VisitorId};

use super::{StoreError, Transaction};

/// An event's position in the order of all commits: 1, 2, 3 … without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);

    /// The position after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A committed event with its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEvent {
    /// Its position.
    pub position: Position,
    /// The site of its conversation.
    pub site: SiteId,
    /// The visitor of its conversation.
    pub visitor: VisitorId,
    /// The body's kind, as the body's JSON names it.
    pub kind: String,
    /// What was recorded.
    pub event: Event,
}

/// The right to move a consumer's cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Whose cursor.
    pub consumer: &'static str,
    /// The number of the holder; every new holder has a higher one.
    pub number: u64,
    /// The last position that the consumer is done with.
    pub cursor: Position,
    /// Until then nobody else gets it, in milliseconds since 1970 UTC.
    pub until_ms: u64,
}

/// Whether a lease was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leased {
    /// It was.
    Yes(Lease),
    /// Another holder has it until then, in milliseconds since 1970 UTC.
    Until(u64),
}

/// How many events of one kind a site has, by the counter's count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventCount {
    /// Which site.
    pub site: SiteId,
    /// Which kind of body.
    pub kind: String,
    /// How many.
    pub events: u64,
}

/// Moves cursors.
pub trait FeedWriter: Transaction {
    /// Gives a consumer's lease to a holder: when nobody has it, when it ran out by `now_ms`, and again to the one that has it. The first lease of
    /// a consumer registers it, with its cursor at [`Position::START`].
    ///
    /// # Errors
    /// `Down`.
    fn lease(&mut self, consumer: &'static str, holder: u128, now_ms: u64, until_ms: u64)
    -> Result<Leased, StoreError>;

    /// Moves the cursor from where the lease says it is, makes the lease last until `until_ms`, and writes the consumer's own rows: all of it or
    /// nothing. Rows of the feed that all consumers have passed are then removed. Returns the new lease.
    ///
    /// # Errors
    /// `Conflict` when another holder has had the lease since, or the cursor is elsewhere; what `rows` answers.
    fn consume(
        &mut self,
        lease: &Lease,
        to: Position,
        until_ms: u64,
        rows: &mut dyn FnMut(&mut dyn ConsumerRows) -> Result<(), StoreError>,
    ) -> Result<Lease, StoreError>;

    /// Gives the lease back, so that another holder need not wait until it runs out. One that is lost already is ignored.
    ///
    /// # Errors
    /// `Down`.
    fn release(&mut self, lease: &Lease) -> Result<(), StoreError>;

    /// Forgets a consumer that is not run any more, so that the feed keeps nothing for it. An unknown one is ignored.
    ///
    /// # Errors
    /// `Down`.
    fn forget_consumer(&mut self, consumer: &str) -> Result<(), StoreError>;
}

/// The rows that consumers keep in the store. A new projection adds its writes here.
pub trait ConsumerRows {
    /// Adds to the count of a site's events of one kind.
    ///
    /// # Errors
    /// `Down`.
    fn count_events(&mut self, site: &SiteId, kind: &str, events: u64) -> Result<(), StoreError>;
}

/// Reads what consumers keep.
pub trait CursorReader {
    /// A consumer's cursor.
    ///
    /// # Errors
    /// `Missing` when it has never had a lease, or `Down`.
    fn cursor(&mut self, consumer: &str) -> Result<Position, StoreError>;

    /// The counts of events, by site and kind.
    ///
    /// # Errors
    /// `Down`.
    fn event_counts(&mut self) -> Result<Vec<EventCount>, StoreError>;
}

/// Reads the feed.
pub trait FeedReader: CursorReader {
    /// Events after a position, in order and without a gap: at most `count_max`, perhaps fewer, none only when there are none yet.
    ///
    /// # Errors
    /// `Down`.
    fn feed(&mut self, after: Position, count_max: usize) -> Result<Vec<FeedEvent>, StoreError>;

    /// The last position given.
    ///
    /// # Errors
    /// `Down`.
    fn feed_end(&mut self) -> Result<Position, StoreError>;
}
