//! Invitations: links by which somebody becomes a colleague, or chooses a new password. A link works once, within 72 hours.

use subtle::ConstantTimeEq;
use wire::{InvitationId, Refusal, Tag, Token};

use super::{Identity, agent_added, by_agent, hash, hash_password, missing_is, new_agent_id};
use crate::audit::{Action, NewEntry, Subject, Who};
use crate::clock::{new_id, now_ms, random_bytes};
use crate::store::{AgentRecord, InvitationRecord, Invited, StoreError};

/// How long a link works.
const VALID_MS: u64 = 72 * 3_600_000;
/// How often a password is set again because the account was changed meanwhile.
const TRIES_MAX: usize = 4;

/// A link that works, and the account that it is for when there is one already.
#[derive(Clone, Debug)]
pub struct Open {
    /// The invitation.
    pub invitation: InvitationRecord,
    /// Whose password it changes.
    pub agent: Option<AgentRecord>,
}

/// A new invitation, and the token for its link, which is kept nowhere.
#[must_use]
pub fn fresh(what: Invited, made_by: Who, made_at_ms: u64) -> (InvitationRecord, Token) {
    let token = Token::from_bytes(&random_bytes());
    let id = InvitationId(new_id());
    let until_ms = made_at_ms + VALID_MS;
    (InvitationRecord { id, token: hash(&token), what, made_by, made_at_ms, until_ms }, token)
}

impl Identity {
    /// The invitation of a link that works now.
    ///
    /// # Errors
    /// `NotFound`, whether it never was, was used, taken back or has ended; the store's own failures.
    pub async fn invitation(&self, token: &str) -> Result<Open, Refusal> {
        let hashed = hash(&token.parse::<Token>().map_err(|_| Refusal::NotFound)?);
        let found = self.store.read(move |reader| {
            let invitation = reader.invitation(&hashed)?;
            let agent = match invitation.what {
                Invited::Colleague { .. } => None,
                Invited::Password { agent } => Some(reader.agent(agent)?),
            };
            Ok(Open { invitation, agent })
        });
        let open = found.await.map_err(|error| missing_is(error, Refusal::NotFound))?;
        let same = bool::from(open.invitation.token.0.ct_eq(&hashed.0));
        let works =
            same && now_ms() < open.invitation.until_ms && open.agent.as_ref().is_none_or(|agent| !agent.disabled);
        if works { Ok(open) } else { Err(Refusal::NotFound) }
    }

    /// Makes the account that an invitation is for, with the name and password that were chosen. The mail address to sign in with.
    ///
    /// # Errors
    /// `NotFound` when the link does not work any more, `Taken` when the mail address has an account meanwhile, `Ended` when a role, a site or a
    /// department that it gives was removed meanwhile; the store's own failures.
    pub async fn accept_as_colleague(
        &self,
        invitation: &InvitationRecord,
        name: String,
        password: String,
        from: Option<Tag>,
    ) -> Result<String, Refusal> {
        let Invited::Colleague { email, roles, scope, capacity, .. } = invitation.what.clone() else {
            return Err(Refusal::NotFound);
        };
        let record = AgentRecord {
            id: new_agent_id(),
            email: email.clone(),
            name,
            roles,
            scope,
            hours: None,
            capacity,
            password_hash: hashed(password).await?,
            disabled: false,
        };
        let entry = agent_added(&record, by_agent(&record, from)).with("invitation", invitation.id.to_string());
        let (id, token) = (invitation.id, invitation.token);
        let accepted = self.store.write(move |writer| {
            writer.accept_invitation(id, None, &record)?;
            writer.append_audit(&entry).map(drop)
        });
        match accepted.await {
            Ok(()) => Ok(email),
            Err(StoreError::Conflict) => Err(Refusal::Taken),
            Err(StoreError::Missing) if self.store.read(move |reader| reader.invitation(&token)).await.is_ok() => {
                Err(Refusal::Ended)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Gives an account the password that was chosen, and ends all its sign-ins. No browser is known to it any more.
    ///
    /// # Errors
    /// `NotFound` when the link does not work any more; the store's own failures.
    pub async fn accept_password(&self, open: Open, password: String, from: Option<Tag>) -> Result<(), Refusal> {
        let password_hash = hashed(password).await?;
        let id = open.invitation.id;
        let mut before = open.agent.ok_or(Refusal::NotFound)?;
        for _ in 0..TRIES_MAX {
            let agent = before.id;
            let after = AgentRecord { password_hash: password_hash.clone(), ..before.clone() };
            let entry = NewEntry::new(by_agent(&after, from), Action::PasswordChanged);
            let entry = entry.on(Subject::new("agent", &agent)).with("invitation", id.to_string());
            let accepted = self.store.write(move |writer| {
                writer.accept_invitation(id, Some(&before), &after)?;
                writer.remove_sessions_of(agent, None)?;
                writer.remove_devices_of(agent)?;
                writer.append_audit(&entry).map(drop)
            });
            match accepted.await {
                // The account was changed meanwhile: it is read again.
                Err(StoreError::Conflict) => {
                    let found = self.store.read(move |reader| reader.agent(agent)).await;
                    before = found.map_err(|error| missing_is(error, Refusal::NotFound))?;
                }
                other => return other.map_err(|error| missing_is(error, Refusal::NotFound)),
            }
        }
        Err(Refusal::Busy)
    }
}

async fn hashed(password: String) -> Result<String, Refusal> {
    let hashed = tokio::task::spawn_blocking(move || hash_password(&password)).await;
    hashed.ok().and_then(Result::ok).ok_or(Refusal::Busy)
}
