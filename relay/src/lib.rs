//! The relay as a library: everything the binary runs, so that tests can run it too.
//!
//! A folder may only use what is listed above it here; `tests/layers.rs` refuses circles.

pub mod clock;
pub mod hex;
pub mod numbers;

pub mod blob;
pub mod config;
pub mod folder;
pub mod limit;
pub mod process;
pub mod web;

pub mod key;

pub mod audit;

pub mod backup;
pub mod store;

pub mod seal;

pub mod bus;
pub mod consumer;
pub mod identity;
pub mod quota;
pub mod settings;
pub mod transcript;

pub mod core_task;

pub mod erasing;

pub mod app;

pub mod background;
pub mod http;
pub mod transport;

pub mod cli;
pub mod serve;

#[cfg(test)]
mod bounds;

pub use relay_edge::address;
pub use relay_settings::origin;
