//! The one place where values become JSON and JSON becomes values: by the hand-written codec of `widget-core`, which weighs a tenth of serde's.

pub use widget_core::{
    read_attachment, read_draft, read_frame_of_staff, read_frame_of_visitor, read_refusal, write_draft, write_frame,
    write_frame_of_visitor,
};
