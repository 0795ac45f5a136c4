//! Who is blocked. This is asked at each hello, so blocks are indexed by whom they concern.

use std::collections::BTreeMap;

use relay_settings::{Reach, Right};
use wire::limit::{BLOCK_MS_MAX, BLOCK_REASON_CHARS_MAX, BLOCKS_MAX};
use wire::{
    AgentId, BlockId, BlockScope, BlockSummary, ConversationId, Refusal, ServerFrame, SiteId, Subject, Tag, VisitorId,
};

use super::Staff;
use crate::admit::about;
use crate::block::{Target, target_of, targets};
use crate::input::{ConnectionId, Source};
use crate::news::{Audience, News};
use crate::output::Output;
use crate::planted::{Planted, planted};
use crate::rights::Rights;
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

/// Who is to be blocked.
struct Blocked {
    visitor: Option<VisitorId>,
    site: Option<SiteId>,
    tag: Option<Tag>,
}

impl Blocked {
    /// Whoever comes from there.
    const fn source(tag: Tag) -> Self {
        Self { visitor: None, site: None, tag: Some(tag) }
    }
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

    /// An agent who may, in this conversation, blocks somebody. `person` is whose the conversation is, when it is known.
    pub(crate) fn block(
        &self,
        (connection, agent, rights): (ConnectionId, AgentId, &Rights),
        request: BlockRequest<'_>,
        person: Option<Person>,
        step: &mut Step,
    ) {
        match self.admit_block(rights, request, person) {
            Ok(Blocked { visitor, site, tag }) => {
                let since_ms = step.wall_ms();
                let block = BlockSummary {
                    block: BlockId(step.id().0),
                    scope: request.scope,
                    visitor,
                    tag,
                    site,
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
        rights: &Rights,
        request: BlockRequest<'_>,
        person: Option<Person>,
    ) -> Result<Blocked, Refusal> {
        // An address and a network are blocked on all sites.
        if request.scope != BlockScope::Visitor && rights.sites(Right::VisitorBlock) != Reach::All {
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
            BlockScope::Visitor => Ok(Blocked { visitor: Some(person.visitor), site: Some(person.site), tag: None }),
            // An older log does not say where they connected from.
            BlockScope::Address => person.source.address.map(Blocked::source).ok_or(Refusal::NotFound),
            BlockScope::Network => person.source.network.map(Blocked::source).ok_or(Refusal::NotFound),
            BlockScope::Other => Err(Refusal::Malformed),
        }
    }

    /// An agent undoes a block.
    pub(crate) fn unblock(
        &self,
        (connection, agent, rights): (ConnectionId, AgentId, &Rights),
        block: BlockId,
        step: &mut Step,
    ) {
        let sites = rights.sites(Right::VisitorBlock);
        let seen = self.blocks.all.get(&block).is_some_and(|block| is_of(block, &sites));
        if seen || sites == Reach::All {
            // The store says whether there is such a block: another relay may have made it a moment ago.
            step.tell(News::Out(Output::Unblock { connection, by: self.author(agent), block }));
        } else {
            step.refuse(connection, Subject::Connection, Refusal::NotFound);
        }
    }

    /// The shell has changed the blocks for an agent (`set_blocks` came before), or could not; or the agent only asked for them.
    pub(crate) fn tell_blocks(
        &self,
        connection: ConnectionId,
        rights: &Rights,
        result: Result<(), Refusal>,
        step: &mut Step,
    ) {
        if let Err(refusal) = result {
            return step.refuse(connection, Subject::Connection, refusal);
        }
        let sites = rights.sites(Right::VisitorBlock);
        let lasting = self.blocks.all.values().filter(|block| block.until_ms > step.wall_ms());
        let mut blocks: Vec<_> = lasting.filter(|block| is_of(block, &sites)).cloned().collect();
        blocks.sort_by_key(|block| std::cmp::Reverse((block.since_ms, block.block)));
        step.send(Audience::One(connection), ServerFrame::Blocks { blocks });
    }
}

/// Whether a block is of these sites. One of no site holds for all of them.
fn is_of(block: &BlockSummary, sites: &Reach<SiteId>) -> bool {
    sites.has_or_all(block.site.as_ref())
}
