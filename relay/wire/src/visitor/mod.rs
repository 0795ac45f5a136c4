//! What only visitors say, hear or see.

mod conversation;

pub use conversation::VisitorConversation;
