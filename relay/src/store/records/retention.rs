//! Retention: conversations that are held, what was removed and is in no audit entry yet, and which relay does a task.

use wire::{ConversationId, Part, SiteId, VisitorId};

use crate::audit::Who;
use crate::store::StoreError;

/// Conversations that may be held at once.
pub const HOLDS_MAX: usize = 10_000;
/// Characters of a hold's reason.
pub const HOLD_REASON_CHARS_MAX: usize = 200;

/// A conversation of which nothing is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRecord {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Its visitor, who is not erased meanwhile.
    pub visitor: VisitorId,
    /// Its site.
    pub site: SiteId,
    /// Why; at most [`HOLD_REASON_CHARS_MAX`] characters.
    pub reason: String,
    /// Who holds it.
    pub who: Who,
    /// Since when, in milliseconds since 1970 UTC.
    pub since_ms: u64,
}

/// How much was removed: events, and the files that they named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemovedCount {
    /// Texts.
    pub texts: u64,
    /// Records of who a visitor is and where they wrote from.
    pub names: u64,
    /// Files.
    pub files: u64,
}

impl RemovedCount {
    /// Whether it is nothing.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

impl RemovedCount {
    /// One more of a part.
    pub const fn add(&mut self, part: Part) {
        match part {
            Part::Texts => self.texts += 1,
            Part::Names => self.names += 1,
            Part::Files => self.files += 1,
        }
    }
}

impl std::ops::AddAssign for RemovedCount {
    fn add_assign(&mut self, more: Self) {
        self.texts += more.texts;
        self.names += more.names;
        self.files += more.files;
    }
}

/// Writes what retention needs.
pub trait RetentionWriter {
    /// Holds a conversation, or replaces the reason of its hold.
    ///
    /// # Errors
    /// `Conflict` when its visitor is being erased, `Busy` when [`HOLDS_MAX`] are held.
    fn put_hold(&mut self, hold: &HoldRecord) -> Result<(), StoreError>;

    /// Holds it no more.
    ///
    /// # Errors
    /// `Missing` when it is not held.
    fn remove_hold(&mut self, conversation: ConversationId) -> Result<(), StoreError>;

    /// Counts what was removed, in the transaction that removes it.
    ///
    /// # Errors
    /// `Down`.
    fn count_removed(&mut self, site: &SiteId, removed: RemovedCount) -> Result<(), StoreError>;

    /// Takes what was counted since it was last taken, by site: for the audit entry in the same transaction.
    ///
    /// # Errors
    /// `Down`.
    fn take_removed(&mut self) -> Result<Vec<(SiteId, RemovedCount)>, StoreError>;

    /// Gives a task to a holder until a time: when nobody has it, when it ran out by `now_ms`, and again to the one that has it. Whether it has it now.
    ///
    /// # Errors
    /// `Down`.
    fn lease_task(&mut self, name: &'static str, holder: u128, now_ms: u64, until_ms: u64) -> Result<bool, StoreError>;
}

/// Reads what is held.
pub trait RetentionReader {
    /// The hold of a conversation.
    ///
    /// # Errors
    /// `Missing` when it is not held, or `Down`.
    fn hold(&mut self, conversation: ConversationId) -> Result<HoldRecord, StoreError>;

    /// The conversations of a visitor that are held, by id.
    ///
    /// # Errors
    /// `Down`.
    fn holds_of(&mut self, visitor: VisitorId) -> Result<Vec<HoldRecord>, StoreError>;
}
