//! What an owner may set of how conversations are queued and kept.

use wire::limit::{
    AGENT_GONE_AFTER_MS, FLOOD_NEW_PER_MINUTE, FLOOD_OPENINGS_PER_MINUTE, FLOOD_WAITING, LEFT_AFTER_MS,
    MESSAGE_AFTER_MS, OPENINGS_PER_ADDRESS_PER_MINUTE, OPENINGS_PER_NETWORK_PER_MINUTE, OWNED_LEFT_AFTER_MS,
};

/// So many at once, and then so many a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// A minute, lastingly.
    pub per_minute: u32,
}

/// The settings of a core. Times are waits in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A visitor in the queue is gone for so long: they have left.
    pub left_after_ms: u64,
    /// They have left for so long, and their last message is unanswered: the conversation is a *message*.
    pub message_after_ms: u64,
    /// The visitor of a conversation that an agent has is gone for so long: the agent has room again.
    pub owned_left_after_ms: u64,
    /// An agent is away for so long, with no console connected: its conversations are given back.
    pub agent_gone_after_ms: u64,
    /// Conversations opened, or queued again, from one address.
    pub openings_of_address: Rate,
    /// The same from one network.
    pub openings_of_network: Rate,
    /// While a flood lasts: by all visitors together who were not known before.
    pub openings_in_flood: Rate,
    /// A flood is declared when so many wait …
    pub flood_waiting: u32,
    /// … and so many were opened within a minute.
    pub flood_openings_per_minute: u32,
}

impl Default for Settings {
    fn default() -> Self {
        let rate = |per_minute| Rate { burst: per_minute, per_minute };
        Self {
            left_after_ms: LEFT_AFTER_MS,
            message_after_ms: MESSAGE_AFTER_MS,
            owned_left_after_ms: OWNED_LEFT_AFTER_MS,
            agent_gone_after_ms: AGENT_GONE_AFTER_MS,
            openings_of_address: rate(OPENINGS_PER_ADDRESS_PER_MINUTE),
            openings_of_network: rate(OPENINGS_PER_NETWORK_PER_MINUTE),
            openings_in_flood: rate(FLOOD_NEW_PER_MINUTE),
            flood_waiting: FLOOD_WAITING,
            flood_openings_per_minute: FLOOD_OPENINGS_PER_MINUTE,
        }
    }
}
