//! Handing out a conversation as a document, chunk by chunk as the other side takes it, a few at once.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::limit::{
    CONTEXT_FIELD_CHARS_MAX, TRANSCRIPT_CHUNK_BYTES, TRANSCRIPTS_OF_AGENTS_MAX, TRANSCRIPTS_OF_VISITORS_MAX,
    TRANSCRIPTS_PER_ADDRESS_MAX, TRANSCRIPTS_PER_PERSON_MAX,
};
use wire::{ConversationId, Refusal};

use super::asked::{Fields, Named};
use super::name::disposition;
use super::person::{Person, conversation, store_error};
use super::reject::Reject;
use crate::address::Address;
use crate::app::{App, Caller};
use crate::limiter::{Slot, Slots};
use crate::metrics;
use crate::share::{Bounds, Full, Share, Shares};
use crate::store::{StoreError, Uploader};
use crate::transcript::lanes::{Lanes, Step};
use crate::transcript::{Document, Format, Wish};

/// When somebody has as many under way as they may, the next may come after this.
const RETRY_AFTER_MS: u64 = 2_000;

/// Those of visitors: a network has twice what an address has.
const OF_VISITORS: Bounds = Bounds {
    all: TRANSCRIPTS_OF_VISITORS_MAX,
    address: TRANSCRIPTS_PER_ADDRESS_MAX,
    network: 2 * TRANSCRIPTS_PER_ADDRESS_MAX,
};

/// What stands in the address.
#[derive(Debug, Deserialize)]
pub(super) struct TranscriptQuery {
    #[serde(default)]
    format: Format,
    /// `1` adds what only agents see.
    notes: Option<String>,
    /// A language tag; the visitor's when there is none.
    language: Option<String>,
    /// An IANA time zone; the visitor's when there is none.
    zone: Option<String>,
}

/// The transcripts that are being written now. Agents have places of their own: no visitor can take them.
pub struct Transcripts {
    agents: Arc<Semaphore>,
    persons: Arc<Slots<Uploader>>,
    visitors: Arc<Shares>,
}

/// The right to one; given back when dropped.
struct Place {
    _all: Option<OwnedSemaphorePermit>,
    _person: Slot<Uploader>,
    _share: Option<Share>,
}

impl Default for Transcripts {
    fn default() -> Self {
        Self {
            visitors: Arc::new(Shares::new(OF_VISITORS)),
            agents: Arc::new(Semaphore::new(TRANSCRIPTS_OF_AGENTS_MAX)),
            persons: Arc::new(Slots::new(usize::MAX, TRANSCRIPTS_PER_PERSON_MAX)),
        }
    }
}

impl Transcripts {
    /// A place for one more.
    fn take(&self, person: &Person, address: Address) -> Result<Place, Refusal> {
        let later = Refusal::RateLimited { retry_after_ms: RETRY_AFTER_MS };
        let of_person = self.persons.take(person.uploader()).ok_or_else(|| later.clone())?;
        match person {
            Person::Visitor(_) => {
                let share = self.visitors.take(address, person.standing()).map_err(|full| {
                    crate::metrics::no_slot(metrics::Slots::Transcript, full);
                    if full == Full::All { Refusal::Busy } else { later }
                })?;
                Ok(Place { _all: None, _person: of_person, _share: Some(share) })
            }
            Person::Agent(_) => {
                let all = Arc::clone(&self.agents).try_acquire_owned().map_err(|_| Refusal::Busy)?;
                Ok(Place { _all: Some(all), _person: of_person, _share: None })
            }
        }
    }
}

/// `GET /transcript/{conversation}?format=text|json|html`.
pub(super) async fn transcript(
    State(app): State<App>,
    Caller(address): Caller,
    Named(id): Named<String>,
    Fields(query): Fields<TranscriptQuery>,
    person: Person,
) -> Result<Response, Reject> {
    let id: ConversationId = id.parse().map_err(|_| Refusal::NotFound)?;
    let known = conversation(&app, id).await?.filter(|known| person.takes_part(known));
    let known = known.ok_or(Refusal::NotFound)?;
    let place = app.transcripts.take(&person, address)?;
    let notes = matches!(person, Person::Agent(_)) && query.notes.as_deref() == Some("1");
    let wish = Wish { language: query.language.map(short), zone: query.zone.map(short) };
    let (asked, format) = (known.clone(), query.format);
    let document = app.store.read(move |reader| Ok(Document::of(&asked, format, &wish, reader))).await?;
    let name = disposition(false, &document.file_name());
    let mut writing = Writing { app, lanes: Lanes::new(&known, notes), document, at: At::Begin, _place: place };
    // Before the head of the answer: a store in trouble is told in words, not by a broken body.
    let first = writing.next().await?.unwrap_or_default();
    Ok(answer(query.format, &name, writing.body(first)))
}

/// What is longer than any language or zone is none.
fn short(value: String) -> String {
    if value.len() <= CONTEXT_FIELD_CHARS_MAX { value } else { String::new() }
}

/// A document on its way.
struct Writing {
    app: App,
    lanes: Lanes,
    document: Document,
    at: At,
    _place: Place,
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

    /// What is left of it, behind its first chunk. Nothing is read before what was read is taken; how slowly that may go, the connection
    /// knows.
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
        Body::from_stream(futures_util::StreamExt::chain(first, rest))
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
