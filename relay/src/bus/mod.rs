//! The bus: wakes every relay that must know about something. It carries notices, never the truth: that is the store's.

mod local;

use relay_core::input::{Commit, Typing};

pub use local::LocalBus;

/// Something that every relay should hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Events were committed.
    Committed(Commit),
    /// Somebody is typing.
    Typing(Typing),
}

/// Why a notice was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// Too many wait already.
    #[error("the bus is full")]
    Full,
    /// Nobody listens any more.
    #[error("the bus has ended")]
    Ended,
}

/// The way to every relay, this one too. Delivery is at most once; who misses a commit finds the gap in the numbers.
///
/// A notice that `publish` took stands in this relay's own queue when it returns, so that a core hears of a commit before it hears
/// that its append succeeded.
pub trait Bus: Send + Sync + 'static {
    /// Publishes without waiting.
    ///
    /// # Errors
    /// `Full` or `Ended`; the notice is gone then.
    fn publish(&self, notice: Notice) -> Result<(), BusError>;
}
