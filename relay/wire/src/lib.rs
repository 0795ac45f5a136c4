//! The language that visitors, agents and the relay speak: types and their bounds, nothing that decides or waits.
//!
//! Every serialized type has a golden JSON file in `tests/golden/`; within a protocol version changes are additive only.

mod close;
mod event;
mod frame;
mod id;
pub mod limit;
mod newer;
mod refusal;
mod summary;
mod text;

pub use close::Close;
pub use event::{Attachment, Author, Body, Cursor, Event, Lane, Media, PageContext, Party};
pub use frame::{ClientFrame, Follow, Head, Hello, Say, ServerFrame, Session, Subject};
pub use id::{AgentId, AttachmentId, ConversationId, IdError, MessageId, Seq, SiteId, Token, VisitorId, uuid_v7};
pub use refusal::Refusal;
pub use summary::{AgentState, AgentSummary, ConversationState, ConversationSummary, Role, VisitorConversation};
pub use text::{check_text, first_line, is_blank, is_line_break, is_unseen, trim_text, turns_line};

/// The version of the frames below, agreed in [`Hello`]. Raised only when an old peer could misread a new one.
pub const PROTOCOL: u16 = 1;
