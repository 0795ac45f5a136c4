//! The document of the API (OpenAPI 3.1).

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};

use crate::app::App;

/// What the document says beside its routes.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Causeway", description = "Settings, people and conversations of a Causeway relay.", license(name = "Apache-2.0 OR MIT")),
    tags((name = "relay", description = "The relay itself"), (name = "people", description = "Who signs in"))
)]
struct Base;

/// The document without its routes.
pub(super) fn base() -> OpenApi {
    Base::openapi()
}

/// Adds what is derived from elsewhere.
pub(super) fn complete(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_default();
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("causeway_session")));
    let key = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    components.add_security_scheme("session", cookie);
    components.add_security_scheme("key", key);
    document.security = Some(["session", "key"].map(|name| SecurityRequirement::new(name, [""; 0])).into());
    document
}

/// `GET /api/v1/openapi.json`: made once, when the relay starts.
pub(super) fn serve(document: &OpenApi) -> MethodRouter<App> {
    let text = Bytes::from(document.to_json().expect("the document is JSON"));
    get(async move || -> Response {
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        ([kind, (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))], text).into_response()
    })
}
