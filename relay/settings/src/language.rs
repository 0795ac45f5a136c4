//! Tags of languages, in one spelling.

use std::fmt;
use std::str::FromStr;

use crate::text_type::text_in_json;

/// A language as `en`, `zh-CN` or `sr-Latn-RS`: the parts of BCP 47 (RFC 5646) that name language, script and region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Language(String);

/// A text that names no language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a language; write it as en, zh-CN or sr-Latn-RS: language in small letters, region in capitals")]
pub struct LanguageError;

impl Language {
    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(text: &str) -> Result<Self, LanguageError> {
        let mut parts = text.split('-');
        let all = |part: &str, is: fn(&u8) -> bool| part.bytes().all(|byte| is(&byte));
        let is_language = |part: &str| matches!(part.len(), 2 | 3) && all(part, u8::is_ascii_lowercase);
        let is_script = |part: &str| {
            part.len() == 4 && all(&part[..1], u8::is_ascii_uppercase) && all(&part[1..], u8::is_ascii_lowercase)
        };
        let is_region = |part: &str| {
            (part.len() == 2 && all(part, u8::is_ascii_uppercase)) || (part.len() == 3 && all(part, u8::is_ascii_digit))
        };
        if !text.is_ascii() || !parts.next().is_some_and(is_language) {
            return Err(LanguageError);
        }
        let mut next = parts.next();
        if next.is_some_and(is_script) {
            next = parts.next();
        }
        if next.is_some_and(is_region) {
            next = parts.next();
        }
        if next.is_some() { Err(LanguageError) } else { Ok(Self(text.to_owned())) }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_in_json!(Language);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_one_spelling() {
        for good in ["en", "zh-CN", "zh-Hans", "zh-Hant-TW", "sr-Latn-RS", "es-419", "fil"] {
            assert_eq!(good.parse::<Language>().map(|tag| tag.to_string()), Ok(good.to_owned()));
        }
        for bad in
            ["", "e", "EN", "en-us", "en_US", "en-", "-en", "english", "zh-cn", "zh-hans", "en-US-x-a", "é", "zé"]
        {
            assert_eq!(bad.parse::<Language>(), Err(LanguageError), "{bad}");
        }
    }
}
