//! Sign-ins that were made: whose they are, how long they last, and ending them.

use axum::http::HeaderMap;
use relay_settings::Snapshot;
use subtle::ConstantTimeEq;
use wire::limit::{AGENT_SESSION_MS, AGENT_SESSION_WHOLE_MS, SESSION_USE_EVERY_MS, SIGN_IN_CONFIRMED_MS};
use wire::{AgentId, Refusal, Tag};

use super::{FactorState, Identity, by_agent, hash, hash_password, missing_is};
use crate::audit::{Action, By, NewEntry, Subject};
use crate::clock::now_ms;
use crate::store::{AgentRecord, SessionRecord, StoreError, TokenHash};

/// A signed-in agent.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Its record.
    pub agent: AgentRecord,
    /// The sign-in that the cookie names.
    pub session: TokenHash,
    /// Its id for people.
    pub session_id: u128,
    /// When the agent last proved who they are, in milliseconds since 1970 UTC.
    pub confirmed_at_ms: u64,
    /// The agent's second factor.
    pub factor: FactorState,
    /// The version of the settings at which it was valid.
    pub version: u64,
}

impl SignedIn {
    /// Whether the agent lacks the second factor that a role wants by now: then nothing but making one is allowed.
    #[must_use]
    pub fn lacks_factor(&self, snapshot: &Snapshot) -> bool {
        self.factor.is_missing(&self.agent, snapshot, now_ms())
    }

    /// Whether the agent proved lately enough who they are to touch rights, keys and exports.
    #[must_use]
    pub const fn is_confirmed(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.confirmed_at_ms) <= SIGN_IN_CONFIRMED_MS
    }
}

/// Whether a sign-in has ended by itself: it was not used for long, or is very old.
#[must_use]
pub const fn has_ended(session: &SessionRecord, now_ms: u64) -> bool {
    now_ms.saturating_sub(session.used_at_ms) > AGENT_SESSION_MS
        || now_ms.saturating_sub(session.created_at_ms) > AGENT_SESSION_WHOLE_MS
}

/// Of sign-ins that have not ended by themselves at a time: when they were last used, and when they were made, at the earliest.
#[must_use]
pub const fn valid_since(now_ms: u64) -> (u64, u64) {
    (now_ms.saturating_sub(AGENT_SESSION_MS), now_ms.saturating_sub(AGENT_SESSION_WHOLE_MS))
}

impl Identity {
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
                let factor = FactorState::read(reader, agent.id)?;
                Ok((record, agent, factor, version))
            })
            .await;
        let (record, agent, factor, version) = found.map_err(|error| missing_is(error, Refusal::SignedOut))?;
        let same = bool::from(record.token.0.ct_eq(&session.0));
        let now_ms = now_ms();
        if !same || has_ended(&record, now_ms) || agent.disabled {
            return Err(Refusal::SignedOut);
        }
        if now_ms.saturating_sub(record.used_at_ms) > SESSION_USE_EVERY_MS {
            self.store.write(move |writer| writer.touch_session(&session, now_ms)).await?;
        }
        self.seen.note(session, agent.id);
        let SessionRecord { id: session_id, confirmed_at_ms, .. } = record;
        Ok(SignedIn { agent, session, session_id, confirmed_at_ms, factor, version })
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
    /// All sign-ins of an agent that have not ended, the last made first.
    ///
    /// # Errors
    /// The store's own failures.
    pub async fn sessions_of(&self, agent: AgentId) -> Result<Vec<SessionRecord>, StoreError> {
        let mut found = self.store.read(move |reader| reader.sessions_of(agent)).await?;
        let now_ms = now_ms();
        found.retain(|session| !has_ended(session, now_ms));
        Ok(found)
    }

    /// The sign-in with this id, and whose it is.
    ///
    /// # Errors
    /// `Missing`; the store's own failures.
    pub async fn session_by_id(&self, id: u128) -> Result<(SessionRecord, AgentRecord), StoreError> {
        let found = self.store.read(move |reader| {
            let session = reader.session_by_id(id)?;
            let agent = reader.agent(session.agent)?;
            Ok((session, agent))
        });
        found.await
    }

    /// Revokes a sign-in that is listed; the log says by whom.
    ///
    /// # Errors
    /// The store's own failures.
    pub async fn revoke(&self, session: &SessionRecord, by: By) -> Result<(), StoreError> {
        let entry = NewEntry::new(by, Action::SessionRevoked).on(Subject::new("agent", &session.agent));
        let entry = entry.with("browser", session.browser.as_str());
        let token = session.token;
        let removed = self.store.write(move |writer| {
            writer.remove_session(&token)?;
            writer.append_audit(&entry).map(drop)
        });
        removed.await
    }
    /// Replaces an agent's own password, which was checked before, and ends all other sign-ins of the agent.
    ///
    /// # Errors
    /// The store's own failures.
    pub async fn change_password(&self, signed_in: &SignedIn, password: String, by: By) -> Result<(), Refusal> {
        let hashed = tokio::task::spawn_blocking(move || hash_password(&password)).await;
        let password_hash = hashed.ok().and_then(Result::ok).ok_or(Refusal::Busy)?;
        let (agent, session) = (signed_in.agent.id, signed_in.session);
        let entry = NewEntry::new(by, Action::PasswordChanged).on(Subject::new("agent", &agent));
        let written = self.store.write(move |writer| {
            writer.set_password(agent, &password_hash)?;
            writer.remove_sessions_of(agent, Some(&session))?;
            writer.append_audit(&entry).map(drop)
        });
        Ok(written.await?)
    }
}
