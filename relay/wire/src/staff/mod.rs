//! What only agents send, receive or see.

mod agent;
mod block;
mod conversation;
mod list;
mod many;

pub use agent::{AgentState, AgentSummary, Role, StaffScope};
pub use block::{BlockScope, BlockSummary};
pub use conversation::{ConversationState, ConversationSummary, Idle, VisitorPresence};
pub use list::{Counts, RowCursor, View};
pub use many::Many;
