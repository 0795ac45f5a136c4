//! Documents: what is set up, read and written by the API.

use std::collections::BTreeMap;

use relay_settings::{DocumentId, Kind};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::v1::{self, Fault};
use crate::ui::who::Who;

/// Documents on one page of a list.
const PAGE: usize = 200;
/// Pages of a list that are read: more than a site has of one kind.
const PAGES_MAX: usize = 20;

/// A document as the relay has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    /// Its id.
    pub(crate) id: DocumentId,
    /// Its version.
    pub(crate) version: u64,
    /// Its fields, without these two.
    pub(crate) body: Map<String, Value>,
}

impl Document {
    /// Its name; of kinds without one what it says in the first of its languages, or its id.
    pub(crate) fn name(&self) -> String {
        let texts =
            || self.body.get("texts")?.as_object().filter(|_| !self.body.contains_key("language"))?.values().next();
        let name = self.body.get("name").or_else(texts).and_then(Value::as_str);
        let first = name.and_then(|name| name.lines().next()).unwrap_or_default();
        if first.is_empty() { self.id.to_string() } else { first.to_owned() }
    }
}

#[derive(Deserialize)]
struct Read {
    id: DocumentId,
    version: u64,
    #[serde(flatten)]
    body: Map<String, Value>,
}

impl From<Read> for Document {
    fn from(Read { id, version, body }: Read) -> Self {
        Self { id, version, body }
    }
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Read>,
    next: Option<String>,
}

/// All documents of a kind.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn list(kind: Kind) -> Result<Vec<Document>, Fault> {
    let (mut documents, mut after) = (Vec::new(), String::new());
    for _ in 0..PAGES_MAX {
        let page: Page = v1::get(&format!("/settings/{kind}?limit={PAGE}{after}")).await?;
        documents.extend(page.items.into_iter().map(Document::from));
        let Some(next) = page.next else { break };
        after = format!("&after={next}");
    }
    Ok(documents)
}

/// A version of a document in its history.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Version {
    /// Its number.
    pub(crate) version: u64,
    /// When it was made, in milliseconds since 1970 UTC.
    pub(crate) at_ms: u64,
    /// Who made it.
    pub(crate) by: Who,
    /// The body since then; none when it was removed.
    pub(crate) body: Option<Map<String, Value>>,
}

/// A page of a history, the newest version first.
#[derive(Deserialize)]
pub(crate) struct History {
    /// The versions.
    pub(crate) items: Vec<Version>,
    /// Where the next page begins; none on the last one.
    pub(crate) next: Option<u64>,
}

/// What a document was.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn history(kind: Kind, id: &DocumentId, before: Option<u64>) -> Result<History, Fault> {
    let before = before.map(|version| format!("?before={version}")).unwrap_or_default();
    v1::get(&format!("/settings/{kind}/{id}/history{before}")).await
}

/// One document.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn read(kind: Kind, id: &DocumentId) -> Result<Document, Fault> {
    let read: Read = v1::get(&format!("/settings/{kind}/{id}")).await?;
    Ok(read.into())
}

/// Adds a document, or changes the one that had this version.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn save(
    kind: Kind,
    id: &DocumentId,
    version: Option<u64>,
    body: &Map<String, Value>,
) -> Result<Document, Fault> {
    let path = format!("/settings/{kind}/{id}");
    let condition =
        version.map_or_else(|| ("if-none-match", "*".to_owned()), |version| ("if-match", format!("\"{version}\"")));
    let saved: Read = v1::put(&path, Some((condition.0, &condition.1)), body).await?;
    Ok(saved.into())
}

/// Removes a document that had this version; a site with conversations only with `keep`.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn remove(kind: Kind, id: &DocumentId, version: u64, keep: bool) -> Result<(), Fault> {
    v1::delete(&format!("/settings/{kind}/{id}?keep_conversations={keep}"), Some(version)).await
}

#[derive(Deserialize)]
struct Texts {
    texts: BTreeMap<String, String>,
}

/// The chat's own texts in a language, by name.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn texts(language: &str) -> Result<BTreeMap<String, String>, Fault> {
    let found: Texts = v1::get(&format!("/texts/{language}")).await?;
    Ok(found.texts)
}

/// What a site's chat would show with this document.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn look(site: &DocumentId, language: &str, body: &Map<String, Value>) -> Result<Value, Fault> {
    v1::ask(&format!("/sites/{site}/look?language={language}"), body).await
}
