//! Where people are signed in: one's own sign-ins, and those of colleagues for who may end them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use relay_settings::{Right, Subject};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::{AgentId, Tag};

use super::asker::Asker;
use super::error::{ApiError, ProblemBody};
use super::params::{PathWords, QueryWords};
use crate::app::App;
use crate::core_task::Arrival;
use crate::hex::{digits, from_digits};
use crate::store::{AgentRecord, SessionRecord};

/// Whose sign-ins.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionsQuery {
    /// The agent's id; without it one's own.
    #[param(value_type = Option<String>, format = "uuid")]
    agent: Option<AgentId>,
}

/// Sign-ins that have not ended, the last made first. An agent has 100 at most.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionList {
    /// The sign-ins.
    items: Vec<Session>,
}

/// A sign-in.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    /// Its id.
    id: String,
    /// Browser and system, as far as they are known.
    #[schema(example = "Firefox, Linux")]
    browser: Option<String>,
    /// A keyed hash of the address it was made from: equal ones are the same address.
    #[schema(value_type = Option<String>)]
    from: Option<Tag>,
    /// When it was made: Unix time in milliseconds.
    made_at_ms: u64,
    /// When it was last used, to the minute: Unix time in milliseconds.
    used_at_ms: u64,
    /// Whether it is the one that asks.
    current: bool,
}

/// Lists sign-ins: one's own, or with the right `session_edit` those of a colleague whom one may change.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "people", params(SessionsQuery),
    responses((status = 200, body = SessionList),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<App>,
    asker: Asker,
    QueryWords(query): QueryWords<SessionsQuery>,
) -> Result<Json<SessionList>, ApiError> {
    let agent = query.agent.or(asker.agent()).ok_or(ApiError::NotFound)?;
    if asker.agent() != Some(agent) {
        let colleague = app.store.read(move |reader| reader.agent(agent)).await?;
        must_end_sessions_of(&app, &asker, &colleague)?;
    }
    let own = asker.signed_in().ok().map(|signed_in| signed_in.session_id);
    let sessions = app.identity.sessions_of(agent).await?;
    Ok(Json(SessionList { items: sessions.into_iter().map(|session| shown(session, own)).collect() }))
}

/// Ends a sign-in: its cookie is worth nothing from then on, and its connections are closed. One's own, or with the right `session_edit` that of a
/// colleague whom one may change.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "people",
    params(("id" = String, Path, description = "The sign-in's id.", pattern = "^[0-9a-f]{32}$")),
    responses((status = 204, description = "It has ended."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn revoke(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<String>,
) -> Result<StatusCode, ApiError> {
    let id = from_digits(&id).map(u128::from_be_bytes).ok_or(ApiError::NotFound)?;
    let (session, agent) = app.identity.session_by_id(id).await?;
    if asker.agent() != Some(agent.id) {
        must_end_sessions_of(&app, &asker, &agent)?;
    }
    app.identity.revoke(&session, asker.by()).await?;
    // Fails only when the core has ended.
    let _ = app.core.send(Arrival::SignedOut { session: session.token, agent: agent.id }).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses who may not end the colleague's sign-ins: for them these do not exist.
fn must_end_sessions_of(app: &App, asker: &Asker, colleague: &AgentRecord) -> Result<(), ApiError> {
    let staff = colleague.staff(&app.settings.snapshot());
    if asker.may(Right::SessionEdit, &Subject::Colleague(&staff)) { Ok(()) } else { Err(ApiError::NotFound) }
}

fn shown(session: SessionRecord, own: Option<u128>) -> Session {
    Session {
        id: digits(&session.id.to_be_bytes()),
        browser: Some(session.browser).filter(|browser| !browser.is_empty()),
        from: session.from,
        made_at_ms: session.created_at_ms,
        used_at_ms: session.used_at_ms,
        current: Some(session.id) == own,
    }
}
