//! What one machine must know of another's conversations: small copies, made when they are needed.

use wire::{AgentId, Seq, SiteId, VisitorId};

use crate::input::Source;

/// What must be known of a conversation before it is assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AssignmentView {
    /// Whether it has ended.
    pub(crate) ended: bool,
    /// Who has it.
    pub(crate) holder: Option<AgentId>,
    /// Whether whoever has it is online.
    pub(crate) holder_online: bool,
    /// The last number of its staff lane.
    pub(crate) staff_head: Seq,
}

/// A conversation's visitor, and where they connected from when they last queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// On which site.
    pub(crate) site: SiteId,
    /// The visitor.
    pub(crate) visitor: VisitorId,
    /// Where they came from.
    pub(crate) source: Source,
}
