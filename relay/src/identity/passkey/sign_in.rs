//! Signing in with a passkey: alone, after a password, and once more.

use serde_json::Value;
use sha2::{Digest, Sha256};
use wire::{AgentId, Refusal, Token};

use super::PasskeyHost;
use super::ceremony::{self, Answer, Ask, Wrong};
use super::challenges::Holder;
use crate::clock::now_ms;
use crate::identity::second_factor::account_of_codes;
use crate::identity::sign_in::{Failed, Proof};
use crate::identity::{Identity, NewSignIn, SignInFrom, SignedIn};
use crate::numbers::Rate;
use crate::store::{AgentRecord, PasskeyRecord, PasskeyUse, StoreError, TokenHash, optional};

/// Why a passkey did not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasskeyError {
    /// The answer cannot be read.
    Unreadable,
    /// It is not right; another may be tried.
    Wrong,
    /// Whatever it is: one signs in anew.
    Over,
    /// The account has none for this host.
    None,
    /// Too many attempts, or the store fails.
    Refused(Refusal),
}

impl From<StoreError> for PasskeyError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl Identity {
    /// Asks the browser of somebody who is not signed in for a passkey: any that verifies its user, or after a password one of that account.
    ///
    /// # Errors
    /// `Over` when the password comes first, `None` when the account has no passkey for this host; the store's own failures.
    pub async fn ask_passkey(
        &self,
        from: &SignInFrom,
        host: &PasskeyHost,
        pending: Option<&Token>,
    ) -> Result<Value, PasskeyError> {
        let holder = Holder::Network(from.address.network());
        let Some(pending) = pending else {
            let asked = ceremony::ask_anybody(host).ok_or(PasskeyError::None)?;
            return Ok(self.asked(asked, holder));
        };
        let agent = self.pending.agent(pending, now_ms()).ok_or(PasskeyError::Over)?;
        self.ask_passkey_of(agent, host).await
    }

    /// Asks an agent's browser for one of the agent's passkeys.
    ///
    /// # Errors
    /// `None` when there is none for this host; the store's own failures.
    pub async fn ask_passkey_of(&self, agent: AgentId, host: &PasskeyHost) -> Result<Value, PasskeyError> {
        let have = self.passkeys(agent).await?;
        let asked = ceremony::ask_of(host, agent, &have).ok_or(PasskeyError::None)?;
        Ok(self.asked(asked, Holder::Agent(agent)))
    }

    /// Signs in with a passkey that verifies its user, without a password. Whatever is wrong, the answer is the same.
    ///
    /// # Errors
    /// `Unreadable`, `Over`, `Refused`.
    pub async fn sign_in_by_passkey(
        &self,
        from: SignInFrom,
        host: &PasskeyHost,
        credential: &Value,
    ) -> Result<NewSignIn, PasskeyError> {
        let answer = Answer::read(credential).ok_or(PasskeyError::Unreadable)?;
        let found = self.owner(&answer).await?;
        let device = match &found {
            Some((_, agent)) => self.device(&from.devices, &agent.email).await.map_err(PasskeyError::Refused)?,
            None => None,
        };
        // What is counted as the account is the credential: whoever does not know one cannot lock its account out.
        let account = TokenHash(Sha256::digest(answer.credential()).into());
        let attempt = self.guesses.begin(from.address, account, device, now_ms()).map_err(too_often)?;
        let challenge = answer.challenge().and_then(|challenge| self.challenges.take(challenge, now_ms()));
        let checked = match (&found, challenge) {
            (Some((passkey, agent)), Some(Ask::Anybody(at, state)))
                if passkey.verifies && !agent.disabled && at == host.name() && passkey.host == at =>
            {
                answer.check_anybody(host, state, passkey).map(|counter| used(passkey, counter))
            }
            (Some(_) | None, Some(Ask::New(..) | Ask::Anybody(..) | Ask::Of(..)) | None) => Err(Wrong::Other),
        };
        match (checked, found) {
            (Ok(used), Some((_, agent))) => {
                self.guesses.succeeded(from.address, account, attempt);
                self.keep(agent, from, device, Proof::PasskeyAlone(used)).await.map_err(PasskeyError::Refused)
            }
            (checked, found) => {
                let agent = found.map(|(passkey, _)| passkey.agent);
                self.note_wrong(agent, &from, checked.err().unwrap_or(Wrong::Other)).await?;
                Err(PasskeyError::Over)
            }
        }
    }

    /// Takes a passkey as the second factor of a sign-in whose password was right.
    ///
    /// # Errors
    /// When it is wrong, or the sign-in does not wait any more.
    pub async fn finish_sign_in_by_passkey(
        &self,
        from: SignInFrom,
        host: &PasskeyHost,
        token: &Token,
        credential: &Value,
    ) -> Result<NewSignIn, PasskeyError> {
        let answer = Answer::read(credential).ok_or(PasskeyError::Unreadable)?;
        let pending = self.pending.take(token, now_ms()).ok_or(PasskeyError::Over)?;
        let agent = match self.store.read(move |reader| reader.agent(pending.agent)).await {
            Ok(agent) if !agent.disabled => agent,
            Ok(_) | Err(StoreError::Missing) => return Err(PasskeyError::Over),
            Err(error) => {
                self.pending.put_back(token, pending);
                return Err(error.into());
            }
        };
        match self.check_passkey(&from, &agent, pending.known, host, &answer).await {
            Ok(used) => {
                self.keep(agent, from, pending.known, Proof::Passkey(used)).await.map_err(PasskeyError::Refused)
            }
            Err(PasskeyError::Wrong) => {
                let more = self.pending.failed(token, pending);
                Err(if more { PasskeyError::Wrong } else { PasskeyError::Over })
            }
            Err(error) => {
                self.pending.put_back(token, pending);
                Err(error)
            }
        }
    }

    /// Takes a passkey of somebody who is signed in, and notes that it was right, as [`Identity::confirm`] does with a password.
    ///
    /// # Errors
    /// When it is wrong.
    pub async fn confirm_by_passkey(
        &self,
        from: &SignInFrom,
        signed_in: &SignedIn,
        host: &PasskeyHost,
        credential: &Value,
    ) -> Result<(), PasskeyError> {
        let answer = Answer::read(credential).ok_or(PasskeyError::Unreadable)?;
        let known = self.device(&from.devices, &signed_in.agent.email).await.map_err(PasskeyError::Refused)?;
        let used = self.check_passkey(from, &signed_in.agent, known, host, &answer).await?;
        let kept = self.keep_confirmed(from, signed_in, Proof::Passkey(used)).await;
        kept.map_err(|error| if error == StoreError::Conflict { PasskeyError::Wrong } else { error.into() })
    }

    /// Checks a passkey of somebody whose password or sign-in is right, counted and limited as codes are. What it gives is to be spent in the
    /// transaction that follows.
    async fn check_passkey(
        &self,
        from: &SignInFrom,
        agent: &AgentRecord,
        known: Option<TokenHash>,
        host: &PasskeyHost,
        answer: &Answer,
    ) -> Result<PasskeyUse, PasskeyError> {
        let found = self.owner(answer).await?.map(|(passkey, _)| passkey);
        let account = account_of_codes(agent.id);
        let attempt = self.codes.begin(from.address, account, known, now_ms()).map_err(too_often)?;
        let challenge = answer.challenge().and_then(|challenge| self.challenges.take(challenge, now_ms()));
        let checked = match (&found, challenge) {
            (Some(passkey), Some(Ask::Of(of, at, state)))
                if passkey.agent == agent.id && of == agent.id && at == host.name() && passkey.host == at =>
            {
                answer.check_of(host, state, passkey).map(|counter| used(passkey, counter))
            }
            (Some(_) | None, Some(Ask::New(..) | Ask::Anybody(..) | Ask::Of(..)) | None) => Err(Wrong::Other),
        };
        match checked {
            Ok(used) => {
                self.codes.succeeded(from.address, account, attempt);
                Ok(used)
            }
            Err(wrong) => {
                self.note_wrong(Some(agent.id), from, wrong).await?;
                Err(PasskeyError::Wrong)
            }
        }
    }

    /// The passkey that an answer says it comes from, and whose it is.
    async fn owner(&self, answer: &Answer) -> Result<Option<(PasskeyRecord, AgentRecord)>, StoreError> {
        let credential = answer.credential();
        let found = self.store.read(move |reader| {
            let passkey = reader.passkey(&credential)?;
            let agent = reader.agent(passkey.agent)?;
            Ok((passkey, agent))
        });
        optional(found.await)
    }

    async fn note_wrong(&self, agent: Option<AgentId>, from: &SignInFrom, wrong: Wrong) -> Result<(), PasskeyError> {
        crate::numbers::sign_in_failed();
        let failed = if wrong == Wrong::Counter { Failed::CopiedPasskey } else { Failed::Passkey };
        self.note_failure(agent, from.tag, failed).await.map_err(PasskeyError::Refused)
    }
}

fn used(passkey: &PasskeyRecord, counter: u32) -> PasskeyUse {
    PasskeyUse { id: passkey.id, counter_before: passkey.counter, counter, at_ms: now_ms() }
}

fn too_often(retry_after_ms: u64) -> PasskeyError {
    crate::numbers::too_often(Rate::SignIns);
    PasskeyError::Refused(Refusal::RateLimited { retry_after_ms })
}
