//! Web origins: read strictly, spelt one way, compared as text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Scheme, host and port, as browsers write them in `Origin`: lower case, no path, no default port.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// A text that is no http(s) origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an origin; it must look like https://www.example.com or http://localhost:8081, without a path")]
pub struct OriginError;

impl Origin {
    /// The origin as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port, as in a `Host` header.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, host)| host)
    }

    /// The host without its port.
    #[must_use]
    pub fn name(&self) -> &str {
        name_of(self.host()).0
    }

    /// Whether the host is an address, as browsers read it: in brackets, or with a number as its last part.
    #[must_use]
    pub fn is_address(&self) -> bool {
        let last = self.name().rsplit('.').next().unwrap_or_default();
        let hexadecimal = last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
        last.starts_with('[') || last.ends_with(']') || hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether it is reached over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Whether it names this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let name = name_of(self.host()).0;
        name == "localhost" || name.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
    }
}

/// Splits host and port.
fn name_of(host: &str) -> (&str, Option<&str>) {
    if host.starts_with('[') {
        return match host.split_once("]:") {
            Some((name, port)) => (&host[..=name.len()], Some(port)),
            None => (host, None),
        };
    }
    match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    }
}

fn name_is_valid(name: &str) -> bool {
    if let Some(inner) = name.strip_prefix('[') {
        return inner.strip_suffix(']').is_some_and(|ip| ip.parse::<std::net::Ipv6Addr>().is_ok());
    }
    !name.is_empty()
        && name.len() <= 253
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let text = text.to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://").ok_or(OriginError)?;
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(OriginError),
        };
        let host = rest.strip_suffix('/').unwrap_or(rest);
        let (name, port) = name_of(host);
        if !name_is_valid(name) {
            return Err(OriginError);
        }
        let Some(port) = port else { return Ok(Self(format!("{scheme}://{name}"))) };
        let port: u16 = port.parse().map_err(|_| OriginError)?;
        if port == default_port {
            return Ok(Self(format!("{scheme}://{name}")));
        }
        Ok(Self(format!("{scheme}://{name}:{port}")))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_spelling() {
        for (written, kept) in [
            ("https://WWW.Example.com/", "https://www.example.com"),
            ("https://www.example.com:443", "https://www.example.com"),
            ("http://localhost:8081", "http://localhost:8081"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://[::1]", "http://[::1]"),
        ] {
            assert_eq!(written.parse::<Origin>().map(|origin| origin.to_string()), Ok(kept.to_owned()));
        }
    }

    #[test]
    fn an_address_is_no_name() {
        for (origin, name, is_address) in [
            ("https://www.example.com", "www.example.com", false),
            ("http://localhost:8081", "localhost", false),
            ("https://1.example.com:8443", "1.example.com", false),
            ("https://x1", "x1", false),
            ("http://127.0.0.1:8080", "127.0.0.1", true),
            ("http://[::1]:8080", "[::1]", true),
            ("http://[::1]", "[::1]", true),
            ("https://127.1", "127.1", true),
            ("https://2130706433", "2130706433", true),
            ("https://0x7f.0x1", "0x7f.0x1", true),
            ("https://example.com.", "example.com.", true),
        ] {
            let origin: Origin = origin.parse().expect("an origin");
            assert_eq!((origin.name(), origin.is_address()), (name, is_address), "{origin}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for bad in [
            "",
            "null",
            "*",
            "example.com",
            "https://",
            "https://a/b",
            "https://a b",
            "ftp://a",
            "file://",
            "https://a:99999",
            "https://a:",
            "https://user@a",
            "https://*.example.com",
            "https://a;b",
            "http://[::1",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(OriginError), "{bad}");
        }
    }

    #[test]
    fn loopback_is_known() {
        let loopback = |text: &str| text.parse::<Origin>().expect("an origin").is_loopback();
        assert!(loopback("http://127.0.0.1:8080") && loopback("http://localhost:1") && loopback("http://[::1]:8"));
        assert!(!loopback("https://localhost.example.com") && !loopback("http://10.0.0.1"));
    }
}
