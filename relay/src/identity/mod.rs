//! Identity: visitors by their token, agents by their cookie, and signing in.

pub mod account;
mod failures;
mod guesses;
pub mod invitation;
pub mod key;
pub mod letters;
mod passkey;
mod password;
mod pending;
pub mod recovery;
mod second_factor;
mod seen;
mod sessions;
mod setup;
mod sign_in;
mod strength;
pub mod tags;
pub mod totp;

use relay_core::input::Agent;
use relay_settings::{BuiltInRole, Scope};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use wire::limit::{CAPACITY_DEFAULT, VISITOR_TOKEN_MS};
use wire::{AgentId, Refusal, SiteId, Tag, Token};

use failures::Failures;
use guesses::Guesses;
#[cfg(test)]
pub(crate) use passkey::CHALLENGES_MAX;
pub use passkey::{AddError, NewPasskey, PasskeyError, PasskeyHost};
#[cfg(test)]
pub(crate) use password::PASSWORD_BYTES;
pub use password::{PasswordError, Passwords, hash_password};
use pending::PendingSignIns;
pub use relay_edge::cookie::{Names, devices_text};
pub use second_factor::{CodeError, FactorState, NewFactor};
pub use sessions::{SignedIn, has_ended, valid_since};
pub use setup::Setup;
pub use sign_in::{NewSignIn, SignInFrom, SignInStep};

use crate::audit::{Action, By, NewEntry, Subject, Who};
use crate::clock::now_ms;
use crate::store::task::StoreHandle;
use crate::store::{AgentRecord, StoreError, TokenHash, VisitorRecord};

/// A visitor's last use is recorded at most this often, which is exact enough for [`VISITOR_TOKEN_MS`].
const VISITOR_USE_EVERY_MS: u64 = 24 * 3_600_000;
/// Bytes of a password hashed at most.
pub const PASSWORD_BYTES_MAX: usize = 512;

/// SHA-256 of a token: what the store keeps and looks up. Tokens are 32 random bytes, so no salt and no slow hash is needed.
#[must_use]
pub fn hash(token: &Token) -> TokenHash {
    TokenHash(Sha256::digest(token.reveal().as_bytes()).into())
}

/// Proves who visitors and agents are, and counts failed sign-ins.
pub struct Identity {
    store: StoreHandle,
    passwords: Passwords,
    guesses: Guesses,
    /// Wrong codes of second factors.
    codes: Guesses,
    pending: PendingSignIns,
    challenges: passkey::Challenges,
    failures: Failures,
    seen: seen::Seen,
    /// Whether a first administrator may be made.
    pub setup: Setup,
    /// The names of its cookies.
    pub names: Names,
}

impl Identity {
    /// With nothing counted.
    #[must_use]
    pub fn new(store: StoreHandle, is_https: bool) -> Self {
        Self {
            store,
            passwords: Passwords::new(),
            guesses: Guesses::of_passwords(),
            codes: Guesses::of_codes(),
            pending: PendingSignIns::default(),
            challenges: passkey::Challenges::default(),
            failures: Failures::default(),
            seen: seen::Seen::default(),
            setup: Setup::default(),
            names: Names::new(is_https),
        }
    }

    /// The visitor with this token, who must be of the site when one is named.
    ///
    /// # Errors
    /// `TokenInvalid` when it is unknown, too old or of another site; the store's own failures.
    pub async fn visitor(&self, token: &Token, site: Option<&SiteId>) -> Result<VisitorRecord, Refusal> {
        let hashed = hash(token);
        let found = self.store.read(move |reader| reader.visitor_by_token(&hashed)).await;
        let visitor = found.map_err(|error| missing_is(error, Refusal::TokenInvalid))?;
        let same = bool::from(visitor.token.0.ct_eq(&hashed.0));
        let age_ms = now_ms().saturating_sub(visitor.used_at_ms);
        if !same || site.is_some_and(|site| *site != visitor.site) || age_ms > VISITOR_TOKEN_MS {
            return Err(Refusal::TokenInvalid);
        }
        if age_ms > VISITOR_USE_EVERY_MS {
            let id = visitor.id;
            self.store.write(move |writer| writer.touch_visitor(id, now_ms())).await?;
        }
        Ok(visitor)
    }

    /// Makes the first administrator, when there is no agent yet. The one-time code is used up.
    ///
    /// # Errors
    /// `Taken` when there is an agent; the store's own failures.
    pub async fn make_first(
        &self,
        email: String,
        name: String,
        password: String,
        from: Option<Tag>,
    ) -> Result<(), Refusal> {
        let hashed = tokio::task::spawn_blocking(move || hash_password(&password)).await;
        let password_hash = hashed.ok().and_then(Result::ok).ok_or(Refusal::Busy)?;
        let record = AgentRecord {
            id: new_agent_id(),
            email,
            name,
            roles: [BuiltInRole::Administrator.document_id()].into(),
            scope: Scope::EVERYWHERE,
            hours: None,
            capacity: CAPACITY_DEFAULT,
            password_hash,
            disabled: false,
        };
        let entry = agent_added(&record, By { who: Who::Nobody, from, at_ms: now_ms() }).with("first", true);
        let made = self.store.write(move |writer| {
            writer.add_first_agent(&record)?;
            writer.append_audit(&entry).map(drop)
        });
        let made = made.await;
        if matches!(made, Ok(()) | Err(StoreError::Conflict)) {
            self.setup.end();
        }
        made.map_err(|error| if error == StoreError::Conflict { Refusal::Taken } else { error.into() })
    }

    /// Every agent that is not switched off, for the core.
    ///
    /// # Errors
    /// The store's own failures.
    pub async fn agents(&self) -> Result<Vec<Agent>, StoreError> {
        let records = self.store.read(|reader| reader.agents()).await?;
        Ok(records.iter().filter(|record| !record.disabled).map(for_core).collect())
    }
}

/// An agent from some address, now.
#[must_use]
pub fn by_agent(agent: &AgentRecord, from: Option<Tag>) -> By {
    By { who: Who::Agent { id: agent.id, name: agent.name.clone() }, from, at_ms: now_ms() }
}

/// The audit entry of a new agent.
#[must_use]
pub fn agent_added(agent: &AgentRecord, by: By) -> NewEntry {
    let entry = NewEntry::new(by, Action::AgentAdded).on(Subject::new("agent", &agent.id));
    entry.with("name", agent.name.as_str()).with("roles", json(&agent.roles)).with("scope", json(&agent.scope))
}

/// The audit entry of other roles, or of another scope.
#[must_use]
pub fn rights_changed(before: &AgentRecord, after: &AgentRecord, by: By) -> NewEntry {
    let mut entry = NewEntry::new(by, Action::RightsChanged).on(Subject::new("agent", &after.id));
    if before.roles != after.roles {
        entry = entry.with("roles_before", json(&before.roles)).with("roles", json(&after.roles));
    }
    if before.scope != after.scope {
        entry = entry.with("scope_before", json(&before.scope)).with("scope", json(&after.scope));
    }
    entry
}

/// Roles and scopes can always be written.
fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// An agent's settings, without what is needed to sign in.
#[must_use]
pub fn for_core(record: &AgentRecord) -> Agent {
    Agent {
        id: record.id,
        name: record.name.clone(),
        roles: record.roles.clone(),
        scope: record.scope.clone(),
        hours: record.hours.clone(),
        capacity: record.capacity,
    }
}

/// The id of a new agent.
#[must_use]
pub fn new_agent_id() -> AgentId {
    AgentId(crate::clock::new_id())
}

/// `Missing` becomes `refusal`; everything else is a failure of the store.
fn missing_is(error: StoreError, refusal: Refusal) -> Refusal {
    if error == StoreError::Missing { refusal } else { error.into() }
}
