//! Tasks that run beside the requests, from the start until the relay stops.

pub mod heads;
pub mod sweep;
pub mod watch;
