//! Departments: groups of agents who answer the same topics.

use serde::{Deserialize, Serialize};
use wire::limit::NAME_CHARS_MAX;

use crate::body::Body;
use crate::language::Language;
use crate::{DocumentId, Kind, Right, Schema, Shape};

/// A group of agents who answer the same topics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// Its name, for agents.
    pub name: String,
    /// The site that it serves; none means all.
    pub site: Option<DocumentId>,
    /// When it is open; none means always.
    pub hours: Option<DocumentId>,
    /// Its target times.
    pub sla: Option<DocumentId>,
    /// Languages that it answers in; empty means all.
    #[serde(default)]
    pub languages: Vec<Language>,
}

impl Body for Department {
    const KIND: Kind = Kind::Department;
    const CHANGED_BY: Right = Right::SettingsRouting;
    const READ_BY: Right = Right::ConversationRead;

    fn schema() -> Schema {
        Schema::new()
            .required("name", Shape::Line { chars_max: NAME_CHARS_MAX })
            .read()
            .optional("site", Shape::Reference(Kind::Site))
            .read()
            .optional("hours", Shape::Reference(Kind::Hours))
            .read()
            .optional("sla", Shape::Reference(Kind::Sla))
            .optional("languages", Shape::Language.list_of(0, 40))
    }

    fn site(&self) -> Option<&DocumentId> {
        self.site.as_ref()
    }

    fn names(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name.to_lowercase())]
    }
}
