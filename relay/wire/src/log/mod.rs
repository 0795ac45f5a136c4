//! What is recorded: the events of a conversation's two lanes.

mod attachment;
mod body;
mod erasing;
mod event;
mod page;

pub use attachment::{Attachment, Media};
pub use body::{Aside, Body};
pub use erasing::{Part, Parts};
pub use event::{Author, Cursor, Event, Lane, Party};
pub use page::PageContext;
