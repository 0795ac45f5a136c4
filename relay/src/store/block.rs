//! Who is kept out, and the random keys of a store.

use wire::{BlockId, BlockSummary};

use super::StoreError;
use super::memory::MemoryStore;

/// A random key.
pub type Secret = [u8; 32];

/// The part of a [`super::Writer`] that keeps people out.
pub trait BlockWriter {
    /// Adds a block; those that have ended by then are forgotten. Raises the settings version.
    ///
    /// # Errors
    /// `Conflict` when the id is in use.
    fn put_block(&mut self, block: &BlockSummary) -> Result<(), StoreError>;

    /// Undoes a block. Raises the settings version.
    ///
    /// # Errors
    /// `Missing` when it is not there.
    fn remove_block(&mut self, block: BlockId) -> Result<(), StoreError>;

    /// The key of this name; `fresh` when there is none yet.
    ///
    /// # Errors
    /// `Down`.
    fn secret(&mut self, name: &'static str, fresh: Secret) -> Result<Secret, StoreError>;
}

/// The part of a [`super::Reader`] that knows who is kept out.
pub trait BlockReader {
    /// All blocks, also those that have ended by time, by id.
    ///
    /// # Errors
    /// `Down`.
    fn blocks(&mut self) -> Result<Vec<BlockSummary>, StoreError>;
}

impl BlockWriter for MemoryStore {
    fn put_block(&mut self, block: &BlockSummary) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if tables.blocks.contains_key(&block.block) {
            return Err(StoreError::Conflict);
        }
        tables.blocks.retain(|_, old| old.until_ms > block.since_ms);
        tables.blocks.insert(block.block, block.clone());
        tables.settings += 1;
        Ok(())
    }

    fn remove_block(&mut self, block: BlockId) -> Result<(), StoreError> {
        let mut tables = self.tables();
        tables.blocks.remove(&block).ok_or(StoreError::Missing)?;
        tables.settings += 1;
        Ok(())
    }

    fn secret(&mut self, name: &'static str, fresh: Secret) -> Result<Secret, StoreError> {
        Ok(*self.tables().secrets.entry(name).or_insert(fresh))
    }
}

impl BlockReader for MemoryStore {
    fn blocks(&mut self) -> Result<Vec<BlockSummary>, StoreError> {
        Ok(self.tables().blocks.values().cloned().collect())
    }
}
