//! Second factors: made, removed, asked for at the sign-in, and wanted by roles.

use std::collections::BTreeMap;

use relay_settings::{DocumentId, Snapshot, second_factor_of};
use sha2::{Digest, Sha256};
use wire::{AgentId, Refusal, Token};

use super::recovery::{self, RecoveryCodes};
use super::sign_in::{Failed, Proof};
use super::totp::{TotpError, TotpSecret};
use super::{Identity, NewSignIn, SignInFrom, SignedIn};
use crate::audit::{Action, By, NewEntry, Subject};
use crate::clock::now_ms;
use crate::key::{Keys, Place, Sealed};
use crate::numbers::Rate;
use crate::store::{AgentRecord, Reader, SealedRecord, SecondFactorRecord, StoreError, TokenHash, Writer, optional};

/// Where secrets lie sealed: those in use …
const OWNER: &str = "second_factor";
/// … and those whose first code is still to come.
const OWNER_BEGUN: &str = "second_factor_begun";
const DAY_MS: u64 = 24 * 3_600_000;

/// Whether somebody has a second factor, and must have one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactorState {
    /// When the one by code was made; none without.
    pub by_code_ms: Option<u64>,
    /// Passkeys.
    pub passkeys: usize,
    /// Recovery codes that are left.
    pub recovery_codes: usize,
    /// Since when the agent has each role.
    roles_given: BTreeMap<DocumentId, u64>,
}

/// What somebody with a new second factor is shown once.
pub struct NewFactor {
    /// The recovery codes.
    pub recovery_codes: Vec<String>,
}

/// Why a code did not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// It is not right; another may be tried.
    Wrong(TotpError),
    /// Whatever it is: the password, or the new secret, comes first.
    Over,
    /// Too many, or the store fails.
    Refused(Refusal),
}

impl From<StoreError> for CodeError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl FactorState {
    /// Of an agent.
    pub(crate) fn read(reader: &mut dyn Reader, agent: AgentId) -> Result<Self, StoreError> {
        let by_code_ms = optional(reader.second_factor(agent))?.map(|factor| factor.made_at_ms);
        let passkeys = reader.passkeys_of(agent)?.len();
        let recovery_codes = reader.recovery_codes(agent)?.len();
        Ok(Self { by_code_ms, passkeys, recovery_codes, roles_given: reader.roles_given(agent)? })
    }

    /// Whether there is one.
    #[must_use]
    pub const fn is_there(&self) -> bool {
        self.by_code_ms.is_some() || self.passkeys > 0
    }

    /// Until when an agent with these roles may go without one, in milliseconds since 1970 UTC; none when it may for ever.
    #[must_use]
    pub fn due_at_ms(&self, agent: &AgentRecord, snapshot: &Snapshot) -> Option<u64> {
        let of_role = |id: &DocumentId| {
            let asked = second_factor_of(snapshot, id, &agent.scope)?;
            let given_ms = self.roles_given.get(id).copied().unwrap_or(0);
            Some(given_ms + u64::from(asked.grace_days) * DAY_MS)
        };
        agent.roles.iter().filter_map(of_role).min()
    }

    /// Whether one is missing that must be there by now: then nothing but making one is allowed.
    #[must_use]
    pub fn is_missing(&self, agent: &AgentRecord, snapshot: &Snapshot, now_ms: u64) -> bool {
        !self.is_there() && self.due_at_ms(agent, snapshot).is_some_and(|due_ms| now_ms >= due_ms)
    }
}

impl Identity {
    /// Makes a secret, which counts once its first code has come.
    ///
    /// # Errors
    /// The store's own failures.
    pub async fn begin_factor(&self, agent: AgentId, keys: &Keys) -> Result<TotpSecret, StoreError> {
        let secret = TotpSecret::fresh();
        let record = sealed(keys, OWNER_BEGUN, agent, &secret);
        self.store.write(move |writer| writer.put_sealed(&record)).await?;
        Ok(secret)
    }

    /// Takes the first code of the secret that was made last: from now on a code is asked for at the sign-in.
    ///
    /// # Errors
    /// When the code is wrong, or there is no new secret.
    pub async fn finish_factor(&self, agent: AgentId, code: &str, keys: &Keys, by: By) -> Result<NewFactor, CodeError> {
        let begun = self.store.read(move |reader| reader.sealed(OWNER_BEGUN, &agent.to_string())).await;
        let begun = begun.map_err(|error| if error == StoreError::Missing { CodeError::Over } else { error.into() })?;
        let secret = opened(keys, OWNER_BEGUN, agent, begun).ok_or(CodeError::Over)?;
        let step = secret.check(code, now_ms(), None).map_err(CodeError::Wrong)?;
        let record = sealed(keys, OWNER, agent, &secret);
        let codes = RecoveryCodes::fresh(agent);
        let (hashes, made_at_ms) = (codes.hashes, by.at_ms);
        let entry = changed(agent, by, "added");
        let written = self.store.write(move |writer| {
            writer.put_second_factor(&SecondFactorRecord { agent, made_at_ms, used_step: step })?;
            writer.put_sealed(&record)?;
            writer.remove_sealed(OWNER_BEGUN, &agent.to_string())?;
            writer.put_recovery_codes(agent, &hashes)?;
            writer.append_audit(&entry).map(drop)
        });
        written.await?;
        Ok(NewFactor { recovery_codes: codes.shown })
    }

    /// Removes a second factor by code; the log says by whom.
    ///
    /// # Errors
    /// The store's own failures.
    pub async fn remove_factor(&self, agent: AgentId, by: By) -> Result<(), StoreError> {
        self.remove(agent, changed(agent, by, "removed"), false).await
    }

    /// Removes everything that somebody cannot use any more: the second factor by code, passkeys and recovery codes. The log says by whom and why.
    ///
    /// # Errors
    /// The store's own failures.
    pub async fn remove_factors(&self, agent: AgentId, by: By, reason: String) -> Result<(), StoreError> {
        self.remove(agent, changed(agent, by, "removed").with("reason", reason), true).await
    }

    async fn remove(&self, agent: AgentId, entry: NewEntry, passkeys_too: bool) -> Result<(), StoreError> {
        let removed = self.store.write(move |writer| {
            writer.remove_second_factor(agent)?;
            if passkeys_too {
                writer.remove_passkeys_of(agent)?;
            }
            for owner in [OWNER, OWNER_BEGUN] {
                writer.remove_sealed(owner, &agent.to_string())?;
            }
            writer.append_audit(&entry).map(drop)
        });
        removed.await
    }

    /// Makes new recovery codes; those before are worth nothing.
    ///
    /// # Errors
    /// `Missing` without a second factor; the store's own failures.
    pub async fn renew_recovery_codes(&self, agent: AgentId, by: By) -> Result<NewFactor, StoreError> {
        let codes = RecoveryCodes::fresh(agent);
        let hashes = codes.hashes;
        let entry = changed(agent, by, "recovery_codes_renewed");
        if !self.store.read(move |reader| FactorState::read(reader, agent)).await?.is_there() {
            return Err(StoreError::Missing);
        }
        let written = self.store.write(move |writer| {
            writer.put_recovery_codes(agent, &hashes)?;
            writer.append_audit(&entry).map(drop)
        });
        written.await?;
        Ok(NewFactor { recovery_codes: codes.shown })
    }

    /// Takes the code of a sign-in whose password was right.
    ///
    /// # Errors
    /// When it is wrong, or the sign-in does not wait any more.
    pub async fn finish_sign_in(
        &self,
        from: SignInFrom,
        token: &Token,
        code: String,
        keys: &Keys,
    ) -> Result<NewSignIn, CodeError> {
        let now_ms = now_ms();
        let pending = self.pending.take(token, now_ms).ok_or(CodeError::Over)?;
        let agent = match self.store.read(move |reader| reader.agent(pending.agent)).await {
            Ok(agent) if !agent.disabled => agent,
            Ok(_) | Err(StoreError::Missing) => return Err(CodeError::Over),
            Err(error) => {
                self.pending.put_back(token, pending);
                return Err(error.into());
            }
        };
        match self.check_code(&from, &agent, pending.known, code, keys).await {
            Ok(proof) => Ok(self.keep(agent, from, pending.known, proof).await.map_err(CodeError::Refused)?),
            Err(CodeError::Wrong(why)) => {
                let more = self.pending.failed(token, pending);
                Err(if more { CodeError::Wrong(why) } else { CodeError::Over })
            }
            Err(error) => {
                self.pending.put_back(token, pending);
                Err(error)
            }
        }
    }

    /// Checks a code of somebody who is signed in, and notes that it was right, as [`Identity::confirm`] does with a password.
    ///
    /// # Errors
    /// When it is wrong, or there is no second factor.
    pub async fn confirm_by_code(
        &self,
        from: &SignInFrom,
        signed_in: &SignedIn,
        code: String,
        keys: &Keys,
    ) -> Result<(), CodeError> {
        if !signed_in.factor.is_there() {
            return Err(CodeError::Wrong(TotpError::Wrong));
        }
        let known = self.device(&from.devices, &signed_in.agent.email).await.map_err(CodeError::Refused)?;
        let proof = self.check_code(from, &signed_in.agent, known, code, keys).await?;
        let kept = self.keep_confirmed(from, signed_in, proof).await;
        let used = |error: StoreError| {
            if error == StoreError::Conflict { CodeError::Wrong(TotpError::Used) } else { error.into() }
        };
        kept.map_err(used)
    }

    /// Checks a code of somebody whose password or sign-in is right, counted and limited. What it gives is to be spent in the transaction that follows.
    pub(super) async fn check_code(
        &self,
        from: &SignInFrom,
        agent: &AgentRecord,
        known: Option<TokenHash>,
        code: String,
        keys: &Keys,
    ) -> Result<Proof, CodeError> {
        let account = account_of_codes(agent.id);
        let attempt = self.codes.begin(from.address, account, known, now_ms()).map_err(|retry_after_ms| {
            crate::numbers::too_often(Rate::SignIns);
            CodeError::Refused(Refusal::RateLimited { retry_after_ms })
        })?;
        let checked = self.read_code(agent.id, &code, keys).await;
        if !matches!(checked, Err(CodeError::Wrong(_))) {
            self.codes.succeeded(from.address, account, attempt);
        }
        if let Err(CodeError::Wrong(_)) = checked {
            crate::numbers::sign_in_failed();
            self.note_failure(Some(agent.id), from.tag, Failed::Code).await.map_err(CodeError::Refused)?;
        }
        checked
    }

    async fn read_code(&self, agent: AgentId, code: &str, keys: &Keys) -> Result<Proof, CodeError> {
        let found = self.store.read(move |reader| {
            let factor = optional(reader.second_factor(agent))?;
            let sealed = optional(reader.sealed(OWNER, &agent.to_string()))?;
            Ok((factor, sealed, reader.recovery_codes(agent)?))
        });
        let (factor, sealed, kept) = found.await?;
        if let Some(left) = recovery::spend(agent, &kept, code) {
            let spent = kept.into_iter().find(|code| !left.contains(code));
            return spent.map(Proof::RecoveryCode).ok_or(CodeError::Wrong(TotpError::Wrong));
        }
        let secret = sealed.and_then(|sealed| opened(keys, OWNER, agent, sealed));
        let (Some(secret), Some(factor)) = (secret, factor) else { return Err(CodeError::Wrong(TotpError::Wrong)) };
        secret.check(code, now_ms(), Some(factor.used_step)).map(Proof::Code).map_err(CodeError::Wrong)
    }
}

/// As whom attempts at a second factor are counted, whichever factor is tried.
pub(super) fn account_of_codes(agent: AgentId) -> TokenHash {
    TokenHash(Sha256::digest(agent.0.to_be_bytes()).into())
}

/// Uses up what somebody proved themselves with, in the transaction that follows from it.
pub(super) fn spend(writer: &mut dyn Writer, agent: AgentId, proof: Proof) -> Result<(), StoreError> {
    match proof {
        Proof::Password => Ok(()),
        Proof::Code(step) => writer.use_step(agent, step),
        Proof::RecoveryCode(code) => writer.spend_recovery_code(agent, &code),
        Proof::Passkey(used) | Proof::PasskeyAlone(used) => writer.use_passkey(&used),
    }
}

/// The audit entry of a changed second factor.
pub(super) fn changed(agent: AgentId, by: By, what: &str) -> NewEntry {
    NewEntry::new(by, Action::SecondFactorChanged).on(Subject::new("agent", &agent)).with("change", what)
}

fn sealed(keys: &Keys, owner: &'static str, agent: AgentId, secret: &TotpSecret) -> SealedRecord {
    let item = agent.to_string();
    let value = keys.seal(Place { owner, item: &item }, secret.as_bytes()).as_bytes().to_vec();
    SealedRecord { owner: owner.to_owned(), item, value }
}

/// None when the relay's key does not open it: then recovery codes still work.
fn opened(keys: &Keys, owner: &'static str, agent: AgentId, record: SealedRecord) -> Option<TotpSecret> {
    let item = agent.to_string();
    match keys.open(Place { owner, item: &item }, &Sealed::from_bytes(record.value)) {
        Ok(bytes) => TotpSecret::from_bytes(&bytes),
        Err(error) => {
            tracing::error!(agent.id = %agent, %error, "the secret of a second factor cannot be opened");
            None
        }
    }
}
