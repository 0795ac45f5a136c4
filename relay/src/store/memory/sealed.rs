//! Sealed values, and keys that are replaced, in memory.

use std::ops::Bound;

use super::{MemoryReader, MemoryWriter};
use crate::store::{SealedReader, SealedRecord, SealedWriter, Secret, StoreError};

impl SealedWriter for MemoryWriter {
    fn put_sealed(&mut self, record: &SealedRecord) -> Result<(), StoreError> {
        let place = (record.owner.clone(), record.item.clone());
        self.tables()?.sealed.insert(place, record.value.clone());
        Ok(())
    }

    fn remove_sealed(&mut self, owner: &str, item: &str) -> Result<(), StoreError> {
        self.tables()?.sealed.remove(&(owner.to_owned(), item.to_owned()));
        Ok(())
    }

    fn set_secret(&mut self, name: &'static str, value: Secret) -> Result<(), StoreError> {
        self.tables()?.secrets.insert(name, value);
        Ok(())
    }
}

impl SealedReader for MemoryReader {
    fn sealed(&mut self, owner: &str, item: &str) -> Result<SealedRecord, StoreError> {
        let place = (owner.to_owned(), item.to_owned());
        let value = self.tables().sealed.get(&place).cloned().ok_or(StoreError::Missing)?;
        Ok(SealedRecord { owner: place.0, item: place.1, value })
    }

    fn sealed_after(&mut self, owner: &str, item: &str, count_max: usize) -> Result<Vec<SealedRecord>, StoreError> {
        let after = Bound::Excluded((owner.to_owned(), item.to_owned()));
        let tables = self.tables();
        let later = tables.sealed.range((after, Bound::Unbounded)).take(count_max);
        let record = |((owner, item), value): (&(String, String), &Vec<u8>)| SealedRecord {
            owner: owner.clone(),
            item: item.clone(),
            value: value.clone(),
        };
        Ok(later.map(record).collect())
    }

    fn known_secret(&mut self, name: &'static str) -> Result<Option<Secret>, StoreError> {
        Ok(self.tables().secrets.get(name).copied())
    }
}
