//! What was recorded: conversations that are followed, and their timelines.

mod follow;
mod item;
mod timeline;

pub(crate) use follow::{Followed, Taken};
pub use item::{Content, Item, ItemState, Notice};
pub use timeline::Timeline;
