//! The body of a request: JSON, bounded in bytes and time.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::ApiError;

/// Bytes of a request's body. A document's own bound is below it.
pub(super) const BODY_BYTES_MAX: usize = 512 * 1024;
/// How long a body may take.
const BODY_WAIT: Duration = Duration::from_secs(10);
/// Levels of arrays and objects in each other; documents need fewer than ten.
const DEPTH_MAX: usize = 32;

/// A body of so many bytes at most as JSON, before anything is known about its fields. Whoever asks is to be known before it is read; strangers get
/// a small bound.
#[derive(Debug)]
pub(super) struct JsonBody<const BYTES_MAX: usize = BODY_BYTES_MAX>(pub(super) Value);

impl<S: Send + Sync, const BYTES_MAX: usize> FromRequest<S> for JsonBody<BYTES_MAX> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
            return Err(ApiError::MediaType);
        }
        let bytes = read(request.into_body(), BYTES_MAX).await?;
        let value: Value =
            serde_json::from_slice(&bytes).map_err(|_| ApiError::Malformed("the body: it is not valid JSON"))?;
        if depth(&value) > DEPTH_MAX {
            return Err(ApiError::Malformed("the body: it is nested too deep"));
        }
        Ok(Self(value))
    }
}

/// Reads the fields of a body, which must be an object: serde would take a list of values, too.
///
/// # Errors
/// `Malformed` with what it has to hold.
pub(super) fn fields<T: DeserializeOwned>(body: Value, words: &'static str) -> Result<T, ApiError> {
    let body = Some(body).filter(Value::is_object).ok_or(ApiError::Malformed(words))?;
    serde_json::from_value(body).map_err(|_| ApiError::Malformed(words))
}

/// Reads a body of so many bytes at most, in time.
///
/// # Errors
/// `TooLarge` or `Malformed`.
pub(super) async fn read(body: Body, bytes_max: usize) -> Result<axum::body::Bytes, ApiError> {
    let bytes = tokio::time::timeout(BODY_WAIT, axum::body::to_bytes(body, bytes_max)).await;
    bytes.map_err(|_| ApiError::Malformed("the body: it came too slowly"))?.map_err(|_| ApiError::TooLarge(bytes_max))
}

/// How many arrays and objects stand in each other. JSON of serde_json is at most 128 levels deep, so this ends.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
