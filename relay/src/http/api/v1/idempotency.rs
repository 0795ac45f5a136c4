//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that makes something is carried out once, however often it is sent.
//!
//! The first answer is kept for a day, sealed with the relay's key, because a key of the API or a link may stand in it. What was refused is not kept:
//! the same request may be sent again once it is right. A request is carried out to its end also when who sent it has gone.

use std::collections::BTreeSet;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::asker::Asker;
use super::body::{self, BODY_BYTES_MAX};
use super::error::ApiError;
use crate::app::App;
use crate::clock::now_ms;
use crate::hex::digits;
use crate::key::{Place, Sealed};
use crate::store::{ANSWER_OWNER, REMEMBERED_MS, RememberedRequest, SealedRecord, StoreError, TokenHash};

/// The header.
pub(super) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is the first one again.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Characters of a key.
pub(super) const KEY_CHARS_MAX: usize = 200;
/// Bytes of an answer that is kept; each is far below it.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Headers that are kept beside status and body.
const KEPT: [HeaderName; 4] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG, header::CACHE_CONTROL];

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Carries a request with the header out once where it makes something, at one of these paths; every other one as it is.
pub(super) async fn once(app: App, making: &BTreeSet<String>, request: Request, next: Next) -> Response {
    let has_key = request.method() == Method::POST && request.headers().contains_key(KEY);
    if !has_key || !making.iter().any(|template| is_of(request.uri().path(), template)) {
        return next.run(request).await;
    }
    match carry_out(app, request, next).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

/// Whether a path is one of a template, in which parts in braces stand for any.
fn is_of(path: &str, template: &str) -> bool {
    let mut parts = path.split('/');
    let same = |wanted: &str| parts.next().is_some_and(|part| wanted.starts_with('{') || part == wanted);
    template.split('/').all(same) && parts.next().is_none()
}

async fn carry_out(app: App, request: Request, next: Next) -> Result<Response, ApiError> {
    let (mut parts, content) = request.into_parts();
    let mut keys = parts.headers.get_all(KEY).iter();
    let key = keys.next().and_then(|key| key.to_str().ok()).filter(|_| keys.next().is_none());
    let fits = |key: &&str| (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let key =
        key.filter(fits).ok_or(ApiError::Malformed("the header `Idempotency-Key`: 1 to 200 visible characters"))?;
    let key = key.to_owned();
    let asker = Asker::from_request_parts(&mut parts, &app).await?.by().who.key();
    let content = body::read(content, BODY_BYTES_MAX).await?;
    let item = digits(&Sha256::digest(format!("{asker}\n{}\n{key}", parts.uri).as_bytes()));
    let body = TokenHash(Sha256::digest(&content).into());
    let known = item.clone();
    match app.store.read(move |reader| reader.remembered_request(&known)).await {
        Ok(known) if now_ms().saturating_sub(known.begun_at_ms) < REMEMBERED_MS => {
            return again(&app, &known, &body).await;
        }
        Ok(_) => {
            let old = item.clone();
            app.store.write(move |writer| writer.forget_request(&old)).await?;
        }
        Err(StoreError::Missing) => {}
        Err(error) => return Err(error.into()),
    }
    let begun = RememberedRequest { item: item.clone(), asker, body, begun_at_ms: now_ms(), answer_bytes: None };
    match app.store.write(move |writer| writer.begin_request(&begun)).await {
        Err(StoreError::Conflict) => return Err(under_way()),
        other => other?,
    }
    let request = Request::from_parts(parts, Body::from(content));
    let of_app = app.clone();
    // Carried out to its end, so that a client that went away finds the answer when it asks again.
    let carried = app.sockets.spawn(async move {
        let response = next.run(request).await;
        keep(&of_app, item, response).await
    });
    carried.await.map_err(|_| ApiError::Internal("a request that was to be carried out once broke off"))?
}

/// Keeps the answer of what was made, and forgets what was not.
async fn keep(app: &App, item: String, response: Response) -> Result<Response, ApiError> {
    if !response.status().is_success() {
        app.store.write(move |writer| writer.forget_request(&item)).await?;
        return Ok(response);
    }
    let (parts, content) = response.into_parts();
    let content = axum::body::to_bytes(content, ANSWER_BYTES_MAX).await;
    let content: Bytes = content.map_err(|_| ApiError::Internal("an answer that is too long to be kept"))?;
    let header = |name: &HeaderName| Some((name.to_string(), parts.headers.get(name)?.to_str().ok()?.to_owned()));
    let answer = Answer {
        status: parts.status.as_u16(),
        headers: KEPT.iter().filter_map(header).collect(),
        body: String::from_utf8_lossy(&content).into_owned(),
    };
    let text = serde_json::to_vec(&answer).map_err(|_| ApiError::Internal("an answer that is no JSON"))?;
    let value = app.keys.seal(Place { owner: ANSWER_OWNER, item: &item }, &text).as_bytes().to_vec();
    let record = SealedRecord { owner: ANSWER_OWNER.to_owned(), item, value };
    app.store.write(move |writer| writer.answer_request(&record)).await?;
    Ok(Response::from_parts(parts, Body::from(content)))
}

/// The first answer once more.
async fn again(app: &App, known: &RememberedRequest, body: &TokenHash) -> Result<Response, ApiError> {
    if known.body != *body {
        let detail = "Another body was sent with it. Choose another key for another request.";
        return Err(ApiError::KeyUsed(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    if known.answer_bytes.is_none() {
        return Err(under_way());
    }
    let item = known.item.clone();
    let sealed = app.store.read(move |reader| reader.sealed(ANSWER_OWNER, &item)).await?;
    let place = Place { owner: ANSWER_OWNER, item: &known.item };
    let opened = app.keys.open(place, &Sealed::from_bytes(sealed.value));
    let text = opened.map_err(|_| ApiError::Internal("an answer that cannot be opened"))?;
    let answer: Answer =
        serde_json::from_slice(&text).map_err(|_| ApiError::Internal("an answer that cannot be read"))?;
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn under_way() -> ApiError {
    let detail = "The first request with it has no answer yet: send it again soon. If that stays so, the relay was stopped in the middle of it: look \
                  whether what you wanted was made, and choose another key.";
    ApiError::KeyUsed(StatusCode::CONFLICT, detail)
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn a_path_is_of_a_template_part_by_part() {
        let template = "/api/v1/visitors/{id}/block";
        for (path, expected) in [
            ("/api/v1/visitors/7/block", true),
            ("/api/v1/visitors/block/block", true),
            ("/api/v1/visitors/7/erase", false),
            ("/api/v1/visitors/7", false),
            ("/api/v1/visitors/7/block/", false),
            ("/api/v1/visitors/7/8/block", false),
        ] {
            assert_eq!(is_of(path, template), expected, "{path}");
        }
    }
}
