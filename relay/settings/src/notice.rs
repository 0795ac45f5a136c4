//! Notices that visitors see before they write.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::body::{Body, Problems};
use crate::language::Language;
use crate::{DocumentId, Kind, ProblemCode, Right, Schema, Shape};

/// A notice that visitors see before they write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// What it says, by language; at least one.
    pub texts: BTreeMap<Language, String>,
    /// The site that shows it; none means all.
    pub site: Option<DocumentId>,
    /// Who sees it.
    #[serde(default)]
    pub segment: Segment,
    /// Whether it stays above the others.
    #[serde(default)]
    pub pinned: bool,
    /// Whether a visitor may put it away.
    #[serde(default = "yes")]
    pub dismissible: bool,
    /// Unix time in milliseconds from which it is shown; none means at once.
    pub from_ms: Option<u64>,
    /// Unix time in milliseconds from which it is shown no more; none means until it is removed.
    pub until_ms: Option<u64>,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A danger, as a wave of false support.
    Security,
    /// Something does not work, or will not for a time.
    Maintenance,
    /// Anything else.
    News,
}

/// Who sees a notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// Every visitor.
    #[default]
    Everybody,
    /// Visitors whom the site has identified.
    Identified,
    /// Visitors whom it has not.
    Anonymous,
}

const fn yes() -> bool {
    true
}

impl Body for Notice {
    const KIND: Kind = Kind::Notice;
    const CHANGED_BY: Right = Right::SettingsSite;
    const READ_BY: Right = Right::ConversationRead;

    fn schema() -> Schema {
        Schema::new()
            .required("kind", Shape::Choice(&["security", "maintenance", "news"]))
            .read()
            .required("texts", Shape::Text { chars_max: 1_000 }.by_language())
            .read()
            .optional("site", Shape::Reference(Kind::Site))
            .read()
            .optional("segment", Shape::Choice(&["everybody", "identified", "anonymous"]))
            .optional("pinned", Shape::Flag)
            .read()
            .optional("dismissible", Shape::Flag)
            .read()
            .optional("from_ms", Shape::Moment)
            .read()
            .optional("until_ms", Shape::Moment)
            .read()
    }

    fn check(&self, problems: &mut Problems) {
        if self.texts.is_empty() {
            problems.add(
                "texts",
                ProblemCode::Required,
                "A notice says something. Write its text in one language at least.",
            );
        }
        if let (Some(from), Some(until)) = (self.from_ms, self.until_ms)
            && until <= from
        {
            problems.add("until_ms", ProblemCode::Contradiction, "It ends before it begins. Choose a later end.");
        }
    }

    fn site(&self) -> Option<&DocumentId> {
        self.site.as_ref()
    }
}
