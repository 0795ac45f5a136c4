//! The relay's brain: takes `(now, input)`, gives outputs; the same inputs always give the same outputs.

pub mod conversation;
pub mod input;
pub mod output;
pub mod store;
