//! `ETag` and `If-Match` (RFC 9110, section 13): a write names the version that it was made from.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::error::ApiError;

/// The version that a write was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum IfMatch {
    /// One of these. A tag that is none of ours is none of them.
    OneOf(Vec<u64>),
    /// Whichever there is (`*`).
    Any,
}

impl IfMatch {
    /// The version that is there, if it is the one that is meant.
    ///
    /// # Errors
    /// `Changed` when it is another one.
    pub(super) fn of(&self, found: u64) -> Result<u64, ApiError> {
        match self {
            Self::OneOf(versions) if !versions.contains(&found) => Err(ApiError::Changed(Some(found))),
            Self::OneOf(_) | Self::Any => Ok(found),
        }
    }

    /// Reads `*` or entity tags between commas; none when it is neither.
    fn read(text: &str) -> Option<Self> {
        if text.trim() == "*" {
            return Some(Self::Any);
        }
        let (mut rest, mut versions) = (text.trim(), Vec::new());
        loop {
            // A proxy that compresses may weaken a tag; the version in it is the same.
            let tag = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
            let (opaque, after) = tag.split_once('"')?;
            let is_version = !opaque.is_empty() && opaque.bytes().all(|byte| byte.is_ascii_digit());
            versions.extend(opaque.parse::<u64>().ok().filter(|_| is_version));
            rest = after.trim_start();
            if rest.is_empty() {
                return Some(Self::OneOf(versions));
            }
            rest = rest.strip_prefix(',')?.trim_start();
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter();
        let value = values.next().ok_or(ApiError::Unconditional)?;
        let one = value.to_str().ok().filter(|_| values.next().is_none());
        one.and_then(|text| Self::read(text.trim()))
            .ok_or(ApiError::Malformed("the header `If-Match`: it takes an `ETag` in its quotes, or `*`"))
    }
}

/// What a request with `PUT` was made from: a version (`If-Match`), or nothing (`If-None-Match: *`).
#[derive(Clone, Debug, PartialEq, Eq)]
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
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.filter_map(IfMatch::read).any(|tags| tags.of(version).is_ok())
}

/// The header for a version.
pub(super) fn etag(version: u64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).expect("digits in quotes are a header")
}

/// A number that stands for all of a value: 48 bits of SHA-256, so that it is exact as a JSON number everywhere.
pub(super) fn version_of(value: &Value) -> u64 {
    let hash: [u8; 32] = Sha256::digest(value.to_string().as_bytes()).into();
    hash[..6].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_or_a_star_are_read() {
        let versions = |list: &[u64]| Some(IfMatch::OneOf(list.to_vec()));
        for (text, read) in [
            ("\"7\"", versions(&[7])),
            (" W/\"7\" ", versions(&[7])),
            ("\"7\", \"8\"", versions(&[7, 8])),
            ("*", Some(IfMatch::Any)),
            ("\"\"", versions(&[])),
            ("\"+7\",W/\"of, another\"", versions(&[])),
            ("\"99999999999999999999\"", versions(&[])),
            ("7", None),
            ("\"7", None),
            ("\"7\" \"8\"", None),
            ("", None),
        ] {
            assert_eq!(IfMatch::read(text), read, "{text}");
        }
        assert_eq!(etag(7), "\"7\"");
    }
}
