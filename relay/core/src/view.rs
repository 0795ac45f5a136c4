//! What a machine must know of a conversation that another one has: small, copied, and as it stood when it was asked for.

use wire::{AgentId, Seq, VisitorId};

use crate::input::Source;

/// What is known of a conversation that somebody wants to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Whether it has ended.
    pub(crate) ended: bool,
    /// Who has it.
    pub(crate) holder: Option<AgentId>,
    /// Whether whoever has it is online.
    pub(crate) holder_online: bool,
    /// Where its staff lane ends.
    pub(crate) staff_head: Seq,
}

/// Whose a conversation is, and where they came from when they last queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// The visitor.
    pub(crate) visitor: VisitorId,
    /// Where they came from.
    pub(crate) source: Source,
}
