//! The kind `role`: a set of rights with a name. Three are built in and are no documents: they cannot be changed or removed.

use serde::{Deserialize, Serialize};

use crate::body::Body;
use crate::right::{Right, RightSet};
use crate::{Kind, Schema, Shape};

/// A role that is always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BuiltInRole {
    /// Answers visitors.
    Agent,
    /// Also watches over others.
    Supervisor,
    /// May do everything, also what later versions add.
    Administrator,
}

const AGENT: RightSet = RightSet::of(&[
    Right::ConversationRead,
    Right::ConversationSearch,
    Right::ConversationNote,
    Right::ConversationAnswer,
    Right::ConversationTransfer,
    Right::ConversationEnd,
    Right::ConversationClassify,
    Right::TranscriptExport,
    Right::FileOpen,
    Right::VisitorRead,
    Right::PresenceRead,
]);

const SUPERVISOR: RightSet = AGENT.union(RightSet::of(&[
    Right::ConversationJoin,
    Right::ConversationReleaseAny,
    Right::ConversationTakeOver,
    Right::ConversationAssign,
    Right::ConversationEndAny,
    Right::ConversationEndMany,
    Right::ConversationPrioritize,
    Right::ConversationMerge,
    Right::VisitorBlock,
    Right::FloodDeclare,
    Right::BoardRead,
    Right::BoardSteer,
    Right::ReportRead,
    Right::ReportExport,
    Right::SettingsRead,
    Right::SettingsDesk,
    Right::StaffRead,
]));

impl BuiltInRole {
    /// All of them; each has every right of the one before.
    pub const ALL: [Self; 3] = [Self::Agent, Self::Supervisor, Self::Administrator];

    /// Its id, which no document of the kind `role` may have.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Administrator => "administrator",
        }
    }

    /// The one with this id.
    #[must_use]
    pub fn with_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.id() == id)
    }

    /// What it may do.
    #[must_use]
    pub const fn rights(self) -> RightSet {
        match self {
            Self::Agent => AGENT,
            Self::Supervisor => SUPERVISOR,
            Self::Administrator => RightSet::ALL,
        }
    }
}

impl From<wire::Role> for BuiltInRole {
    fn from(role: wire::Role) -> Self {
        match role {
            wire::Role::Agent => Self::Agent,
            wire::Role::Supervisor => Self::Supervisor,
            wire::Role::Administrator => Self::Administrator,
        }
    }
}

/// A set of rights with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its name, for people.
    pub name: String,
}

impl Body for Role {
    const KIND: Kind = Kind::Role;
    const IDS_RESERVED: &[&str] = &["agent", "supervisor", "administrator"];

    fn schema() -> Schema {
        Schema::new().required("name", Shape::Line { chars_max: 80 })
    }

    fn names(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name.to_lowercase())]
    }
}
