//! Downloads an uploaded file, for those who take part in its conversation and nobody else.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use relay_core::conversation::Conversation;
use relay_settings::Right;
use wire::{AttachmentId, Refusal};

use crate::app::{App, Reject};
use crate::audit::{Action, Subject};
use crate::http::AsItIs;
use crate::http::params::PathParams;
use crate::http::person::{Person, conversation, note};
use crate::store::AttachmentRecord;
use relay_edge::name::disposition;

/// `GET /file/{attachment}`: for visitors. Somebody without access learns nothing, not even that it exists.
pub(in crate::http) async fn download(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
    person: Result<Person, Reject>,
) -> Result<Response, Reject> {
    let person = person.map_err(hide)?;
    let id: AttachmentId = id.parse().map_err(|_| Refusal::NotFound)?;
    file(&app, &person, id).await
}

/// A file. Chat and console show files from memory. A file that is opened by its URL is saved and never shown under the relay's own origin.
///
/// # Errors
/// `NotAllowed`, `NotFound`, and the store's own failures.
pub(in crate::http) async fn file(app: &App, person: &Person, id: AttachmentId) -> Result<Response, Reject> {
    person.must_have(Right::FileOpen)?;
    let record = app.store.read(move |reader| reader.attachment(id)).await?;
    let within = conversation(app, record.conversation).await?;
    if !may_read(person, &record, within.as_ref()) {
        return Err(Refusal::NotFound.into());
    }
    let subject = Subject::new("file", &id);
    let subject = if let Some(within) = &within { subject.of(within.site.clone()) } else { subject };
    note(app, person, Action::FileOpened, subject).await?;
    let found = app.blobs.download(&record.key).await?;
    let shown = &record.attachment;
    let mut response = Response::new(Body::from_stream(found.content));
    let out = response.headers_mut();
    let text = |text: &str| HeaderValue::from_str(text).map_err(|_| Reject::Internal("no header value"));
    out.insert(header::CONTENT_TYPE, text(&content_type(&shown.media_type))?);
    out.insert(header::CONTENT_LENGTH, HeaderValue::from(found.bytes));
    out.insert(header::CONTENT_DISPOSITION, text(&disposition(false, &shown.name))?);
    out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    // The memory that compresses it would be held by whoever reads slowly.
    response.extensions_mut().insert(AsItIs);
    Ok(response)
}

/// Somebody who is not known gets the same answer as for a file that does not exist.
fn hide(reject: Reject) -> Reject {
    match reject {
        Reject::Refused(Refusal::SignedOut | Refusal::TokenInvalid | Refusal::SiteUnknown) => Refusal::NotFound.into(),
        Reject::Refused(_) | Reject::Internal(_) => reject,
    }
}

fn may_read(person: &Person, record: &AttachmentRecord, within: Option<&Conversation>) -> bool {
    match within {
        Some(conversation) => person.may(Right::FileOpen, conversation),
        // Uploaded, but no message has opened the conversation yet.
        None => record.uploader == person.uploader(),
    }
}

/// Text is UTF-8: that was checked by the upload.
fn content_type(media_type: &str) -> String {
    if media_type.starts_with("text/") { format!("{media_type}; charset=utf-8") } else { media_type.to_owned() }
}
