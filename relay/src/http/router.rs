//! The table of contents: every route on one line, grouped by who calls it.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

use super::api::{v1, visitor};
use super::file::{download, transcript, upload};
use super::page::asset;
use super::{AsItIs, guard, health, page};
use crate::app::App;
use crate::transport::{socket, stream};

/// Compression gains nothing for shorter answers.
const COMPRESSED_BYTES_MIN: u16 = 256;
/// Lines of JSON.
const LINES: &str = "application/jsonl";
/// Fast, because it is done for each answer.
const COMPRESSION: CompressionLevel = CompressionLevel::Precise(4);

/// Every route of the public listener.
pub fn router(app: App) -> Router {
    // Texts are compressed, unless they are already: with brotli where the browser accepts it, else gzip.
    let texts = Router::new()
        // the customer's page
        .route("/embed.js", get(asset::embed))
        // browsers
        .route("/chat", get(page::chat))
        .route("/look", get(page::look))
        .route("/logo", get(page::logo))
        .route("/console", get(page::console))
        .route("/console/{*page}", get(page::console))
        .route("/assets/{*path}", get(asset::asset))
        // console and integrators: `api/v1` lists its routes
        .merge(v1::routes(app.clone()))
        .layer(compression_of_unmarked(CompressionLayer::new()));
    let documents = Router::new()
        .route("/transcript/{conversation}", get(transcript::transcript))
        // A long transcript needs its encoder for long, and brotli's takes megabytes.
        .layer(compression(CompressionLayer::new().no_br()));
    Router::new()
        .merge(texts)
        .merge(documents)
        // the chat and the console; files and transcripts for staff are of the API
        .route("/socket", get(socket::upgrade))
        .route("/stream", post(stream::open))
        .route("/frame", post(stream::frame))
        .route("/upload/{conversation}/{attachment}", put(upload::upload))
        // A file goes as it was brought: the memory that compresses it would be held by whoever reads slowly.
        .route("/file/{attachment}", get(download::download))
        .route("/visitor", delete(visitor::end))
        // the operator's monitoring
        .route("/health", get(health::health))
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .layer(middleware::from_fn_with_state(app.clone(), secure))
        .with_state(app)
}

/// Compresses texts that are not short; pictures, and what is compressed already, stay as they are. So do lines of JSON: they are exports, as long as
/// what is exported, and an encoder holds memory until they end.
pub(super) fn compression(layer: CompressionLayer) -> CompressionLayer<impl Predicate> {
    layer.quality(COMPRESSION).compress_when(worth_it())
}

/// The same, but for answers that are marked.
fn compression_of_unmarked(layer: CompressionLayer) -> CompressionLayer<impl Predicate> {
    let unmarked = |_: StatusCode, _: Version, _: &HeaderMap, marks: &Extensions| marks.get::<AsItIs>().is_none();
    layer.quality(COMPRESSION).compress_when(worth_it().and(unmarked))
}

fn worth_it() -> impl Predicate {
    let plain = NotForContentType::const_new("application/octet-stream");
    let worth_it = SizeAbove::new(COMPRESSED_BYTES_MIN).and(plain).and(NotForContentType::const_new(LINES));
    worth_it.and(NotForContentType::IMAGES)
}

/// Headers that every answer carries, unless its handler has set its own.
async fn secure(State(app): State<App>, request: Request, next: Next) -> Response {
    const ALWAYS: [(HeaderName, &str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ];
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if app.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}
