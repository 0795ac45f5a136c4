//! Small images in documents: a PNG in a `data:` URL (RFC 2397), so that it goes wherever its document goes.

use std::fmt;
use std::str::FromStr;

use crate::text_type::text_in_json;

/// Pixels of an image's width and of its height at most: three for each of the chat's own.
pub const IMAGE_PX_MAX: u32 = 96;
/// Bytes of the whole URL at most. An image of noise has 36,000 more than a third of them.
pub const IMAGE_URL_BYTES_MAX: usize = 64 * 1024;
/// What each begins with.
pub const IMAGE_PREFIX: &str = "data:image/png;base64,";

/// A PNG as a `data:` URL. That it is one inside, and how large, is checked by the relay, which writes it anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image(String);

/// A text that is no such URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an image; write a PNG as data:image/png;base64,…, {IMAGE_URL_BYTES_MAX} bytes at most")]
pub struct ImageError;

impl Image {
    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The PNG in base64 (RFC 4648), with padding.
    #[must_use]
    pub fn base64(&self) -> &str {
        &self.0[IMAGE_PREFIX.len()..]
    }
}

impl FromStr for Image {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, ImageError> {
        let base64 = text.strip_prefix(IMAGE_PREFIX).ok_or(ImageError)?;
        let digits = base64.trim_end_matches('=');
        let is_whole = !digits.is_empty() && base64.len().is_multiple_of(4) && base64.len() - digits.len() <= 2;
        let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        if text.len() <= IMAGE_URL_BYTES_MAX && is_whole && digits.bytes().all(is_digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ImageError)
        }
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_in_json!(Image);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_png_in_base64_is_an_image() {
        for good in ["data:image/png;base64,iVBORw0KGgo=", "data:image/png;base64,AAAA", "data:image/png;base64,+/8="] {
            assert_eq!(good.parse::<Image>().map(|image| image.to_string()), Ok(good.to_owned()));
        }
        let long = format!("{IMAGE_PREFIX}{}", "A".repeat(IMAGE_URL_BYTES_MAX));
        for bad in [
            "",
            "data:image/png;base64,",
            "data:image/png;base64,====",
            "data:image/png;base64,AAA",
            "data:image/png;base64,A===",
            "data:image/png;base64,AA A",
            "data:image/png;base64,AAAé",
            "data:image/svg+xml;base64,AAAA",
            "data:image/png,AAAA",
            "DATA:image/png;base64,AAAA",
            "https://example.com/logo.png",
            "018f6b2e-0000-7000-8000-000000000000",
            &long,
        ] {
            assert_eq!(bad.parse::<Image>(), Err(ImageError), "{bad:.60}");
        }
    }
}
