//! Browser parts that the chat and the console share: everything that touches the page, the connection, the clock or storage.
//!
//! Components (`part`) never see the connection, storage or JSON: they read signals and call what they are given.

pub mod clock;
pub mod dom;
pub mod env;
mod keyed;
pub mod part;
pub mod room;
pub mod runner;
pub mod signal;
pub mod storage;
pub mod tasks;
pub mod text;
pub mod theme;
pub mod time;
pub mod transport;
