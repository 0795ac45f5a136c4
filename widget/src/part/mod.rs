//! Components that the chat and the console share. They read signals and call what they are given; nothing here sees the line.

pub mod banner;
pub mod composer;
pub mod drop;
pub mod icon;
pub mod timeline;
pub mod typing;

pub use banner::ConnectionBanner;
pub use composer::Composer;
pub use drop::DropZone;
pub use timeline::{Board, TimelineView};
pub use typing::Typing;
