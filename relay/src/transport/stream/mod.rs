//! A connection where WebSocket is blocked: server-sent events to the client, posted frames from it. For the core it is a connection like any other.

pub(crate) mod down;
mod up;

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use relay_core::input::ConnectionId;
use tokio::sync::{mpsc, oneshot};
use tracing::Instrument;
use wire::limit::{FRAME_BYTES_MAX, HELLO_WAIT_MS, IDLE_MAX_MS};
use wire::{Close, Token};

pub use self::up::frame;
use crate::app::{App, Caller, OpenStream, Post};
use crate::clock::random_bytes;
use crate::core_task::outgoing;
use crate::limit::admission::AdmissionPermit;
use crate::transport::connection::frame::decode_first;
use crate::transport::connection::{END_WAIT, Greeted, PendingConnection, Reader, enter, greet, leave, queue};
use crate::transport::listen::HttpConnection;

/// `POST /stream`: the body is the hello, the answer is what the relay sends until one side ends it.
pub async fn open(
    State(app): State<App>,
    Caller(address): Caller,
    Extension(http_connection): Extension<HttpConnection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut pending = match PendingConnection::admit(&app, address, &headers).await {
        Ok(pending) => pending,
        Err(no_room) => return no_room.into_response(),
    };
    let permit = pending.take_permit();
    let greeted = tokio::select! {
        () = app.stopping.cancelled() => Err(Close::Restart),
        greeted = Box::pin(AdmissionPermit::during(permit, hello(&app, &pending, body))) => greeted,
    };
    let events = match greeted {
        Ok(greeted) => begin(app, pending, greeted, http_connection),
        Err(close) => {
            crate::numbers::closed(Some(close));
            Body::from(down::closed(close))
        }
    };
    // No proxy may delay or compress it, and no other request may follow on this connection.
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store, no-transform"),
        (header::CONNECTION, "close"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, events).into_response()
}

/// Reads the hello and checks it.
async fn hello(app: &App, pending: &PendingConnection, body: Body) -> Result<Greeted, Close> {
    let wait = Duration::from_millis(HELLO_WAIT_MS);
    let read = tokio::time::timeout(wait, axum::body::to_bytes(body, FRAME_BYTES_MAX)).await;
    // After a broken body nobody reads an answer.
    let bytes = read.map_err(|_| Close::HelloLate)?.map_err(|_| Close::TooLarge)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Close::Malformed)?;
    greet(app, pending, decode_first(text)?).await
}

/// Starts one connection; returns what is sent on it.
fn begin(app: App, pending: PendingConnection, greeted: Greeted, http_connection: HttpConnection) -> Body {
    http_connection.leave_requests();
    let key = Token::from_bytes(&random_bytes());
    let (open, posts) = app.streams.open(&key);
    let (frames, queue) = queue(&app, &pending, &greeted);
    let (end, ended) = oneshot::channel();
    let connection = app.next_connection();
    let span = tracing::debug_span!("connection", connection.id = connection.0, site.id = tracing::field::Empty);
    let sockets = app.sockets.clone();
    let life = async move {
        let close = converse(&app, &pending, connection, greeted, frames, posts, open).await;
        let close = if close.is_none() && http_connection.was_slow() { Some(Close::Slow) } else { close };
        tracing::debug!(?close, "ended");
        crate::numbers::closed(close);
        // Fails only when the client has gone.
        let _ = end.send(close);
        http_connection.end(END_WAIT).await;
    };
    sockets.spawn(life.instrument(span));
    down::events(&key, queue, ended)
}

/// Runs from the hello to the end; returns the close code.
async fn converse(
    app: &App,
    pending: &PendingConnection,
    connection: ConnectionId,
    greeted: Greeted,
    frames: outgoing::Sender,
    mut posts: mpsc::Receiver<Post>,
    _open: OpenStream,
) -> Option<Close> {
    let (mut reader, mut closed) = match enter(app, pending, connection, greeted, frames.clone()) {
        Ok(entered) => entered,
        Err(close) => return Some(close),
    };
    let reason = tokio::select! {
        biased;
        () = app.stopping.cancelled() => Some(Close::Restart),
        close = &mut closed => Some(close.unwrap_or(Close::Restart)),
        () = frames.closed() => None,
        close = read(&mut reader, &mut posts) => close,
    };
    leave(app, connection).await;
    reason
}

/// Reads posts until the end; returns the close code, if one is to be sent.
async fn read(reader: &mut Reader<'_>, posts: &mut mpsc::Receiver<Post>) -> Option<Close> {
    let idle = Duration::from_millis(IDLE_MAX_MS);
    loop {
        let Ok(post) = tokio::time::timeout(idle, posts.recv()).await else {
            return Some(Close::Idle);
        };
        let Post { bytes, taken } = post?;
        let mut end = None;
        for received in up::receive(&bytes) {
            if let Err(close) = reader.take(&received) {
                end = Some(close);
                break;
            }
        }
        // Also when it ends the connection: the close code is sent on the stream.
        let _ = taken.send(());
        if let Some(close) = end {
            return close;
        }
    }
}
