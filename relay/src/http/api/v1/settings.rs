//! Documents: listed, read, added, changed, removed. One set of routes for all kinds.
//!
//! Who may not read a document is answered as if there were none.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use relay_settings::{DocumentId, DocumentKey, Kind, Problem, ProblemCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::asker::Asker;
use super::body::JsonBody;
use super::condition::{IfMatch, Precondition, etag, has_version};
use super::error::{ApiError, ProblemBody};
use super::params::{PathWords, QueryWords};
use crate::app::App;
use crate::clock::random_bytes;
use crate::hex::digits;
use crate::settings::{Edit, EditError};
use crate::store::{DocumentsError, Expected};

/// Documents on one page, when the asker names no number.
const PAGE_DEFAULT: usize = 50;
/// Documents on one page.
const PAGE_MAX: usize = 200;
/// Bytes of the documents on one page, beyond the first.
const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// The `next` of the page before; nothing for the first page.
    #[param(value_type = Option<String>, min_length = 1, max_length = 40, pattern = "^[a-z0-9-]+$")]
    after: Option<DocumentId>,
    /// Documents on the page at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
    /// Only documents of this site, without those for all sites.
    #[param(value_type = Option<String>, min_length = 1, max_length = 40, pattern = "^[a-z0-9-]+$")]
    site: Option<DocumentId>,
}

/// Documents of one kind, by id.
#[derive(Serialize, ToSchema)]
pub(super) struct DocumentPage {
    /// The documents, each with its id and version.
    #[schema(value_type = Vec<Document>)]
    items: Vec<Value>,
    /// What to ask as `after` for the next page; none when this is the last.
    next: Option<String>,
}

/// Stands for a document of each kind in the document of the API.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its name is used")]
pub(super) struct Document {
    id: String,
}

/// Stands for the body of a document of each kind.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its name is used")]
pub(super) struct DocumentBody {
    id: String,
}

/// Stands for a new document of each kind.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its name is used")]
pub(super) struct NewDocument {
    id: String,
}

/// Lists documents of one kind that the asker may read, by id. The `ETag` is another one for another asker.
#[utoipa::path(get, path = "/api/v1/settings/{kind}", tag = "settings", params(("kind" = String, Path), ListQuery),
    responses((status = 200, body = DocumentPage, headers(("ETag" = String))),
        (status = 304, description = "`If-None-Match` names this list, as this asker sees it."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<App>,
    asker: Asker,
    PathWords(kind): PathWords<Kind>,
    QueryWords(query): QueryWords<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(ApiError::Malformed("the parameter `limit`: it is 1 to 200"));
    }
    let snapshot = app.settings.snapshot();
    let version = asker.version_seen(snapshot.version());
    let of_list =
        [(header::ETAG, etag(version)), (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"))];
    if has_version(&headers, version) {
        return Ok((StatusCode::NOT_MODIFIED, of_list).into_response());
    }
    let later = snapshot.of_kind(kind).filter(|(id, _)| query.after.as_ref().is_none_or(|after| *id > after));
    let of_site = later.filter(|(_, document)| query.site.is_none() || document.site() == query.site.as_ref());
    let mut readable = of_site.filter(|(id, document)| asker.may_read(kind, id, document));
    let (mut items, mut bytes, mut last) = (Vec::new(), 0, None);
    for (id, document) in readable.by_ref().take(limit) {
        last = Some(id.to_string());
        bytes += document.bytes();
        items.push(with_id(id, document));
        if bytes > PAGE_BYTES_MAX {
            break;
        }
    }
    let next = last.filter(|_| readable.next().is_some());
    Ok((of_list, Json(DocumentPage { items, next })).into_response())
}

/// Adds a document. Its id is the one that is given, or one that the relay makes.
#[utoipa::path(post, path = "/api/v1/settings/{kind}", tag = "settings", params(("kind" = String, Path)), request_body = NewDocument,
    responses((status = 201, body = Document, headers(("ETag" = String), ("Location" = String))),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create(
    State(app): State<App>,
    asker: Asker,
    PathWords(kind): PathWords<Kind>,
    JsonBody(mut body): JsonBody,
) -> Result<Response, ApiError> {
    let id = match take(&mut body, "id") {
        None | Some(Value::Null) => new_id(),
        Some(id) => serde_json::from_value(id).map_err(|_| {
            let remedy = "an id is 1 to 40 characters: a-z, 0-9 and -; leave it out and the relay makes one".to_owned();
            ApiError::Invalid(vec![Problem { field: "id".into(), code: ProblemCode::Shape, remedy }])
        })?,
    };
    let key = DocumentKey { kind, id };
    let edit = Edit { expected: Expected::Absent, body: Some(body), keep: false };
    let changed = change(&app, &asker, &key, edit).await;
    if let Err(ApiError::Changed(_)) = changed {
        // Whether there is one that the asker may not see is not said otherwise than by the id that cannot be had.
        let remedy = format!("there is a {kind} with this id; choose another");
        return Err(ApiError::Conflict(vec![Problem { field: "id".into(), code: ProblemCode::Taken, remedy }]));
    }
    changed?;
    let mut response = answer(&app, &key, StatusCode::CREATED)?;
    let location = HeaderValue::try_from(format!("/api/v1/settings/{key}"))
        .map_err(|_| ApiError::Internal("an id that is no header"))?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Reads a document.
#[utoipa::path(get, path = "/api/v1/settings/{kind}/{id}", tag = "settings", params(("kind" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = Document, headers(("ETag" = String))), (status = 304, description = "`If-None-Match` names this version."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn read(
    State(app): State<App>,
    asker: Asker,
    PathWords((kind, id)): PathWords<(Kind, DocumentId)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let snapshot = app.settings.snapshot();
    let key = DocumentKey { kind, id };
    let document =
        snapshot.document(&key).filter(|document| asker.may_read(kind, &key.id, document)).ok_or(ApiError::NotFound)?;
    if has_version(&headers, document.version()) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag(document.version()))]).into_response());
    }
    answer(&app, &key, StatusCode::OK)
}

/// Replaces a document, or adds it under this id (`If-None-Match: *`).
#[utoipa::path(put, path = "/api/v1/settings/{kind}/{id}", tag = "settings", request_body = DocumentBody,
    params(("kind" = String, Path), ("id" = String, Path),
        ("If-Match" = Option<String>, Header, pattern = r#"^(\*|(W/)?"[!#-~]*")$"#,
            description = "The `ETag` of what was read, or `*`. Required, unless `If-None-Match` is given."),
        ("If-None-Match" = Option<String>, Header, pattern = r"^\*$", description = "`*` adds a document; there must be none with this id.")),
    responses((status = 200, body = Document, headers(("ETag" = String))), (status = 201, body = Document, headers(("ETag" = String))),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn replace(
    State(app): State<App>,
    asker: Asker,
    PathWords((kind, id)): PathWords<(Kind, DocumentId)>,
    precondition: Precondition,
    JsonBody(mut body): JsonBody,
) -> Result<Response, ApiError> {
    let key = DocumentKey { kind, id };
    // As it was read, so that what was read can be sent back with a field changed.
    take(&mut body, "version");
    if take(&mut body, "id").is_some_and(|given| given != key.id.as_str()) {
        let remedy = "the id in the body is not the one in the address; leave it out".to_owned();
        return Err(ApiError::Invalid(vec![Problem { field: "id".into(), code: ProblemCode::Contradiction, remedy }]));
    }
    let expected = match precondition {
        Precondition::Absent => Expected::Absent,
        Precondition::Match(condition) => present(&app, &asker, &key, &condition)?,
    };
    change(&app, &asker, &key, Edit { expected, body: Some(body), keep: false }).await?;
    let status = if expected == Expected::Absent { StatusCode::CREATED } else { StatusCode::OK };
    answer(&app, &key, status)
}

/// What is done with what depends on a document that is removed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct RemoveQuery {
    /// For a site: remove it although it has conversations; they are kept.
    #[serde(default)]
    keep_conversations: bool,
}

/// Removes a document that no other one names.
#[utoipa::path(delete, path = "/api/v1/settings/{kind}/{id}", tag = "settings",
    params(("kind" = String, Path), ("id" = String, Path), RemoveQuery,
        ("If-Match" = String, Header, pattern = r#"^(\*|(W/)?"[!#-~]*")$"#, description = "The `ETag` of what was read, or `*`.")),
    responses((status = 204, description = "Removed."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove(
    State(app): State<App>,
    asker: Asker,
    PathWords((kind, id)): PathWords<(Kind, DocumentId)>,
    QueryWords(query): QueryWords<RemoveQuery>,
    condition: IfMatch,
) -> Result<StatusCode, ApiError> {
    let key = DocumentKey { kind, id };
    let expected = present(&app, &asker, &key, &condition)?;
    change(&app, &asker, &key, Edit { expected, body: None, keep: query.keep_conversations }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A document with its id and version.
fn with_id(id: &DocumentId, document: &relay_settings::Document) -> Value {
    let mut value = document.value();
    if let Value::Object(fields) = &mut value {
        fields.insert("id".to_owned(), id.as_str().into());
        fields.insert("version".to_owned(), document.version().into());
    }
    value
}

/// The answer with a document that is in force.
fn answer(app: &App, key: &DocumentKey, status: StatusCode) -> Result<Response, ApiError> {
    let snapshot = app.settings.snapshot();
    let document = snapshot.document(key).ok_or(ApiError::NotFound)?;
    let headers =
        [(header::ETAG, etag(document.version())), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    Ok((status, headers, Json(with_id(&key.id, document))).into_response())
}

/// The version that `If-Match` means, of a document that must be there.
fn present(app: &App, asker: &Asker, key: &DocumentKey, condition: &IfMatch) -> Result<Expected, ApiError> {
    let snapshot = app.settings.snapshot();
    let document = snapshot.document(key).filter(|document| asker.may_read(key.kind, &key.id, document));
    let document = document.ok_or(ApiError::NotFound)?;
    Ok(Expected::Version(condition.of(document.version())?))
}

/// Changes one document, if the asker may: as it is, and as it would be.
async fn change(app: &App, asker: &Asker, key: &DocumentKey, edit: Edit) -> Result<(), ApiError> {
    let snapshot = app.settings.snapshot();
    let present = snapshot.document(key);
    let is_hidden = present.is_some_and(|document| !asker.may_read(key.kind, &key.id, document));
    if (is_hidden && edit.expected != Expected::Absent) || (present.is_none() && edit.body.is_none()) {
        return Err(ApiError::NotFound);
    }
    asker.must_change(key, present.map(relay_settings::Document::value).as_ref(), edit.body.as_ref())?;
    let by = asker.by();
    let edits = BTreeMap::from([(key.clone(), edit)]);
    app.settings.change(edits, by).await.map(drop).map_err(|error| problem(key, error))
}

/// Why one document was not changed.
pub(super) fn problem(key: &DocumentKey, error: EditError) -> ApiError {
    match error {
        EditError::Invalid(found) => {
            let in_the_way = |problem: &Problem| matches!(problem.code, ProblemCode::InUse | ProblemCode::Taken);
            let conflict = found.iter().any(|(other, problems)| other != key || problems.iter().any(in_the_way));
            let problems = found.into_iter().flat_map(|(other, problems)| {
                let elsewhere = (other != *key).then(|| format!("{other}: "));
                problems.into_iter().map(move |problem| match &elsewhere {
                    None => problem,
                    Some(other) => Problem { remedy: format!("{other}{}", problem.remedy), ..problem },
                })
            });
            if conflict { ApiError::Conflict(problems.collect()) } else { ApiError::Invalid(problems.collect()) }
        }
        EditError::Store(DocumentsError::Conflict { version, .. }) => ApiError::Changed(version),
        EditError::Store(DocumentsError::Missing(_)) => ApiError::NotFound,
        EditError::Store(DocumentsError::InUse(_)) => {
            let remedy =
                "this site has conversations; remove it with `keep_conversations=true`, which keeps them".to_owned();
            // The field is the parameter that allows it.
            ApiError::Conflict(vec![Problem {
                field: "keep_conversations".to_owned(),
                code: ProblemCode::InUse,
                remedy,
            }])
        }
        EditError::Store(error @ (DocumentsError::OnStaff { .. } | DocumentsError::LastAdministrator)) => {
            let problem = Problem { field: String::new(), code: ProblemCode::InUse, remedy: error.to_string() };
            ApiError::Conflict(vec![problem])
        }
        EditError::Store(DocumentsError::Moved { .. }) => ApiError::Refused(wire::Refusal::Busy),
        EditError::Store(DocumentsError::Store(error)) => error.into(),
    }
}

/// Takes a field out of an object.
fn take(body: &mut Value, name: &str) -> Option<Value> {
    body.as_object_mut()?.remove(name)
}

/// An id that nobody chose.
fn new_id() -> DocumentId {
    let bytes: [u8; 6] = random_bytes();
    digits(&bytes).parse().expect("hex digits are an id")
}
