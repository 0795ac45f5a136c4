//! What must hold for all agents together, and for the documents that they name. Pure: a store reads what is asked for and carries the decision out,
//! in the transaction of the change.

use relay_settings::{DocumentKey, Kind, Snapshot, administrator_remains};

use super::{AgentRecord, DocumentWrite, DocumentsChange, DocumentsError, StoreError, StoredDocument};

/// Agents that are named when a document cannot be removed; further ones are counted.
const NAMED_MAX: usize = 5;

/// Decides whether an agent may be added or replaced (`after`), or removed (none). `agents` are all as they are, `roles` all roles that are
/// documents, and `is_there` says whether a document is.
///
/// # Errors
/// `Missing` when a document that it names is not there, `LastAdministrator`, or what `is_there` answers.
pub(super) fn check_agent<E: From<StoreError>>(
    agents: &[AgentRecord],
    roles: Vec<StoredDocument>,
    (before, after): (Option<&AgentRecord>, Option<&AgentRecord>),
    mut is_there: impl FnMut(&DocumentKey) -> Result<bool, E>,
) -> Result<(), E> {
    for key in after.into_iter().flat_map(AgentRecord::documents) {
        if !is_there(&key)? {
            return Err(StoreError::Missing.into());
        }
    }
    let roles = snapshot(roles);
    let others = agents.iter().filter(|agent| before.is_none_or(|before| agent.id != before.id));
    if has_administrator(agents, &roles) && !has_administrator(others.chain(after), &roles) {
        return Err(StoreError::LastAdministrator.into());
    }
    Ok(())
}

/// Whether a change of documents can concern agents at all.
pub(super) fn concerns_agents(change: &DocumentsChange) -> bool {
    change.changes.iter().any(|(key, one)| match one.write {
        DocumentWrite::Put { .. } => key.kind == Kind::Role,
        DocumentWrite::Remove { .. } => {
            matches!(key.kind, Kind::Role | Kind::Site | Kind::Department | Kind::Hours)
        }
    })
}

/// Decides whether documents may be changed, as far as agents are concerned: none that an agent names is removed, and an administrator remains.
///
/// # Errors
/// `OnStaff` or `LastAdministrator`.
pub(super) fn check_documents(
    agents: &[AgentRecord],
    (before, after): (Vec<StoredDocument>, Vec<StoredDocument>),
    change: &DocumentsChange,
) -> Result<(), DocumentsError> {
    let removed = change.changes.iter().filter(|(_, one)| matches!(one.write, DocumentWrite::Remove { .. }));
    for (key, _) in removed {
        let users: Vec<&AgentRecord> =
            agents.iter().filter(|agent| agent.documents().any(|named| named == *key)).collect();
        if !users.is_empty() {
            let emails = users.iter().take(NAMED_MAX).map(|agent| agent.email.clone()).collect();
            return Err(DocumentsError::OnStaff { key: key.clone(), emails, count: users.len() });
        }
    }
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
