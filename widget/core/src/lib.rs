//! The client's brain: takes `(now, input)`, gives outputs; the same inputs always give the same outputs.
//!
//! Both sessions have four verbs: `handle(now, input)`, `next_output()`, `poll_timeout()` and `handle_timeout(now)`. The shell drains
//! the outputs fully after each call, then reads again what it shows.

mod agent;
mod backoff;
mod bidi;
mod clock;
mod codec;
mod connection;
mod follow;
mod ids;
mod item;
mod link;
mod outbox;
#[doc(hidden)]
pub mod planted;
mod session;
mod timeline;
mod types;
mod upload;
mod visitor;

pub use agent::{
    AgentInput, AgentSession, AgentStart, ENDED_ROWS_MAX, FOUND_ROWS_MAX, Found, OPEN_ROWS_MAX, waits_since_ms,
};
pub use bidi::{filled, isolated};
pub use codec::{
    read_attachment, read_draft, read_frame_of_visitor, read_refusal, write_draft, write_frame_of_visitor,
};
pub use item::{Content, Item, ItemState, Notice};
pub use link::{Piece, pieces};
pub use timeline::Timeline;
pub use types::{ConnectionInput, Kept, KeptDraft, Online, Output, Transport, UploadInput};
pub use visitor::{VisitorInput, VisitorSession, VisitorStart};
