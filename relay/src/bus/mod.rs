//! The bus: tells every relay that must know about something. Its messages may be lost; the truth is in the store.

#[cfg(test)]
mod contract;
mod local;
mod queue;
mod subject;

use relay_core::Topic;
use relay_core::input::{Commit, Presence, RelayId, Typing};

pub use local::{LocalBus, LocalHub};
pub use queue::{BusReceiver, Received};
pub use subject::{SUBJECT_BYTES_MAX, subject};

/// Topics that one relay is subscribed to at most: five for each connection that it may hold. Events of topics beyond are not received, and found
/// when the store is read next.
pub const TOPICS_MAX: usize = 262_144;

/// A message for every relay whose clients it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BusMessage {
    /// Events were committed.
    Committed(Commit),
    /// Somebody is typing.
    Typing(Typing),
    /// Which agents have a console at the relay that publishes this.
    Presence {
        /// Which relay.
        relay: RelayId,
        /// What it says.
        presence: Presence,
    },
    /// Something that people configure was changed, and is to be read again: today, who is blocked.
    SettingsChanged,
}

/// Whether a publisher receives its own message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// It does, whatever it is subscribed to: this is how its core takes in what its own clients did.
    Always,
    /// It does not: it has acted on it already.
    Never,
}

impl BusMessage {
    /// Its topics: every relay that is subscribed to one of them receives it, once.
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

    /// Whether its publisher receives it.
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
    /// Too many messages wait for this relay's core already, or it is subscribed to too many topics.
    #[error("the bus is full")]
    Full,
    /// Nobody receives any more.
    #[error("the bus has ended")]
    Ended,
}

/// One relay's connection to all relays, itself included. `contract.rs` holds every bus to this:
///
/// - A message reaches each relay that is subscribed to one of its topics, **at most once**. Of messages of one topic and one publisher the
///   order is kept.
/// - Of its own messages a publisher receives those of which [`BusMessage::echo`] says so. They are in its queue when `publish` returns, so that
///   a core receives a commit before the answer to its append.
/// - Nothing waits. A relay that does not keep up loses messages; others are not affected. When it has lost messages that are not repeated anyway,
///   it receives [`Received::Lost`].
/// - A relay that has lost a commit finds the gap in the numbers of the next events.
pub trait Bus: Send + Sync + 'static {
    /// Which relay this is, among those on the bus.
    fn relay(&self) -> RelayId;

    /// Publishes to the others, and to itself where the message's echo says so.
    ///
    /// # Errors
    /// `Full` or `Ended`, when this relay itself should receive it and does not. Others receive it all the same.
    fn publish(&self, message: BusMessage) -> Result<(), BusError>;

    /// Subscribes to a topic. A second time changes nothing.
    ///
    /// # Errors
    /// `Full` for more than [`TOPICS_MAX`].
    fn subscribe(&self, topic: Topic) -> Result<(), BusError>;

    /// Unsubscribes; nothing happens when the topic was not subscribed to.
    fn unsubscribe(&self, topic: &Topic);
}
