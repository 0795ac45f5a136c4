//! Parameters of an API request's URL; what cannot be read is a problem.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use super::error::ApiError;

/// The parameters after the `?`.
pub(super) struct QueryWords<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for QueryWords<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Query(words) =
            Query::try_from_uri(&parts.uri).map_err(|_| ApiError::Malformed("the parameters after the `?`"))?;
        Ok(Self(words))
    }
}

/// The parameters in the path; there is nothing there when they cannot be read.
pub(super) struct PathWords<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathWords<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(words) = Path::from_request_parts(parts, state).await.map_err(|_| ApiError::NotFound)?;
        Ok(Self(words))
    }
}

/// A number that is at most what the document of the API says of one: 2^63 - 1.
///
/// # Errors
/// When it is none.
pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let number = u64::deserialize(from)?;
    if i64::try_from(number).is_ok() { Ok(Some(number)) } else { Err(D::Error::custom("too large")) }
}

/// A text of at most so many characters.
///
/// # Errors
/// When it is longer.
pub(super) fn text<'de, const CHARS_MAX: usize, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    if text.chars().count() <= CHARS_MAX { Ok(Some(text)) } else { Err(D::Error::custom("too long")) }
}
