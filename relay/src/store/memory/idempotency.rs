//! Requests with an `Idempotency-Key`, in memory.

use super::{MemoryReader, MemoryWriter};
use crate::store::records::{ANSWER_OWNER, IdempotencyReader, IdempotencyWriter, to_forget};
use crate::store::{RememberedRequest, SealedRecord, SealedWriter, StoreError};

impl IdempotencyWriter for MemoryWriter {
    fn begin_request(&mut self, request: &RememberedRequest) -> Result<(), StoreError> {
        let all = &self.tables()?.requests;
        if all.contains_key(&request.item) {
            return Err(StoreError::Conflict);
        }
        let mut own: Vec<_> = all.values().filter(|one| one.asker == request.asker).collect();
        own.sort_by_key(|one| (one.begun_at_ms, &one.item));
        let own: Vec<_> = own.into_iter().map(|one| (one.item.clone(), one.answer_bytes)).collect();
        to_forget(&own)?.iter().try_for_each(|item| self.forget_request(item))?;
        self.tables()?.requests.insert(request.item.clone(), request.clone());
        Ok(())
    }

    fn answer_request(&mut self, answer: &SealedRecord) -> Result<(), StoreError> {
        let request = self.tables()?.requests.get_mut(&answer.item).ok_or(StoreError::Missing)?;
        request.answer_bytes = Some(u64::try_from(answer.value.len()).unwrap_or(u64::MAX));
        self.put_sealed(&SealedRecord { owner: ANSWER_OWNER.to_owned(), ..answer.clone() })
    }

    fn forget_request(&mut self, item: &str) -> Result<(), StoreError> {
        self.tables()?.requests.remove(item);
        self.remove_sealed(ANSWER_OWNER, item)
    }

    fn forget_requests_before(&mut self, begun_at_ms: u64) -> Result<(), StoreError> {
        let old = self.tables()?.requests.values().filter(|one| one.begun_at_ms < begun_at_ms);
        let old: Vec<String> = old.map(|one| one.item.clone()).collect();
        old.iter().try_for_each(|item| self.forget_request(item))
    }
}

impl IdempotencyReader for MemoryReader {
    fn remembered_request(&mut self, item: &str) -> Result<RememberedRequest, StoreError> {
        self.tables().requests.get(item).cloned().ok_or(StoreError::Missing)
    }
}
