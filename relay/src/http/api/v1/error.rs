//! Why a request of the API was not carried out, as `application/problem+json` (RFC 9457).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use relay_settings::{Problem, ProblemCode};
use serde::Serialize;
use utoipa::ToSchema;
use wire::Refusal;

use crate::app::{Reject, status};
use crate::store::StoreError;

/// What a problem's `type` begins with.
const TYPE: &str = "urn:causeway:problem:";
/// When to try again after a busy store, in seconds.
const RETRY_AFTER_S: u64 = 2;

/// Why a request was not carried out.
#[derive(Debug)]
pub(in crate::http) enum ApiError {
    /// The request cannot be read; which part.
    Malformed(&'static str),
    /// There is no such thing, or the asker may not know of it.
    NotFound,
    /// The path has no such method.
    Method,
    /// It is used elsewhere, or something else has its name.
    Conflict(Vec<Problem>),
    /// It was changed since the version that `If-Match` names; the present version, or none if it is gone.
    Changed(Option<u64>),
    /// `If-Match` is missing.
    Unconditional,
    /// The body is longer than allowed, in bytes.
    TooLarge(usize),
    /// The body is not declared as JSON.
    MediaType,
    /// What is wrong with the body, field by field.
    Invalid(Vec<Problem>),
    /// What the asker may not give, field by field, because they have not got it.
    NotGranted(Vec<Problem>),
    /// Who asks must first prove once more who they are.
    SignInAgain,
    /// Who asks lacks the second factor that a role of theirs wants.
    SecondFactorMissing,
    /// The `Idempotency-Key` was used for another request; or the first with it has no answer yet, or lost it; why.
    KeyUsed(StatusCode, &'static str),
    /// Any other refusal of the relay.
    Refused(Refusal),
    /// What went wrong here; logged, never sent.
    Internal(&'static str),
}

/// A problem as it is sent (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(in crate::http) struct ProblemBody {
    /// A stable name for this kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "urn:causeway:problem:not_found")]
    name: String,
    /// The same in words.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What to do.
    detail: String,
    /// What is wrong, field by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<FieldProblem>,
    /// The present version, when the request named another.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// The refusal as clients on connections get it (`docs/protocol.md`), where there is one.
    #[serde(flatten)]
    #[schema(ignore)]
    refusal: Option<Refusal>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct FieldProblem {
    /// The field as a path, like `weekly.2.from`; empty for the whole body.
    field: String,
    /// A stable name for this kind of problem.
    #[schema(value_type = String)]
    code: relay_settings::ProblemCode,
    /// What is wrong and what to do.
    remedy: String,
}

impl ApiError {
    /// Status, name, title and what to do.
    fn words(&self) -> (StatusCode, &'static str, &'static str, String) {
        let (status, name, title, detail) = match self {
            Self::Malformed(part) => {
                let detail = format!("Look at {part}.");
                return (StatusCode::BAD_REQUEST, "malformed", "The request cannot be read", detail);
            }
            Self::TooLarge(bytes_max) => {
                let detail = format!("It may have {bytes_max} bytes.");
                return (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too long", detail);
            }
            Self::KeyUsed(status, detail) => {
                return (*status, "idempotency_key", "This `Idempotency-Key` was used before", (*detail).to_owned());
            }
            Self::Refused(refusal) => return refused(refusal),
            Self::NotFound => {
                (404, "not_found", "There is no such thing", "Look at the address; it may have been removed.")
            }
            Self::Method => (405, "method", "This path has no such method", "The header `Allow` lists those it has."),
            Self::Conflict(_) => {
                (409, "conflict", "Something else is in the way", "`problems` says what, and what to do.")
            }
            Self::Changed(_) => {
                (412, "changed", "It was changed meanwhile", "Read it again and send its new `ETag` as `If-Match`.")
            }
            Self::MediaType => {
                (415, "media_type", "The body is not JSON", "Send it with `Content-Type: application/json`.")
            }
            Self::Invalid(_) => (422, "invalid", "Some fields are not right", "`problems` says which, and what to do."),
            Self::NotGranted(_) => {
                (403, "not_granted", "Nobody gives what they do not have", "`problems` says which fields it concerns.")
            }
            Self::Unconditional => (
                428,
                "if_match_required",
                "`If-Match` is missing",
                "Send the `ETag` of what you have read as `If-Match`.",
            ),
            Self::SecondFactorMissing => (
                403,
                "second_factor_missing",
                "A role of yours wants a second factor",
                "Make one (`/api/v1/me/second-factor` or `/api/v1/me/passkeys`), then send the same request again.",
            ),
            Self::SignInAgain => (
                403,
                "sign_in_again",
                "This needs a sign-in of the last ten minutes",
                "Send the password, a code or a passkey to `/api/v1/session/confirm`, then the same request again.",
            ),
            Self::Internal(_) => {
                (500, "internal", "Something went wrong here", "Try again; the relay's log says more.")
            }
        };
        (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), name, title, detail.to_owned())
    }
}

/// The same for a refusal that clients on connections get, too.
fn refused(refusal: &Refusal) -> (StatusCode, &'static str, &'static str, String) {
    let (name, title, detail) = match status(refusal) {
        _ if *refusal == Refusal::SignInFailed => {
            ("sign_in_failed", "This does not sign in", "Address or password is wrong, or the account is switched off.")
        }
        _ if *refusal == Refusal::Ended => {
            ("ended", "The conversation has ended", "Only notes are still written into it.")
        }
        _ if *refusal == Refusal::Taken => (
            "taken",
            "You do not have this conversation",
            "Take it first, if nobody has it; what a colleague has is that colleague's.",
        ),
        _ if *refusal == Refusal::AtCapacity => (
            "at_capacity",
            "The agent has as many conversations as it may",
            "Choose another agent, or wait until one of its conversations has ended.",
        ),
        StatusCode::UNAUTHORIZED => ("signed_out", "Nobody is signed in", "Sign in, or send a valid key."),
        StatusCode::FORBIDDEN => ("not_allowed", "You may not do this", "Ask an administrator for the right to do it."),
        StatusCode::NOT_FOUND => {
            ("not_found", "There is no such thing", "Look at the address; it may have been removed.")
        }
        StatusCode::TOO_MANY_REQUESTS => ("rate_limited", "Too many requests", "`Retry-After` says when to try again."),
        StatusCode::CONFLICT => ("conflict", "It is not possible now", "Read its state again."),
        StatusCode::SERVICE_UNAVAILABLE => ("unavailable", "The relay cannot answer now", "Try again soon."),
        StatusCode::INSUFFICIENT_STORAGE => ("disk_full", "The relay's disk is full", "Tell whoever runs it."),
        _ => ("malformed", "The request cannot be carried out", "Look at its fields."),
    };
    (status(refusal), name, title, detail.to_owned())
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, name, title, detail) = self.words();
        let (mut problems, mut version, mut retry_after_s, mut given) = (Vec::new(), None, None, None);
        match self {
            Self::Conflict(found) | Self::Invalid(found) | Self::NotGranted(found) => problems = found,
            Self::Changed(present) => version = present,
            Self::Refused(refusal) => {
                crate::numbers::refused(&refusal, 1);
                retry_after_s = if let Refusal::RateLimited { retry_after_ms } = refusal {
                    Some(retry_after_ms.div_ceil(1_000).max(1))
                } else if let Refusal::QuotaExceeded { retry_after_ms } = refusal {
                    // Nothing is said where waiting alone does not help.
                    Some(retry_after_ms.div_ceil(1_000)).filter(|seconds| *seconds > 0)
                } else {
                    matches!(refusal, Refusal::Busy | Refusal::StoreDown).then_some(RETRY_AFTER_S)
                };
                given = Some(refusal);
            }
            Self::Internal(cause) => {
                tracing::error!(cause, "a request failed");
                crate::numbers::http_failed();
            }
            Self::NotFound => given = Some(Refusal::NotFound),
            Self::Malformed(_)
            | Self::KeyUsed(..)
            | Self::Method
            | Self::SignInAgain
            | Self::SecondFactorMissing
            | Self::Unconditional
            | Self::TooLarge(_)
            | Self::MediaType => {}
        }
        let problems = problems.into_iter().map(|Problem { field, code, remedy }| FieldProblem { field, code, remedy });
        let body = ProblemBody {
            name: [TYPE, name].concat(),
            title,
            status: status.as_u16(),
            detail,
            problems: problems.collect(),
            version,
            refusal: given,
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        if refusal == Refusal::NotFound {
            Self::NotFound
        } else if refusal == Refusal::Malformed {
            Self::Malformed("the request")
        } else {
            Self::Refused(refusal)
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error == StoreError::LastAdministrator {
            let (code, remedy) = (ProblemCode::LastAdministrator, error.to_string());
            return Self::Conflict(vec![Problem { field: String::new(), code, remedy }]);
        }
        Refusal::from(error).into()
    }
}

impl From<Reject> for ApiError {
    fn from(reject: Reject) -> Self {
        match reject {
            Reject::Refused(refusal) => refusal.into(),
            Reject::Internal(cause) => Self::Internal(cause),
        }
    }
}
