//! What a request's address says, or a refusal in the relay's own words: a library's own would tell of the code behind it.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use wire::Refusal;

use crate::app::Reject;

/// The fields behind the `?`. What cannot be read as them is refused as malformed.
pub(super) struct Fields<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Fields<T> {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Reject> {
        let Query(fields) = Query::try_from_uri(&parts.uri).map_err(|_| Refusal::Malformed)?;
        Ok(Self(fields))
    }
}

/// The words of the path. What is no text is the name of nothing.
pub(super) struct Named<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Reject> {
        let Path(words) = Path::from_request_parts(parts, state).await.map_err(|_| Refusal::NotFound)?;
        Ok(Self(words))
    }
}
