//! Target times of answers.

use serde::{Deserialize, Serialize};
use wire::limit::NAME_CHARS_MAX;

use crate::body::{Body, Problems};
use crate::{DocumentId, Kind, ProblemCode, Right, Schema, Shape};

/// Target times of answers, in seconds; at least one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sla {
    /// Its name, for agents.
    pub name: String,
    /// The site that it is for; none means all.
    pub site: Option<DocumentId>,
    /// From the visitor's first words to an agent's first answer.
    pub first_answer_seconds: Option<u32>,
    /// From a visitor's words to the answer, later on.
    pub next_answer_seconds: Option<u32>,
    /// From the visitor's first words to the end.
    pub end_seconds: Option<u32>,
    /// Hours in which time counts; none counts all of it.
    pub hours: Option<DocumentId>,
}

impl Body for Sla {
    const KIND: Kind = Kind::Sla;
    const CHANGED_BY: Right = Right::SettingsRouting;
    const READ_BY: Right = Right::SettingsRead;

    fn schema() -> Schema {
        let seconds = || Shape::Number { min: 10, max: 90 * 86_400 };
        Schema::new()
            .required("name", Shape::Line { chars_max: NAME_CHARS_MAX })
            .optional("site", Shape::Reference(Kind::Site))
            .optional("first_answer_seconds", seconds())
            .optional("next_answer_seconds", seconds())
            .optional("end_seconds", seconds())
            .optional("hours", Shape::Reference(Kind::Hours))
    }

    fn check(&self, problems: &mut Problems) {
        if [self.first_answer_seconds, self.next_answer_seconds, self.end_seconds].iter().all(Option::is_none) {
            problems.add("first_answer_seconds", ProblemCode::Required, "There is no target time. Give at least one.");
        }
        if let (Some(first), Some(end)) = (self.first_answer_seconds, self.end_seconds)
            && end < first
        {
            problems.add(
                "end_seconds",
                ProblemCode::Contradiction,
                "The end is due before the first answer. Choose a longer time.",
            );
        }
    }

    fn site(&self) -> Option<&DocumentId> {
        self.site.as_ref()
    }

    fn names(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name.to_lowercase())]
    }
}
