//! The bus: wakes every relay that must know about something. It carries notices, never the truth: that is the store's.

#[cfg(test)]
mod contract;
mod local;
mod queue;
mod subject;

use relay_core::Topic;
use relay_core::input::{Commit, Presence, RelayId, Typing};

pub use local::{LocalBus, LocalHub};
pub use queue::{Notices, Received};
pub use subject::{SUBJECT_BYTES_MAX, subject};

/// Topics that one relay is subscribed to at most: five for each connection that it may hold. What is beyond is not heard, and found by the next
/// look at the store.
pub const TOPICS_MAX: usize = 262_144;

/// Something that every relay should hear whose clients it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Events were committed.
    Committed(Commit),
    /// Somebody is typing.
    Typing(Typing),
    /// Who of the agents has a console at the relay that says so.
    Presence {
        /// Which relay.
        relay: RelayId,
        /// What it says.
        presence: Presence,
    },
    /// Something that people configure was changed, and is to be read again: today, who is blocked.
    SettingsChanged,
}

/// What a publisher hears of a notice of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// It hears it, whatever it is subscribed to: its core takes in what its own clients did in this way.
    Always,
    /// It does not: it has acted on it already.
    Never,
}

impl Notice {
    /// The topics that it is of: whoever is subscribed to one of them hears it, once.
    #[must_use]
    pub fn topics(&self) -> Vec<Topic> {
        match self {
            Self::Committed(commit) => {
                let conversation = commit.events.first().map(|event| Topic::Conversation(event.conversation));
                conversation.into_iter().chain([Topic::Staff(commit.site.clone())]).collect()
            }
            Self::Typing(typing) => vec![Topic::Conversation(typing.conversation)],
            Self::Presence { .. } => vec![Topic::Presence],
            Self::SettingsChanged => vec![Topic::Settings],
        }
    }

    /// What its publisher hears of it.
    #[must_use]
    pub const fn echo(&self) -> Echo {
        match self {
            Self::Committed(_) | Self::Typing(_) => Echo::Always,
            Self::Presence { .. } | Self::SettingsChanged => Echo::Never,
        }
    }
}

/// Why the bus did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// Too many notices wait for this relay's core already, or it is subscribed to too many topics.
    #[error("the bus is full")]
    Full,
    /// Nobody listens any more.
    #[error("the bus has ended")]
    Ended,
}

/// One relay's way to every relay, itself included. `contract.rs` holds every bus to this:
///
/// - A notice reaches each relay that is subscribed to one of its topics, **at most once**. Of notices of one topic and one publisher the
///   order is kept.
/// - Of its own notices a publisher hears what [`Notice::echo`] says. Those stand in its queue when `publish` returns, so that a core hears
///   of a commit before it hears that its append succeeded.
/// - Nothing waits. Who does not keep up misses notices; others do not notice. When a relay missed what is not repeated anyway, it hears
///   [`Received::Missed`].
/// - Whoever missed a commit finds the gap in the numbers.
pub trait Bus: Send + Sync + 'static {
    /// Which relay this is, among those on the bus.
    fn relay(&self) -> RelayId;

    /// Tells the others, and itself where the notice says so.
    ///
    /// # Errors
    /// `Full` or `Ended`, when this relay itself should have heard it and does not. Others hear it all the same.
    fn publish(&self, notice: Notice) -> Result<(), BusError>;

    /// Hears of a topic from now on. Asking twice is asking once.
    ///
    /// # Errors
    /// `Full` for more than [`TOPICS_MAX`].
    fn subscribe(&self, topic: Topic) -> Result<(), BusError>;

    /// Hears of a topic no more; nothing happens when it was not subscribed to.
    fn unsubscribe(&self, topic: &Topic);
}
