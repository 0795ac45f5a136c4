//! Blocks, and the random keys of a store.

use wire::{BlockId, BlockSummary};

use crate::store::StoreError;

/// A random key.
pub type Secret = [u8; 32];

/// Writes blocks and keys.
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

/// Reads blocks.
pub trait BlockReader {
    /// All blocks, also those that have ended by time, by id.
    ///
    /// # Errors
    /// `Down`.
    fn blocks(&mut self) -> Result<Vec<BlockSummary>, StoreError>;
}
