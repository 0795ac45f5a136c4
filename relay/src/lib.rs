//! The relay as a library: everything the binary runs, so that tests can run it too.

pub mod admission;
pub mod app;
pub mod auth;
pub mod backup;
pub mod blob;
pub mod bus;
pub mod cli;
pub mod clock;
pub mod config;
pub(crate) mod connection;
pub mod files;
pub mod folder;
pub mod frames;
pub mod http;
pub mod http_limits;
pub mod limiter;
#[cfg(test)]
mod limits;
pub mod listen;
pub mod metrics;
pub mod outlet;
pub mod quota;
pub mod reserve;
pub mod run;
pub mod serve;
pub mod share;
pub mod socket;
pub mod store;
pub mod stream;
pub mod sweep;
pub mod tags;
pub mod trace;
pub mod transcript;
pub mod transfer_timeout;
pub mod vital;
pub mod watch;

pub use relay_edge::{address, origin};
