//! Labels that agents put on conversations.

use serde::{Deserialize, Serialize};
use wire::limit::LABEL_CHARS_MAX;

use crate::body::Body;
use crate::colour::Colour;
use crate::{DocumentId, Kind, Right, Schema, Shape};

/// A label that agents put on conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// What it says.
    pub name: String,
    /// The colour of the mark before it; none is grey. Nothing is written on it, so no contrast is asked of it.
    pub colour: Option<Colour>,
    /// The site whose conversations get it; none means all.
    pub site: Option<DocumentId>,
}

impl Body for Label {
    const KIND: Kind = Kind::Label;
    const CHANGED_BY: Right = Right::SettingsDesk;
    const READ_BY: Right = Right::ConversationRead;

    fn schema() -> Schema {
        Schema::new()
            .required("name", Shape::Line { chars_max: LABEL_CHARS_MAX })
            .optional("colour", Shape::Colour)
            .optional("site", Shape::Reference(Kind::Site))
    }

    fn site(&self) -> Option<&DocumentId> {
        self.site.as_ref()
    }

    fn names(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name.to_lowercase())]
    }
}
