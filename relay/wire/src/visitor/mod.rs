//! What only visitors send, receive or see.

mod conversation;

pub use conversation::VisitorConversation;
