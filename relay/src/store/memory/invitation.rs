//! Invitations in memory.

use wire::InvitationId;

use super::{MemoryReader, MemoryWriter};
use crate::store::records::{INVITATIONS_MAX, InvitationReader, InvitationRecord, InvitationWriter};
use crate::store::{AgentRecord, AgentWriter, StoreError, TokenHash, staff};

impl InvitationWriter for MemoryWriter {
    fn put_invitation(&mut self, invitation: &InvitationRecord) -> Result<(), StoreError> {
        let tables = self.tables()?;
        staff::check_named(invitation.documents(), |named| Ok::<_, StoreError>(tables.documents.contains_key(named)))?;
        let all = &mut tables.invitations;
        let subject = invitation.what.subject();
        let goes = |one: &InvitationRecord| one.what.subject() == subject || one.until_ms <= invitation.made_at_ms;
        let stay = || all.values().filter(|one| !goes(one));
        if stay().count() >= INVITATIONS_MAX {
            return Err(StoreError::Busy);
        }
        if stay().any(|one| one.id == invitation.id || one.token == invitation.token) {
            return Err(StoreError::Conflict);
        }
        all.retain(|_, one| !goes(one));
        all.insert(invitation.id, invitation.clone());
        tables.settings += 1;
        Ok(())
    }

    fn remove_invitation(&mut self, id: InvitationId) -> Result<(), StoreError> {
        self.tables()?.invitations.remove(&id).map(drop).ok_or(StoreError::Missing)
    }

    fn accept_invitation(
        &mut self,
        id: InvitationId,
        before: Option<&AgentRecord>,
        after: &AgentRecord,
    ) -> Result<(), StoreError> {
        if !self.tables()?.invitations.contains_key(&id) {
            return Err(StoreError::Missing);
        }
        match before {
            Some(before) => self.replace_agent(before, after)?,
            None => self.put_agent(after)?,
        }
        self.remove_invitation(id)
    }
}

impl InvitationReader for MemoryReader {
    fn invitations(&mut self) -> Result<Vec<InvitationRecord>, StoreError> {
        Ok(self.tables().invitations.values().cloned().collect())
    }

    fn invitation(&mut self, token: &TokenHash) -> Result<InvitationRecord, StoreError> {
        self.tables().invitations.values().find(|one| one.token == *token).cloned().ok_or(StoreError::Missing)
    }
}
