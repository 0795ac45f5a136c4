//! Visitors, read: the list, and one with their conversations.
//!
//! What is not in the asker's scope is answered as if it were not there.

use axum::Json;
use axum::extract::State;
use relay_core::conversation_of;
use relay_core::store::Query;
use relay_settings::{Right, Subject};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::{SiteId, VisitorId};

use super::asker::Asker;
use super::conversation::{Conversation, may, rows, sites};
use super::error::{ApiError, ProblemBody};
use super::params::{PathWords, QueryWords};
use crate::app::App;
use crate::store::StoreError;

/// Visitors on one page.
const PAGE: usize = 50;
/// Visitors that are read at once for a page, …
const LOOKED_AT_ONCE: usize = 500;
/// … and how often, when many of them are out of scope.
const LOOKS_MAX: usize = 20;

/// A visitor.
#[derive(Serialize, ToSchema)]
pub(super) struct Visitor {
    /// The id.
    #[schema(format = "uuid")]
    id: String,
    /// The id of their site.
    site: String,
    /// Their conversations, the newest first; 50 at most.
    conversations: Vec<Conversation>,
    /// Whether there are more.
    has_more: bool,
}

/// A visitor in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct VisitorLine {
    /// The id.
    #[schema(format = "uuid")]
    id: String,
    /// The id of their site.
    site: String,
    /// When they came first: Unix time in milliseconds.
    registered_at_ms: u64,
    /// When they were there, as last recorded; 0 once they ended their session.
    used_at_ms: u64,
}

/// Visitors by id, so those who came first are first.
#[derive(Serialize, ToSchema)]
pub(super) struct VisitorPage {
    /// The visitors.
    items: Vec<VisitorLine>,
    /// What to ask as `after` for the next page; none when this is the last.
    next: Option<String>,
}

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct VisitorsQuery {
    /// Only those of this site.
    #[param(value_type = Option<String>, min_length = 1, max_length = 40, pattern = "^[a-z0-9-]+$")]
    site: Option<SiteId>,
    /// The `next` of the page before; nothing for the first page.
    #[param(value_type = Option<String>, format = "uuid")]
    after: Option<VisitorId>,
}

/// Lists the visitors in the asker's scope, 50 on a page. A page is shorter where many others are between.
#[utoipa::path(get, path = "/api/v1/visitors", tag = "conversations", params(VisitorsQuery),
    responses((status = 200, body = VisitorPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<App>,
    asker: Asker,
    QueryWords(query): QueryWords<VisitorsQuery>,
) -> Result<Json<VisitorPage>, ApiError> {
    asker.must_have(Right::VisitorRead)?;
    let mut after = query.after.unwrap_or(VisitorId(0));
    let mut items: Vec<VisitorLine> = Vec::new();
    for _ in 0..LOOKS_MAX {
        let seen = app.store.read(move |reader| reader.visitors_after(after, LOOKED_AT_ONCE)).await?;
        let is_last = seen.len() < LOOKED_AT_ONCE;
        for known in seen {
            let is_asked = query.site.as_ref().is_none_or(|site| *site == known.site);
            if is_asked && readable(&asker, &known.site) {
                if items.len() == PAGE {
                    return Ok(Json(VisitorPage { next: Some(after.to_string()), items }));
                }
                items.push(VisitorLine {
                    id: known.id.to_string(),
                    site: known.site.to_string(),
                    registered_at_ms: known.created_at_ms,
                    used_at_ms: known.used_at_ms,
                });
            }
            after = known.id;
        }
        if is_last {
            return Ok(Json(VisitorPage { items, next: None }));
        }
    }
    Ok(Json(VisitorPage { items, next: Some(after.to_string()) }))
}

/// Reads a visitor: their conversations in the asker's scope.
#[utoipa::path(get, path = "/api/v1/visitors/{id}", tag = "conversations", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Visitor),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn read(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<VisitorId>,
) -> Result<Json<Visitor>, ApiError> {
    asker.must_have(Right::VisitorRead)?;
    let known = match app.store.read(move |reader| reader.visitor(id)).await {
        Err(StoreError::Missing) => Err(ApiError::NotFound),
        other => Ok(other?),
    }?;
    if !readable(&asker, &known.site) {
        return Err(ApiError::NotFound);
    }
    let sites = sites(&asker, None);
    let (mut all, has_more) = rows(&app, Query::OfVisitor { visitor: id, sites }).await?;
    all.retain(|known| may(&asker, Right::ConversationRead, known));
    let conversations = all.into_iter().map(Conversation::from).collect();
    Ok(Json(Visitor { id: id.to_string(), site: known.site.to_string(), conversations, has_more }))
}

/// Whether the asker may read visitors of a site: what is known of them, and what they wrote.
fn readable(asker: &Asker, site: &SiteId) -> bool {
    asker.may(Right::VisitorRead, &Subject::Visitor { site })
        && asker.may(Right::ConversationRead, &conversation_of(site))
}
