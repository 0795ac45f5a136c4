//! The API, version 1: `/api/v1/…`. The console uses it with its cookie. Each route is declared once, with its line in the document of the API.
//!
//! Errors are problems (`error.rs`). A write names the version that it was made from (`condition.rs`). Lists are paged by a cursor.

mod about;
mod asker;
mod assign;
mod audit;
mod block;
mod body;
mod condition;
mod conversation;
mod erase;
mod error;
mod file;
mod history;
mod idempotency;
mod invitation;
mod invited;
mod key;
mod look;
mod message;
mod openapi;
mod params;
mod passkey;
mod rate;
mod reference;
mod schema;
mod scope;
mod second_factor;
pub(crate) mod session;
mod sessions;
mod settings;
mod setup;
mod staff;
mod visitor;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::routing::{any, get};
use tower_http::compression::CompressionLayer;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use self::error::ApiError;
use self::rate::ApiRates;
use crate::app::{App, Caller};
use crate::http::router::compression;

/// Every route of the API, with its document.
fn api() -> OpenApiRouter<App> {
    // A long transcript needs its encoder for long, and brotli's takes megabytes.
    let transcript: UtoipaMethodRouter<App> =
        routes!(file::transcript).layer(compression(CompressionLayer::new().no_br()));
    OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(about::version))
        .routes(routes!(about::health))
        .routes(routes!(about::me))
        .routes(routes!(staff::list))
        .routes(routes!(staff::read, staff::change, staff::remove))
        .routes(routes!(invitation::list, invitation::make))
        .routes(routes!(invitation::remove))
        .routes(routes!(invitation::password_link))
        .routes(routes!(invited::look))
        .routes(routes!(invited::accept))
        .routes(routes!(conversation::list))
        .routes(routes!(conversation::read))
        .routes(routes!(conversation::events))
        .routes(routes!(message::write))
        .routes(routes!(message::end))
        .routes(routes!(assign::assign))
        .routes(transcript)
        .routes(routes!(file::list))
        .routes(routes!(file::bring))
        .routes(routes!(file::read))
        .routes(routes!(visitor::list))
        .routes(routes!(visitor::read))
        .routes(routes!(block::block, block::unblock))
        .routes(routes!(erase::erasure, erase::erase))
        .routes(routes!(erase::hold, erase::put_hold, erase::end_hold))
        .routes(routes!(key::list, key::make))
        .routes(routes!(key::read, key::revoke))
        .routes(routes!(audit::list))
        .routes(routes!(audit::export))
        .routes(routes!(session::sign_in, session::sign_out))
        .routes(routes!(session::second_factor))
        .routes(routes!(session::confirm))
        .routes(routes!(passkey::ask, passkey::sign_in))
        .routes(routes!(session::change_password))
        .routes(routes!(second_factor::read, second_factor::begin, second_factor::finish, second_factor::remove))
        .routes(routes!(second_factor::renew))
        .routes(routes!(second_factor::remove_of))
        .routes(routes!(passkey::list, passkey::begin, passkey::finish))
        .routes(routes!(passkey::challenge))
        .routes(routes!(passkey::remove))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::revoke))
        .routes(routes!(setup::state, setup::make))
        .routes(routes!(settings::list, settings::create))
        .routes(routes!(settings::read, settings::replace, settings::remove))
        .routes(routes!(history::history))
        .routes(routes!(look::preview))
        .routes(routes!(look::texts))
}

/// The routes, the document itself, and answers for every other path below `/api/v1`.
pub(in crate::http) fn routes(app: App) -> Router<App> {
    let rates = ApiRates::new(&app.config.limits);
    let (routes, document) = api().split_for_parts();
    let making = Arc::new(openapi::making(&document));
    let document = openapi::complete(document);
    routes
        .route("/api/v1/openapi.json", openapi::serve(&document))
        .route("/api", reference::page(&document))
        .route("/api/reference.css", get(reference::styles))
        .route("/api/v1", any(async || ApiError::NotFound))
        .route("/api/v1/", any(async || ApiError::NotFound))
        .route("/api/v1/{*rest}", any(async || ApiError::NotFound))
        .method_not_allowed_fallback(async || ApiError::Method)
        .layer(middleware::from_fn_with_state(
            app.clone(),
            move |State(app): State<App>, request: Request, next: Next| {
                let making = Arc::clone(&making);
                async move { idempotency::once(app, &making, request, next).await }
            },
        ))
        .layer(middleware::from_fn_with_state(
            app,
            move |State(app): State<App>, caller: Caller, request: Request, next: Next| {
                let agent = app.identity.seen(request.headers());
                Arc::clone(&rates).limit((caller, agent), request, next)
            },
        ))
}
