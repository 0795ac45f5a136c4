//! Texts that replace the product's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::body::Body;
use crate::language::Language;
use crate::{DocumentId, Kind, Right, Schema, Shape};

/// Texts that replace the product's own, for one site and language. Whether a key is in the catalogue is checked by who has the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// The site.
    pub site: DocumentId,
    /// The language.
    pub language: Language,
    /// The text for each key that is replaced.
    #[serde(default)]
    pub texts: BTreeMap<String, String>,
}

impl Body for Texts {
    const KIND: Kind = Kind::Texts;
    const CHANGED_BY: Right = Right::SettingsSite;
    const READ_BY: Right = Right::SettingsRead;

    fn schema() -> Schema {
        Schema::new()
            .required("site", Shape::Reference(Kind::Site))
            .required("language", Shape::Language)
            .optional("texts", Shape::ByKey { of: Box::new(Shape::Text { chars_max: 1_000 }), entries_max: 1_000 })
    }

    fn site(&self) -> Option<&DocumentId> {
        Some(&self.site)
    }

    fn names(&self) -> Vec<(&'static str, String)> {
        vec![("language", self.language.to_string())]
    }
}
