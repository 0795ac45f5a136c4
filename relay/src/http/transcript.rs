//! Handing out a conversation as a document.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use wire::{ConversationId, Lane, Refusal};

use super::name::disposition;
use super::person::{Person, conversation, store_error};
use super::reject::Reject;
use crate::app::App;
use crate::transcript::{EVENTS_MAX, Format, Transcript, page};

/// What stands in the address.
#[derive(Debug, Deserialize)]
pub(super) struct TranscriptQuery {
    #[serde(default)]
    format: Format,
    /// `1` adds what only agents see.
    notes: Option<String>,
}

/// `GET /transcript/{conversation}?format=text|json|html`.
pub(super) async fn transcript(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<TranscriptQuery>,
    person: Person,
) -> Result<Response, Reject> {
    let id: ConversationId = id.parse().map_err(|_| Refusal::NotFound)?;
    let known = conversation(&app, id).await?.filter(|known| person.takes_part(known));
    let mut transcript = Transcript::new(known.ok_or(Refusal::NotFound)?);
    let staff = matches!(person, Person::Agent(_)) && query.notes.as_deref() == Some("1");
    read(&app, &mut transcript, Lane::Shared).await?;
    if staff {
        read(&app, &mut transcript, Lane::Staff).await?;
    }
    Ok(answer(&transcript, query.format))
}

/// Reads one lane page by page, so that a long one does not hold up others.
async fn read(app: &App, transcript: &mut Transcript, lane: Lane) -> Result<(), Reject> {
    let (id, mut after) = (transcript.conversation.id, wire::Seq::ZERO);
    while transcript.events.len() < EVENTS_MAX {
        let events = app.store.read(move |reader| page(reader, id, lane, after).map_err(store_error)).await?;
        let Some(last) = events.last() else { break };
        after = last.seq;
        transcript.events.extend(events);
    }
    Ok(())
}

fn answer(transcript: &Transcript, format: Format) -> Response {
    let mut response = transcript.write(format).into_response();
    let out = response.headers_mut();
    let (media_type, policy) = match format {
        Format::Text => ("text/plain; charset=utf-8", "sandbox; default-src 'none'"),
        Format::Json => ("application/json", "sandbox; default-src 'none'"),
        Format::Html => (
            "text/html; charset=utf-8",
            "sandbox; default-src 'none'; style-src 'sha256-STYLE'; base-uri 'none'; form-action 'none'",
        ),
    };
    let policy = policy.replace("STYLE", &crate::transcript::style_hash());
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    let name = disposition(false, &transcript.file_name(format));
    for (header, value) in [(header::CONTENT_SECURITY_POLICY, policy), (header::CONTENT_DISPOSITION, name)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            out.insert(header, value);
        }
    }
    response
}
