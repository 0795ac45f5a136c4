//! One connection: a reader and a writer between a WebSocket and the core.

mod frame;
mod hello;

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::sink::SinkExt;
use futures_util::stream::{SplitSink, SplitStream, StreamExt};
use relay_core::input::{ConnectionId, Input, Peer};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::oneshot;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::Instrument;
use wire::limit::{FRAME_BYTES_MAX, IDLE_MAX_MS, READ_BUFFER_BYTES, SEND_QUEUE_FRAMES_MAX};
use wire::{ClientFrame, Close, Refusal, ServerFrame, Subject};

use self::frame::{Bucket, Heard, hear};
use self::hello::{Greeted, greet};
use crate::address::Address;
use crate::app::{App, Caller};
use crate::clock::now_ms;
use crate::limiter::Slot;
use crate::metrics::Away;
use crate::origin::Origin;
use crate::run::{Arrival, Line};
use crate::store::TokenHash;

/// Bytes that may wait in a socket's write buffer: more than the largest frame (an agent's first picture).
const WRITE_BUFFER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Frames written between two flushes.
const FRAMES_PER_FLUSH: usize = 32;
/// How long the end of a connection may take: last frames, close frame, the other side's answer.
const END_WAIT: Duration = Duration::from_secs(1);
/// An open console proves this often that its sign-in still stands.
const SESSION_CHECK_MS: u64 = 60_000;

/// Who knocks, before they said hello. Ends the count of its connection when dropped.
struct Guest {
    address: Address,
    origin: Option<Origin>,
    session: Option<TokenHash>,
    _slot: Slot<Address>,
    _tracked: TaskTrackerToken,
}

/// `GET /socket`: visitors and agents.
pub async fn upgrade(
    State(app): State<App>,
    Caller(address): Caller,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if app.stopping.is_cancelled() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if app.connects.take(address, now_ms()).is_err() {
        crate::metrics::turned_away(Away::Rate);
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    let Some(slot) = app.connections.take(address) else {
        crate::metrics::turned_away(Away::Full);
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let origin = crate::app::origin(&headers);
    let session = crate::auth::cookie(&headers).map(|token| crate::auth::hash(&token));
    let guest = Guest { address, origin, session, _slot: slot, _tracked: app.sockets.token() };
    upgrade
        .max_message_size(FRAME_BYTES_MAX)
        .max_frame_size(FRAME_BYTES_MAX)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(READ_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .on_upgrade(move |socket| serve(app, guest, socket))
}

/// The life of one connection.
async fn serve(app: App, guest: Guest, socket: WebSocket) {
    let connection = app.next_connection();
    let span = tracing::debug_span!("connection", connection.id = connection.0, site.id = tracing::field::Empty);
    let (mut sink, mut stream) = socket.split();
    let life = async {
        let greeted = tokio::select! {
            () = app.stopping.cancelled() => Err(Some(Close::Restart)),
            greeted = greet(&app, &guest, &mut stream) => greeted,
        };
        let close = match greeted {
            Ok(greeted) => converse(&app, &guest, connection, greeted, &mut sink, &mut stream).await,
            Err(close) => close,
        };
        tracing::debug!(?close, "ended");
        crate::metrics::closed(close);
        // What is slow or silent here holds nothing any more but the socket itself, and that not for long.
        let _ = tokio::time::timeout(END_WAIT, end(&mut sink, &mut stream, close)).await;
    };
    life.instrument(span).await;
}

/// From the hello to the reason of the end.
async fn converse(
    app: &App,
    guest: &Guest,
    connection: ConnectionId,
    greeted: Greeted,
    sink: &mut SplitSink<WebSocket, Message>,
    stream: &mut SplitStream<WebSocket>,
) -> Option<Close> {
    let Greeted { peer, follow, session } = greeted;
    if let Peer::Visitor { site, .. } = &peer {
        tracing::Span::current().record("site.id", site.as_str());
    }
    let (frames, mut queue) = mpsc::channel(SEND_QUEUE_FRAMES_MAX);
    let (close, mut closed) = oneshot::channel();
    let line = Line { frames: frames.clone(), close, session };
    let input = Input::Connected { connection, peer, follow };
    if app.core.try_send(Arrival::Connected { line, input, connection }).is_err() {
        return Some(Close::Busy);
    }
    tracing::debug!("connected");
    let now_ms = now_ms();
    let session = session.map(|(token, _)| token);
    let mut reader =
        Reader { app, guest, connection, frames, session, bucket: Bucket::new(now_ms), checked_at_ms: now_ms };
    let reason = tokio::select! {
        biased;
        () = app.stopping.cancelled() => Some(Close::Restart),
        close = &mut closed => Some(close.unwrap_or(Close::Restart)),
        close = reader.read(stream) => close,
        () = write(&mut queue, sink) => None,
    };
    // Only a core that has ended does not take it.
    let _ = app.core.send(Arrival::Input(Input::Disconnected { connection })).await;
    if reason != Some(Close::Slow) {
        // What was said before the end still goes out, the refusal that explains it above all.
        let last = async {
            while let Ok(frame) = queue.try_recv() {
                if sink.feed(Message::Text(frame)).await.is_err() {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(END_WAIT, last).await;
    }
    reason
}

/// Writes what the core sends until the line breaks.
async fn write(queue: &mut mpsc::Receiver<Utf8Bytes>, sink: &mut SplitSink<WebSocket, Message>) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, FRAMES_PER_FLUSH).await > 0 {
        for frame in batch.drain(..) {
            if sink.feed(Message::Text(frame)).await.is_err() {
                return;
            }
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
}

/// Says why, and waits for the other side to have read it.
async fn end(sink: &mut SplitSink<WebSocket, Message>, stream: &mut SplitStream<WebSocket>, close: Option<Close>) {
    if let Some(close) = close {
        let frame = CloseFrame { code: close.code(), reason: Utf8Bytes::from_static(close.reason()) };
        if sink.send(Message::Close(Some(frame))).await.is_err() {
            return;
        }
        if close == Close::TooLarge {
            // The rest of the oversized frame must not be read; the other side gets the time instead.
            tokio::time::sleep(END_WAIT).await;
            return;
        }
    }
    while let Some(Ok(_)) = stream.next().await {}
}

/// The incoming half of a connection.
struct Reader<'a> {
    app: &'a App,
    guest: &'a Guest,
    connection: ConnectionId,
    frames: mpsc::Sender<Utf8Bytes>,
    /// The sign-in it stands on, for an agent.
    session: Option<TokenHash>,
    bucket: Bucket,
    checked_at_ms: u64,
}

impl Reader<'_> {
    /// Reads until the end; gives the reason when it is ours to say.
    async fn read(&mut self, stream: &mut SplitStream<WebSocket>) -> Option<Close> {
        let idle = Duration::from_millis(IDLE_MAX_MS);
        loop {
            let Ok(message) = tokio::time::timeout(idle, stream.next()).await else {
                return Some(Close::Idle);
            };
            if !self.bucket.take(now_ms()) {
                return Some(Close::Flood);
            }
            let passed = match hear(message) {
                Heard::Frame(frame) => self.pass(*frame).await,
                Heard::Unknown => self.refuse(Subject::Connection, Refusal::UnknownFrame),
                Heard::Quiet => Ok(()),
                Heard::End(close) => return close,
            };
            if let Err(close) = passed {
                return Some(close);
            }
        }
    }

    /// Hands a frame to the core, unless the shell has something against it.
    async fn pass(&mut self, frame: ClientFrame) -> Result<(), Close> {
        self.check_session().await?;
        if matches!(frame, ClientFrame::Hello { .. }) {
            return Err(Close::Malformed);
        }
        if matches!(frame, ClientFrame::Register)
            && let Err(retry_after_ms) = self.app.registrations.take(self.guest.address, now_ms())
        {
            return self.refuse(Subject::Connection, Refusal::RateLimited { retry_after_ms });
        }
        let arrival = Arrival::Input(Input::Frame { connection: self.connection, frame });
        match self.app.core.try_send(arrival) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(Arrival::Input(Input::Frame { frame, .. }))) => {
                self.refuse(frame.subject(), Refusal::Busy)
            }
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => Err(Close::Restart),
        }
    }

    /// An open console stays open only while its sign-in stands; being open counts as use.
    async fn check_session(&mut self) -> Result<(), Close> {
        let Some(session) = self.session else { return Ok(()) };
        if now_ms().saturating_sub(self.checked_at_ms) < SESSION_CHECK_MS {
            return Ok(());
        }
        self.checked_at_ms = now_ms();
        match self.app.auth.session(session).await {
            Err(crate::http::Reject::Refused(Refusal::SignedOut)) => Err(Close::SignedOut),
            // A store in trouble is no reason to sign anybody out.
            _ => Ok(()),
        }
    }

    /// Answers without the core.
    fn refuse(&self, subject: Subject, refusal: Refusal) -> Result<(), Close> {
        crate::metrics::refused(&refusal, 1);
        let frame = ServerFrame::Refused { subject, refusal };
        let Ok(text) = serde_json::to_string(&frame) else { return Ok(()) };
        match self.frames.try_send(Utf8Bytes::from(text)) {
            Err(TrySendError::Full(_)) => Err(Close::Slow),
            Ok(()) | Err(TrySendError::Closed(_)) => Ok(()),
        }
    }
}
