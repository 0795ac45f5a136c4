//! The one error of HTTP requests.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wire::Refusal;

use crate::blob::BlobError;
use crate::store::StoreError;

/// Why a request was not carried out.
#[derive(Debug)]
pub enum Reject {
    /// What the client did wrong; sent to it as JSON.
    Refused(Refusal),
    /// What went wrong here; logged, never sent.
    Internal(&'static str),
}

impl Reject {
    /// The refusal that a client on a connection gets instead.
    #[must_use]
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Internal(_) => Refusal::StoreDown,
        }
    }
}

impl From<Refusal> for Reject {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Reject {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<BlobError> for Reject {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Missing => Self::Refused(Refusal::NotFound),
            // The upload answers with its bound before this.
            BlobError::TooLarge => Self::Internal("a file passed its bound unseen"),
            BlobError::Down => Self::Refused(Refusal::StoreDown),
        }
    }
}

/// The HTTP status of a refusal.
pub(crate) const fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Refusal::QuotaExceeded { .. } => StatusCode::TOO_MANY_REQUESTS,
        Refusal::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        Refusal::Busy | Refusal::StoreDown => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::NotFound | Refusal::FileMissing | Refusal::SiteUnknown => StatusCode::NOT_FOUND,
        Refusal::SignInFailed | Refusal::SignedOut | Refusal::TokenInvalid => StatusCode::UNAUTHORIZED,
        Refusal::OriginRefused | Refusal::NotAllowed | Refusal::Blocked => StatusCode::FORBIDDEN,
        Refusal::FileTooLarge { .. } | Refusal::TextTooLong { .. } | Refusal::PictureTooLarge { .. } => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        Refusal::FileKind | Refusal::FileEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Refusal::Ended | Refusal::Taken | Refusal::AtCapacity | Refusal::TooManyConversations => StatusCode::CONFLICT,
        Refusal::TextEmpty
        | Refusal::TextInvalid
        | Refusal::UnknownFrame
        | Refusal::RatingInvalid
        | Refusal::FileEmpty
        | Refusal::UploadBroken
        | Refusal::Malformed => StatusCode::BAD_REQUEST,
    }
}

impl IntoResponse for Reject {
    fn into_response(self) -> Response {
        let refusal = match self {
            Self::Refused(refusal) => refusal,
            Self::Internal(cause) => {
                tracing::error!(cause, "a request failed");
                crate::numbers::http_failed();
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        crate::numbers::refused(&refusal, 1);
        let mut response = (status(&refusal), Json(&refusal)).into_response();
        if matches!(refusal, Refusal::Busy) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        if let Refusal::RateLimited { retry_after_ms } | Refusal::QuotaExceeded { retry_after_ms } = refusal
            && retry_after_ms > 0
        {
            let seconds = HeaderValue::from(retry_after_ms.div_ceil(1_000));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
