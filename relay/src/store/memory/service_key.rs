//! Keys of the API in memory.

use wire::ServiceKeyId;

use super::{MemoryReader, MemoryWriter};
use crate::store::records::{SERVICE_KEYS_MAX, ServiceKeyReader, ServiceKeyRecord, ServiceKeyWriter};
use crate::store::{StoreError, TokenHash, staff};

impl ServiceKeyWriter for MemoryWriter {
    fn add_service_key(&mut self, key: &ServiceKeyRecord) -> Result<(), StoreError> {
        let tables = self.tables()?;
        staff::check_named(key.documents(), |named| Ok::<_, StoreError>(tables.documents.contains_key(named)))?;
        let keys = &mut tables.service_keys;
        if keys.values().any(|known| known.id == key.id || known.token == key.token) {
            return Err(StoreError::Conflict);
        }
        if keys.len() >= SERVICE_KEYS_MAX {
            let over =
                |known: &ServiceKeyRecord| known.revoked_at_ms.or(known.until_ms.filter(|end| *end <= key.made_at_ms));
            let first = keys.values().filter_map(|known| Some((over(known)?, known.id))).min();
            let (_, id) = first.ok_or(StoreError::Busy)?;
            keys.remove(&id);
        }
        keys.insert(key.id, key.clone());
        tables.settings += 1;
        Ok(())
    }

    fn touch_service_key(&mut self, id: ServiceKeyId, used_at_ms: u64) -> Result<(), StoreError> {
        if let Some(key) = self.tables()?.service_keys.get_mut(&id) {
            key.used_at_ms = Some(used_at_ms);
        }
        Ok(())
    }

    fn revoke_service_key(&mut self, id: ServiceKeyId, at_ms: u64) -> Result<(), StoreError> {
        let tables = self.tables()?;
        let valid = tables.service_keys.get_mut(&id).filter(|key| key.revoked_at_ms.is_none());
        valid.ok_or(StoreError::Missing)?.revoked_at_ms = Some(at_ms);
        tables.settings += 1;
        Ok(())
    }
}

impl ServiceKeyReader for MemoryReader {
    fn service_keys(&mut self) -> Result<Vec<ServiceKeyRecord>, StoreError> {
        Ok(self.tables().service_keys.values().cloned().collect())
    }

    fn service_key(&mut self, token: &TokenHash) -> Result<ServiceKeyRecord, StoreError> {
        let tables = self.tables();
        tables.service_keys.values().find(|key| key.token == *token).cloned().ok_or(StoreError::Missing)
    }
}
