//! Agents sign in, ask who they are, and sign out.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use wire::limit::DEVICE_MS;
use wire::{AgentId, Refusal, Role};

use crate::app::{App, Caller, OwnOrigin, Reject};
use crate::core_task::Arrival;
use crate::identity::{NewSignIn, SignInAttempt, devices_text};

/// Bytes of a sign-in request: an address, a password, braces.
pub(crate) const SIGN_IN_BYTES_MAX: usize = 4 * 1024;
/// How long its body may take.
const BODY_WAIT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct SignIn {
    email: String,
    password: String,
}

#[derive(Serialize)]
struct Me {
    id: AgentId,
    name: String,
    email: String,
    role: Role,
}

/// `POST /session`.
pub(in crate::http) async fn sign_in(
    State(app): State<App>,
    _own: OwnOrigin,
    Caller(address): Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Reject> {
    let read = tokio::time::timeout(BODY_WAIT, axum::body::to_bytes(body, SIGN_IN_BYTES_MAX)).await;
    let bytes = read.map_err(|_| Refusal::Malformed)?.map_err(|_| Refusal::Malformed)?;
    let SignIn { email, password } = serde_json::from_slice(&bytes).map_err(|_| Refusal::Malformed)?;
    let devices = app.identity.names.devices(&headers);
    let made = app
        .identity
        .sign_in(SignInAttempt { address, from: app.tags.source(address).address, devices, email, password })
        .await?;
    signed_in(&app, made).await
}

/// The answer to a sign-in that was just made: its cookies.
pub(super) async fn signed_in(app: &App, made: NewSignIn) -> Result<Response, Reject> {
    let NewSignIn { session, devices, agent } = made;
    // An agent added a moment ago must be known to the core before its console connects.
    app.announce_agents().await?;
    tracing::info!(agent.id = %agent.id, "an agent signed in");
    let (names, attributes) = (app.identity.names, attributes(app));
    Ok(with_cookies(&[
        format!("{}={}; {attributes}", names.session, session.reveal()),
        format!("{}={}; Max-Age={}; {attributes}", names.device, devices_text(&devices), DEVICE_MS / 1_000),
    ]))
}

/// `GET /session`.
pub(in crate::http) async fn show(State(app): State<App>, headers: HeaderMap) -> Result<Response, Reject> {
    let agent = app.identity.agent(&headers).await?.agent;
    let me = Me { id: agent.id, name: agent.name, email: agent.email, role: agent.role };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(me)).into_response())
}

/// `DELETE /session`: revokes the sign-in and closes its connections. Without a sign-in it does nothing.
pub(in crate::http) async fn sign_out(
    State(app): State<App>,
    _own: OwnOrigin,
    Caller(address): Caller,
    headers: HeaderMap,
) -> Result<Response, Reject> {
    match app.identity.agent(&headers).await {
        Ok(signed_in) => {
            app.identity.sign_out(&signed_in, app.tags.source(address).address).await?;
            let arrival = Arrival::SignedOut { session: signed_in.session, agent: signed_in.agent.id };
            // Fails only when the core has ended.
            let _ = app.core.send(arrival).await;
            tracing::info!(agent.id = %signed_in.agent.id, "an agent signed out");
        }
        Err(Refusal::SignedOut) => {}
        Err(refusal) => return Err(refusal.into()),
    }
    Ok(with_cookies(&[format!("{}=; Max-Age=0; {}", app.identity.names.session, attributes(&app))]))
}

/// The cookies are for this relay's own pages only. That of a sign-in ends with the browser's session; the store knows when it has expired.
fn attributes(app: &App) -> &'static str {
    if app.is_https() { "Path=/; HttpOnly; SameSite=Strict; Secure" } else { "Path=/; HttpOnly; SameSite=Strict" }
}

fn with_cookies(cookies: &[String]) -> Response {
    let mut response = (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response();
    for cookie in cookies {
        let Ok(cookie) = HeaderValue::from_str(cookie) else {
            return Reject::Internal("a cookie that is no header").into_response();
        };
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
