//! Topics: what a visitor's problem is about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wire::limit::NAME_CHARS_MAX;

use crate::body::{Body, Problems};
use crate::language::Language;
use crate::{DocumentId, Kind, ProblemCode, Right, Schema, Shape};

/// What a visitor's problem is about; it leads to a department. Topics with one parent are shown below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its name for agents, and for visitors in whose language there is no label.
    pub name: String,
    /// Its name for visitors, by language.
    #[serde(default)]
    pub labels: BTreeMap<Language, String>,
    /// The site that offers it; none means all.
    pub site: Option<DocumentId>,
    /// The topic that it is a part of.
    pub parent: Option<DocumentId>,
    /// Who answers it. None takes the parent's department.
    pub department: Option<DocumentId>,
    /// Its position among its neighbours; the same positions are ordered by id.
    #[serde(default)]
    pub position: u32,
}

impl Body for Topic {
    const KIND: Kind = Kind::Topic;
    const CHANGED_BY: Right = Right::SettingsRouting;
    const READ_BY: Right = Right::ConversationRead;

    fn schema() -> Schema {
        Schema::new()
            .required("name", Shape::Line { chars_max: NAME_CHARS_MAX })
            .optional("labels", Shape::Line { chars_max: NAME_CHARS_MAX }.by_language())
            .optional("site", Shape::Reference(Kind::Site))
            .optional("parent", Shape::Reference(Kind::Topic))
            .optional("department", Shape::Reference(Kind::Department))
            .optional("position", Shape::Number { min: 0, max: 9_999 })
    }

    fn check(&self, problems: &mut Problems) {
        if self.parent.is_none() && self.department.is_none() {
            problems.add(
                "department",
                ProblemCode::Required,
                "A topic without a parent leads nowhere without a department. Choose one of the two.",
            );
        }
    }

    fn site(&self) -> Option<&DocumentId> {
        self.site.as_ref()
    }
}
