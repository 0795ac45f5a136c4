//! One's own second factor: made, removed, renewed; and that of a colleague who has lost theirs.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use relay_settings::{Problem, ProblemCode, Right, Subject};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::AgentId;

use super::asker::{Asker, OwnAccount};
use super::body::{JsonBody, fields};
use super::error::{ApiError, ProblemBody};
use super::params::PathWords;
use crate::app::App;
use crate::identity::totp::{TotpError, qr_path};
use crate::identity::{CodeError, NewFactor};

/// What authenticator apps call the relay.
const ISSUER: &str = "Causeway";
/// Characters of a reason for removing a colleague's second factor.
const REASON_CHARS_MAX: usize = 200;

/// One's second factor.
#[derive(Serialize, ToSchema)]
pub(super) struct Factor {
    /// Since when an app's code is asked for: Unix time in milliseconds.
    code_since_ms: Option<u64>,
    /// Passkeys. `/api/v1/me/passkeys` lists them.
    passkeys: usize,
    /// Recovery codes that are left.
    recovery_codes: usize,
    /// From when one is needed, because a role wants it: Unix time in milliseconds.
    due_at_ms: Option<u64>,
}

/// A secret that counts once its first code has come.
#[derive(Serialize, ToSchema)]
pub(super) struct Begun {
    /// The secret, to be typed into an app (base32).
    secret: String,
    /// The same as an address that apps open.
    #[schema(example = "otpauth://totp/Causeway:ann%40example.com?secret=ABC")]
    uri: String,
    /// The same as a QR code: the side of its square, …
    qr_side: usize,
    /// … and its dark parts, as the path of an SVG with that view box.
    qr_path: String,
}

/// The code that an app shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    /// Six digits.
    #[schema(example = "123456", max_length = 64)]
    code: String,
}

/// Recovery codes, shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryCodes {
    /// Each works once instead of an app's code.
    recovery_codes: Vec<String>,
}

/// Why a colleague's second factor is removed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Removal {
    /// For the audit log.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
}

/// Says whether one has a second factor, and from when one is needed.
#[utoipa::path(get, path = "/api/v1/me/second-factor", tag = "people",
    responses((status = 200, body = Factor),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn read(State(app): State<App>, OwnAccount(asker): OwnAccount) -> Result<Json<Factor>, ApiError> {
    let signed_in = asker.signed_in()?;
    Ok(Json(Factor {
        code_since_ms: signed_in.factor.by_code_ms,
        passkeys: signed_in.factor.passkeys,
        recovery_codes: signed_in.factor.recovery_codes,
        due_at_ms: signed_in.factor.due_at_ms(&signed_in.agent, &app.settings.snapshot()),
    }))
}

/// Makes a secret for an app. It counts once its first code is sent; until then what was before stays.
#[utoipa::path(post, path = "/api/v1/me/second-factor", tag = "people",
    responses((status = 200, body = Begun),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn begin(State(app): State<App>, OwnAccount(asker): OwnAccount) -> Result<Response, ApiError> {
    asker.must_be_confirmed()?;
    let agent = &asker.signed_in()?.agent;
    let secret = app.identity.begin_factor(agent.id, &app.keys).await?;
    let uri = secret.uri(ISSUER, &agent.email);
    let qr = qr_path(&uri).ok_or(ApiError::Internal("an address too long for a QR code"))?;
    Ok(secretly(Begun { secret: secret.reveal(), uri, qr_side: qr.side, qr_path: qr.path }))
}

/// Takes the first code of the secret that was made last. From then on a code is asked for at each sign-in; the answer has the recovery codes.
#[utoipa::path(put, path = "/api/v1/me/second-factor", tag = "people", request_body = Code,
    responses((status = 200, body = RecoveryCodes),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn finish(
    State(app): State<App>,
    OwnAccount(asker): OwnAccount,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let agent = asker.signed_in()?.agent.id;
    asker.must_be_confirmed()?;
    let Code { code } = fields(body, "the body: it has `code`")?;
    let made = app.identity.finish_factor(agent, &code, &app.keys, asker.by()).await.map_err(wrong_code)?;
    tracing::info!(agent.id = %agent, "an agent has a second factor");
    Ok(shown(made))
}

/// Removes one's second factor by code. With the last second factor the recovery codes go; passkeys stay.
#[utoipa::path(delete, path = "/api/v1/me/second-factor", tag = "people",
    responses((status = 204, description = "There is none any more."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove(State(app): State<App>, asker: Asker) -> Result<StatusCode, ApiError> {
    asker.must_be_confirmed()?;
    app.identity.remove_factor(asker.signed_in()?.agent.id, asker.by()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes new recovery codes; those before are worth nothing.
#[utoipa::path(post, path = "/api/v1/me/recovery-codes", tag = "people",
    responses((status = 200, body = RecoveryCodes),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn renew(State(app): State<App>, asker: Asker) -> Result<Response, ApiError> {
    asker.must_be_confirmed()?;
    Ok(shown(app.identity.renew_recovery_codes(asker.signed_in()?.agent.id, asker.by()).await?))
}

/// Removes the second factors of a colleague who cannot use them any more: code, passkeys and recovery codes. With the right `session_edit`, of
/// colleagues whom one may change.
#[utoipa::path(post, path = "/api/v1/staff/{id}/second-factor/remove", tag = "people", request_body = Removal,
    params(("id" = String, Path, description = "The agent's id.", format = "uuid")),
    responses((status = 204, description = "There is none any more."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove_of(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<AgentId>,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, ApiError> {
    let colleague = app.store.read(move |reader| reader.agent(id)).await?;
    let staff = colleague.staff(&app.settings.snapshot());
    if !asker.may(Right::SessionEdit, &Subject::Colleague(&staff)) {
        return Err(ApiError::NotFound);
    }
    asker.must_be_confirmed()?;
    let Removal { reason } = fields(body, "the body: it has `reason`")?;
    if wire::is_blank(&reason) || reason.chars().count() > REASON_CHARS_MAX {
        let remedy = format!("a reason of 1 to {REASON_CHARS_MAX} characters, for the audit log");
        return Err(ApiError::Invalid(vec![Problem { field: "reason".into(), code: ProblemCode::Required, remedy }]));
    }
    app.identity.remove_factors(id, asker.by(), reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A code that does not do is a problem of its field.
pub(super) fn wrong_code(error: CodeError) -> ApiError {
    let problem = |code, remedy: String| ApiError::Invalid(vec![Problem { field: "code".into(), code, remedy }]);
    match error {
        CodeError::Wrong(why @ TotpError::Wrong) => problem(ProblemCode::Missing, why.to_string()),
        CodeError::Wrong(why @ TotpError::Used) => problem(ProblemCode::Taken, why.to_string()),
        CodeError::Over => ApiError::Refused(wire::Refusal::SignInFailed),
        CodeError::Refused(refusal) => refusal.into(),
    }
}

fn shown(made: NewFactor) -> Response {
    secretly(RecoveryCodes { recovery_codes: made.recovery_codes })
}

/// An answer that nobody keeps.
pub(super) fn secretly(body: impl Serialize) -> Response {
    ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(body)).into_response()
}
