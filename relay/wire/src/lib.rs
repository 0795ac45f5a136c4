//! The language that visitors, agents and the relay speak: types and their bounds, nothing that decides or waits.
//!
//! Every serialized type has a golden JSON file in `tests/golden/`; within a protocol version changes are additive only.

mod close;
mod frame;
mod id;
pub mod limit;
mod log;
mod newer;
mod refusal;
mod rule;
mod staff;
mod visitor;

pub use close::Close;
pub use frame::{
    ClientFrame, FirstFrame, Follow, FromAgent, FromVisitor, Head, Hello, Incoming, Say, ServerFrame, SessionStart,
    Subject, ToAgent, ToVisitor,
};
pub use id::{
    AgentId, AttachmentId, BlockId, ConversationId, IdError, InvitationId, MessageId, Seq, ServiceKeyId, SiteId, Tag,
    Token, VisitorId, digits, uuid_v7,
};
pub use log::{Aside, Attachment, Author, Body, Cursor, Event, Lane, Media, PageContext, Part, Parts, Party};
pub use refusal::Refusal;
pub use rule::{check_text, first_line, is_blank, is_line_break, is_right_to_left, is_unseen, trim_text, turns_line};
pub use staff::{
    AgentState, AgentSummary, BlockScope, BlockSummary, ConversationState, ConversationSummary, Counts, Idle, Many,
    Role, RowCursor, StaffScope, View, VisitorPresence,
};
pub use visitor::VisitorConversation;

/// The version of the frames, agreed in [`Hello`]. Raised only when an old peer could misread a new one.
pub const PROTOCOL: u16 = 1;
