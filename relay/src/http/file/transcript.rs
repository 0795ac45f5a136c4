//! Transcripts: a conversation as a document, sent chunk by chunk as the client reads it, a few at the same time.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use relay_settings::Right;
use serde::Deserialize;
use wire::limit::{CONTEXT_FIELD_CHARS_MAX, TRANSCRIPT_CHUNK_BYTES};
use wire::{ConversationId, Refusal};

use crate::address::Address;
use crate::app::{App, Caller, Reject};
use crate::audit::{Action, Subject};
use crate::http::params::{PathParams, QueryParams};
use crate::http::person::{Person, conversation, note, store_error};
use crate::store::StoreError;
use crate::transcript::lanes::{Lanes, Step};
use crate::transcript::{Document, Format, TranscriptOptions, TranscriptSlot};
use relay_edge::name::disposition;

/// The parameters.
#[derive(Debug, Deserialize)]
pub(in crate::http) struct TranscriptQuery {
    #[serde(default)]
    format: Format,
    /// A language tag; the visitor's when there is none.
    language: Option<String>,
    /// An IANA time zone; the visitor's when there is none.
    zone: Option<String>,
}

/// What is asked for.
pub(in crate::http) struct Asked {
    pub(in crate::http) format: Format,
    /// Whether it has what agents alone see, if they may.
    pub(in crate::http) notes: bool,
    pub(in crate::http) language: Option<String>,
    pub(in crate::http) zone: Option<String>,
}

/// `GET /transcript/{conversation}?format=text|json|html`: for visitors.
pub(in crate::http) async fn transcript(
    State(app): State<App>,
    Caller(address): Caller,
    PathParams(id): PathParams<String>,
    QueryParams(query): QueryParams<TranscriptQuery>,
    person: Person,
) -> Result<Response, Reject> {
    let id: ConversationId = id.parse().map_err(|_| Refusal::NotFound)?;
    let TranscriptQuery { format, language, zone } = query;
    write(app, (&person, address), id, Asked { format, notes: false, language, zone }).await
}

/// The transcript of a conversation.
///
/// # Errors
/// `NotAllowed`, `NotFound`, `RateLimited` or `Busy`, and the store's own failures.
pub(in crate::http) async fn write(
    app: App,
    (person, address): (&Person, Address),
    id: ConversationId,
    asked: Asked,
) -> Result<Response, Reject> {
    person.must_have(Right::TranscriptExport)?;
    let known = conversation(&app, id).await?.filter(|known| person.may(Right::TranscriptExport, known));
    let known = known.ok_or(Refusal::NotFound)?;
    let slot = app.transcripts.take(person.uploader(), person.standing(), address)?;
    let subject = Subject::new("conversation", &id).of(known.site.clone());
    note(&app, person, Action::TranscriptExported, subject).await?;
    let is_staff = matches!(person, Person::Staff(_)) && person.may(Right::ConversationRead, &known);
    let notes = is_staff && asked.notes;
    let options = TranscriptOptions { language: asked.language.map(short), zone: asked.zone.map(short) };
    let (of, format) = (known.clone(), asked.format);
    let document = app.store.read(move |reader| Ok(Document::of(&of, format, &options, reader))).await?;
    let name = disposition(false, &document.file_name());
    let mut writing = Writing { app, lanes: Lanes::new(&known, notes), document, at: At::Begin, _slot: slot };
    // Before the head of the answer: a failure of the store is then an error, not a broken body.
    let first = writing.next().await?.unwrap_or_default();
    Ok(answer(format, &name, writing.body(first)))
}

/// Cuts what is longer than any language tag or zone.
fn short(value: String) -> String {
    if value.len() <= CONTEXT_FIELD_CHARS_MAX { value } else { String::new() }
}

/// A document that is being sent.
struct Writing {
    app: App,
    lanes: Lanes,
    document: Document,
    at: At,
    _slot: TranscriptSlot,
}

/// What is to be written next.
enum At {
    Begin,
    Events,
    Done,
}

impl Writing {
    /// The next chunk; none after the end. It is as large as one event more than [`TRANSCRIPT_CHUNK_BYTES`] at most.
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        let mut out = String::new();
        match self.at {
            At::Begin => self.document.begin(&mut out),
            At::Events => {}
            At::Done => return Ok(None),
        }
        self.at = At::Events;
        while out.len() < TRANSCRIPT_CHUNK_BYTES {
            match self.lanes.next_step() {
                Step::Event(event) => self.document.event(&event, &mut out),
                Step::Page(lane, query) => {
                    let answer = self.app.store.read(move |reader| reader.query(&query).map_err(store_error)).await?;
                    self.lanes.turn(lane, answer).map_err(store_error)?;
                }
                Step::End => {
                    self.document.end(&mut out);
                    self.at = At::Done;
                    break;
                }
            }
        }
        Ok(Some(out.into()))
    }

    /// The rest, after the first chunk. Nothing is read before the client has taken the chunk before; `relay/src/limit/transfer_timeout.rs` bounds how slow
    /// that may be.
    fn body(self, first: Bytes) -> Body {
        let rest = stream::unfold(Some(self), |writing| async {
            let mut writing = writing?;
            match writing.next().await {
                Ok(chunk) => chunk.map(|chunk| (Ok(chunk), Some(writing))),
                Err(error) => {
                    tracing::debug!(?error, "a transcript broke off");
                    Some((Err(std::io::Error::other("the store does not answer")), None))
                }
            }
        });
        let first = stream::once(std::future::ready(Ok(first)));
        // The compression layer may ask once more after the end.
        Body::from_stream(StreamExt::fuse(StreamExt::chain(first, rest)))
    }
}

fn answer(format: Format, name: &str, body: Body) -> Response {
    let mut response = body.into_response();
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
    for (header, value) in [(header::CONTENT_SECURITY_POLICY, policy.as_str()), (header::CONTENT_DISPOSITION, name)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            out.insert(header, value);
        }
    }
    response
}
