//! Files: those that people bring, and those that the relay makes of a conversation.

pub(super) mod download;
pub(super) mod transcript;
pub(super) mod upload;
