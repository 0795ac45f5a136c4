//! Second factors by code in memory, and since when agents have their roles.

use std::collections::{BTreeMap, BTreeSet};

use relay_settings::DocumentId;
use wire::AgentId;

use super::{MemoryReader, MemoryWriter, Tables};
use crate::clock::now_ms;
use crate::store::{AgentRecord, SecondFactorReader, SecondFactorRecord, SecondFactorWriter, StoreError, TokenHash};

/// What is kept of one agent.
#[derive(Clone, Default)]
pub(super) struct Factors {
    by_code: Option<SecondFactorRecord>,
    recovery: Vec<TokenHash>,
    roles_given: BTreeMap<DocumentId, u64>,
}

impl SecondFactorWriter for MemoryWriter {
    fn put_second_factor(&mut self, factor: &SecondFactorRecord) -> Result<(), StoreError> {
        self.tables()?.factors_of(factor.agent)?.by_code = Some(factor.clone());
        Ok(())
    }

    fn use_step(&mut self, agent: AgentId, step: u64) -> Result<(), StoreError> {
        let factor = self.tables()?.factors.get_mut(&agent).and_then(|factors| factors.by_code.as_mut());
        factor.filter(|factor| factor.used_step < step).ok_or(StoreError::Conflict)?.used_step = step;
        Ok(())
    }

    fn remove_second_factor(&mut self, agent: AgentId) -> Result<(), StoreError> {
        let tables = self.tables()?;
        if let Some(factors) = tables.factors.get_mut(&agent) {
            factors.by_code = None;
        }
        tables.forget_recovery_codes(agent);
        Ok(())
    }

    fn put_recovery_codes(&mut self, agent: AgentId, codes: &[TokenHash]) -> Result<(), StoreError> {
        let mut codes = codes.to_vec();
        codes.sort_unstable();
        self.tables()?.factors_of(agent)?.recovery = codes;
        Ok(())
    }

    fn spend_recovery_code(&mut self, agent: AgentId, code: &TokenHash) -> Result<(), StoreError> {
        let factors = self.tables()?.factors.get_mut(&agent).ok_or(StoreError::Conflict)?;
        let at = factors.recovery.iter().position(|kept| kept == code).ok_or(StoreError::Conflict)?;
        factors.recovery.remove(at);
        Ok(())
    }
}

impl SecondFactorReader for MemoryReader {
    fn second_factor(&mut self, agent: AgentId) -> Result<SecondFactorRecord, StoreError> {
        let tables = self.tables();
        tables.factors.get(&agent).and_then(|factors| factors.by_code.clone()).ok_or(StoreError::Missing)
    }

    fn agents_with_second_factor(&mut self) -> Result<BTreeSet<AgentId>, StoreError> {
        let tables = self.tables();
        let by_code = tables.factors.iter().filter(|(_, factors)| factors.by_code.is_some()).map(|(agent, _)| *agent);
        Ok(by_code.chain(tables.passkeys.values().map(|passkey| passkey.agent)).collect())
    }

    fn recovery_codes(&mut self, agent: AgentId) -> Result<Vec<TokenHash>, StoreError> {
        Ok(self.tables().factors.get(&agent).map(|factors| factors.recovery.clone()).unwrap_or_default())
    }

    fn roles_given(&mut self, agent: AgentId) -> Result<BTreeMap<DocumentId, u64>, StoreError> {
        Ok(self.tables().factors.get(&agent).map(|factors| factors.roles_given.clone()).unwrap_or_default())
    }
}

impl Tables {
    fn factors_of(&mut self, agent: AgentId) -> Result<&mut Factors, StoreError> {
        if self.agents.contains_key(&agent) {
            Ok(self.factors.entry(agent).or_default())
        } else {
            Err(StoreError::Missing)
        }
    }

    /// Removes an agent's recovery codes when no second factor is left.
    pub(super) fn forget_recovery_codes(&mut self, agent: AgentId) {
        let has_passkey = self.passkeys.values().any(|passkey| passkey.agent == agent);
        if let Some(factors) = self.factors.get_mut(&agent)
            && factors.by_code.is_none()
            && !has_passkey
        {
            factors.recovery = Vec::new();
        }
    }

    /// Notes since when an agent that was written has each of its roles.
    pub(super) fn note_roles(&mut self, agent: &AgentRecord) {
        let given = &mut self.factors.entry(agent.id).or_default().roles_given;
        given.retain(|role, _| agent.roles.contains(role));
        for role in &agent.roles {
            given.entry(role.clone()).or_insert_with(now_ms);
        }
    }
}
