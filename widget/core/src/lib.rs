//! The client's core: takes `(now, input)`, gives outputs; the same inputs always give the same outputs.
//!
//! Both sessions have four verbs: `handle(now, input)`, `next_output()`, `poll_timeout()` and `handle_timeout(now)`. The shell carries
//! out all outputs after each call, then reads again what it shows.

mod clock;
mod codec;
mod connection;
mod ids;
mod log;
mod outbox;
#[doc(hidden)]
pub mod planted;
mod session;
mod staff;
mod text;
mod types;
mod visitor;

pub use codec::{
    read_attachment, read_draft, read_frame_of_visitor, read_refusal, write_draft, write_frame_of_visitor,
};
pub use log::{Content, Item, ItemState, Notice, Timeline};
pub use staff::{
    AgentInput, AgentSession, AgentStart, ENDED_ROWS_MAX, FOUND_ROWS_MAX, Found, OPEN_ROWS_MAX, waits_since_ms,
};
pub use text::{Piece, filled, isolated, pieces};
pub use types::{ConnectionInput, Kept, KeptDraft, Online, Output, Transport, UploadInput};
pub use visitor::{VisitorInput, VisitorSession, VisitorStart};
