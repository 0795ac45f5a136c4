//! Invitations: links by which somebody becomes a colleague, or chooses a new password. Each works once.

use std::collections::BTreeSet;

use relay_settings::{DocumentId, DocumentKey, Scope, Snapshot, Staff, staff_with};
use serde::{Deserialize, Serialize};
use wire::{AgentId, InvitationId};

use super::agent::named_by;
use super::{AgentRecord, TokenHash};
use crate::audit::Who;
use crate::store::StoreError;

/// Invitations that are valid at once, at most.
pub const INVITATIONS_MAX: usize = 200;

/// What an invitation is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Invited {
    /// Becoming a colleague.
    Colleague {
        /// The address to sign in with.
        email: String,
        /// The name that is proposed.
        name: String,
        /// The roles.
        roles: BTreeSet<DocumentId>,
        /// Where these count.
        scope: Scope,
        /// How many conversations may be held at once.
        capacity: u32,
    },
    /// Choosing a new password for an account that exists.
    Password {
        /// Whose.
        agent: AgentId,
    },
}

impl Invited {
    /// For whom: there is one invitation at a time for the same mail address, or account.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::Colleague { email, .. } => format!("email/{}", email.to_ascii_lowercase()),
            Self::Password { agent } => format!("agent/{agent}"),
        }
    }

    /// What whoever accepts it may do; none when the account exists already.
    #[must_use]
    pub fn staff(&self, snapshot: &Snapshot) -> Option<Staff> {
        match self {
            Self::Colleague { roles, scope, .. } => Some(staff_with(snapshot, roles, scope.clone())),
            Self::Password { .. } => None,
        }
    }
}

/// An invitation. Its token is shown once and kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRecord {
    /// Its id, which is no secret.
    pub id: InvitationId,
    /// SHA-256 of the token in its link.
    pub token: TokenHash,
    /// What for.
    pub what: Invited,
    /// Who made it.
    pub made_by: Who,
    /// When, in milliseconds since 1970 UTC.
    pub made_at_ms: u64,
    /// When it ends.
    pub until_ms: u64,
}

impl InvitationRecord {
    /// The documents that it names: while it can be accepted none of them is removed.
    pub fn documents(&self) -> impl Iterator<Item = DocumentKey> {
        let named = match &self.what {
            Invited::Colleague { roles, scope, .. } => Some(named_by(roles, scope)),
            Invited::Password { .. } => None,
        };
        named.into_iter().flatten()
    }
}

/// Writes invitations.
pub trait InvitationWriter {
    /// Keeps a new invitation, in place of one for the same; those that have ended when it was made are removed.
    ///
    /// # Errors
    /// `Missing` when a document that it names is not there, `Conflict` when the id or the token is, `Busy` when there are [`INVITATIONS_MAX`].
    fn put_invitation(&mut self, invitation: &InvitationRecord) -> Result<(), StoreError>;

    /// Takes an invitation back.
    ///
    /// # Errors
    /// `Missing` when there is none.
    fn remove_invitation(&mut self, id: InvitationId) -> Result<(), StoreError>;

    /// Uses an invitation up: with it an agent is added, or replaced when it still is what it was, `before`. Raises the settings version.
    ///
    /// # Errors
    /// `Missing` when the invitation is not there any more, or a document that the agent names; `Conflict` when the mail address is taken, or the
    /// agent is not what it was; `LastAdministrator` as for agents.
    fn accept_invitation(
        &mut self,
        id: InvitationId,
        before: Option<&AgentRecord>,
        after: &AgentRecord,
    ) -> Result<(), StoreError>;
}

/// Reads invitations.
pub trait InvitationReader {
    /// All of them, by id, with those that have ended and are still there.
    ///
    /// # Errors
    /// `Down`.
    fn invitations(&mut self) -> Result<Vec<InvitationRecord>, StoreError>;

    /// The one with this token. Whether it has ended is the caller's question.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn invitation(&mut self, token: &TokenHash) -> Result<InvitationRecord, StoreError>;
}
