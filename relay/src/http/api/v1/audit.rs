//! The audit log: listed by filters, and exported as the file that `relay audit verify` checks.

use std::io;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use relay_settings::{Right, Subject};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use wire::SiteId;

use super::asker::Asker;
use super::error::{ApiError, ProblemBody};
use super::params::{QueryWords, number, text};
use crate::app::{App, Caller};
use crate::audit::{Action, ChainHash, Head, NewEntry, SignedHead, StoredEntry, cut_line, entry_line, head_line};
use crate::hex::digits;
use crate::key::SigningPurpose;
use crate::limit::share::Standing;
use crate::store::{AuditFilter, Reader, StoreError};
use crate::transcript::TranscriptSlot;

/// Entries on one page, when the asker names no number. Each has at most 16 KiB of detail.
const PAGE_DEFAULT: usize = 50;
/// Entries on one page.
const PAGE_MAX: usize = 100;
/// Name of the exported file.
const EXPORT_NAME: &str = "attachment; filename=\"audit.jsonl\"";

/// Which entries: all that fit everything that is given.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    /// The `next` of the page before; nothing for the newest entries.
    #[param(minimum = 0)]
    #[serde(default, deserialize_with = "number")]
    after: Option<u64>,
    /// Entries on the page at most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<usize>,
    /// Not before this time: Unix time in milliseconds.
    #[param(minimum = 0)]
    #[serde(default, deserialize_with = "number")]
    from_ms: Option<u64>,
    /// Before this time: Unix time in milliseconds.
    #[param(minimum = 0)]
    #[serde(default, deserialize_with = "number")]
    until_ms: Option<u64>,
    /// Who did it: `agent/ID`, `key/ID`, `command_line`, `system` or `nobody` (somebody who has not signed in).
    #[serde(default, deserialize_with = "text::<100, _>")]
    #[param(max_length = 100)]
    who: Option<String>,
    /// What was done, as `signed_in`.
    #[param(value_type = Option<String>, max_length = 40)]
    action: Option<Action>,
    /// To what: its kind and id, as `label/fraud`.
    #[serde(default, deserialize_with = "text::<200, _>")]
    #[param(max_length = 200)]
    subject: Option<String>,
    /// On which site.
    #[param(value_type = Option<String>, min_length = 1, max_length = 40, pattern = "^[a-z0-9-]+$")]
    site: Option<SiteId>,
}

/// Entries of the audit log, the newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditPage {
    /// The entries that fit.
    items: Vec<AuditItem>,
    /// What to ask as `after` for the next page; none when this is the last.
    next: Option<u64>,
    /// What shows that the log is whole.
    chain: Chain,
}

/// An entry with its place in the chain.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditItem {
    /// Its number: 1, 2, 3 … without gaps.
    number: u64,
    /// SHA-256 over the hash before and the entry's exact bytes, in hex digits.
    hash: String,
    /// The hash of the entry before, or of what was cut off in front; none when it is missing.
    hash_before: Option<String>,
    /// Whether entry and hashes fit each other.
    fits: bool,
    /// What was written; none when it cannot be read any more.
    entry: Option<Written>,
}

/// What an entry says.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(super) struct Written {
    /// When: Unix time in milliseconds.
    at_ms: u64,
    /// Who, with the name of that time.
    who: Whoever,
    /// A keyed hash of the address it came from: equal ones are the same address.
    #[serde(default)]
    from: Option<String>,
    /// What was done, as `signed_in`.
    action: String,
    /// To what.
    #[serde(default)]
    subject: Option<Thing>,
    /// What else is to be known.
    #[serde(default)]
    #[schema(value_type = Object)]
    detail: Map<String, Value>,
}

/// Who did something.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = AuditWho)]
pub(super) struct Whoever {
    /// `agent`, `key`, `command_line`, `system` or `nobody`.
    #[serde(rename = "type")]
    kind: String,
    /// The id of the agent or key.
    #[serde(default)]
    id: Option<String>,
    /// Its name at that time.
    #[serde(default)]
    name: Option<String>,
}

/// What something was done to.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = AuditSubject)]
pub(super) struct Thing {
    /// Of which kind: `agent`, `conversation`, a kind of document …
    kind: String,
    /// Which one.
    id: String,
    /// Its site, when it has one.
    #[serde(default)]
    site: Option<String>,
}

/// The state of the chain.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditChain)]
pub(super) struct Chain {
    /// The last entry; its number is 0 before the first.
    head: ChainHead,
    /// The last entry whose head was signed and written down beside the database: a second after an entry at most.
    signed: Option<ChainHead>,
    /// The last entry that was cut off in front; its signed head stands in place of all up to it.
    cut: Option<ChainHead>,
}

/// An entry that stands for all up to it.
#[derive(Serialize, ToSchema)]
pub(super) struct ChainHead {
    /// Its number.
    number: u64,
    /// Its hash, in hex digits.
    hash: String,
    /// Its time: Unix time in milliseconds.
    at_ms: u64,
}

impl From<Head> for ChainHead {
    fn from(head: Head) -> Self {
        Self { number: head.number, hash: digits(&head.hash.0), at_ms: head.at_ms }
    }
}

/// Lists entries of the audit log, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery), responses((status = 200, body = AuditPage),
    (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<App>,
    asker: Asker,
    QueryWords(query): QueryWords<AuditQuery>,
) -> Result<Json<AuditPage>, ApiError> {
    asker.must(Right::AuditRead, &Subject::Relay)?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(ApiError::Malformed("the parameter `limit`: it is 1 to 100"));
    }
    let before = query.after.unwrap_or(u64::MAX);
    let AuditQuery { from_ms, until_ms, who, action, subject, site, .. } = query;
    let filter = AuditFilter { from_ms, until_ms, who, action, subject, site };
    let signed = app.signed_head.borrow().map(|signed| signed.head.into());
    let page = app.store.read(move |reader| {
        // One more than are asked for: whether it is there says whether there is another page.
        let mut entries = reader.audit_page(&filter, before, limit + 1)?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(|last| last.number);
        let items = chained(reader, entries)?;
        let cut = reader.audit_cut()?.map(|cut| cut.head.into());
        Ok(AuditPage { items, next, chain: Chain { head: reader.audit_head()?.into(), signed, cut } })
    });
    Ok(Json(page.await?))
}

/// Entries with the hash before each; only those whose neighbour is not on the page are looked up.
fn chained(reader: &mut dyn Reader, entries: Vec<StoredEntry>) -> Result<Vec<AuditItem>, StoreError> {
    let known: Vec<(u64, ChainHash)> = entries.iter().map(|entry| (entry.number, entry.hash)).collect();
    let mut items = Vec::with_capacity(entries.len());
    for (at, stored) in entries.into_iter().enumerate() {
        let number_before = stored.number.saturating_sub(1);
        let before = match known.get(at + 1) {
            Some((number, hash)) if *number == number_before => Some(*hash),
            Some(_) | None => reader.audit_hash(number_before)?,
        };
        items.push(AuditItem {
            number: stored.number,
            hash: digits(&stored.hash.0),
            hash_before: before.map(|hash| digits(&hash.0)),
            fits: before.is_some_and(|before| before.after(&stored.entry) == stored.hash),
            entry: serde_json::from_str(&stored.entry).ok(),
        });
    }
    Ok(items)
}

/// Exports the whole audit log: lines of JSON that end with the signed head, as `relay audit verify` checks them. The export is the last entry in it.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "audit",
    responses((status = 200, body = String, content_type = "application/jsonl"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn export(
    State(app): State<App>,
    asker: Asker,
    Caller(address): Caller,
) -> Result<Response, ApiError> {
    asker.must(Right::AuditRead, &Subject::Relay)?;
    asker.must_be_confirmed()?;
    let slot = app.transcripts.take(asker.slots(), Standing::Agent, address)?;
    let entry = NewEntry::new(asker.by(), Action::AuditExported);
    let head = app.store.write(move |writer| writer.append_audit(&entry)).await?;
    let cut = app.store.read(|reader| reader.audit_cut()).await?;
    let signed = head.signed(&app.keys.current.signer(SigningPurpose::AuditHead));
    let last = cut.map_or(0, |cut| cut.head.number);
    let lines = Lines { app, last, signed, _slot: slot };
    let mut response = Body::from_stream(lines.all(cut)).into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, "application/jsonl"),
        (header::CONTENT_DISPOSITION, EXPORT_NAME),
        (header::CACHE_CONTROL, "private, no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// An export that is being sent, a page of entries at a time.
struct Lines {
    app: App,
    /// The last entry that was sent.
    last: u64,
    signed: SignedHead,
    _slot: TranscriptSlot,
}

impl Lines {
    /// All of it. Nothing is read before the client has taken what was read before.
    fn all(self, cut: Option<SignedHead>) -> impl stream::Stream<Item = io::Result<Bytes>> + Send + use<> {
        let first = stream::iter(cut.map(|cut| Ok(Bytes::from(cut_line(&cut)))));
        let rest = stream::unfold(Some(self), |lines| async {
            let mut lines = lines?;
            match lines.next().await {
                Ok(text) => {
                    let is_end = lines.last > lines.signed.head.number;
                    Some((Ok(text), Some(lines).filter(|_| !is_end)))
                }
                Err(error) => Some((Err(error), None)),
            }
        });
        // The compression layer may ask once more after the end.
        StreamExt::fuse(StreamExt::chain(first, rest))
    }

    /// The next lines; the signed head is the last.
    async fn next(&mut self) -> io::Result<Bytes> {
        let end = self.signed.head.number;
        if self.last == end {
            self.last = end + 1;
            return Ok(head_line(&self.signed).into());
        }
        let after = self.last;
        let page = self.app.store.read(move |reader| reader.audit_entries(after)).await;
        let page = page.map_err(|_| io::Error::other("the store does not answer"))?;
        let within: Vec<StoredEntry> = page.into_iter().filter(|entry| entry.number <= end).collect();
        self.last = within.last().ok_or_else(|| io::Error::other("an entry is missing"))?.number;
        Ok(within.iter().map(|entry| entry_line(&entry.entry, entry.hash)).collect::<String>().into())
    }
}
