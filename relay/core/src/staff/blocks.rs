//! Who is blocked. This is asked at each hello, so blocks are indexed by whom they concern.

use std::collections::BTreeMap;

use wire::limit::{BLOCK_MS_MAX, BLOCK_REASON_CHARS_MAX, BLOCKS_MAX};
use wire::{
    AgentId, BlockId, BlockScope, BlockSummary, ConversationId, Refusal, Role, ServerFrame, Subject, Tag, VisitorId,
};

use super::Staff;
use crate::admit::about;
use crate::block::{Target, target_of, targets};
use crate::input::{ConnectionId, Source};
use crate::news::{Audience, News};
use crate::output::Output;
use crate::planted::{Planted, planted};
use crate::step::Step;
use crate::view::Person;

/// Every block.
#[derive(Debug)]
pub(super) struct Blocks {
    all: BTreeMap<BlockId, BlockSummary>,
    /// Until when each of them is blocked, by the block that lasts longest.
    until_ms: BTreeMap<Target, u64>,
}

/// A supervisor's request to block somebody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockRequest<'a> {
    /// The conversation that they are known by.
    pub(crate) conversation: ConversationId,
    /// Whether the visitor, or everybody from their address or network.
    pub(crate) scope: BlockScope,
    /// For how long.
    pub(crate) for_ms: u64,
    /// Why, in the supervisor's words.
    pub(crate) reason: &'a str,
}

impl Blocks {
    pub(super) fn new(blocks: Vec<BlockSummary>) -> Self {
        let all: BTreeMap<_, _> = blocks.into_iter().map(|block| (block.block, block)).collect();
        let mut until_ms = BTreeMap::new();
        for block in all.values() {
            let Some(target) = target_of(block) else { continue };
            let until = until_ms.entry(target).or_insert(block.until_ms);
            *until = block.until_ms.max(*until);
        }
        Self { all, until_ms }
    }
}

impl Staff {
    /// Whether somebody is blocked.
    pub(crate) fn is_blocked(&self, visitor: Option<VisitorId>, source: Source, step: &Step) -> bool {
        let until_ms = |target| self.blocks.until_ms.get(&target).copied().unwrap_or_default();
        !planted(Planted::IgnoresBlocks) && targets(visitor, source).any(|target| until_ms(target) > step.wall_ms())
    }

    /// The blocks in the store now. New ones are reported.
    pub(crate) fn set_blocks(&mut self, blocks: Vec<BlockSummary>, step: &mut Step) {
        let old = std::mem::replace(&mut self.blocks, Blocks::new(blocks));
        let new = self.blocks.all.values().filter(|block| !old.all.contains_key(&block.block));
        let wall_ms = step.wall_ms();
        for block in new.filter(|block| block.until_ms > wall_ms && !planted(Planted::IgnoresBlocks)) {
            step.tell(News::Blocked(block.clone()));
        }
    }

    /// A supervisor blocks somebody. `person` is whose the conversation is, when it is in memory.
    pub(crate) fn block(
        &self,
        (connection, agent): (ConnectionId, AgentId),
        request: BlockRequest<'_>,
        person: Option<Person>,
        step: &mut Step,
    ) {
        match self.admit_block(agent, request, person) {
            Ok((visitor, tag)) => {
                let since_ms = step.wall_ms();
                let block = BlockSummary {
                    block: BlockId(step.id().0),
                    scope: request.scope,
                    visitor,
                    tag,
                    reason: request.reason.trim().to_owned(),
                    by: Some(agent),
                    since_ms,
                    until_ms: since_ms.saturating_add(request.for_ms),
                };
                step.tell(News::Out(Output::Block { connection, by: self.author(agent), block }));
            }
            Err(refusal) => step.refuse(connection, about(request.conversation), refusal),
        }
    }

    fn admit_block(
        &self,
        agent: AgentId,
        request: BlockRequest<'_>,
        person: Option<Person>,
    ) -> Result<(Option<VisitorId>, Option<Tag>), Refusal> {
        if self.role_of(agent) < Role::Supervisor {
            return Err(Refusal::NotAllowed);
        }
        let reason = request.reason.trim();
        let for_right_time = (1..=BLOCK_MS_MAX).contains(&request.for_ms);
        if !for_right_time || reason.chars().count() > BLOCK_REASON_CHARS_MAX || reason.contains('\0') {
            return Err(Refusal::Malformed);
        }
        if self.blocks.all.len() >= BLOCKS_MAX {
            return Err(Refusal::Busy);
        }
        let person = person.ok_or(Refusal::NotFound)?;
        match request.scope {
            BlockScope::Visitor => Ok((Some(person.visitor), None)),
            // An older log does not say where they connected from.
            BlockScope::Address => person.source.address.map(|tag| (None, Some(tag))).ok_or(Refusal::NotFound),
            BlockScope::Network => person.source.network.map(|tag| (None, Some(tag))).ok_or(Refusal::NotFound),
            BlockScope::Other => Err(Refusal::Malformed),
        }
    }

    /// A supervisor undoes a block.
    pub(crate) fn unblock(&self, connection: ConnectionId, agent: AgentId, block: BlockId, step: &mut Step) {
        if self.role_of(agent) < Role::Supervisor {
            step.refuse(connection, Subject::Connection, Refusal::NotAllowed);
        } else {
            // The store says whether there is such a block: another relay may have made it a moment ago.
            step.tell(News::Out(Output::Unblock { connection, by: self.author(agent), block }));
        }
    }

    /// The shell has changed the blocks for an agent (`set_blocks` came before), or could not; or the agent only asked for them.
    pub(crate) fn tell_blocks(
        &self,
        connection: ConnectionId,
        agent: AgentId,
        result: Result<(), Refusal>,
        step: &mut Step,
    ) {
        let may = if self.role_of(agent) < Role::Supervisor { Err(Refusal::NotAllowed) } else { Ok(()) };
        if let Err(refusal) = result.and(may) {
            return step.refuse(connection, Subject::Connection, refusal);
        }
        let lasting = self.blocks.all.values().filter(|block| block.until_ms > step.wall_ms());
        let mut blocks: Vec<_> = lasting.cloned().collect();
        blocks.sort_by_key(|block| std::cmp::Reverse((block.since_ms, block.block)));
        step.send(Audience::One(connection), ServerFrame::Blocks { blocks });
    }
}
