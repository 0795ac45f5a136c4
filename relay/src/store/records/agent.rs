//! Agents: who answers, and the browsers they signed in from.

use std::collections::BTreeSet;
use std::fmt;

use relay_settings::{BuiltInRole, DocumentId, DocumentKey, Kind, Reach, Scope, Snapshot, Staff, staff_with};
use wire::AgentId;

use super::TokenHash;
use crate::store::StoreError;

/// Browsers that are known to one account at most; the one with the oldest sign-in is forgotten first.
pub(in crate::store) const DEVICES_PER_AGENT_MAX: usize = 20;

/// Roles of one agent at most.
pub const ROLES_PER_AGENT_MAX: usize = 16;
/// Sites, and departments, that one agent's scope names at most.
pub const SCOPE_NAMES_MAX: usize = 200;

/// A person who answers, with what is needed to sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentRecord {
    /// Which agent.
    pub id: AgentId,
    /// Sign-in name; unique without regard to ASCII case.
    pub email: String,
    /// Name shown to visitors.
    pub name: String,
    /// Its roles, built-in ones or documents: 1 to [`ROLES_PER_AGENT_MAX`]. It may do what any of them allows.
    pub roles: BTreeSet<DocumentId>,
    /// Where it may; at most [`SCOPE_NAMES_MAX`] sites and as many departments by name.
    pub scope: Scope,
    /// Hours of its own, outside which it is assigned nothing.
    pub hours: Option<DocumentId>,
    /// Conversations it may hold at once, at least 1.
    pub capacity: u32,
    /// Argon2id in PHC form.
    pub password_hash: String,
    /// Whether it is switched off: then it cannot sign in, keeps no conversation, and is not among the agents of the core.
    pub disabled: bool,
}

impl fmt::Debug for AgentRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentRecord").field("id", &self.id).field("roles", &self.roles).finish_non_exhaustive()
    }
}

impl AgentRecord {
    /// What it may do, and where.
    #[must_use]
    pub fn staff(&self, snapshot: &Snapshot) -> Staff {
        Staff { disabled: self.disabled, ..staff_with(snapshot, &self.roles, self.scope.clone()) }
    }

    /// The documents that it names: none of them is removed while it does.
    pub fn documents(&self) -> impl Iterator<Item = DocumentKey> {
        let hours = self.hours.iter().map(|id| DocumentKey { kind: Kind::Hours, id: id.clone() });
        named_by(&self.roles, &self.scope).chain(hours)
    }
}

/// The documents that roles and a scope name. Built-in roles are none.
pub(super) fn named_by<'a>(
    roles: impl IntoIterator<Item = &'a DocumentId>,
    scope: &'a Scope,
) -> impl Iterator<Item = DocumentKey> {
    let key = |kind, id: &DocumentId| DocumentKey { kind, id: id.clone() };
    let roles = roles.into_iter().filter(|id| BuiltInRole::with_id(id.as_str()).is_none());
    let sites = some(&scope.sites).map(super::super::site_key);
    let departments = some(&scope.departments).map(move |id| key(Kind::Department, id));
    roles.map(move |id| key(Kind::Role, id)).chain(sites).chain(departments)
}

/// What is reached by name.
fn some<T>(reach: &Reach<T>) -> impl Iterator<Item = &T> {
    let named = match reach {
        Reach::All => None,
        Reach::Some(named) => Some(named),
    };
    named.into_iter().flatten()
}

/// A browser that an agent has signed in from: passwords from it are checked also while somebody else guesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// Hash of what its cookie carries.
    pub token: TokenHash,
    /// The one account it is known to.
    pub agent: AgentId,
    /// The last sign-in, in milliseconds since 1970 UTC.
    pub used_at_ms: u64,
}

/// Writes agents and their browsers.
pub trait AgentWriter {
    /// Adds an agent, or replaces the one with this id. Raises the settings version.
    ///
    /// # Errors
    /// `Conflict` when another agent has this mail address, `Missing` when a document that it names is not there, `LastAdministrator` when there was
    /// an administrator and would be none.
    fn put_agent(&mut self, agent: &AgentRecord) -> Result<(), StoreError>;

    /// Replaces an agent when it still is what it was, `before`. Raises the settings version.
    ///
    /// # Errors
    /// `Conflict` when it was changed meanwhile, or is gone; `Missing` and `LastAdministrator` as above.
    fn replace_agent(&mut self, before: &AgentRecord, after: &AgentRecord) -> Result<(), StoreError>;

    /// Adds an agent when there is none yet. Raises the settings version.
    ///
    /// # Errors
    /// `Conflict` when there is an agent, also one that is switched off.
    fn add_first_agent(&mut self, agent: &AgentRecord) -> Result<(), StoreError>;

    /// Removes an agent with its sign-ins and browsers; what it wrote is kept under its name. Raises the settings version.
    ///
    /// # Errors
    /// `Missing` when there is none, `LastAdministrator` as above.
    fn remove_agent(&mut self, agent: AgentId) -> Result<(), StoreError>;

    /// Replaces an agent's password and nothing else.
    ///
    /// # Errors
    /// `Missing` when there is no such agent.
    fn set_password(&mut self, agent: AgentId, password_hash: &str) -> Result<(), StoreError>;

    /// Keeps a browser that an agent has signed in from, in place of the one that it was before, and of the agent's oldest beyond a bound.
    ///
    /// # Errors
    /// `Missing` when there is no such agent.
    fn add_device(&mut self, device: &DeviceRecord, before: Option<&TokenHash>) -> Result<(), StoreError>;

    /// Forgets all browsers of an agent.
    ///
    /// # Errors
    /// `Down`.
    fn remove_devices_of(&mut self, agent: AgentId) -> Result<(), StoreError>;
}

/// Reads agents and their browsers.
pub trait AgentReader {
    /// All agents, by id.
    ///
    /// # Errors
    /// `Down`.
    fn agents(&mut self) -> Result<Vec<AgentRecord>, StoreError>;

    /// The agent with this mail address, without regard to ASCII case.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn agent_by_email(&mut self, email: &str) -> Result<AgentRecord, StoreError>;

    /// One agent.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn agent(&mut self, id: AgentId) -> Result<AgentRecord, StoreError>;

    /// A browser that an agent has signed in from.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn device(&mut self, token: &TokenHash) -> Result<DeviceRecord, StoreError>;
}
