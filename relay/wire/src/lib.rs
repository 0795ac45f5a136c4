//! The language that visitors, agents and the relay speak: types and their bounds, nothing that decides or waits.
//!
//! Every serialized type has a golden JSON file in `tests/golden/`; within a protocol version changes are additive only.

mod block;
mod body;
mod close;
mod event;
mod frame;
mod id;
mod incoming;
pub mod limit;
mod newer;
mod refusal;
mod server;
mod side;
mod summary;
mod text;

pub use block::{BlockScope, BlockSummary};
pub use body::{Aside, Body};
pub use close::Close;
pub use event::{Attachment, Author, Cursor, Event, Lane, Media, PageContext, Party};
pub use frame::{ClientFrame, FirstFrame, Follow, FromAgent, FromVisitor, Head, Hello, Many, Say, Subject};
pub use id::{
    AgentId, AttachmentId, BlockId, ConversationId, IdError, MessageId, Seq, SiteId, Tag, Token, VisitorId, digits,
    uuid_v7,
};
pub use incoming::Incoming;
pub use refusal::Refusal;
pub use server::{ServerFrame, Session, ToAgent, ToVisitor};
pub use summary::{
    AgentState, AgentSummary, ConversationState, ConversationSummary, Counts, Idle, Role, RowCursor, View,
    VisitorConversation, VisitorPresence,
};
pub use text::{check_text, first_line, is_blank, is_line_break, is_right_to_left, is_unseen, trim_text, turns_line};

/// The version of the frames below, agreed in [`Hello`]. Raised only when an old peer could misread a new one.
pub const PROTOCOL: u16 = 1;
