//! Agents' sign-ins.

use std::collections::BTreeMap;

use wire::{AgentId, Tag};

use super::TokenHash;
use crate::store::StoreError;

/// Sign-ins of one agent at most; beyond this the one that was not used for longest ends.
pub const SESSIONS_PER_AGENT_MAX: usize = 100;

/// An agent's sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Hash of what the cookie carries.
    pub token: TokenHash,
    /// Its id for people, which is no secret.
    pub id: u128,
    /// Who signed in.
    pub agent: AgentId,
    /// When, in milliseconds since 1970 UTC.
    pub created_at_ms: u64,
    /// Last use, as last recorded.
    pub used_at_ms: u64,
    /// When the agent last proved who they are: at the sign-in or since.
    pub confirmed_at_ms: u64,
    /// Browser and system, as `relay_edge::browser` describes them; empty when they are unknown.
    pub browser: String,
    /// The tag of the address it was made from.
    pub from: Option<Tag>,
}

/// Writes sign-ins. Every removal raises the settings version when something was removed, so that connections are checked again.
pub trait SessionWriter {
    /// Keeps a new sign-in, in place of the agent's longest unused one beyond [`SESSIONS_PER_AGENT_MAX`].
    ///
    /// # Errors
    /// `Missing` when there is no such agent.
    fn add_session(&mut self, session: &SessionRecord) -> Result<(), StoreError>;

    /// Notes that a sign-in was used. An unknown one is ignored.
    ///
    /// # Errors
    /// `Down`.
    fn touch_session(&mut self, token: &TokenHash, used_at_ms: u64) -> Result<(), StoreError>;

    /// Notes that the agent has proved once more who they are. An unknown sign-in is ignored.
    ///
    /// # Errors
    /// `Down`.
    fn confirm_session(&mut self, token: &TokenHash, at_ms: u64) -> Result<(), StoreError>;

    /// Revokes a sign-in; an unknown one is ignored.
    ///
    /// # Errors
    /// `Down`.
    fn remove_session(&mut self, token: &TokenHash) -> Result<(), StoreError>;

    /// Revokes all of an agent's sign-ins, but the one that is to stay.
    ///
    /// # Errors
    /// `Down`.
    fn remove_sessions_of(&mut self, agent: AgentId, but: Option<&TokenHash>) -> Result<(), StoreError>;

    /// Removes the sign-ins last used before a time, and those made before another.
    ///
    /// # Errors
    /// `Down`.
    fn remove_sessions_before(&mut self, used_at_ms: u64, created_at_ms: u64) -> Result<(), StoreError>;
}

/// Reads sign-ins. Whether one is too old is the caller's question.
pub trait SessionReader {
    /// The sign-in with this hash.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn session(&mut self, token: &TokenHash) -> Result<SessionRecord, StoreError>;

    /// The sign-in with this id.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn session_by_id(&mut self, id: u128) -> Result<SessionRecord, StoreError>;

    /// All of an agent's sign-ins, the last made first.
    ///
    /// # Errors
    /// `Down`.
    fn sessions_of(&mut self, agent: AgentId) -> Result<Vec<SessionRecord>, StoreError>;

    /// The latest use of each agent's sign-ins. Those last used before a time, and those made before another, do not count; an agent who has no other
    /// is not in the answer.
    ///
    /// # Errors
    /// `Down`.
    fn sessions_used(&mut self, used_at_ms: u64, created_at_ms: u64) -> Result<BTreeMap<AgentId, u64>, StoreError>;
}
