//! The commands that keep visitors out. A relay that serves the folder follows within a second.

use std::io::Write;

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use relay_core::store::{Query, QueryAnswer};
use wire::limit::{BLOCK_MS_MAX, BLOCK_REASON_CHARS_MAX, BLOCKS_MAX};
use wire::{BlockId, BlockScope, BlockSummary, ConversationId};

use super::manage::attach;
use crate::audit::By;
use crate::clock::{new_id, now_ms};
use crate::config::Config;
use crate::core_task::blocks::{blocked, scope_name, unblocked};
use crate::store::{StoreError, write_once};

/// How far a block reaches.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ScopeChoice {
    /// The visitor, wherever they come from.
    Visitor,
    /// Everybody from their address (IPv6: /64).
    Address,
    /// Everybody from its network (IPv4 /24, IPv6 /48).
    Network,
}

impl From<ScopeChoice> for BlockScope {
    fn from(choice: ScopeChoice) -> Self {
        match choice {
            ScopeChoice::Visitor => Self::Visitor,
            ScopeChoice::Address => Self::Address,
            ScopeChoice::Network => Self::Network,
        }
    }
}

/// What `relay visitor block` was given.
pub(super) struct BlockOptions {
    pub(super) conversation: ConversationId,
    pub(super) scope: BlockScope,
    pub(super) minutes: u64,
    pub(super) reason: String,
}

/// `relay visitor block`.
pub(super) fn block(config: &Config, options: BlockOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let BlockOptions { conversation, scope, minutes, reason } = options;
    let for_ms = minutes.saturating_mul(60_000);
    if for_ms == 0 || for_ms > BLOCK_MS_MAX {
        bail!("a block lasts 1 to {} minutes", BLOCK_MS_MAX / 60_000);
    }
    if reason.chars().count() > BLOCK_REASON_CHARS_MAX {
        bail!("a reason has {BLOCK_REASON_CHARS_MAX} characters at most");
    }
    let store = attach(config)?;
    let mut reader = store.reader()?;
    if reader.blocks()?.len() >= BLOCKS_MAX {
        bail!("there are {BLOCKS_MAX} blocks, as many as may be; `relay visitor unblock` removes one");
    }
    let Ok(QueryAnswer::Conversation(found)) = reader.query(&Query::Conversation { conversation }) else {
        bail!(
            "there is no conversation {conversation} in {}; its id stands in the console's address",
            config.data_shown()
        );
    };
    let (visitor, tag) = match scope {
        BlockScope::Visitor => (Some(found.visitor), None),
        BlockScope::Address => (None, found.address),
        BlockScope::Network => (None, found.network),
        BlockScope::Other => (None, None),
    };
    if visitor.is_none() && tag.is_none() {
        bail!(
            "it is not known where the visitor of {conversation} came from: the log is older; block the visitor instead"
        );
    }
    let since_ms = now_ms();
    let until_ms = since_ms.saturating_add(for_ms);
    let (id, site) = (BlockId(new_id()), visitor.is_some().then_some(found.site));
    let block = BlockSummary { block: id, scope, visitor, tag, site, reason, by: None, since_ms, until_ms };
    let entry = blocked(&block, By::command_line(since_ms));
    write_once(&mut *store.writer()?, |writer| {
        writer.put_block(&block)?;
        writer.append_audit(&entry)
    })?;
    writeln!(out, "Blocked the {} of {conversation} for {minutes} minutes: {}", scope_name(scope), block.block)?;
    writeln!(out, "`relay visitor unblock {}` undoes it.", block.block)?;
    Ok(())
}

/// `relay visitor unblock`.
pub(super) fn unblock(config: &Config, block: BlockId, out: &mut impl Write) -> anyhow::Result<()> {
    let store = attach(config)?;
    let undone = write_once(&mut *store.writer()?, |writer| {
        writer.remove_block(block)?;
        writer.append_audit(&unblocked(block, By::command_line(now_ms())))
    });
    match undone {
        Err(StoreError::Missing) => bail!("there is no block {block}; `relay visitor blocks` lists them"),
        done => done.context("the block is still there")?,
    };
    writeln!(out, "Block {block} is undone.")?;
    Ok(())
}

/// `relay visitor blocks`.
pub(super) fn blocks(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let now_ms = now_ms();
    let mut blocks = attach(config)?.reader()?.blocks()?;
    blocks.retain(|block| block.until_ms > now_ms);
    if blocks.is_empty() {
        writeln!(out, "Nobody is blocked.")?;
    }
    for block in blocks {
        let whom = match (block.visitor, block.tag) {
            (Some(visitor), _) => visitor.to_string(),
            (None, Some(tag)) => tag.to_string(),
            (None, None) => String::new(),
        };
        let minutes = (block.until_ms - now_ms).div_ceil(60_000);
        // Reasons are words of people: nothing in them acts on a terminal.
        let reason = wire::first_line(&block.reason);
        writeln!(out, "{}  {:7}  {whom}  {minutes} minutes left  {reason}", block.block, scope_name(block.scope))?;
    }
    Ok(())
}
