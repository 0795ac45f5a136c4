//! What documents were before: each change of one, the newest first.

use axum::Json;
use axum::extract::State;
use relay_settings::{DocumentId, DocumentKey, Kind, Right, Subject};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::asker::Asker;
use super::error::{ApiError, ProblemBody};
use super::params::{PathWords, QueryWords, number};
use crate::app::App;
use crate::audit::Who;
use crate::store::DocumentVersion;

/// Versions on one page of a history; each may be as long as a document.
const VERSIONS_MAX: usize = 10;

/// Which part of a history.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryQuery {
    /// The `next` of the page before: only changes before this version.
    #[param(minimum = 0)]
    #[serde(default, deserialize_with = "number")]
    before: Option<u64>,
}

/// Changes of a document, the newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct HistoryPage {
    /// The changes.
    items: Vec<HistoryEntry>,
    /// What to ask as `before` for the next page; none when this is the last.
    next: Option<u64>,
}

/// One change of a document.
#[derive(Serialize, ToSchema)]
pub(super) struct HistoryEntry {
    /// The version that it made.
    version: u64,
    /// When, in milliseconds since 1970 UTC.
    at_ms: u64,
    /// Who made it: an agent, a key, the command line, the relay itself.
    #[schema(value_type = Object)]
    by: Who,
    /// The document's body since then; none when it was removed. Sent with `PUT`, it is restored.
    #[schema(value_type = Option<Object>)]
    body: Option<Value>,
}

/// Says what a document was, the newest change first. A document that was removed has a history, too.
#[utoipa::path(get, path = "/api/v1/settings/{kind}/{id}/history", tag = "settings",
    params(("kind" = String, Path), ("id" = String, Path), HistoryQuery),
    responses((status = 200, body = HistoryPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn history(
    State(app): State<App>,
    asker: Asker,
    PathWords((kind, id)): PathWords<(Kind, DocumentId)>,
    QueryWords(query): QueryWords<HistoryQuery>,
) -> Result<Json<HistoryPage>, ApiError> {
    let key = DocumentKey { kind, id };
    let snapshot = app.settings.snapshot();
    let readable = match snapshot.document(&key) {
        Some(document) => asker.may_read(kind, &key.id, document),
        // Nobody can say any more to which site it belonged in the end: those who may read all settings may.
        None => asker.may(Right::SettingsRead, &Subject::Relay),
    };
    if !readable {
        return Err(ApiError::NotFound);
    }
    let before = query.before.unwrap_or(u64::MAX);
    let found = app.store.read(move |reader| reader.document_history(&key, before, VERSIONS_MAX + 1)).await?;
    if found.is_empty() && query.before.is_none() {
        return Err(ApiError::NotFound);
    }
    let next = found.get(VERSIONS_MAX).map(|_| found[VERSIONS_MAX - 1].version);
    let items = found.into_iter().take(VERSIONS_MAX).map(|DocumentVersion { version, who, at_ms, body, .. }| {
        let body = body.map(|body| serde_json::from_str(&body)).transpose();
        Ok(HistoryEntry {
            version,
            at_ms,
            by: who,
            body: body.map_err(|_| ApiError::Internal("a stored document is no JSON"))?,
        })
    });
    Ok(Json(HistoryPage { items: items.collect::<Result<_, ApiError>>()?, next }))
}
