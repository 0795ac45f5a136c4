//! Whether the relay can do its work.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;

/// `GET /health`: 200 when the store answers.
pub(super) async fn health(State(app): State<App>) -> Response {
    let (status, text) = match app.store.check().await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n"),
    };
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}
