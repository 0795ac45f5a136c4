//! Who is blocked: the core decides, the store keeps it, and the core gets the blocks that the store then has.

use relay_core::input::{ConnectionId, Input};
use tokio::sync::oneshot;
use wire::{BlockId, BlockScope, BlockSummary, Refusal};

use super::asking::reply;
use super::{CoreTask, StoreAnswer};
use crate::audit::{Action, By, NewEntry, Subject};
use crate::bus::BusMessage;
use crate::clock::now_ms;
use crate::store::{StoreError, Writer};

/// The audit entry of a block. Its reason is in the block; words of people are not copied.
pub(crate) fn blocked(block: &BlockSummary, by: By) -> NewEntry {
    let subject = Subject::new("block", &block.block);
    let subject = if let Some(site) = &block.site { subject.of(site.clone()) } else { subject };
    let entry = NewEntry::new(by, Action::Blocked).on(subject);
    let entry = entry.with("scope", scope_name(block.scope)).with("until_ms", block.until_ms);
    match (block.visitor, block.tag) {
        (Some(visitor), _) => entry.with("visitor", visitor.to_string()),
        (None, Some(tag)) => entry.with("tag", tag.to_string()),
        (None, None) => entry,
    }
}

/// The audit entry of a block that was undone.
pub(crate) fn unblocked(block: BlockId, by: By) -> NewEntry {
    NewEntry::new(by, Action::Unblocked).on(Subject::new("block", &block))
}

/// A scope's name in the audit log and for commands.
pub(crate) const fn scope_name(scope: BlockScope) -> &'static str {
    match scope {
        BlockScope::Visitor => "visitor",
        BlockScope::Address => "address",
        BlockScope::Network => "network",
        BlockScope::Other => "other",
    }
}

/// The blocks that the store has after a change.
pub(super) type Blocks = Result<Vec<BlockSummary>, StoreError>;

/// Who blocks somebody, or undoes it.
pub(super) enum BlockAsker {
    /// An agent on a connection.
    Connection(ConnectionId),
    /// A request over HTTP.
    Request(oneshot::Sender<Result<(), StoreError>>),
}

impl CoreTask {
    /// Stores a block.
    pub(super) fn block(&mut self, asker: BlockAsker, by: By, block: BlockSummary) {
        self.change_blocks(asker, move |writer| {
            writer.put_block(&block)?;
            writer.append_audit(&blocked(&block, by)).map(drop)
        });
    }

    /// Removes some. Of several, one that is not there any more is left out.
    pub(super) fn unblock(&mut self, asker: BlockAsker, by: By, blocks: Vec<BlockId>) {
        self.change_blocks(asker, move |writer| {
            let several = blocks.len() > 1;
            for block in blocks {
                match writer.remove_block(block) {
                    Err(StoreError::Missing) if several => {}
                    removed => {
                        removed?;
                        writer.append_audit(&unblocked(block, by.clone()))?;
                    }
                }
            }
            Ok(())
        });
    }

    fn change_blocks(
        &mut self,
        asker: BlockAsker,
        change: impl FnOnce(&mut dyn Writer) -> Result<(), StoreError> + Send + 'static,
    ) {
        if !self.begin_request() {
            return self.answer_blocks(asker, Err(StoreError::Busy));
        }
        let (answers, store) = (self.answers.clone(), self.store.clone());
        self.store.write_then(change, move |result| match result {
            Ok(()) => store
                .read_then(|reader| reader.blocks(), move |blocks| reply(&answers, StoreAnswer::Blocks(asker, blocks))),
            Err(error) => reply(&answers, StoreAnswer::Blocks(asker, Err(error))),
        });
    }

    /// Another relay has changed the settings: the blocks are read again. `relay/src/background/watch.rs` finds the rest,
    /// and these too if that fails.
    pub(super) fn read_blocks(&mut self) {
        if self.begin_request() {
            let answers = self.answers.clone();
            self.store
                .read_then(|reader| reader.blocks(), move |blocks| reply(&answers, StoreAnswer::BlocksRead(blocks)));
        }
    }

    /// Tells the core, whoever asked, and other relays about the changed blocks.
    pub(super) fn blocked(&mut self, asker: BlockAsker, blocks: Blocks) {
        let result = blocks.map(|blocks| {
            self.core.handle(now_ms(), Input::Blocks(blocks));
            // A relay that does not receive it sees the store's new version of the settings within a moment.
            let _ = self.bus.publish(BusMessage::SettingsChanged);
        });
        self.answer_blocks(asker, result);
        self.drain();
    }

    fn answer_blocks(&mut self, asker: BlockAsker, result: Result<(), StoreError>) {
        match asker {
            BlockAsker::Connection(connection) => {
                let result = result.map_err(|error| match error {
                    StoreError::Missing => Refusal::NotFound,
                    StoreError::Busy => Refusal::Busy,
                    StoreError::Conflict | StoreError::LastAdministrator | StoreError::Down => Refusal::StoreDown,
                });
                self.core.handle(now_ms(), Input::BlockAnswered { connection, result });
            }
            // Fails only when nobody waits for it any more.
            BlockAsker::Request(reply) => drop(reply.send(result)),
        }
    }
}
