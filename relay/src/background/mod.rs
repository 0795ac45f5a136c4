//! Tasks that run beside the requests, from the start until the relay stops.

pub mod sweep;
pub mod watch;
