//! Signing in with address and password.

use std::time::Duration;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use wire::limit::{DEVICE_MS, SIGN_IN_SLOWED_MS};
use wire::{AgentId, Refusal, Tag, Token};

use super::account::EMAIL_BYTES_MAX;
use super::guesses::Attempt;
use super::second_factor::{FactorState, spend};
use super::{Identity, PASSWORD_BYTES_MAX, PasswordError, SignedIn, by_agent, hash};
use crate::address::Address;
use crate::audit::{Action, By, NewEntry, Subject, Who};
use crate::clock::{new_id, now_ms, random_bytes};
use crate::numbers::Rate;
use crate::store::{AgentRecord, DeviceRecord, PasskeyUse, SessionRecord, StoreError, TokenHash, optional};

/// Where somebody signs in from.
#[derive(Clone, Debug)]
pub struct SignInFrom {
    /// The address.
    pub address: Address,
    /// Its tag, for the audit log.
    pub tag: Option<Tag>,
    /// Browser and system, as `relay_edge::browser` describes them.
    pub browser: String,
    /// The browser's device tokens, of any account.
    pub devices: Vec<Token>,
}

/// What a right password comes to.
#[derive(Debug)]
pub enum SignInStep {
    /// A sign-in.
    Done(Box<NewSignIn>),
    /// The second factor is asked for.
    SecondFactor {
        /// What names the sign-in until then.
        pending: Token,
        /// Whether an app's code does. A recovery code always does.
        code: bool,
        /// Whether there is a passkey.
        passkey: bool,
    },
}

/// With what somebody has proved who they are, beside the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// With nothing else.
    Password,
    /// With the code of a step.
    Code(u64),
    /// With a recovery code.
    RecoveryCode(TokenHash),
    /// With a passkey.
    Passkey(PasskeyUse),
    /// With a passkey that verified its user, without a password.
    PasskeyAlone(PasskeyUse),
}

/// What was wrong at a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// Address or password.
    Password,
    /// The code of a second factor.
    Code,
    /// A passkey.
    Passkey,
    /// A passkey whose counter did not go on, so that somebody may have a copy of it.
    CopiedPasskey,
}

impl Proof {
    /// Its name in the audit log.
    const fn name(self) -> &'static str {
        match self {
            Self::Password => "none",
            Self::Code(_) => "code",
            Self::RecoveryCode(_) => "recovery_code",
            Self::Passkey(_) => "passkey",
            Self::PasskeyAlone(_) => "passkey_alone",
        }
    }
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

impl Identity {
    /// Checks e-mail and password, as they were typed, and makes a sign-in. Neither the answer nor its duration says which of the two was wrong.
    ///
    /// # Errors
    /// `SignInFailed`, `RateLimited`, `Busy`; the store's own failures.
    pub async fn sign_in(&self, from: SignInFrom, email: String, password: String) -> Result<SignInStep, Refusal> {
        let (agent, known) = self.check(&from, email, password).await?;
        let id = agent.id;
        let factor = self.store.read(move |reader| FactorState::read(reader, id)).await?;
        if factor.is_there() {
            let pending = self.pending.add(id, known, now_ms());
            let (code, passkey) = (factor.by_code_ms.is_some(), factor.passkeys > 0);
            return Ok(SignInStep::SecondFactor { pending, code, passkey });
        }
        Ok(SignInStep::Done(Box::new(self.keep(agent, from, known, Proof::Password).await?)))
    }

    /// Checks the password of somebody who is signed in, and notes that it was right: for ten minutes they may touch rights, keys and exports.
    ///
    /// # Errors
    /// As signing in.
    pub async fn confirm(&self, from: &SignInFrom, signed_in: &SignedIn, password: String) -> Result<(), Refusal> {
        let (agent, _) = self.check(from, signed_in.agent.email.clone(), password).await?;
        if agent.id != signed_in.agent.id {
            return Err(Refusal::SignInFailed);
        }
        Ok(self.keep_confirmed(from, signed_in, Proof::Password).await?)
    }

    /// Keeps that somebody who is signed in has proved it once more, in one transaction with what the proof uses up.
    pub(super) async fn keep_confirmed(
        &self,
        from: &SignInFrom,
        signed_in: &SignedIn,
        proof: Proof,
    ) -> Result<(), StoreError> {
        let (agent, session) = (signed_in.agent.id, signed_in.session);
        let entry = NewEntry::new(by_agent(&signed_in.agent, from.tag), Action::Confirmed);
        let entry = entry.with("second_factor", proof.name());
        let kept = self.store.write(move |writer| {
            spend(writer, agent, proof)?;
            writer.confirm_session(&session, now_ms())?;
            writer.append_audit(&entry).map(drop)
        });
        kept.await
    }

    /// Checks e-mail and password, counted and limited. Gives the account, and the browser's device token if it is known to it.
    pub(super) async fn check(
        &self,
        from: &SignInFrom,
        email: String,
        password: String,
    ) -> Result<(AgentRecord, Option<TokenHash>), Refusal> {
        let account = TokenHash(Sha256::digest(email.to_ascii_lowercase().as_bytes()).into());
        let device = self.device(&from.devices, &email).await?;
        let attempt = self.guesses.begin(from.address, account, device, now_ms()).map_err(|retry_after_ms| {
            crate::numbers::too_often(Rate::SignIns);
            Refusal::RateLimited { retry_after_ms }
        })?;
        if attempt == (Attempt::Strange { slowed: true }) {
            tokio::time::sleep(Duration::from_millis(SIGN_IN_SLOWED_MS)).await;
        }
        let first = matches!(attempt, Attempt::Known(_));
        let outcome = self.check_password(email, password, from, first).await;
        if !matches!(outcome, Err(Refusal::SignInFailed)) {
            self.guesses.succeeded(from.address, account, attempt);
        }
        if outcome.is_err() {
            crate::numbers::sign_in_failed();
        }
        Ok((outcome?, device))
    }

    /// The device token that is known to the account with this mail address.
    pub(super) async fn device(&self, devices: &[Token], email: &str) -> Result<Option<TokenHash>, Refusal> {
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
    pub(super) async fn keep(
        &self,
        agent: AgentRecord,
        from: SignInFrom,
        known: Option<TokenHash>,
        proof: Proof,
    ) -> Result<NewSignIn, Refusal> {
        let now = now_ms();
        let (token, device) = (Token::from_bytes(&random_bytes()), Token::from_bytes(&random_bytes()));
        let session = SessionRecord {
            token: hash(&token),
            id: new_id(),
            agent: agent.id,
            created_at_ms: now,
            used_at_ms: now,
            confirmed_at_ms: now,
            browser: from.browser,
            from: from.tag,
        };
        let record = DeviceRecord { token: hash(&device), agent: agent.id, used_at_ms: now };
        let entry = NewEntry::new(by_agent(&agent, from.tag), Action::SignedIn).with("known_browser", known.is_some());
        let entry = entry.with("second_factor", proof.name());
        let id = agent.id;
        let kept = self.store.write(move |writer| {
            // A code works once, and so does a passkey's counter: of two requests with the same one, the second is refused here.
            spend(writer, id, proof)?;
            writer.add_session(&session)?;
            writer.add_device(&record, known.as_ref())?;
            writer.append_audit(&entry).map(drop)
        });
        kept.await.map_err(|error| if error == StoreError::Conflict { Refusal::SignInFailed } else { error.into() })?;
        self.seen.note(hash(&token), agent.id);
        let others = from.devices.into_iter().filter(|other| Some(hash(other)) != known);
        Ok(NewSignIn { session: token, devices: std::iter::once(device).chain(others).collect(), agent })
    }

    async fn check_password(
        &self,
        email: String,
        password: String,
        from: &SignInFrom,
        first: bool,
    ) -> Result<AgentRecord, Refusal> {
        if email.len() > EMAIL_BYTES_MAX || password.len() > PASSWORD_BYTES_MAX {
            return self.failed(None, from.tag).await;
        }
        let agent = optional(self.store.read(move |reader| reader.agent_by_email(&email)).await)?;
        let hash = agent.as_ref().map(|agent| agent.password_hash.clone());
        let right =
            self.passwords.verify(password, hash, from.address.network(), first).await.map_err(|PasswordError| {
                crate::numbers::password_refused();
                Refusal::Busy
            })?;
        match agent {
            Some(agent) if right && !agent.disabled => Ok(agent),
            agent => self.failed(agent.map(|agent| agent.id), from.tag).await,
        }
    }

    /// Notes a sign-in that failed, and of which account when there is one; what was typed is kept nowhere. When too many fail, the rest of the minute's
    /// are only counted.
    async fn failed(&self, agent: Option<AgentId>, from: Option<Tag>) -> Result<AgentRecord, Refusal> {
        self.note_failure(agent, from, Failed::Password).await?;
        Err(Refusal::SignInFailed)
    }

    pub(super) async fn note_failure(
        &self,
        agent: Option<AgentId>,
        from: Option<Tag>,
        failed: Failed,
    ) -> Result<(), Refusal> {
        let at_ms = now_ms();
        if let Some(more) = self.failures.note(at_ms) {
            let entry = NewEntry::new(By { who: Who::Nobody, from, at_ms }, Action::SignInFailed);
            let entry = match agent {
                Some(agent) => entry.on(Subject::new("agent", &agent)),
                None => entry.with("account", "unknown"),
            };
            let entry = if more > 0 { entry.with("failed_before_and_not_listed", more) } else { entry };
            let entry = match failed {
                Failed::Password => entry,
                Failed::Code => entry.with("second_factor", true),
                Failed::Passkey => entry.with("passkey", true),
                Failed::CopiedPasskey => entry.with("passkey", true).with("counter_went_back", true),
            };
            self.store.write(move |writer| writer.append_audit(&entry).map(drop)).await?;
        }
        Ok(())
    }
}

/// Whether this browser has signed in to the account, and not too long ago.
fn is_known(device: &DeviceRecord, token: &TokenHash, agent: AgentId, now_ms: u64) -> bool {
    let same = bool::from(device.token.0.ct_eq(&token.0));
    same && device.agent == agent && now_ms.saturating_sub(device.used_at_ms) <= DEVICE_MS
}
