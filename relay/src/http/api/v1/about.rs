//! The relay itself, and who asks.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use relay_settings::{Right, Scope};
use serde::Serialize;
use utoipa::ToSchema;

use super::asker::{Asking, OwnAccount};
use super::error::{ApiError, ProblemBody};
use super::scope::ScopeBody;
use crate::app::App;
use crate::quota::reserve::Step;

/// Which relay answers.
#[derive(Serialize, ToSchema)]
pub(super) struct Version {
    /// The version of the relay.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// The version of the API.
    api: u32,
}

/// Says which version of the relay and of the API this is. Anybody may ask.
#[utoipa::path(get, path = "/api/v1/version", tag = "relay", security(()), responses((status = 200, body = Version)))]
pub(super) async fn version() -> Json<Version> {
    Json(Version { version: env!("CARGO_PKG_VERSION"), api: 1 })
}

/// Whether the relay can do its work.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Whether the store answers.
    store: bool,
    /// What is not taken any more because the disk is nearly full; `free` when it is not.
    #[schema(example = "free")]
    disk: &'static str,
}

/// Says whether the store answers and the disk has room: 503 when the store does not answer. Anybody may ask.
#[utoipa::path(get, path = "/api/v1/health", tag = "relay", security(()),
    responses((status = 200, body = Health), (status = 503, body = Health)))]
pub(super) async fn health(State(app): State<App>) -> Response {
    let store = app.store.check().await.is_ok();
    let step = app.reserve.step();
    let disk = if step == Step::Free { "free" } else { step.words() };
    let status = if store { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(Health { store, disk })).into_response()
}

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    /// The id of the agent, or of the key.
    #[schema(example = "01a21c83-4366-7679-9dda-de0b61477dc6")]
    id: String,
    /// The name that visitors see, or the key's.
    name: String,
    /// The address to sign in with; none for a key.
    email: Option<String>,
    /// The ids of the roles.
    #[schema(example = json!(["agent"]))]
    roles: Vec<String>,
    /// The names of all rights that these give.
    #[schema(example = json!(["conversation_read", "conversation_answer"]))]
    rights: Vec<&'static str>,
    /// Where these count.
    #[schema(value_type = ScopeBody)]
    scope: Scope,
    /// Whether a second factor is asked for at the sign-in.
    second_factor: bool,
    /// From when one is needed, because a role wants it: Unix time in milliseconds. Without one, nothing else is allowed from then on.
    second_factor_due_at_ms: Option<u64>,
}

/// Says who is signed in, or whose key it is.
#[utoipa::path(get, path = "/api/v1/me", tag = "people",
    responses((status = 200, body = Me), (status = 401, body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn me(State(app): State<App>, OwnAccount(asker): OwnAccount) -> Result<Json<Me>, ApiError> {
    let rights = asker.rights().iter().map(Right::as_str).collect();
    let scope = asker.staff().scope.clone();
    Ok(Json(match asker.who {
        Asking::Agent(signed_in) => Me {
            second_factor: signed_in.factor.is_there(),
            second_factor_due_at_ms: signed_in.factor.due_at_ms(&signed_in.agent, &app.settings.snapshot()),
            id: signed_in.agent.id.to_string(),
            name: signed_in.agent.name,
            email: Some(signed_in.agent.email),
            roles: signed_in.agent.roles.iter().map(ToString::to_string).collect(),
            rights,
            scope,
        },
        Asking::Key(key) => Me {
            id: key.id.to_string(),
            name: key.name,
            email: None,
            roles: Vec::new(),
            rights,
            scope,
            second_factor: false,
            second_factor_due_at_ms: None,
        },
    }))
}
