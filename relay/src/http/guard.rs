//! What is checked before any handler runs: that a request has one `Host`, and that its address has a slot left.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use crate::app::{App, Caller};
use crate::limit::share::Standing;
use crate::numbers::Slots;
use crate::transport::listen::HttpConnection;

/// Asked by the operator's monitoring: always answered.
const HEALTH: &str = "/health";
/// When a refused client may try again, in seconds.
const RETRY_AFTER: &str = "5";

/// Lets a request through, or answers why not.
pub(super) async fn guard(State(app): State<App>, Caller(address): Caller, request: Request, next: Next) -> Response {
    if !has_one_host(request.version(), request.headers()) {
        return (StatusCode::BAD_REQUEST, "A request names one host.\n").into_response();
    }
    let http_connection =
        request.extensions().get::<HttpConnection>().filter(|http_connection| http_connection.is_of_proxy()).cloned();
    let Some(http_connection) = http_connection.filter(|_| request.uri().path() != HEALTH) else {
        return next.run(request).await;
    };
    // A request through a proxy counts for the address that sent it. A direct connection is counted already.
    if let Err(full) = http_connection.begin_request(address, Standing::Stranger) {
        let is_agent = Box::pin(app.identity.agent(request.headers())).await.is_ok();
        if !is_agent || http_connection.begin_request(address, Standing::Agent).is_err() {
            crate::numbers::no_slot(Slots::Request, full);
            let retry = [(header::RETRY_AFTER, RETRY_AFTER), (header::CACHE_CONTROL, "no-store")];
            let words = "The relay answers as many requests of your network as it may; try again soon.\n";
            return (StatusCode::SERVICE_UNAVAILABLE, retry, words).into_response();
        }
    }
    // Made before the handler runs, which may be cancelled at any point.
    let mut held = Held { body: Body::empty(), http_connection };
    let (head, body) = next.run(request).await.into_parts();
    held.body = body;
    Response::from_parts(head, Body::new(held))
}

/// Whether there is exactly one `Host`, and it names a host (RFC 9112, section 3.2). Before HTTP/1.1 there may be none.
fn has_one_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => {
            let read = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
            read.is_some_and(|host| {
                let port = host.as_str().strip_prefix(host.host());
                let is_port = |port: &str| port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
                !host.host().is_empty() && port.is_some_and(|port| port.is_empty() || is_port(port))
            })
        }
        (Some(_), Some(_)) => false,
    }
}

/// An answer that counts as a request under way until it is written or cancelled.
struct Held {
    body: Body,
    http_connection: HttpConnection,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.http_connection.end_request();
    }
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_and_no_other_number_is_let_through() {
        for (hosts, version, sound) in [
            (&["chat.example.com"][..], Version::HTTP_11, true),
            (&["127.0.0.1:8080"], Version::HTTP_11, true),
            (&["[::1]:8080"], Version::HTTP_11, true),
            (&["chat.example.com"], Version::HTTP_10, true),
            (&[], Version::HTTP_10, true),
            (&[], Version::HTTP_11, false),
            (&[""], Version::HTTP_11, false),
            (&["a", "a"], Version::HTTP_11, false),
            (&["a", "b"], Version::HTTP_11, false),
            (&["a", "b"], Version::HTTP_10, false),
            (&["a, b"], Version::HTTP_11, false),
            (&["a b"], Version::HTTP_11, false),
            (&["a/b"], Version::HTTP_11, false),
            (&["user@a"], Version::HTTP_11, false),
            (&["a:port"], Version::HTTP_11, false),
            (&[":80"], Version::HTTP_11, false),
        ] {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, host.parse().expect("a header"));
            }
            assert_eq!(has_one_host(version, &headers), sound, "{hosts:?} {version:?}");
        }
    }
}
