//! The frames: what clients and the relay say to each other, each declared once in a table of its direction.
//!
//! What a frame of one side alone is made of is in `staff` or `visitor`.

mod client;
mod hello;
mod incoming;
mod part;
mod server;
mod side;

pub use client::{ClientFrame, FromAgent, FromVisitor};
pub use hello::{FirstFrame, Hello, SessionStart};
pub use incoming::Incoming;
pub use part::{Follow, Head, Say, Subject};
pub use server::{ServerFrame, ToAgent, ToVisitor};
