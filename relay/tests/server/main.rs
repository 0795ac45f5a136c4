//! The relay as the world sees it: a real server on a free port, real sockets, real requests.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one frame and skips all others")]

mod api;
mod api_audit;
mod api_idempotency;
mod api_invitations;
mod api_keys;
mod api_staff;
mod asking;
mod attacked;
mod audit;
mod backup;
mod bad_input;
mod blocked;
mod command;
mod crowd;
mod documents;
mod file;
mod filled;
mod flood;
mod folder;
mod hostile;
mod key;
mod labels;
mod matrix;
mod memory;
mod metrics;
mod page;
mod privacy;
mod quota;
mod reach;
mod revoked;
mod scope;
mod second_factor;
mod secured;
mod session;
mod sessions;
mod settings_file;
mod setup;
mod stop;
mod story;
mod stream;
mod streamed;
mod support;
mod transcript;
mod vital;
