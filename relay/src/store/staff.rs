//! What must hold for all agents together, and for the documents that they name. Pure: a store reads what is asked for and carries the decision out,
//! in the transaction of the change.

use relay_settings::{DocumentKey, Kind, Snapshot, administrator_remains};

use super::{
    AgentRecord, DocumentWrite, DocumentsChange, DocumentsError, InvitationRecord, Invited, ServiceKeyRecord,
    StoreError, StoredDocument,
};

/// Those who are listed when a document that they name cannot be removed; further ones are counted.
const NAMED_MAX: usize = 5;

/// Everybody who names documents: agents, keys of the API, invitations. All as they are.
pub(super) struct Users {
    pub(super) agents: Vec<AgentRecord>,
    pub(super) keys: Vec<ServiceKeyRecord>,
    pub(super) invitations: Vec<InvitationRecord>,
}

impl Users {
    /// Who names a document at a time, in words.
    fn of(&self, key: &DocumentKey, now_ms: u64) -> Vec<String> {
        let agents = self.agents.iter().filter(|agent| agent.documents().any(|named| named == *key));
        let keys = self.keys.iter().filter(|one| one.is_valid(now_ms) && one.documents().contains(key));
        let invitations = self.invitations.iter().filter(|one| now_ms < one.until_ms);
        let invitations = invitations.filter(|one| one.documents().any(|named| named == *key));
        let invited = |one: &InvitationRecord| match &one.what {
            Invited::Colleague { email, .. } => format!("the invitation of {email}"),
            Invited::Password { agent } => format!("the invitation of {agent}"),
        };
        let agents = agents.map(|agent| agent.email.clone());
        agents.chain(keys.map(|one| format!("the key {}", one.name))).chain(invitations.map(invited)).collect()
    }
}

/// Refuses who names a document that is not there.
///
/// # Errors
/// `Missing`, or what `is_there` answers.
pub(super) fn check_named<E: From<StoreError>>(
    named: impl IntoIterator<Item = DocumentKey>,
    mut is_there: impl FnMut(&DocumentKey) -> Result<bool, E>,
) -> Result<(), E> {
    for key in named {
        if !is_there(&key)? {
            return Err(StoreError::Missing.into());
        }
    }
    Ok(())
}

/// Decides whether an agent may be added or replaced (`after`), or removed (none). `agents` are all as they are, `roles` all roles that are
/// documents, and `is_there` says whether a document is.
///
/// # Errors
/// `Missing` when a document that it names is not there, `LastAdministrator`, or what `is_there` answers.
pub(super) fn check_agent<E: From<StoreError>>(
    agents: &[AgentRecord],
    roles: Vec<StoredDocument>,
    (before, after): (Option<&AgentRecord>, Option<&AgentRecord>),
    is_there: impl FnMut(&DocumentKey) -> Result<bool, E>,
) -> Result<(), E> {
    check_named(after.into_iter().flat_map(AgentRecord::documents), is_there)?;
    let roles = snapshot(roles);
    let others = agents.iter().filter(|agent| before.is_none_or(|before| agent.id != before.id));
    if has_administrator(agents, &roles) && !has_administrator(others.chain(after), &roles) {
        return Err(StoreError::LastAdministrator.into());
    }
    Ok(())
}

/// Whether a change of documents can concern agents, keys or invitations at all.
pub(super) fn concerns_agents(change: &DocumentsChange) -> bool {
    change.changes.iter().any(|(key, one)| match one.write {
        DocumentWrite::Put { .. } => key.kind == Kind::Role,
        DocumentWrite::Remove { .. } => {
            matches!(key.kind, Kind::Role | Kind::Site | Kind::Department | Kind::Hours)
        }
    })
}

/// Decides whether documents may be changed, as far as these are concerned: none that one of them names is removed, and an administrator remains.
///
/// # Errors
/// `OnStaff` or `LastAdministrator`.
pub(super) fn check_documents(
    everybody: &Users,
    (before, after): (Vec<StoredDocument>, Vec<StoredDocument>),
    change: &DocumentsChange,
) -> Result<(), DocumentsError> {
    let removed = change.changes.iter().filter(|(_, one)| matches!(one.write, DocumentWrite::Remove { .. }));
    for (key, _) in removed {
        let mut users = everybody.of(key, change.by.at_ms);
        let count = users.len();
        if count > 0 {
            users.truncate(NAMED_MAX);
            return Err(DocumentsError::OnStaff { key: key.clone(), users, count });
        }
    }
    let agents = &everybody.agents;
    if has_administrator(agents, &snapshot(before)) && !has_administrator(agents, &snapshot(after)) {
        return Err(DocumentsError::LastAdministrator);
    }
    Ok(())
}

fn has_administrator<'a>(agents: impl IntoIterator<Item = &'a AgentRecord>, roles: &Snapshot) -> bool {
    let staff: Vec<_> = agents.into_iter().map(|agent| agent.staff(roles)).collect();
    administrator_remains(&staff)
}

/// The roles alone: what else there is grants nothing.
fn snapshot(roles: Vec<StoredDocument>) -> Snapshot {
    let read = |document: StoredDocument| {
        let body = serde_json::from_str(&document.body).unwrap_or_default();
        (document.key, document.version, body)
    };
    Snapshot::build(0, roles.into_iter().map(read))
}
