//! Parts that the chat and the console share. They read signals and call what they are given; nothing here sees the connection.

pub mod banner;
pub mod composer;
pub mod drop;
pub mod icon;
pub mod timeline;
pub mod typing;

pub use banner::connection_banner;
pub use composer::{Field, Writing, composer};
pub use drop::drop_zone;
pub use timeline::{Rows, StaffWords, Surroundings, timeline};
pub use typing::typing;
