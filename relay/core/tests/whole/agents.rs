//! Agents as the store has them.

use std::collections::BTreeSet;

use relay_core::Agent;
use relay_settings::{BuiltInRole, DocumentId, Scope};

use crate::support::agent;

pub(crate) fn settings(n: u128, capacity: u32) -> Agent {
    let roles = [BuiltInRole::Agent.document_id()].into();
    Agent { id: agent(n), name: format!("Agent {n}"), roles, scope: Scope::EVERYWHERE, hours: None, capacity }
}

/// The roles of a supervisor.
pub(crate) fn of_supervisor() -> BTreeSet<DocumentId> {
    [BuiltInRole::Supervisor.document_id()].into()
}
