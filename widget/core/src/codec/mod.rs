//! What the chat reads and writes as JSON text: what `wire` means by its serde attributes, declared once for both directions because weight
//! counts. The console, whose weight nobody waits for, uses serde.

mod declare;
mod draft;
mod frames;
mod json;

pub use draft::{read_draft, write_draft};
pub use frames::{read_attachment, read_frame_of_visitor, read_refusal, write_frame_of_visitor};
