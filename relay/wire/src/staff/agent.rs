//! An agent, as colleagues see it. Visitors are sent only the state of the agent who has their conversation.

use serde::{Deserialize, Serialize};

use crate::id::{AgentId, SiteId};

/// A built-in role. Greater ones may do all that lesser ones may; one that is not known here reads as the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Also watches over others.
    Supervisor = 1,
    /// Also changes settings.
    Administrator = 2,
    /// Answers visitors.
    #[serde(other)]
    Agent = 0,
}

/// Where an agent's rights count: what is of one of these sites **and** of one of these departments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffScope {
    /// Of which sites; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sites: Option<Vec<SiteId>>,
    /// Of which departments, by id; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departments: Option<Vec<String>>,
}

/// Whether an agent gets visitors. A state that is not known here reads as away: it is then offered no visitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Connected and takes visitors.
    Online,
    /// Signed out, or never here.
    Offline,
    /// Takes nobody new: by choice, or because its last console connection is gone for
    /// [`crate::limit::AGENT_GRACE_MS`].
    #[serde(other)]
    Away,
}

/// An agent, as colleagues see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSummary {
    /// Which agent.
    pub id: AgentId,
    /// Name shown to visitors.
    pub name: String,
    /// The greatest of its built-in roles. What it may do, its own [`crate::SessionStart`] says.
    pub role: Role,
    /// Whether it gets visitors.
    pub state: AgentState,
    /// Conversations it may hold at once.
    pub capacity: u32,
    /// Conversations it holds now.
    pub load: u32,
    /// Whether it is outside its hours: nothing is assigned to it, whatever it chose.
    #[serde(default, skip_serializing_if = "is_false")]
    pub off_hours: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}
