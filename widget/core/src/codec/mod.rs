//! Frames as JSON text and back: what `wire` means by its serde attributes, written by hand because weight counts.
//!
//! The golden files of `wire` hold both to the same form (`tests/codec.rs`).

mod desk;
mod json;
mod read;
mod staff;
mod write;

pub use desk::write_frame;
pub use read::{read_attachment, read_draft, read_frame_of_visitor, read_refusal};
pub use staff::read_frame_of_staff;
pub use write::{write_draft, write_frame_of_visitor};
