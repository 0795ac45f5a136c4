//! Passkeys in memory.

use wire::AgentId;

use super::{MemoryReader, MemoryWriter};
use crate::store::StoreError;
use crate::store::records::{PASSKEYS_PER_AGENT_MAX, PasskeyReader, PasskeyRecord, PasskeyUse, PasskeyWriter};

impl PasskeyWriter for MemoryWriter {
    fn add_passkey(&mut self, passkey: &PasskeyRecord) -> Result<(), StoreError> {
        let tables = self.tables()?;
        if !tables.agents.contains_key(&passkey.agent) {
            return Err(StoreError::Missing);
        }
        if tables.passkeys.values().filter(|one| one.agent == passkey.agent).count() >= PASSKEYS_PER_AGENT_MAX {
            return Err(StoreError::Busy);
        }
        if tables.passkeys.values().any(|one| one.id == passkey.id || one.credential == passkey.credential) {
            return Err(StoreError::Conflict);
        }
        tables.passkeys.insert(passkey.id, passkey.clone());
        Ok(())
    }

    fn use_passkey(&mut self, used: &PasskeyUse) -> Result<(), StoreError> {
        let passkey = self.tables()?.passkeys.get_mut(&used.id).ok_or(StoreError::Conflict)?;
        if passkey.counter != used.counter_before {
            return Err(StoreError::Conflict);
        }
        passkey.counter = used.counter;
        passkey.used_at_ms = Some(used.at_ms);
        Ok(())
    }

    fn remove_passkey(&mut self, agent: AgentId, id: u128) -> Result<(), StoreError> {
        let tables = self.tables()?;
        if tables.passkeys.get(&id).is_none_or(|passkey| passkey.agent != agent) {
            return Err(StoreError::Missing);
        }
        tables.passkeys.remove(&id);
        tables.forget_recovery_codes(agent);
        Ok(())
    }

    fn remove_passkeys_of(&mut self, agent: AgentId) -> Result<(), StoreError> {
        let tables = self.tables()?;
        tables.passkeys.retain(|_, passkey| passkey.agent != agent);
        tables.forget_recovery_codes(agent);
        Ok(())
    }
}

impl PasskeyReader for MemoryReader {
    fn passkey(&mut self, credential: &[u8]) -> Result<PasskeyRecord, StoreError> {
        let tables = self.tables();
        tables.passkeys.values().find(|one| one.credential == credential).cloned().ok_or(StoreError::Missing)
    }

    fn passkeys_of(&mut self, agent: AgentId) -> Result<Vec<PasskeyRecord>, StoreError> {
        let tables = self.tables();
        let mut found: Vec<_> = tables.passkeys.values().filter(|one| one.agent == agent).cloned().collect();
        found.sort_by_key(|one| (one.made_at_ms, one.id));
        Ok(found)
    }
}
