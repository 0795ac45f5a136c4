//! Identity: visitors by their token, agents by their cookie, and signing in.

pub mod account;
mod failures;
mod guesses;
pub mod key;
pub mod letters;
mod password;
pub mod recovery;
mod setup;
mod strength;
pub mod tags;
pub mod totp;

use std::time::Duration;

use axum::http::HeaderMap;
use relay_core::input::Agent;
use relay_settings::{BuiltInRole, Scope};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use wire::limit::{
    AGENT_SESSION_MS, CAPACITY_DEFAULT, DEVICE_MS, SESSION_USE_EVERY_MS, SIGN_IN_SLOWED_MS, VISITOR_TOKEN_MS,
};
use wire::{AgentId, Refusal, SiteId, Tag, Token};

use account::EMAIL_BYTES_MAX;
use failures::Failures;
use guesses::{Attempt, Guesses};
#[cfg(test)]
pub(crate) use password::PASSWORD_BYTES;
pub use password::{PasswordError, Passwords, hash_password};
pub use relay_edge::cookie::{Names, devices_text};
pub use setup::Setup;

use crate::address::Address;
use crate::audit::{Action, By, NewEntry, Subject, Who};
use crate::clock::{now_ms, random_bytes};
use crate::numbers::Rate;
use crate::store::task::StoreHandle;
use crate::store::{AgentRecord, DeviceRecord, SessionRecord, StoreError, TokenHash, VisitorRecord};

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
    failures: Failures,
    /// Whether a first administrator may be made.
    pub setup: Setup,
    /// The names of its cookies.
    pub names: Names,
}

/// A sign-in as it was requested.
#[derive(Debug)]
pub struct SignInAttempt {
    /// The address.
    pub address: Address,
    /// Its tag, for the audit log.
    pub from: Option<Tag>,
    /// The browser's device tokens, of any account.
    pub devices: Vec<Token>,
    /// As typed.
    pub email: String,
    /// As typed.
    pub password: String,
}

/// A sign-in that was just made.
#[derive(Debug)]
pub struct NewSignIn {
    /// For the session's cookie.
    pub session: Token,
    /// For the other cookie: all the browser's device tokens.
    pub devices: Vec<Token>,
    /// Who it is.
    pub agent: AgentRecord,
}

/// A signed-in agent.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Its record.
    pub agent: AgentRecord,
    /// The sign-in that the cookie names.
    pub session: TokenHash,
    /// The version of the settings at which it was valid.
    pub version: u64,
}

impl Identity {
    /// With nothing counted.
    #[must_use]
    pub fn new(store: StoreHandle, is_https: bool) -> Self {
        Self {
            store,
            passwords: Passwords::new(),
            guesses: Guesses::new(),
            failures: Failures::default(),
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

    /// The agent whose cookie came with a request.
    ///
    /// # Errors
    /// `SignedOut` when there is no valid one; the store's own failures.
    pub async fn agent(&self, headers: &HeaderMap) -> Result<SignedIn, Refusal> {
        let token = self.names.session(headers).ok_or(Refusal::SignedOut)?;
        self.session(hash(&token)).await
    }

    /// The agent of a sign-in; notes that it was used.
    ///
    /// # Errors
    /// `SignedOut` when it is revoked or too old; the store's own failures.
    pub async fn session(&self, session: TokenHash) -> Result<SignedIn, Refusal> {
        let found = self
            .store
            .read(move |reader| {
                // Read first, so that what is read after it is at least as new.
                let version = reader.settings_version()?;
                let record = reader.session(&session)?;
                let agent = reader.agent(record.agent)?;
                Ok((record, agent, version))
            })
            .await;
        let (record, agent, version) = found.map_err(|error| missing_is(error, Refusal::SignedOut))?;
        let same = bool::from(record.token.0.ct_eq(&session.0));
        let age_ms = now_ms().saturating_sub(record.used_at_ms);
        if !same || age_ms > AGENT_SESSION_MS || agent.disabled {
            return Err(Refusal::SignedOut);
        }
        if age_ms > SESSION_USE_EVERY_MS {
            self.store.write(move |writer| writer.touch_session(&session, now_ms())).await?;
        }
        Ok(SignedIn { agent, session, version })
    }

    /// Checks e-mail and password and makes a sign-in. Neither the answer nor its duration says which of the two was wrong.
    ///
    /// # Errors
    /// `SignInFailed`, `RateLimited`, `Busy`; the store's own failures.
    pub async fn sign_in(&self, asked: SignInAttempt) -> Result<NewSignIn, Refusal> {
        let SignInAttempt { address, from, devices, email, password } = asked;
        let account = TokenHash(Sha256::digest(email.to_ascii_lowercase().as_bytes()).into());
        let device = self.device(&devices, &email).await?;
        let attempt = self.guesses.begin(address, account, device, now_ms()).map_err(|retry_after_ms| {
            crate::numbers::too_often(Rate::SignIns);
            Refusal::RateLimited { retry_after_ms }
        })?;
        if attempt == (Attempt::Strange { slowed: true }) {
            tokio::time::sleep(Duration::from_millis(SIGN_IN_SLOWED_MS)).await;
        }
        let first = matches!(attempt, Attempt::Known(_));
        let outcome = self.check_password(email, password, (address, from), first).await;
        if !matches!(outcome, Err(Refusal::SignInFailed)) {
            self.guesses.succeeded(address, account, attempt);
        }
        if outcome.is_err() {
            crate::numbers::sign_in_failed();
        }
        self.keep(outcome?, from, devices, device).await
    }

    /// The device token that is known to the account with this mail address.
    async fn device(&self, devices: &[Token], email: &str) -> Result<Option<TokenHash>, Refusal> {
        if devices.is_empty() || email.len() > EMAIL_BYTES_MAX {
            return Ok(None);
        }
        let (hashed, email): (Vec<_>, _) = (devices.iter().map(hash).collect(), email.to_owned());
        let now_ms = now_ms();
        let found = self.store.read(move |reader| {
            let agent = match reader.agent_by_email(&email) {
                Err(StoreError::Missing) => return Ok(None),
                other => other?,
            };
            for token in hashed {
                match reader.device(&token) {
                    Ok(known) if is_known(&known, &token, agent.id, now_ms) => return Ok(Some(token)),
                    Ok(_) | Err(StoreError::Missing) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(None)
        });
        Ok(found.await?)
    }

    /// Keeps a sign-in, and that it was made from this browser.
    async fn keep(
        &self,
        agent: AgentRecord,
        from: Option<Tag>,
        devices: Vec<Token>,
        known: Option<TokenHash>,
    ) -> Result<NewSignIn, Refusal> {
        let now = now_ms();
        let (token, device) = (Token::from_bytes(&random_bytes()), Token::from_bytes(&random_bytes()));
        let session = SessionRecord { token: hash(&token), agent: agent.id, created_at_ms: now, used_at_ms: now };
        let record = DeviceRecord { token: hash(&device), agent: agent.id, used_at_ms: now };
        let entry = NewEntry::new(by_agent(&agent, from), Action::SignedIn).with("known_browser", known.is_some());
        let kept = self.store.write(move |writer| {
            writer.add_session(&session)?;
            writer.add_device(&record, known.as_ref())?;
            writer.append_audit(&entry).map(drop)
        });
        kept.await?;
        let others = devices.into_iter().filter(|other| Some(hash(other)) != known);
        Ok(NewSignIn { session: token, devices: std::iter::once(device).chain(others).collect(), agent })
    }

    async fn check_password(
        &self,
        email: String,
        password: String,
        (address, from): (Address, Option<Tag>),
        first: bool,
    ) -> Result<AgentRecord, Refusal> {
        if email.len() > EMAIL_BYTES_MAX || password.len() > PASSWORD_BYTES_MAX {
            return self.failed(None, from).await;
        }
        let agent = match self.store.read(move |reader| reader.agent_by_email(&email)).await {
            Ok(agent) => Some(agent),
            Err(StoreError::Missing) => None,
            Err(error) => return Err(error.into()),
        };
        let hash = agent.as_ref().map(|agent| agent.password_hash.clone());
        let right = self.passwords.verify(password, hash, address.network(), first).await.map_err(|PasswordError| {
            crate::numbers::password_refused();
            Refusal::Busy
        })?;
        match agent {
            Some(agent) if right && !agent.disabled => Ok(agent),
            agent => self.failed(agent.map(|agent| agent.id), from).await,
        }
    }

    /// Notes a sign-in that failed, and of which account when there is one; what was typed is kept nowhere. When too many fail, the rest of the minute's
    /// are only counted.
    async fn failed(&self, agent: Option<AgentId>, from: Option<Tag>) -> Result<AgentRecord, Refusal> {
        let at_ms = now_ms();
        if let Some(more) = self.failures.note(at_ms) {
            let entry = NewEntry::new(By { who: Who::Nobody, from, at_ms }, Action::SignInFailed);
            let entry = match agent {
                Some(agent) => entry.on(Subject::new("agent", &agent)),
                None => entry.with("account", "unknown"),
            };
            let entry = if more > 0 { entry.with("failed_before_and_not_listed", more) } else { entry };
            self.store.write(move |writer| writer.append_audit(&entry).map(drop)).await?;
        }
        Err(Refusal::SignInFailed)
    }

    /// Revokes an agent's own sign-in.
    ///
    /// # Errors
    /// The store's own failures.
    pub async fn sign_out(&self, signed_in: &SignedIn, from: Option<Tag>) -> Result<(), Refusal> {
        let session = signed_in.session;
        let entry = NewEntry::new(by_agent(&signed_in.agent, from), Action::SignedOut);
        let removed = self.store.write(move |writer| {
            writer.remove_session(&session)?;
            writer.append_audit(&entry).map(drop)
        });
        Ok(removed.await?)
    }

    /// Makes the first administrator, when there is no agent yet. The one-time code is used up.
    ///
    /// # Errors
    /// `Taken` when there is an agent; the store's own failures.
    pub async fn make_first(&self, email: String, name: String, password: String) -> Result<(), Refusal> {
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
        let entry = agent_added(&record, By { who: Who::Nobody, from: None, at_ms: now_ms() }).with("first", true);
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

/// Whether this browser has signed in to the account, and not too long ago.
fn is_known(device: &DeviceRecord, token: &TokenHash, agent: AgentId, now_ms: u64) -> bool {
    let same = bool::from(device.token.0.ct_eq(&token.0));
    same && device.agent == agent && now_ms.saturating_sub(device.used_at_ms) <= DEVICE_MS
}

/// An agent's settings, without what is needed to sign in.
#[must_use]
pub fn for_core(record: &AgentRecord) -> Agent {
    Agent { id: record.id, name: record.name.clone(), role: record.role(), capacity: record.capacity }
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
