//! Browser parts that the chat and the console share: everything that touches the page, the line, the clock or storage.
//!
//! Components (`part`) never see the socket, storage or JSON: they read signals and call what they are given.

pub mod clock;
pub mod codec;
pub mod dom;
pub mod download;
pub mod env;
mod keyed;
pub mod link;
pub mod part;
pub mod request;
pub mod room;
pub mod signal;
pub mod socket;
pub mod storage;
pub mod stream;
pub mod tasks;
pub mod text;
pub mod theme;
pub mod time;
mod upload;
