//! Limits by address and network: how many at once, how often, and how slowly. They know nothing of chats.

pub mod admission;
pub mod rate;
pub mod share;
pub mod transfer_timeout;
