//! Bounds on who may come, how many at once, how often and how slowly. They know addresses and networks, and nothing of chats.

pub mod admission;
pub mod rate;
pub mod share;
pub mod transfer_timeout;
