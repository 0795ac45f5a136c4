//! Invitations, for those who have a link: for whom it is, and accepting it. The token comes in the body, so that it is in no log.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use relay_settings::{Problem, ProblemCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::Refusal;

use super::asker::OwnPage;
use super::body::{JsonBody, fields};
use super::error::{ApiError, ProblemBody};
use super::session;
use crate::app::{App, Caller};
use crate::identity::account;
use crate::identity::invitation::Open;
use crate::store::Invited;

/// Bytes of a body: a token, a name and a password, each character written in twelve bytes.
const BYTES_MAX: usize = 16 * 1024;

/// The token of a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Link {
    /// What stands after the `#` of the link.
    #[schema(max_length = 64)]
    token: String,
}

/// For whom a link is.
#[derive(Serialize, ToSchema)]
pub(super) struct ForWhom {
    /// `colleague`: somebody becomes one. `password`: a colleague chooses a new password.
    kind: &'static str,
    /// The address to sign in with.
    email: String,
    /// The name that is proposed, or the colleague's.
    name: String,
    /// When the link ends: Unix time in milliseconds.
    until_ms: u64,
}

/// What was chosen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Acceptance {
    /// What stands after the `#` of the link.
    #[schema(max_length = 64)]
    token: String,
    /// The name that visitors will see; not asked for with a link for a password.
    #[schema(max_length = 80)]
    name: Option<String>,
    /// The password.
    #[schema(min_length = 10, max_length = 512)]
    password: String,
}

/// Says for whom a link is. A link that was used, taken back, has ended or never was is not there. From the relay's own pages only.
#[utoipa::path(post, path = "/api/v1/invitations/look", tag = "people", security(()), request_body = Link,
    responses((status = 200, body = ForWhom),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn look(
    State(app): State<App>,
    _own: OwnPage,
    JsonBody(body): JsonBody<BYTES_MAX>,
) -> Result<Response, ApiError> {
    let Link { token } = fields(body, "the body: it has `token`")?;
    let Open { invitation, agent } = app.identity.invitation(&token).await?;
    let (kind, email, name) = match (invitation.what, agent) {
        (Invited::Colleague { email, name, .. }, _) => ("colleague", email, name),
        (Invited::Password { .. }, Some(agent)) => ("password", agent.email, agent.name),
        (Invited::Password { .. }, None) => return Err(ApiError::NotFound),
    };
    let body = Json(ForWhom { kind, email, name, until_ms: invitation.until_ms });
    Ok(([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], body).into_response())
}

/// Accepts a link, once. Somebody new becomes a colleague and is signed in; with a link for a password the password is changed, all sign-ins end, and
/// one signs in with it. From the relay's own pages only.
#[utoipa::path(post, path = "/api/v1/invitations/accept", tag = "people", security(()), request_body = Acceptance,
    responses((status = 204, description = "Done; with an invitation the cookies of the sign-in are set."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn accept(
    State(app): State<App>,
    _own: OwnPage,
    Caller(address): Caller,
    headers: HeaderMap,
    JsonBody(body): JsonBody<BYTES_MAX>,
) -> Result<Response, ApiError> {
    let Acceptance { token, name, password } = fields(body, "the body: it has `token`, `password`, perhaps `name`")?;
    let open = app.identity.invitation(&token).await?;
    let from = app.tags.source(address).address;
    let (email, proposed) = match (&open.invitation.what, &open.agent) {
        (_, Some(agent)) => (&agent.email, &agent.name),
        (Invited::Colleague { email, name, .. }, None) => (email, name),
        (Invited::Password { .. }, None) => return Err(ApiError::NotFound),
    };
    let name =
        if open.agent.is_some() { Ok(proposed.clone()) } else { account::name(name.as_ref().unwrap_or(proposed)) };
    let strong = account::password(&password, email, name.as_deref().unwrap_or_default());
    let name = match (name, strong) {
        (Ok(name), Ok(())) => name,
        (name, strong) => return Err(ApiError::Invalid([name.err(), strong.err()].into_iter().flatten().collect())),
    };
    if open.agent.is_some() {
        app.identity.accept_password(open, password, from).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let accepted = app.identity.accept_as_colleague(&open.invitation, name, password.clone(), from).await;
    let email = accepted.map_err(in_the_way)?;
    let step = app.identity.sign_in(session::from(&app, address, &headers), email, password).await?;
    session::answer(&app, step).await
}

/// What was changed since the invitation was made.
fn in_the_way(refusal: Refusal) -> ApiError {
    let problem = |field: &str, code, remedy: &str| {
        ApiError::Conflict(vec![Problem { field: field.to_owned(), code, remedy: remedy.to_owned() }])
    };
    if refusal == Refusal::Taken {
        return problem("email", ProblemCode::Taken, "somebody signs in with this address already: sign in");
    }
    if refusal == Refusal::Ended {
        let remedy = "a role, site or department of this invitation was removed meanwhile: ask for another one";
        return problem("", ProblemCode::Missing, remedy);
    }
    refusal.into()
}
