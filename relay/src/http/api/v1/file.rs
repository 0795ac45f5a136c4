//! Files of conversations and transcripts, for staff: listed, brought, downloaded. Visitors have routes of their own.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use relay_core::store::{Query, QueryAnswer};
use relay_settings::Right;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::limit::CONTEXT_FIELD_CHARS_MAX;
use wire::{Attachment, AttachmentId, Author, Body as Said, ConversationId, Lane, Seq};

use super::asker::Asker;
use super::conversation::found;
use super::error::{ApiError, ProblemBody};
use super::params::{PathWords, QueryWords, number, text};
use crate::app::{App, Caller};
use crate::http::AsItIs;
use crate::http::file::{download, transcript, upload};
use crate::http::person::{Person, StaffPerson, store_error};
use crate::store::StoreError;
use crate::transcript::Format;

/// Pages of events that one list looks through at most.
const PAGES_MAX: usize = 5;

/// How a transcript is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TranscriptFormat {
    /// A line for each thing that happened.
    #[default]
    Text,
    /// Everything that was recorded.
    Json,
    /// A page of its own.
    Html,
}

/// How a transcript is to be.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct TranscriptQuery {
    /// How it is written.
    #[serde(default)]
    #[param(inline)]
    format: TranscriptFormat,
    /// Whether it has what agents alone see, too: notes, labels, who had it.
    #[serde(default)]
    notes: bool,
    /// The language of what the relay says in it, a tag as `en` or `zh-CN`; the visitor's without this.
    #[serde(default, deserialize_with = "text::<CONTEXT_FIELD_CHARS_MAX, _>")]
    #[param(max_length = 300)]
    language: Option<String>,
    /// An IANA time zone; the visitor's without this.
    #[serde(default, deserialize_with = "text::<CONTEXT_FIELD_CHARS_MAX, _>")]
    #[param(max_length = 300)]
    zone: Option<String>,
}

/// Gets a conversation as a document. It is noted in the audit log. A few are written at once, then 429.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/transcript", tag = "conversations", params(("id" = String, Path, format = "uuid"), TranscriptQuery),
    responses((status = 200, content((String = "text/plain"), (Object = "application/json"), (String = "text/html"))),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn transcript(
    State(app): State<App>,
    Caller(address): Caller,
    asker: Asker,
    PathWords(id): PathWords<ConversationId>,
    QueryWords(query): QueryWords<TranscriptQuery>,
) -> Result<Response, ApiError> {
    let TranscriptQuery { format, notes, language, zone } = query;
    let format = match format {
        TranscriptFormat::Text => Format::Text,
        TranscriptFormat::Json => Format::Json,
        TranscriptFormat::Html => Format::Html,
    };
    let asked = transcript::Asked { format, notes, language, zone };
    let mut response = transcript::write(app, (&person(&asker), address), id, asked).await?;
    // It has an encoder of its own.
    response.extensions_mut().insert(AsItIs);
    Ok(response)
}

/// A file that somebody brought into a conversation.
#[derive(Serialize, ToSchema)]
pub(super) struct File {
    /// The id.
    #[schema(format = "uuid")]
    id: String,
    /// As whoever brought it calls it.
    name: String,
    /// What kind of file it is, found by its content.
    media_type: String,
    /// Its length.
    bytes: u64,
    /// Of a picture, in pixels; 0 otherwise.
    width: u32,
    /// The same.
    height: u32,
    /// When it was sent: Unix time in milliseconds.
    at_ms: u64,
    /// Who sent it, as in events.
    #[schema(value_type = Object)]
    author: Author,
}

/// Files of a conversation, in the order in which they were sent.
#[derive(Serialize, ToSchema)]
pub(super) struct FilePage {
    /// The files.
    items: Vec<File>,
    /// What to ask as `after` for the next page; none when this is the last. A page may be empty and not the last.
    next: Option<u64>,
}

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct FilesQuery {
    /// The `next` of the page before; nothing for the first page.
    #[serde(default, deserialize_with = "number")]
    #[param(minimum = 0)]
    after: Option<u64>,
}

/// Lists the files of a conversation. A page looks through 1,000 events of it.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/files", tag = "conversations", params(("id" = String, Path, format = "uuid"), FilesQuery),
    responses((status = 200, body = FilePage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<ConversationId>,
    QueryWords(query): QueryWords<FilesQuery>,
) -> Result<Json<FilePage>, ApiError> {
    asker.must_have(Right::FileOpen)?;
    found(&app, &asker, id, &[Right::FileOpen]).await?;
    let (mut items, mut after, mut next) = (Vec::new(), Seq(query.after.unwrap_or(0)), None);
    for _ in 0..PAGES_MAX {
        let asked = Query::Events { conversation: id, lane: Lane::Shared, after };
        let QueryAnswer::Events { conversation, events } =
            app.store.read(move |reader| reader.query(&asked).map_err(store_error)).await?
        else {
            return Err(StoreError::Down.into());
        };
        after = events.last().map_or(conversation.head.shared, |last| last.seq);
        next = (after < conversation.head.shared).then_some(after.0);
        items.extend(events.into_iter().filter_map(|event| {
            let Said::File { attachment } = event.body else { return None };
            let Attachment { id, name, media_type, bytes, width, height, .. } = attachment;
            let (id, at_ms, author) = (id.to_string(), event.at_ms, event.author);
            Some(File { id, name, media_type, bytes, width, height, at_ms, author })
        }));
        if next.is_none() {
            break;
        }
    }
    Ok(Json(FilePage { items, next }))
}

/// Downloads a file. It is noted in the audit log.
#[utoipa::path(get, path = "/api/v1/files/{id}", tag = "conversations", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Vec<u8>, content_type = "*/*"),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn read(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<AttachmentId>,
) -> Result<Response, ApiError> {
    Ok(download::file(&app, &person(&asker), id).await?)
}

/// A file as it was taken: `id`, `name`, `media_type`, `media`, `bytes`, `width`, `height`.
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub(super) struct TakenFile(Attachment);

/// Brings a file into a conversation, under an id that the asker makes; a repetition is one file. Its kind is found by its content. A message sends it
/// (`file`); what no message names is removed after an hour.
#[utoipa::path(put, path = "/api/v1/conversations/{id}/files/{file}", tag = "conversations",
    params(("id" = String, Path, format = "uuid"), ("file" = String, Path, format = "uuid"),
        ("x-file-name" = Option<String>, Header, description = "The file's name, percent-encoded.", pattern = "^[ -~]*$")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = TakenFile),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn bring(
    State(app): State<App>,
    Caller(address): Caller,
    asker: Asker,
    PathWords((conversation, id)): PathWords<(ConversationId, AttachmentId)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let target = upload::UploadTarget { conversation, id, person: person(&asker), address };
    let taken = upload::take(&app, target, &headers, body).await?;
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, no_store, Json(TakenFile(taken))).into_response())
}

/// The asker as whoever gets or brings files.
fn person(asker: &Asker) -> Person {
    let (uploader, staff, by) = (asker.slots(), asker.staff().clone(), asker.by());
    Person::Staff(Box::new(StaffPerson { uploader, staff, by }))
}

const _: () = assert!(CONTEXT_FIELD_CHARS_MAX == 300, "the document of the API says so");
