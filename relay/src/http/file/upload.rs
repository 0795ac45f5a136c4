//! Uploads: streamed with a bound, the kind found by content, kept whole or not at all.

use axum::Json;
use axum::body::{Body, BodyDataStream};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use relay_core::concerns;
use relay_settings::Right;
use relay_settings::site::Site;
use tokio::time::{Instant, timeout};
use wire::{Attachment, AttachmentId, ConversationId, Refusal, SiteId};

use crate::address::Address;
use crate::app::{App, Caller, PageOrigin, Reject};
use crate::blob::{BlobError, Upload};
use crate::clock::{now_ms, random_bytes};
use crate::http::params::PathParams;
use crate::http::person::{Person, conversation};
use crate::limit::transfer_timeout::TransferTimeout;
use crate::numbers::Slots;
use crate::origin::Origin;
use crate::quota::reserve::Step;
use crate::quota::{PendingUpload, UploadSource};
use crate::store::{AttachmentRecord, StoreError};
use relay_edge::encoding::is_other_text;
use relay_edge::name::clean;
use relay_edge::picture::PixelCheck;
use relay_edge::sniff::{Kind, TextCheck, size, sniff};

/// Uploads of everybody at the same time: each holds about a megabyte of memory.
pub(crate) const UPLOADS_MAX: usize = 256;
/// The beginning of a file that is looked at before anything is written: enough for the kind and most pictures' size.
pub(crate) const HEAD_BYTES: usize = 64 * 1024;
/// When an address may try again that has all its uploads under way.
const RETRY_AFTER_MS: u64 = 2_000;

/// `PUT /upload/{conversation}/{attachment}`: for visitors, from the chat or a page of their site.
pub(in crate::http) async fn upload(
    State(app): State<App>,
    Caller(address): Caller,
    PageOrigin(origin): PageOrigin,
    person: Person,
    PathParams((conversation, attachment)): PathParams<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Reject> {
    let conversation: ConversationId = conversation.parse().map_err(|_| Refusal::NotFound)?;
    let id: AttachmentId = attachment.parse().map_err(|_| Refusal::NotFound)?;
    check_origin(&app, &person, &origin).await?;
    check_blocks(&app, &person, address).await?;
    check_site(&app, &person)?;
    let kept = take(&app, UploadTarget { conversation, id, person, address }, &headers, body).await?;
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(kept)).into_response())
}

/// Takes a file.
///
/// # Errors
/// Why it is not kept.
pub(in crate::http) async fn take(
    app: &App,
    target: UploadTarget,
    headers: &HeaderMap,
    body: Body,
) -> Result<Attachment, Reject> {
    let slot = app.uploads.take(target.address, target.person.standing()).map_err(|full| {
        crate::numbers::no_slot(Slots::Upload, full);
        Refusal::RateLimited { retry_after_ms: RETRY_AFTER_MS }
    })?;
    let mut pieces = Pieces { stream: body.into_data_stream(), timeout: TransferTimeout::new(), done: false };
    let kept = receive(app, target, headers, &mut pieces).await;
    if kept.is_err() {
        // A browser shows the answer only when its own sending has ended.
        pieces.drain(app.config.limits.attachment_bytes_max).await;
    }
    drop(slot);
    kept
}

/// The conversation that the file belongs to.
pub(in crate::http) struct UploadTarget {
    pub(in crate::http) conversation: ConversationId,
    pub(in crate::http) id: AttachmentId,
    pub(in crate::http) person: Person,
    pub(in crate::http) address: Address,
}

/// The body, piece by piece, with a bound on every wait.
struct Pieces {
    stream: BodyDataStream,
    timeout: TransferTimeout,
    done: bool,
}

impl Pieces {
    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        if self.done {
            return Ok(None);
        }
        let since = Instant::now();
        match timeout(self.timeout.left(), self.stream.next()).await {
            Ok(Some(Ok(piece))) => {
                self.timeout.moved(since.elapsed(), piece.len());
                Ok(Some(piece))
            }
            Ok(None) => {
                self.done = true;
                Ok(None)
            }
            Ok(Some(Err(_))) | Err(_) => {
                self.done = true;
                Err(Refusal::UploadBroken)
            }
        }
    }

    /// Reads the rest and forgets it, up to a bound.
    async fn drain(&mut self, bytes_max: u64) {
        let mut bytes = 0;
        while bytes < bytes_max {
            match self.next().await {
                Ok(Some(piece)) => bytes += piece.len() as u64,
                Ok(None) | Err(_) => return,
            }
        }
    }
}

/// Visitors write from the chat or a page of their site.
async fn check_origin(app: &App, person: &Person, origin: &Origin) -> Result<(), Reject> {
    if app.own_origins.contains(origin) {
        return Ok(());
    }
    let Person::Visitor(visitor) = person else { return Err(Refusal::OriginRefused.into()) };
    let site = visitor.site.clone();
    let site = app.store.read(move |reader| reader.site(&site)).await?;
    if app.allows(&site, origin) { Ok(()) } else { Err(Refusal::OriginRefused.into()) }
}

/// Somebody who is blocked may not upload either.
async fn check_blocks(app: &App, person: &Person, address: Address) -> Result<(), Reject> {
    let Person::Visitor(visitor) = person else { return Ok(()) };
    let (id, source) = (visitor.id, app.tags.source(address));
    let blocks = app.store.read(|reader| reader.blocks()).await?;
    let now_ms = now_ms();
    let stands = blocks.iter().any(|block| block.until_ms > now_ms && concerns(block, Some(id), source));
    if stands { Err(Refusal::Blocked.into()) } else { Ok(()) }
}

/// Where a site takes no files from visitors, the chat offers no way to send one: this is for what does not ask the chat.
fn check_site(app: &App, person: &Person) -> Result<(), Refusal> {
    let Person::Visitor(visitor) = person else { return Ok(()) };
    let snapshot = app.settings.snapshot();
    let site: Option<&Site> = visitor.site.as_str().parse().ok().and_then(|id| snapshot.get(&id));
    if site.is_none_or(|site| site.attachments) { Ok(()) } else { Err(Refusal::NotAllowed) }
}

async fn receive(
    app: &App,
    target: UploadTarget,
    headers: &HeaderMap,
    pieces: &mut Pieces,
) -> Result<Attachment, Reject> {
    let site = match check_target(app, &target).await? {
        Found::Kept(known) => {
            pieces.drain(app.config.limits.attachment_bytes_max).await;
            return Ok(*known);
        }
        Found::Site(site) => site,
    };
    let bytes_max = app.config.limits.attachment_bytes_max;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max) {
        return Err(Refusal::FileTooLarge { bytes_max }.into());
    }
    let coming = admit(app, &target, site, announced.unwrap_or(bytes_max)).await?;
    let head = read_head(pieces).await?;
    if head.is_empty() {
        return Err(Refusal::FileEmpty.into());
    }
    let called = headers.get("x-file-name").and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = sniff(&head, called).ok_or_else(|| unfit(&head))?;
    let (width, height) = size(&head, kind);
    let mut upload = app.blobs.upload(u128::from_be_bytes(random_bytes()), bytes_max).await?;
    if let Err(reject) = stream(&mut upload, head, kind, pieces, bytes_max).await {
        upload.abort().await?;
        return Err(reject);
    }
    let attachment = Attachment {
        id: target.id,
        name: clean(called, kind),
        media_type: kind.media_type().to_owned(),
        media: kind.media(),
        bytes: upload.bytes(),
        width,
        height,
    };
    let record = AttachmentRecord {
        attachment,
        conversation: target.conversation,
        uploader: target.person.uploader(),
        key: upload.key().to_owned(),
        uploaded_at_ms: now_ms(),
    };
    // From here on it must finish even if the client goes away, or a file would stay without a record.
    let keeping = app.sockets.spawn(keep(app.clone(), upload, coming, record));
    keeping.await.map_err(|_| Reject::Internal("keeping a file panicked"))?
}

/// Whether disk and quotas allow a file of at most this many bytes.
async fn admit(app: &App, target: &UploadTarget, site: SiteId, bytes: u64) -> Result<PendingUpload, Reject> {
    if app.reserve.step() > Step::Free || !app.reserve.takes_file(bytes, app.quotas.coming_bytes()) {
        return Err(Refusal::DiskFull.into());
    }
    let visitor = match &target.person {
        Person::Visitor(visitor) => Some((visitor.id, target.address)),
        Person::Staff(_) => None,
    };
    let asked = (visitor.map(|(visitor, _)| visitor), site.clone());
    let kept = app.store.read(move |reader| reader.kept(asked.0, &asked.1)).await?;
    app.quotas.upload(UploadSource { visitor, site }, bytes, kept, now_ms()).map_err(|over| {
        crate::numbers::over_quota(over.measure);
        Refusal::QuotaExceeded { retry_after_ms: over.retry_after_ms }.into()
    })
}

/// What an id stands for.
enum Found {
    /// The file was uploaded already.
    Kept(Box<Attachment>),
    /// It may be uploaded, to this site.
    Site(SiteId),
}

/// Whether a file may be uploaded to this conversation.
async fn check_target(app: &App, target: &UploadTarget) -> Result<Found, Reject> {
    target.person.must_have(Right::ConversationAnswer)?;
    let known = conversation(app, target.conversation).await?;
    let site = match (&known, &target.person) {
        (Some(known), _) => known.site.clone(),
        (None, Person::Visitor(visitor)) => visitor.site.clone(),
        (None, Person::Staff(_)) => return Err(Refusal::NotFound.into()),
    };
    match known {
        Some(known) if !target.person.may(Right::ConversationAnswer, &known) => {
            return Err(Refusal::NotFound.into());
        }
        Some(known) if known.closed() => return Err(Refusal::Ended.into()),
        // A visitor's first message may be a file; an agent begins no conversations.
        Some(_) | None => {}
    }
    let id = target.id;
    match app.store.read(move |reader| reader.attachment(id)).await {
        Ok(record) if record.conversation == target.conversation && record.uploader == target.person.uploader() => {
            Ok(Found::Kept(Box::new(record.attachment)))
        }
        Ok(_) => Err(Refusal::NotFound.into()),
        Err(StoreError::Missing) => Ok(Found::Site(site)),
        Err(error) => Err(error.into()),
    }
}

async fn read_head(pieces: &mut Pieces) -> Result<Bytes, Refusal> {
    let mut head = BytesMut::new();
    while head.len() < HEAD_BYTES {
        match pieces.next().await? {
            Some(piece) => head.extend_from_slice(&piece),
            None => break,
        }
    }
    Ok(head.freeze())
}

/// Why the bytes are refused.
fn unfit(bytes: &[u8]) -> Refusal {
    if is_other_text(bytes) { Refusal::FileEncoding } else { Refusal::FileKind }
}

/// Writes head and rest. Text is checked to the last byte, a picture's headers all.
async fn stream(
    upload: &mut Upload,
    head: Bytes,
    kind: Kind,
    pieces: &mut Pieces,
    bytes_max: u64,
) -> Result<(), Reject> {
    let mut check = TextCheck::default();
    let mut pixels = PixelCheck::new(kind);
    let large = |pixels_max| Reject::from(Refusal::PictureTooLarge { pixels_max });
    let mut next = Some(head);
    while let Some(piece) = next {
        if kind.is_text() && !check.take(&piece) {
            return Err(unfit(&piece).into());
        }
        pixels.take(&piece).map_err(large)?;
        upload.write(piece).await.map_err(|error| match error {
            BlobError::TooLarge => Refusal::FileTooLarge { bytes_max }.into(),
            BlobError::Missing | BlobError::Down => Reject::from(error),
        })?;
        next = pieces.next().await?;
    }
    pixels.finish().map_err(large)?;
    if check.is_whole() { Ok(()) } else { Err(Refusal::FileEncoding.into()) }
}

/// Makes the file durable, then its record. When the record says that the file was uploaded before, this copy is removed.
async fn keep(app: App, upload: Upload, coming: PendingUpload, record: AttachmentRecord) -> Result<Attachment, Reject> {
    let (key, id) = (record.key.clone(), record.attachment.id);
    let bytes = upload.finish().await?;
    let pending = coming.keep(id, bytes, now_ms());
    let kept = app.store.write(move |writer| writer.add_attachment(&record)).await;
    if !kept.as_ref().is_ok_and(|kept| kept.key == key) {
        // The earlier file under this id is counted as pending by itself.
        if pending && kept.is_err() {
            app.quotas.settled(id);
        }
        app.blobs.delete(&key).await?;
    }
    Ok(kept?.attachment)
}
