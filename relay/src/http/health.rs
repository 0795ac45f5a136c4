//! Whether the relay can do its work.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::quota::reserve::Step;

/// `GET /health`: 200 when the store answers.
pub(super) async fn health(State(app): State<App>) -> Response {
    let (status, text) = match (app.store.check().await, app.reserve.step()) {
        (Ok(()), Step::Free) => (StatusCode::OK, "ok\n".to_owned()),
        // Reading, sign-in and agents' answers go on.
        (Ok(()), step) => {
            (StatusCode::OK, format!("ok\n{}; {} bytes are free\n", step.words(), app.reserve.free_bytes()))
        }
        (Err(_), _) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n".to_owned()),
    };
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}
