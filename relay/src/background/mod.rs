//! Tasks that run beside the requests, from the start until the relay stops.

pub mod erase;
pub mod heads;
pub mod retention;
pub mod sweep;
pub mod watch;
