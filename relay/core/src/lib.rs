//! The relay's decisions, as a state machine: takes `(now, input)`, gives outputs; the same inputs always give the same outputs.
//!
//! Nothing here waits, reads a clock or draws a random number. The shell calls [`Core::handle`] for everything that
//! happens, carries out what [`Core::next_output`] gives until it gives none, and calls [`Core::handle_timeout`] when
//! [`Core::poll_timeout`] says so. Times are milliseconds since 1970 UTC.

mod admit;
pub mod append;
mod block;
mod clock;
mod connections;
pub mod conversation;
mod conversations;
mod core;
mod ids;
pub mod input;
mod news;
mod online;
pub mod output;
#[doc(hidden)]
pub mod planted;
mod request;
mod rights;
mod routing;
mod settings;
mod staff;
mod step;
pub mod store;
mod subscriptions;
mod topic;
mod view;
mod weight;

pub use crate::append::{Append, AppendError, Appended, Condition, NewBody, NewEvent, Opening, Queueing};
pub use crate::block::concerns;
pub use crate::conversation::{Conversation, OutOfOrder};
pub use crate::core::{Core, Gauges};
pub use crate::input::{
    Agent, Commit, ConnectionId, Input, Peer, Presence, Present, RelayId, RequestId, Source, Start, Typing,
};
pub use crate::output::Output;
pub use crate::rights::conversation_of;
#[doc(hidden)]
pub use crate::routing::workload;
pub use crate::settings::{Rate, Settings};
pub use crate::staff::{PRESENCE_AGENTS_MAX, PRESENCE_LEASE_MS};
pub use crate::store::{Query, QueryAnswer, QueryError};
pub use crate::topic::Topic;
