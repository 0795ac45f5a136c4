//! A listener: accepts connections, speaks TLS when it has a certificate, and serves HTTP/1.1 with a bound on every wait.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;
use wire::limit::HEAD_BYTES_MAX;

use crate::address::Address;
use crate::config::Tls;
use crate::limit::share::{Full, Share, Standing};
use crate::limit::transfer_timeout::{Marks, TimedStream};
use crate::transport::http_limits::HttpLimits;

/// How long a client may take for its handshake, for the head of a request, and between two requests.
const HEAD_WAIT: Duration = Duration::from_secs(10);
/// Connections that may wait to be accepted. The usual 128 overflow when everybody reconnects after a restart, and a dropped client tries again
/// only after a second, then two, then four.
const BACKLOG: u32 = 4_096;
/// Pause after a failed accept; mostly there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound socket and what is served on it.
pub struct Listener {
    /// Bound already.
    pub listener: TcpListener,
    /// With it every connection begins with a TLS handshake.
    pub tls: Option<TlsAcceptor>,
    /// What is served.
    pub router: Router,
    /// The limits of connections.
    pub http_limits: HttpLimits,
}

/// The connection of a request, for handlers whose answer may last as long as the client likes.
#[derive(Clone, Debug)]
pub struct HttpConnection(Arc<HttpConnectionState>);

#[derive(Debug)]
struct HttpConnectionState {
    /// Its address, and the limits that count it.
    peer: SocketAddr,
    http_limits: HttpLimits,
    /// Its slot among connections of plain HTTP.
    slot: Mutex<Option<Share>>,
    /// The slot of its current request, when it is a trusted proxy's.
    request: Mutex<Option<Share>>,
    /// Why it was cut, and whether it carries frames.
    marks: Arc<Marks>,
    /// Set to cut the connection.
    cut: CancellationToken,
    /// Set when it is gone.
    gone: CancellationToken,
}

impl HttpConnection {
    fn new(peer: SocketAddr, http_limits: HttpLimits, slot: Share) -> Self {
        Self(Arc::new(HttpConnectionState {
            peer,
            http_limits,
            slot: Mutex::new(Some(slot)),
            request: Mutex::new(None),
            marks: Arc::default(),
            cut: CancellationToken::new(),
            gone: CancellationToken::new(),
        }))
    }

    /// Whether it is a trusted proxy's: then each request has a slot of its own.
    pub(crate) fn is_of_proxy(&self) -> bool {
        self.0.http_limits.is_trusted(self.0.peer.ip())
    }

    /// Gives the current request a slot among those of its address, until [`HttpConnection::end_request`].
    pub(crate) fn begin_request(&self, address: Address, standing: Standing) -> Result<(), Full> {
        let slot = self.0.http_limits.bring(address, standing)?;
        *guard(&self.0.request) = Some(slot);
        Ok(())
    }

    /// The answer has been written, or was cancelled.
    pub(crate) fn end_request(&self) {
        let slot = guard(&self.0.request).take();
        drop(slot);
    }

    /// Frees its slots: from now on it is counted among the connections of chats and consoles.
    pub(crate) fn leave_requests(&self) {
        let slot = guard(&self.0.slot).take();
        drop(slot);
        self.end_request();
    }

    /// Whether it was cut because the client read too slowly.
    pub(crate) fn was_slow(&self) -> bool {
        self.0.marks.slow.load(Ordering::Relaxed)
    }

    /// Whether it was cut because the client sent more bytes than frames may have.
    pub(crate) fn was_flooded(&self) -> bool {
        self.0.marks.flooded.load(Ordering::Relaxed)
    }

    /// From now on it carries frames, and nothing else.
    pub(crate) fn carries_frames(&self) {
        self.0.marks.framed.store(true, Ordering::Relaxed);
    }

    /// Waits for the connection's end, and cuts it when that takes too long: a client that does not read would never end it.
    pub(crate) async fn end(&self, wait: Duration) {
        if tokio::time::timeout(wait, self.0.gone.cancelled()).await.is_err() {
            self.0.cut.cancel();
        }
    }
}

/// A panic elsewhere leaves the slot valid, so a poisoned lock is used all the same.
fn guard(lock: &Mutex<Option<Share>>) -> MutexGuard<'_, Option<Share>> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Binds an address.
///
/// # Errors
/// When it is in use or not ours, with what to do about it.
pub fn bind(at: SocketAddr) -> anyhow::Result<TcpListener> {
    let listen = || {
        let socket = if at.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A relay that restarts must not wait until the system has forgotten its earlier connections.
        socket.set_reuseaddr(true)?;
        socket.bind(at)?;
        socket.listen(BACKLOG)
    };
    listen().with_context(|| format!("cannot listen on {at}; stop what uses it, or choose another with --listen"))
}

/// Reads certificate and key.
///
/// # Errors
/// When a file cannot be read or they do not belong together.
pub fn load_tls(files: &Tls) -> anyhow::Result<TlsAcceptor> {
    let hint = || {
        let (certificate, key) = (files.certificate.display(), files.key.display());
        format!(
            "cannot use the certificate {certificate} with the key {key}; both must be PEM files and belong together"
        )
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&files.certificate).and_then(Iterator::collect);
    let key = PrivateKeyDer::from_pem_file(&files.key).with_context(hint)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain.with_context(hint)?, key)
        .with_context(hint)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

impl Listener {
    /// Accepts until `stopping`. The tasks of `connections` go on, each until its current request is finished.
    pub async fn serve(self, stopping: CancellationToken, connections: TaskTracker) {
        loop {
            let accepted = tokio::select! {
                () = stopping.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let slot = match self.http_limits.enter(peer.ip()) {
                Ok(slot) => slot,
                Err(full) => {
                    crate::numbers::turned_away(crate::numbers::TurnedAway::Http);
                    crate::numbers::no_slot(crate::numbers::Slots::Http, full);
                    self.http_limits.refuse(stream, self.tls.clone());
                    continue;
                }
            };
            let (tls, router, stopping) = (self.tls.clone(), self.router.clone(), stopping.clone());
            let http_limits = self.http_limits.clone();
            connections.spawn(async move {
                let http_connection = HttpConnection::new(peer, http_limits, slot);
                greet(stream, peer, tls, router, stopping, &http_connection).await;
                // It has ended, or was upgraded.
                http_connection.leave_requests();
                http_connection.0.gone.cancel();
            });
        }
    }
}

/// Bounds the kernel's send buffer: a slow reader must not fill it beside its own queue, and must be noticed soon.
#[cfg(target_os = "linux")]
fn bound_unsent(stream: &TcpStream) {
    // When it cannot be set, the system's default holds.
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(wire::limit::UNSENT_BYTES_MAX);
}

/// Other systems have their own bound.
#[cfg(not(target_os = "linux"))]
const fn bound_unsent(_: &TcpStream) {}

/// Does the TLS handshake, then serves.
async fn greet(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    router: Router,
    stopping: CancellationToken,
    http_connection: &HttpConnection,
) {
    // Frames are small and must be sent at once.
    let _ = stream.set_nodelay(true);
    bound_unsent(&stream);
    let Some(tls) = tls else { return serve(stream, peer, router, stopping, http_connection).await };
    match tokio::time::timeout(HEAD_WAIT, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve(stream, peer, router, stopping, http_connection).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    stream: S,
    peer: SocketAddr,
    router: Router,
    stopping: CancellationToken,
    http_connection: &HttpConnection,
) {
    let marks = Arc::clone(&http_connection.0.marks);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(http_connection.clone());
        router.clone().call(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(TimedStream::new(stream, marks)), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        () = http_connection.0.cut.cancelled() => return,
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                () = http_connection.0.cut.cancelled() => return,
                ended = connection.as_mut() => ended,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
