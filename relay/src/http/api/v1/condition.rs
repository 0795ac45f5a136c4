//! `ETag` and `If-Match` (RFC 9110, section 13): a write names the version that it was made from.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

use super::error::ApiError;

/// The version that a write was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IfMatch {
    /// This one.
    Version(u64),
    /// Whichever there is (`*`).
    Any,
}

impl IfMatch {
    /// The version, unless any will do.
    pub(super) const fn version(self) -> Option<u64> {
        match self {
            Self::Version(version) => Some(version),
            Self::Any => None,
        }
    }

    fn read(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        // A proxy that compresses may weaken an ETag; the version in it is the same.
        let tag = text.strip_prefix("W/").unwrap_or(text);
        let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        Some(Self::Version(digits.parse().ok().filter(|_| plain)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter();
        let value = values.next().ok_or(ApiError::Unconditional)?;
        let one = value.to_str().ok().filter(|_| values.next().is_none());
        one.and_then(|text| Self::read(text.trim()))
            .ok_or(ApiError::Malformed("the header `If-Match`: it takes one `ETag`"))
    }
}

/// What a request with `PUT` was made from: a version (`If-Match`), or nothing (`If-None-Match: *`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precondition {
    /// This version, or whichever there is.
    Match(IfMatch),
    /// There must be none.
    Absent,
}

impl<S: Send + Sync> FromRequestParts<S> for Precondition {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match parts.headers.get(header::IF_NONE_MATCH) {
            None => Ok(Self::Match(IfMatch::from_request_parts(parts, state).await?)),
            Some(value) if value == "*" && !parts.headers.contains_key(header::IF_MATCH) => Ok(Self::Absent),
            Some(_) => Err(ApiError::Malformed(
                "the header `If-None-Match`: a write takes `*` here, and no `If-Match` beside it",
            )),
        }
    }
}

/// Whether the asker has this version already (`If-None-Match`), so that it need not be sent.
pub(super) fn has_version(headers: &HeaderMap, version: u64) -> bool {
    let tags = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    tags.flat_map(|value| value.split(',')).any(|tag| IfMatch::read(tag.trim()) == Some(IfMatch::Version(version)))
}

/// The header for a version.
pub(super) fn etag(version: u64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).expect("digits in quotes are a header")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_etag_or_a_star_is_read() {
        for (text, read) in [
            ("\"7\"", Some(IfMatch::Version(7))),
            ("W/\"7\"", Some(IfMatch::Version(7))),
            ("*", Some(IfMatch::Any)),
            ("7", None),
            ("\"+7\"", None),
            ("\"\"", None),
            ("\"7\", \"8\"", None),
            ("\"99999999999999999999\"", None),
        ] {
            assert_eq!(IfMatch::read(text), read, "{text}");
        }
        assert_eq!(etag(7), "\"7\"");
    }
}
