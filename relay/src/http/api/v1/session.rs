//! Agents sign in and out.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use relay_settings::{Problem, ProblemCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use wire::Refusal;
use wire::limit::DEVICE_MS;

use super::asker::{Asker, OwnAccount, OwnPage};
use super::body::{JsonBody, fields};
use super::error::{ApiError, ProblemBody};
use super::passkey::{page_host, wrong_passkey};
use super::second_factor::{secretly, wrong_code};
use crate::address::Address;
use crate::app::{App, Caller, Reject};
use crate::core_task::Arrival;
use crate::identity::{NewSignIn, SignInFrom, SignInStep, SignedIn, account, devices_text};

/// Bytes of a sign-in request: an address, a password, braces.
pub(crate) const SIGN_IN_BYTES_MAX: usize = 4 * 1024;

/// What signing in takes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    /// The address to sign in with.
    #[schema(example = "ann@example.com", max_length = 254)]
    email: String,
    /// The password.
    #[schema(max_length = 512)]
    password: String,
}

/// A sign-in whose password was right, and which waits for its second factor.
#[derive(Serialize, ToSchema)]
#[schema(as = PendingSignIn)]
pub(super) struct Pending {
    /// To be sent with the second factor within five minutes. Good for one sign-in.
    pending: String,
    /// Whether the code of an app does. A recovery code always does.
    code: bool,
    /// Whether the account has passkeys. Those of the host by which the page was reached do.
    passkey: bool,
}

/// A second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecondFactor {
    /// As the right password was answered.
    #[schema(max_length = 100)]
    pending: String,
    /// The code that an app shows, or a recovery code.
    #[schema(example = "123456", max_length = 64)]
    code: String,
}

/// Signs in: the answer sets the cookie of the sign-in and one that makes the browser known to the account. With a second factor that comes first:
/// then the answer to a right password says so, and `/api/v1/session/second-factor` or `/api/v1/session/passkey` is asked. From the relay's own pages only.
#[utoipa::path(post, path = "/api/v1/session", tag = "people", security(()), request_body = SignIn,
    responses((status = 204, description = "Signed in."),
        (status = 200, body = Pending, description = "The second factor is asked for."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn sign_in(
    State(app): State<App>,
    _own: OwnPage,
    Caller(address): Caller,
    headers: HeaderMap,
    JsonBody(body): JsonBody<SIGN_IN_BYTES_MAX>,
) -> Result<Response, ApiError> {
    let SignIn { email, password } = fields(body, "the body: it has `email` and `password`")?;
    answer(&app, app.identity.sign_in(from(&app, address, &headers), email, password).await?).await
}

/// What a right password comes to: a sign-in, or the question for the second factor.
pub(super) async fn answer(app: &App, step: SignInStep) -> Result<Response, ApiError> {
    match step {
        SignInStep::Done(made) => signed_in(app, *made).await,
        SignInStep::SecondFactor { pending, code, passkey } => {
            Ok(secretly(Pending { pending: pending.reveal().to_owned(), code, passkey }))
        }
    }
}

/// Takes the second factor of a sign-in whose password was right: an app's code, or a recovery code. From the relay's own pages only.
#[utoipa::path(post, path = "/api/v1/session/second-factor", tag = "people", security(()), request_body = SecondFactor,
    responses((status = 204, description = "Signed in."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn second_factor(
    State(app): State<App>,
    _own: OwnPage,
    Caller(address): Caller,
    headers: HeaderMap,
    JsonBody(body): JsonBody<SIGN_IN_BYTES_MAX>,
) -> Result<Response, ApiError> {
    let SecondFactor { pending, code } = fields(body, "the body: it has `pending` and `code`")?;
    let Ok(pending) = pending.parse() else { return Err(Refusal::SignInFailed.into()) };
    let made = app.identity.finish_sign_in(from(&app, address, &headers), &pending, code, &app.keys).await;
    signed_in(&app, made.map_err(wrong_code)?).await
}

/// Where a request to sign in comes from.
pub(super) fn from(app: &App, address: Address, headers: &HeaderMap) -> SignInFrom {
    let user_agent = headers.get(header::USER_AGENT).and_then(|text| text.to_str().ok()).unwrap_or_default();
    SignInFrom {
        address,
        tag: app.tags.source(address).address,
        browser: relay_edge::browser::described(user_agent),
        devices: app.identity.names.devices(headers),
    }
}

/// The answer to a sign-in that was just made: its cookies.
pub(super) async fn signed_in(app: &App, made: NewSignIn) -> Result<Response, ApiError> {
    let NewSignIn { session, devices, agent } = made;
    // An agent added a moment ago must be known to the core before its console connects.
    app.announce_agents().await?;
    tracing::info!(agent.id = %agent.id, "an agent signed in");
    let (names, attributes) = (app.identity.names, attributes(app));
    with_cookies(&[
        format!("{}={}; {attributes}", names.session, session.reveal()),
        format!("{}={}; Max-Age={}; {attributes}", names.device, devices_text(&devices), DEVICE_MS / 1_000),
    ])
}

/// Who one is, once more: one of the three.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    /// The password.
    #[serde(default)]
    #[schema(max_length = 512)]
    password: Option<String>,
    /// The code of the second factor.
    #[serde(default)]
    #[schema(max_length = 64)]
    code: Option<String>,
    /// What the browser answered to the options of `/api/v1/me/passkeys/challenge`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    passkey: Option<Value>,
}

/// Proves once more who is signed in: for ten minutes rights, keys and exports can be touched. From the relay's own pages only.
#[utoipa::path(post, path = "/api/v1/session/confirm", tag = "people", request_body = Confirmation,
    responses((status = 204, description = "It is right."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn confirm(
    State(app): State<App>,
    OwnAccount(asker): OwnAccount,
    Caller(address): Caller,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, ApiError> {
    const FIELDS: &str = "the body: it has `password`, `code` or `passkey`";
    let confirmation = fields(body, FIELDS)?;
    let (from, signed_in) = (from(&app, address, &headers), asker.signed_in()?);
    match confirmation {
        Confirmation { password: Some(password), code: None, passkey: None } => {
            app.identity.confirm(&from, signed_in, password).await.map_err(wrong_password)?;
        }
        Confirmation { password: None, code: Some(code), passkey: None } => {
            app.identity.confirm_by_code(&from, signed_in, code, &app.keys).await.map_err(wrong_code)?;
        }
        Confirmation { password: None, code: None, passkey: Some(credential) } => {
            let host = page_host(&app, &headers)?;
            app.identity.confirm_by_passkey(&from, signed_in, &host, &credential).await.map_err(wrong_passkey)?;
        }
        Confirmation { .. } => return Err(ApiError::Malformed(FIELDS)),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A wrong password of somebody who is signed in is a problem of its field: the sign-in stays.
pub(super) fn wrong_password(refusal: Refusal) -> ApiError {
    if refusal != Refusal::SignInFailed {
        return refusal.into();
    }
    let remedy = "this is not the password of this account".to_owned();
    ApiError::Invalid(vec![Problem { field: "password".into(), code: ProblemCode::Missing, remedy }])
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    /// The present one.
    #[schema(max_length = 512)]
    password: String,
    /// The new one.
    #[schema(min_length = 10, max_length = 512)]
    new: String,
}

/// Changes one's own password, and ends all other sign-ins of the account.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "people", request_body = NewPassword,
    responses((status = 204, description = "It is changed."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change_password(
    State(app): State<App>,
    asker: Asker,
    Caller(address): Caller,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, ApiError> {
    let signed_in = asker.signed_in()?;
    let NewPassword { password, new } = fields(body, "the body: it has `password` and `new`")?;
    let SignedIn { agent, .. } = signed_in;
    app.identity.confirm(&from(&app, address, &headers), signed_in, password).await.map_err(wrong_password)?;
    account::password(&new, &agent.email, &agent.name)
        .map_err(|problem| ApiError::Invalid(vec![Problem { field: "new".into(), ..problem }]))?;
    app.identity.change_password(signed_in, new, asker.by()).await?;
    tracing::info!(agent.id = %agent.id, "an agent changed the password");
    Ok(StatusCode::NO_CONTENT)
}

/// Signs out: the sign-in is revoked and its connections are closed. Without a sign-in nothing happens. From the relay's own pages only.
#[utoipa::path(delete, path = "/api/v1/session", tag = "people", security(()),
    responses((status = 204, description = "Nobody is signed in with this cookie any more."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn sign_out(
    State(app): State<App>,
    _own: OwnPage,
    Caller(address): Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
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
    with_cookies(&[format!("{}=; Max-Age=0; {}", app.identity.names.session, attributes(&app))])
}

/// The cookies are for this relay's own pages only. That of a sign-in ends with the browser's session; the store knows when it has expired.
fn attributes(app: &App) -> &'static str {
    if app.is_https() { "Path=/; HttpOnly; SameSite=Strict; Secure" } else { "Path=/; HttpOnly; SameSite=Strict" }
}

fn with_cookies(cookies: &[String]) -> Result<Response, ApiError> {
    let mut response = (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response();
    for cookie in cookies {
        let cookie = HeaderValue::from_str(cookie).map_err(|_| Reject::Internal("a cookie that is no header"))?;
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
