//! Canned replies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wire::AgentId;
use wire::limit::TEXT_CHARS_MAX;

use crate::body::{Body, Problems};
use crate::language::Language;
use crate::{DocumentId, Kind, ProblemCode, Right, Schema, Shape};

/// A canned reply: of everybody, of a department, or of one agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// What an agent types to get it, without the sign before it: a-z, 0-9 and `-`.
    pub shortcut: String,
    /// What it is about, for agents.
    pub title: String,
    /// Its text by language; at least one.
    pub texts: BTreeMap<Language, String>,
    /// The site that it is for; none means all.
    pub site: Option<DocumentId>,
    /// The department whose agents have it.
    pub department: Option<DocumentId>,
    /// The one agent who has it.
    pub agent: Option<AgentId>,
}

impl Body for Reply {
    const KIND: Kind = Kind::Reply;
    const CHANGED_BY: Right = Right::SettingsDesk;
    const READ_BY: Right = Right::ConversationRead;

    fn schema() -> Schema {
        Schema::new()
            .required("shortcut", Shape::Line { chars_max: 40 })
            .required("title", Shape::Line { chars_max: 120 })
            .required("texts", Shape::Text { chars_max: TEXT_CHARS_MAX }.by_language())
            .optional("site", Shape::Reference(Kind::Site))
            .optional("department", Shape::Reference(Kind::Department))
            .optional("agent", Shape::Agent)
    }

    fn check(&self, problems: &mut Problems) {
        if !self.shortcut.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            problems.add("shortcut", ProblemCode::Shape, "A shortcut is of a-z, 0-9 and -. Remove what else is in it.");
        }
        if self.texts.is_empty() {
            problems.add(
                "texts",
                ProblemCode::Required,
                "A reply says something. Write its text in one language at least.",
            );
        }
        if self.department.is_some() && self.agent.is_some() {
            problems.add(
                "agent",
                ProblemCode::Contradiction,
                "A reply is a department's or one agent's. Clear one of the two.",
            );
        }
    }

    fn site(&self) -> Option<&DocumentId> {
        self.site.as_ref()
    }

    fn names(&self) -> Vec<(&'static str, String)> {
        // Two agents may use one shortcut for replies of their own, and two departments as well.
        let of = match (&self.agent, &self.department) {
            (Some(agent), _) => agent.to_string(),
            (None, Some(department)) => department.to_string(),
            (None, None) => String::new(),
        };
        vec![("shortcut", format!("{of}/{}", self.shortcut))]
    }
}
