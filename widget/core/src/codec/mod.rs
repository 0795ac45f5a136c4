//! What the chat reads and writes as JSON: the same as serde does for `wire`, but much smaller. Each frame is declared once for both
//! directions. The console uses serde: its size matters less.

mod declare;
mod draft;
mod frames;
mod json;

pub use draft::{read_draft, write_draft};
pub use frames::{read_attachment, read_frame_of_visitor, read_refusal, write_frame_of_visitor};
