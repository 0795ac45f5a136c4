//! Sealed values: secrets that only the relay's key opens. One table holds them all, so that a new key can seal all of them anew.

use super::Secret;
use crate::store::StoreError;

/// A sealed value with its place. Stores do not look into the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRecord {
    /// What it is of, as `second_factor`.
    pub owner: String,
    /// Which of these.
    pub item: String,
    /// As it was sealed.
    pub value: Vec<u8>,
}

/// Writes sealed values, and changes keys.
pub trait SealedWriter {
    /// Puts a sealed value into its place, or replaces the one that is there.
    ///
    /// # Errors
    /// `Down`.
    fn put_sealed(&mut self, record: &SealedRecord) -> Result<(), StoreError>;

    /// Removes the value of a place; nothing happens when there is none.
    ///
    /// # Errors
    /// `Down`.
    fn remove_sealed(&mut self, owner: &str, item: &str) -> Result<(), StoreError>;

    /// Replaces the key of this name, or adds it.
    ///
    /// # Errors
    /// `Down`.
    fn set_secret(&mut self, name: &'static str, value: Secret) -> Result<(), StoreError>;
}

/// Reads sealed values.
pub trait SealedReader {
    /// The value of a place.
    ///
    /// # Errors
    /// `Missing` when there is none.
    fn sealed(&mut self, owner: &str, item: &str) -> Result<SealedRecord, StoreError>;

    /// Sealed values after this place (`("", "")` for the first page), by owner and item.
    ///
    /// # Errors
    /// `Down`.
    fn sealed_after(&mut self, owner: &str, item: &str, count_max: usize) -> Result<Vec<SealedRecord>, StoreError>;

    /// The key of this name, if it was made.
    ///
    /// # Errors
    /// `Down`.
    fn known_secret(&mut self, name: &'static str) -> Result<Option<Secret>, StoreError>;
}
