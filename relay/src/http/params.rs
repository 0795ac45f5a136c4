//! Parameters of a request's URL. What cannot be read is refused in the relay's own words, because a library's own would tell of the code behind it.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use wire::Refusal;

use crate::app::Reject;

/// The parameters after the `?`; refused as malformed when they cannot be read.
pub(super) struct QueryParams<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for QueryParams<T> {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Reject> {
        let Query(fields) = Query::try_from_uri(&parts.uri).map_err(|_| Refusal::Malformed)?;
        Ok(Self(fields))
    }
}

/// The parameters in the path; not found when they cannot be read.
pub(super) struct PathParams<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Reject> {
        let Path(words) = Path::from_request_parts(parts, state).await.map_err(|_| Refusal::NotFound)?;
        Ok(Self(words))
    }
}
