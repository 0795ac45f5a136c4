//! How conversations are queued and kept.

use relay_core::{Rate, Settings};
use serde::Deserialize;

/// How conversations are queued and kept. Times are in seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// A visitor in the queue is gone for so long: they have left.
    pub left_after_seconds: u32,
    /// They have left for so long with words unanswered: a message.
    pub message_after_seconds: u32,
    /// The visitor of an agent's conversation is gone for so long: the agent has room again.
    pub owned_left_after_seconds: u32,
    /// An agent is gone for so long: its conversations are given back.
    pub agent_gone_after_seconds: u32,
    /// Conversations that one address opens in a minute.
    pub openings_per_address_per_minute_max: u32,
    /// Conversations that one network opens in a minute.
    pub openings_per_network_per_minute_max: u32,
    /// A flood is declared when so many wait …
    pub flood_waiting: u32,
    /// … and so many were opened within a minute.
    pub flood_openings_per_minute: u32,
    /// While it lasts, new visitors together open so many a minute.
    pub flood_new_per_minute_max: u32,
}

impl Conversation {
    /// As the core takes them.
    #[must_use]
    pub fn settings(self) -> Settings {
        let ms = |seconds: u32| u64::from(seconds) * 1_000;
        let rate = |per_minute: u32| Rate { burst: per_minute, per_minute };
        Settings {
            left_after_ms: ms(self.left_after_seconds),
            message_after_ms: ms(self.message_after_seconds),
            owned_left_after_ms: ms(self.owned_left_after_seconds),
            agent_gone_after_ms: ms(self.agent_gone_after_seconds),
            openings_of_address: rate(self.openings_per_address_per_minute_max),
            openings_of_network: rate(self.openings_per_network_per_minute_max),
            openings_in_flood: rate(self.flood_new_per_minute_max),
            flood_waiting: self.flood_waiting,
            flood_openings_per_minute: self.flood_openings_per_minute,
        }
    }
}
