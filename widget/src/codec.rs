//! JSON as the chat reads and writes it: by the codec of `widget-core`, which weighs a tenth of serde's. The console uses serde.

pub use widget_core::{
    read_attachment, read_draft, read_frame_of_visitor, read_refusal, write_draft, write_frame_of_visitor,
};
