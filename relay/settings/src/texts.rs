//! Texts that replace the product's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::body::{Body, Problems};
use crate::language::Language;
use crate::{DocumentId, Kind, ProblemCode, Right, Schema, Shape};

/// Bytes of all texts of one language: twice those of the whole chat. Every chat of the site loads them.
const TEXTS_BYTES_MAX: usize = 16 * 1024;

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
            .read()
            .required("language", Shape::Language)
            .read()
            .optional("texts", Shape::ByKey { of: Box::new(Shape::Text { chars_max: 1_000 }), entries_max: 1_000 })
            .read()
    }

    fn check(&self, problems: &mut Problems) {
        let bytes: usize = self.texts.values().map(String::len).sum();
        if bytes > TEXTS_BYTES_MAX {
            let remedy = format!("Together they have {bytes} bytes; {TEXTS_BYTES_MAX} at most. Shorten some.");
            problems.add("texts", ProblemCode::TooLong, remedy);
        }
    }

    fn site(&self) -> Option<&DocumentId> {
        Some(&self.site)
    }

    fn names(&self) -> Vec<(&'static str, String)> {
        vec![("language", self.language.to_string())]
    }
}
