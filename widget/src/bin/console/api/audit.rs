//! The audit log, read by the API.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::saved;
use super::v1::{self, Fault};
use crate::ui::who::Who;

/// Has the browser save the whole log. Whoever gives no password when asked for it does not want it any more: that is no error.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn export() -> Result<(), Fault> {
    match saved::save("/audit/export", "audit.jsonl").await {
        Err(fault) if fault.is("sign_in_again") => Ok(()),
        done => done,
    }
}

/// Which entries are wanted; empty texts mean all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Not before this time, in milliseconds since 1970 UTC.
    pub(crate) from_ms: Option<u64>,
    /// Who did it, as [`Who::key`] gives it.
    pub(crate) who: String,
    /// What was done.
    pub(crate) action: String,
    /// On which site: its id.
    pub(crate) site: String,
    /// To what.
    pub(crate) about: Option<Subject>,
}

/// A page of the log, the newest entry first.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Page {
    /// The entries.
    pub(crate) items: Vec<Item>,
    /// Where the next page begins; none on the last one.
    pub(crate) next: Option<u64>,
    /// What shows that the log is whole.
    pub(crate) chain: Chain,
}

/// An entry with its place in the chain.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Item {
    /// Its number.
    pub(crate) number: u64,
    /// Its hash, in hex digits.
    pub(crate) hash: String,
    /// The hash of the one before it.
    pub(crate) hash_before: Option<String>,
    /// Whether both fit.
    pub(crate) fits: bool,
    /// What was written; none when it cannot be read.
    pub(crate) entry: Option<Entry>,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Entry {
    /// When, in milliseconds since 1970 UTC.
    pub(crate) at_ms: u64,
    /// Who.
    pub(crate) who: Who,
    /// A keyed hash of the address it came from.
    pub(crate) from: Option<String>,
    /// What was done.
    pub(crate) action: String,
    /// To what.
    pub(crate) subject: Option<Subject>,
    /// What else is to be known.
    #[serde(default)]
    pub(crate) detail: Map<String, Value>,
}

/// What something was done to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Subject {
    /// Of which kind.
    pub(crate) kind: String,
    /// Which one.
    pub(crate) id: String,
    /// Its site, when it has one.
    pub(crate) site: Option<String>,
}

impl Subject {
    /// Kind and id, as filters of the audit log know it; people and keys are known so as the ones who did something, too.
    pub(crate) fn key(&self) -> String {
        [&self.kind, "/", &self.id].concat()
    }
}

/// The state of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Chain {
    /// The last entry.
    pub(crate) head: Head,
    /// The last entry whose head was signed.
    pub(crate) signed: Option<Head>,
    /// The last entry that was removed in front.
    pub(crate) cut: Option<Head>,
}

/// An entry that stands for all up to it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Head {
    /// Its number; 0 before the first.
    pub(crate) number: u64,
    /// When it was written, in milliseconds since 1970 UTC.
    pub(crate) at_ms: u64,
}

/// A page of the entries that fit, after the number that the page before ended with.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn list(filter: &Filter, after: Option<u64>) -> Result<Page, Fault> {
    let mut query = String::from("/audit?limit=50");
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            query.push_str(&["&", name, "=", &String::from(js_sys::encode_uri_component(value))].concat());
        }
    };
    add("after", &after.map(|number| number.to_string()).unwrap_or_default());
    add("from_ms", &filter.from_ms.map(|from_ms| from_ms.to_string()).unwrap_or_default());
    add("who", &filter.who);
    add("action", &filter.action);
    add("site", &filter.site);
    add("subject", &filter.about.as_ref().map(Subject::key).unwrap_or_default());
    v1::get(&query).await
}
