//! What a site's chat would show with a document that is not saved, and the product's own texts that a site may replace.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use relay_settings::{Change, DocumentId, DocumentKey, Kind, Look};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use wire::SiteId;

use super::asker::Asker;
use super::body::JsonBody;
use super::error::{ApiError, ProblemBody};
use super::params::{PathWords, QueryWords};
use super::settings::{DocumentBody, problem};
use crate::app::App;
use crate::clock::now_ms;
use crate::settings::EditError;
use crate::settings::look::{catalogue, chat_look};

/// In which language.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct LookQuery {
    /// A language of the chat, as `en` or `zh-CN`.
    #[param(min_length = 1, max_length = 20)]
    language: String,
}

/// Says what a site's chat would show if its document were the one that is sent. Nothing is saved.
#[utoipa::path(post, path = "/api/v1/sites/{id}/look", tag = "settings", params(("id" = String, Path), LookQuery), request_body = DocumentBody,
    responses((status = 200, description = "What the chat reads; see `GET /look`.", body = Object),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn preview(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<DocumentId>,
    QueryWords(query): QueryWords<LookQuery>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, ApiError> {
    let site = id.as_str().parse::<SiteId>().map_err(|_| ApiError::NotFound)?;
    let key = DocumentKey { kind: Kind::Site, id };
    let snapshot = app.settings.snapshot();
    let document = snapshot.document(&key).ok_or(ApiError::NotFound)?;
    if !asker.may_read(Kind::Site, &key.id, document) {
        return Err(ApiError::NotFound);
    }
    let after = snapshot.with([Change::put(key.clone(), body)]);
    let after = after.map_err(|found| problem(&key, EditError::Invalid(found)))?;
    let look = Look::of(&after, &key.id, &query.language, now_ms()).ok_or(ApiError::NotFound)?;
    let mut look = chat_look(&look);
    // The number of the saved one: a chat that shows this one does not ask for that.
    look["number"] = app.settings.look_number(&site, now_ms()).into();
    Ok(Json(look))
}

/// The texts of the chat in one language.
#[derive(Serialize, ToSchema)]
pub(super) struct Texts {
    /// Each text by its name, which a document of kind `texts` replaces it by.
    #[schema(example = json!({ "send": "Send" }))]
    texts: &'static BTreeMap<String, String>,
}

/// Gives the chat's own texts in a language.
#[utoipa::path(get, path = "/api/v1/texts/{language}", tag = "settings", params(("language" = String, Path)),
    responses((status = 200, body = Texts),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn texts(_asker: Asker, PathWords(language): PathWords<String>) -> Result<Json<Texts>, ApiError> {
    catalogue(&language).map(|texts| Json(Texts { texts })).ok_or(ApiError::NotFound)
}
