//! The topics of the bus.

use wire::{ConversationId, SiteId};

/// One topic. A relay is subscribed to it while a client of its own follows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// The committed events of one conversation, and typing in it.
    Conversation(ConversationId),
    /// The committed events of every conversation of one site: the queue and the lists of its agents are made of them.
    Staff(SiteId),
    /// Which agents have a console at which relay.
    Presence,
    /// That something which people configure was changed.
    Settings,
}
