//! A connection over a WebSocket: its upgrade, a reader and a writer.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use futures_util::sink::SinkExt;
use futures_util::stream::{SplitSink, SplitStream, StreamExt};
use relay_core::input::ConnectionId;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tracing::Instrument;
use wire::limit::{FRAME_BYTES_MAX, HELLO_WAIT_MS, IDLE_MAX_MS, READ_BUFFER_BYTES, SEND_FRAME_BYTES_MAX};
use wire::{Close, FirstFrame};

use crate::app::{App, Caller};
use crate::core_task::outgoing;
use crate::limit::admission::AdmissionPermit;
use crate::transport::connection::frame::{Received, decode_first};
use crate::transport::connection::{
    END_WAIT, FRAMES_PER_FLUSH, Greeted, PendingConnection, Reader, enter, greet, leave, queue,
};
use crate::transport::listen::HttpConnection;

/// Bytes that are gathered before they are written without a flush.
const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// Bytes that may wait in a socket's write buffer: those, and the largest frame. Until they are written nothing is added.
const WRITE_BUFFER_BYTES_MAX: usize = SEND_FRAME_BYTES_MAX + 2 * WRITE_BUFFER_BYTES;

/// `GET /socket`: visitors and agents.
pub async fn upgrade(
    State(app): State<App>,
    Caller(address): Caller,
    Extension(http_connection): Extension<HttpConnection>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let pending = match PendingConnection::admit(&app, address, &headers).await {
        Ok(pending) => pending,
        Err(no_room) => return no_room.into_response(),
    };
    upgrade
        .max_message_size(FRAME_BYTES_MAX)
        .max_frame_size(FRAME_BYTES_MAX)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        // Boxed: otherwise the future would be held twice.
        .on_upgrade(move |socket| Box::pin(serve(app, pending, http_connection, socket.split())))
}

/// Both directions of a socket.
type Ends = (SplitSink<WebSocket, Message>, SplitStream<WebSocket>);

/// A connection that the core knows.
struct OpenConnection<'a> {
    reader: Reader<'a>,
    /// Set by the core to end it.
    closed: oneshot::Receiver<Close>,
    queue: outgoing::Receiver,
}

/// Runs one connection. Each phase is boxed, so that an idle connection needs memory for its current phase only.
async fn serve(
    app: App,
    mut pending: PendingConnection,
    http_connection: HttpConnection,
    (mut sink, mut stream): Ends,
) {
    let connection = app.next_connection();
    let span = tracing::debug_span!("connection", connection.id = connection.0, site.id = tracing::field::Empty);
    let life = async {
        http_connection.carries_frames();
        let permit = pending.take_permit();
        let close = match Box::pin(begin(&app, &pending, permit, connection, &mut stream)).await {
            Ok(open) => Box::pin(converse(&app, connection, open, &mut sink, &mut stream)).await,
            Err(close) => close,
        };
        // The connection was cut because of the client.
        let close = match close {
            None if http_connection.was_slow() => Some(Close::Slow),
            None if http_connection.was_flooded() => Some(Close::Flood),
            close => close,
        };
        tracing::debug!(?close, "ended");
        crate::numbers::closed(close);
        // From here on a slow client holds only the socket, and not for long.
        let _ = tokio::time::timeout(END_WAIT, Box::pin(end(&mut sink, &mut stream, close))).await;
    };
    life.instrument(span).await;
}

/// Reads the hello and tells the core of the client.
async fn begin<'a>(
    app: &'a App,
    pending: &'a PendingConnection,
    permit: Option<AdmissionPermit>,
    connection: ConnectionId,
    stream: &mut SplitStream<WebSocket>,
) -> Result<OpenConnection<'a>, Option<Close>> {
    let greeted = tokio::select! {
        () = app.stopping.cancelled() => Err(Some(Close::Restart)),
        greeted = AdmissionPermit::during(permit, hello(app, pending, stream)) => greeted,
    }?;
    let (frames, queue) = queue(app, pending, &greeted);
    let (reader, closed) = enter(app, pending, connection, greeted, frames).map_err(Some)?;
    Ok(OpenConnection { reader, closed, queue })
}

/// Waits for the hello and checks it.
async fn hello(
    app: &App,
    pending: &PendingConnection,
    stream: &mut SplitStream<WebSocket>,
) -> Result<Greeted, Option<Close>> {
    let wait = Duration::from_millis(HELLO_WAIT_MS);
    let frame = tokio::time::timeout(wait, first_frame(stream)).await.map_err(|_| Some(Close::HelloLate))??;
    greet(app, pending, frame).await.map_err(Some)
}

async fn first_frame(stream: &mut SplitStream<WebSocket>) -> Result<FirstFrame, Option<Close>> {
    loop {
        let message = stream.next().await;
        if let Some(Ok(Message::Text(text))) = &message {
            return decode_first(text).map_err(Some);
        }
        if let Received::End(close) = receive(message) {
            return Err(close);
        }
    }
}

/// Reads and writes until the end; returns the reason.
async fn converse(
    app: &App,
    connection: ConnectionId,
    OpenConnection { mut reader, mut closed, mut queue }: OpenConnection<'_>,
    sink: &mut SplitSink<WebSocket, Message>,
    stream: &mut SplitStream<WebSocket>,
) -> Option<Close> {
    let reason = tokio::select! {
        biased;
        () = app.stopping.cancelled() => Some(Close::Restart),
        close = &mut closed => Some(close.unwrap_or(Close::Restart)),
        close = read(&mut reader, stream) => close,
        () = write(&mut queue, sink) => None,
    };
    drop(reader);
    leave(app, connection).await;
    if reason != Some(Close::Slow) {
        // Frames from before the end are still sent, above all the refusal that explains it: until the core, which may have many inputs of
        // this client left, has dropped the connection.
        let last = async {
            while let Some(frame) = queue.recv().await {
                if sink.feed(Message::Text(frame.text().clone())).await.is_err() {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(END_WAIT, last).await;
    }
    reason
}

/// Reads until the end; returns the close code, if one is to be sent.
async fn read(reader: &mut Reader<'_>, stream: &mut SplitStream<WebSocket>) -> Option<Close> {
    let idle = Duration::from_millis(IDLE_MAX_MS);
    loop {
        let Ok(message) = tokio::time::timeout(idle, stream.next()).await else {
            return Some(Close::Idle);
        };
        if let Err(close) = reader.take(&receive(message)) {
            return close;
        }
    }
}

/// Reads one message.
fn receive(message: Option<Result<Message, axum::Error>>) -> Received<Utf8Bytes> {
    match message {
        Some(Ok(Message::Text(text))) => Received::Text(text),
        Some(Ok(Message::Binary(_))) => Received::End(Some(Close::Malformed)),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Received::Quiet,
        Some(Ok(Message::Close(_))) | None => Received::End(None),
        Some(Err(error)) => Received::End(why(&error.into_inner())),
    }
}

/// The close code for a client whose bytes could not be read; none when the connection broke.
fn why(error: &axum::BoxError) -> Option<Close> {
    let error = error.downcast_ref::<WsError>()?;
    if matches!(error, WsError::Capacity(CapacityError::MessageTooLong { .. })) {
        return Some(Close::TooLarge);
    }
    let reset = matches!(error, WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake));
    (!reset && matches!(error, WsError::Utf8(_) | WsError::Protocol(_))).then_some(Close::Malformed)
}

/// Writes what the core sends until the connection breaks.
async fn write(queue: &mut outgoing::Receiver, sink: &mut SplitSink<WebSocket, Message>) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, FRAMES_PER_FLUSH).await > 0 {
        for frame in &batch {
            if sink.feed(Message::Text(frame.text().clone())).await.is_err() {
                return;
            }
        }
        if sink.flush().await.is_err() {
            return;
        }
        // Only now they are no longer counted as unsent.
        batch.clear();
    }
}

/// Sends the close code, and waits until the client has read it.
async fn end(sink: &mut SplitSink<WebSocket, Message>, stream: &mut SplitStream<WebSocket>, close: Option<Close>) {
    if let Some(close) = close {
        let frame = CloseFrame { code: close.code(), reason: Utf8Bytes::from_static(close.reason()) };
        if sink.send(Message::Close(Some(frame))).await.is_err() {
            return;
        }
        if close == Close::TooLarge {
            // The rest of the oversized frame must not be read; instead this waits for a while.
            tokio::time::sleep(END_WAIT).await;
            return;
        }
    }
    while let Some(Ok(_)) = stream.next().await {}
}
