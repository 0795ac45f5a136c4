//! An entry of the log: who did what to what, when, and from where.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wire::{SiteId, Tag};

use super::{Action, By, Who, detail};

/// What an action was done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Of which kind: `agent`, `conversation`, a kind of document …
    pub kind: String,
    /// Which one.
    pub id: String,
    /// Its site, when it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
}

impl Subject {
    /// What belongs to no site.
    #[must_use]
    pub fn new(kind: &str, id: &(impl ToString + ?Sized)) -> Self {
        Self { kind: kind.to_owned(), id: id.to_string(), site: None }
    }

    /// The same, of a site.
    #[must_use]
    pub fn of(self, site: SiteId) -> Self {
        Self { site: Some(site), ..self }
    }

    /// Kind and id as one text, for filters.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.kind, self.id)
    }
}

/// An entry that is to be written; the store gives it its number.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    /// Who did it, from where, and when.
    pub by: By,
    /// What was done.
    pub action: Action,
    /// To what.
    pub subject: Option<Subject>,
    /// What else is to be known of it; what is longer than its bound is cut when it is written. Never a secret or what people write.
    pub detail: Map<String, Value>,
}

impl NewEntry {
    /// Without subject and detail.
    #[must_use]
    pub fn new(by: By, action: Action) -> Self {
        Self { by, action, subject: None, detail: Map::new() }
    }

    /// To what.
    #[must_use]
    pub fn on(self, subject: Subject) -> Self {
        Self { subject: Some(subject), ..self }
    }

    /// What else is to be known.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }

    /// The entry of this number, as it is written: JSON that never changes again.
    #[must_use]
    pub fn written(&self, number: u64) -> String {
        let entry = Entry {
            number,
            at_ms: self.by.at_ms,
            who: self.by.who.clone(),
            from: self.by.from,
            action: self.action,
            subject: self.subject.clone(),
            detail: detail::bounded(&self.detail),
        };
        serde_json::to_string(&entry).expect("an entry is texts and numbers")
    }
}

/// An entry as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number: 1, 2, 3 … without gaps.
    pub number: u64,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: u64,
    /// Who.
    pub who: Who,
    /// A keyed hash of the address it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Tag>,
    /// What was done.
    pub action: Action,
    /// To what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// What else is to be known.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub detail: Map<String, Value>,
}
