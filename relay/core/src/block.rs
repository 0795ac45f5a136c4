//! Whom a block is about.

use wire::{BlockScope, BlockSummary, Tag, VisitorId};

use crate::input::Source;

/// Whom a block is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// A visitor.
    Visitor(VisitorId),
    /// Whoever comes from an address.
    Address(Tag),
    /// Whoever comes from a network.
    Network(Tag),
}

/// Whether a block is about somebody: a visitor, or whoever comes from there.
#[must_use]
pub fn concerns(block: &BlockSummary, visitor: Option<VisitorId>, source: Source) -> bool {
    target_of(block).is_some_and(|target| targets(visitor, source).any(|one| one == target))
}

/// Whom a block is about; nobody when it names nobody.
pub(crate) fn target_of(block: &BlockSummary) -> Option<Target> {
    match block.scope {
        BlockScope::Visitor => block.visitor.map(Target::Visitor),
        BlockScope::Address => block.tag.map(Target::Address),
        BlockScope::Network => block.tag.map(Target::Network),
        // Only the relay that made it knows.
        BlockScope::Other => None,
    }
}

/// Everything by which somebody may be blocked.
pub(crate) fn targets(visitor: Option<VisitorId>, source: Source) -> impl Iterator<Item = Target> {
    let by_source = [source.address.map(Target::Address), source.network.map(Target::Network)];
    visitor.map(Target::Visitor).into_iter().chain(by_source.into_iter().flatten())
}
