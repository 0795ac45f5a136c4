//! Passkeys of agents: made, listed and removed. `sign_in.rs` is what they are used for.

mod ceremony;
mod challenges;
mod host;
mod sign_in;

use serde_json::Value;
use wire::{AgentId, Refusal};

use super::recovery::RecoveryCodes;
use super::{Identity, second_factor};
use crate::audit::By;
use crate::clock::{new_id, now_ms};
use crate::store::{AgentRecord, PASSKEYS_PER_AGENT_MAX, PasskeyRecord, StoreError};

use self::ceremony::{Ask, Asked, NewAnswer};
use self::challenges::Holder;

#[cfg(test)]
pub(crate) use challenges::CHALLENGES_MAX;
pub(super) use challenges::Challenges;
pub use host::PasskeyHost;
pub use sign_in::PasskeyError;

/// Why no passkey was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddError {
    /// The answer cannot be read.
    Unreadable,
    /// Nothing was asked that it answers, or too long ago.
    Over,
    /// The answer is not right.
    Wrong,
    /// The authenticator has one for this relay already.
    Known,
    /// There are as many as there may be.
    Full,
    /// The store fails.
    Refused(Refusal),
}

impl From<StoreError> for AddError {
    fn from(error: StoreError) -> Self {
        if error == StoreError::Conflict {
            Self::Known
        } else if error == StoreError::Busy {
            Self::Full
        } else {
            Self::Refused(error.into())
        }
    }
}

/// What somebody with a new passkey is shown.
pub struct NewPasskey {
    /// The passkey.
    pub passkey: PasskeyRecord,
    /// Recovery codes, shown once, when it is the account's first second factor; else none.
    pub recovery_codes: Vec<String>,
}

impl Identity {
    /// An agent's passkeys, the first made first.
    ///
    /// # Errors
    /// The store's own failures.
    pub async fn passkeys(&self, agent: AgentId) -> Result<Vec<PasskeyRecord>, StoreError> {
        self.store.read(move |reader| reader.passkeys_of(agent)).await
    }

    /// Asks the agent's browser for a new passkey: the options to be given to it.
    ///
    /// # Errors
    /// `Full`; the store's own failures.
    pub async fn begin_passkey(&self, agent: &AgentRecord, host: &PasskeyHost) -> Result<Value, AddError> {
        let mut have = self.passkeys(agent.id).await?;
        if have.len() >= PASSKEYS_PER_AGENT_MAX {
            return Err(AddError::Full);
        }
        have.retain(|one| one.host == host.name());
        let asked = ceremony::ask_new(host, agent, &have).ok_or(AddError::Refused(Refusal::Malformed))?;
        Ok(self.asked(asked, Holder::Agent(agent.id)))
    }

    /// Takes the browser's answer: from now on the passkey signs in.
    ///
    /// # Errors
    /// When the answer does not do, or there are too many.
    pub async fn finish_passkey(
        &self,
        agent: &AgentRecord,
        host: &PasskeyHost,
        name: String,
        credential: &Value,
        by: By,
    ) -> Result<NewPasskey, AddError> {
        let answer = NewAnswer::read(credential).ok_or(AddError::Unreadable)?;
        let asked = answer.challenge().and_then(|challenge| self.challenges.take(challenge, now_ms()));
        let state = match asked {
            Some(Ask::New(of, at, state)) if of == agent.id && at == host.name() => state,
            Some(Ask::New(..) | Ask::Anybody(..) | Ask::Of(..)) | None => return Err(AddError::Over),
        };
        let made = answer.check(host, state).ok_or(AddError::Wrong)?;
        let passkey = PasskeyRecord {
            id: new_id(),
            agent: agent.id,
            credential: made.credential,
            host: host.name().to_owned(),
            name,
            key: made.key,
            verifies: made.verifies,
            synced: made.synced,
            transports: made.transports,
            counter: made.counter,
            made_at_ms: by.at_ms,
            used_at_ms: None,
        };
        let id = agent.id;
        let has_codes = !self.store.read(move |reader| reader.recovery_codes(id)).await?.is_empty();
        let codes = (!has_codes).then(|| RecoveryCodes::fresh(id));
        let hashes = codes.as_ref().map(|codes| codes.hashes.clone());
        let entry = second_factor::changed(id, by, "passkey_added").with("name", passkey.name.as_str());
        let record = passkey.clone();
        let added = self.store.write(move |writer| {
            writer.add_passkey(&record)?;
            if let Some(hashes) = hashes {
                writer.put_recovery_codes(id, &hashes)?;
            }
            writer.append_audit(&entry).map(drop)
        });
        added.await?;
        Ok(NewPasskey { passkey, recovery_codes: codes.map(|codes| codes.shown).unwrap_or_default() })
    }

    /// Removes one of an agent's passkeys.
    ///
    /// # Errors
    /// `Missing` when the agent has no such one; the store's own failures.
    pub async fn remove_passkey(&self, agent: AgentId, id: u128, by: By) -> Result<(), StoreError> {
        let have = self.passkeys(agent).await?;
        let name = have.into_iter().find(|one| one.id == id).ok_or(StoreError::Missing)?.name;
        let entry = second_factor::changed(agent, by, "passkey_removed").with("name", name);
        let removed = self.store.write(move |writer| {
            writer.remove_passkey(agent, id)?;
            writer.append_audit(&entry).map(drop)
        });
        removed.await
    }

    /// Keeps a question until its answer; what is sent to the browser.
    fn asked(&self, asked: Asked, holder: Holder) -> Value {
        self.challenges.add(asked.challenge, holder, asked.ask, now_ms());
        asked.options
    }
}
