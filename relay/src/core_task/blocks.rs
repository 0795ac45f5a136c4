//! Who is kept out: the core decides, the store keeps it, and the core hears how it stands.

use relay_core::input::{ConnectionId, Input};
use wire::{BlockId, BlockSummary, Refusal};

use super::asking::reply;
use super::{Answered, CoreTask};
use crate::bus::Notice;
use crate::clock::now_ms;
use crate::store::{StoreError, Writer};

/// The blocks as they stand after a wish.
pub(super) type Stands = Result<Vec<BlockSummary>, StoreError>;

impl CoreTask {
    /// Stores a block.
    pub(super) fn block(&mut self, connection: ConnectionId, block: BlockSummary) {
        self.change_blocks(connection, move |writer| writer.put_block(&block));
    }

    /// Removes one.
    pub(super) fn unblock(&mut self, connection: ConnectionId, block: BlockId) {
        self.change_blocks(connection, move |writer| writer.remove_block(block));
    }

    fn change_blocks(
        &mut self,
        connection: ConnectionId,
        change: impl FnOnce(&mut dyn Writer) -> Result<(), StoreError> + Send + 'static,
    ) {
        if !self.begin_request() {
            let result = Err(Refusal::Busy);
            return self.core.handle(now_ms(), Input::BlockAnswered { connection, result });
        }
        let (answers, store) = (self.answers.clone(), self.store.clone());
        self.store.write_then(change, move |result| match result {
            Ok(()) => store.read_then(
                |reader| reader.blocks(),
                move |blocks| reply(&answers, Answered::Blocks(connection, blocks)),
            ),
            Err(error) => reply(&answers, Answered::Blocks(connection, Err(error))),
        });
    }

    /// Another relay has changed what is configured: the blocks are read again. The watch finds the rest, and these too if that fails.
    pub(super) fn read_blocks(&mut self) {
        if self.begin_request() {
            let answers = self.answers.clone();
            self.store.read_then(|reader| reader.blocks(), move |blocks| reply(&answers, Answered::BlocksRead(blocks)));
        }
    }

    /// Tells the core how the blocks stand, whoever wished it, and other relays.
    pub(super) fn blocked(&mut self, connection: ConnectionId, stands: Stands) {
        let result = match stands {
            Ok(blocks) => {
                self.core.handle(now_ms(), Input::Blocks(blocks));
                // Who misses it looks at the store's version of the settings within a moment.
                let _ = self.bus.publish(Notice::SettingsChanged);
                Ok(())
            }
            Err(StoreError::Missing) => Err(Refusal::NotFound),
            Err(StoreError::Busy) => Err(Refusal::Busy),
            Err(StoreError::Conflict | StoreError::Down) => Err(Refusal::StoreDown),
        };
        self.handle(Input::BlockAnswered { connection, result });
    }
}
