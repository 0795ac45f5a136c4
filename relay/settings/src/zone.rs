//! Names of time zones.

use std::fmt;
use std::str::FromStr;

use crate::text_type::text_in_json;

/// A time zone of the IANA database, as `Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Zone(String);

/// A text that names no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone; write it as Europe/Berlin or UTC, as the IANA database spells it")]
pub struct ZoneError;

impl Zone {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, ZoneError> {
        let shaped = (1..=40).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'+'));
        if shaped && spelling(text).is_some_and(|name| name == text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ZoneError)
        }
    }
}

/// How the database spells a name; none when it does not know it.
#[cfg(not(target_arch = "wasm32"))]
fn spelling(name: &str) -> Option<String> {
    crate::hours::time_zone(name)?.iana_name().map(str::to_owned)
}

/// In a browser the database would weigh more than the page: a name is taken as it is there, and the relay decides.
#[cfg(target_arch = "wasm32")]
fn spelling(name: &str) -> Option<&str> {
    Some(name)
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_in_json!(Zone);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_those_of_the_database() {
        for good in
            ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Pacific/Apia"]
        {
            assert_eq!(good.parse::<Zone>().map(|zone| zone.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "Europe/Atlantis", "europe/berlin", "Berlin", "+01:00", "../etc/passwd", "CEST"] {
            assert_eq!(bad.parse::<Zone>(), Err(ZoneError), "{bad}");
        }
    }
}
