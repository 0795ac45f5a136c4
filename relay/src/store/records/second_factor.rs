//! Second factors by code: when they were made, which code was used last, and recovery codes. The secret itself is a sealed value.

use std::collections::{BTreeMap, BTreeSet};

use relay_settings::DocumentId;
use wire::AgentId;

use super::TokenHash;
use crate::store::StoreError;

/// A second factor by code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactorRecord {
    /// Whose.
    pub agent: AgentId,
    /// When it was made, in milliseconds since 1970 UTC.
    pub made_at_ms: u64,
    /// The step of the last code that was used: it and those before are taken no more.
    pub used_step: u64,
}

/// Writes second factors.
pub trait SecondFactorWriter {
    /// Keeps a second factor, in place of the agent's former one.
    ///
    /// # Errors
    /// `Missing` when there is no such agent.
    fn put_second_factor(&mut self, factor: &SecondFactorRecord) -> Result<(), StoreError>;

    /// Notes that the code of a step was used.
    ///
    /// # Errors
    /// `Conflict` when it or a later one was used already, or the agent has no second factor.
    fn use_step(&mut self, agent: AgentId, step: u64) -> Result<(), StoreError>;

    /// Removes a second factor by code; nothing happens when there is none. With the last second factor the recovery codes go.
    ///
    /// # Errors
    /// `Down`.
    fn remove_second_factor(&mut self, agent: AgentId) -> Result<(), StoreError>;

    /// Keeps these recovery codes in place of all former ones.
    ///
    /// # Errors
    /// `Missing` when there is no such agent.
    fn put_recovery_codes(&mut self, agent: AgentId, codes: &[TokenHash]) -> Result<(), StoreError>;

    /// Uses up a recovery code.
    ///
    /// # Errors
    /// `Conflict` when it is not there any more.
    fn spend_recovery_code(&mut self, agent: AgentId, code: &TokenHash) -> Result<(), StoreError>;
}

/// Reads second factors.
pub trait SecondFactorReader {
    /// An agent's second factor by code.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn second_factor(&mut self, agent: AgentId) -> Result<SecondFactorRecord, StoreError>;

    /// The agents who have a second factor, by code or by a passkey.
    ///
    /// # Errors
    /// `Down`.
    fn agents_with_second_factor(&mut self) -> Result<BTreeSet<AgentId>, StoreError>;

    /// The recovery codes that are left.
    ///
    /// # Errors
    /// `Down`.
    fn recovery_codes(&mut self, agent: AgentId) -> Result<Vec<TokenHash>, StoreError>;

    /// When an agent was given each of its roles, in milliseconds since 1970 UTC. The store notes it when the agent is written.
    ///
    /// # Errors
    /// `Down`.
    fn roles_given(&mut self, agent: AgentId) -> Result<BTreeMap<DocumentId, u64>, StoreError>;
}
