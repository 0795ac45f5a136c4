//! For which host passkeys are made and used. It comes from the relay's own origins alone, never from what a request says of itself.

use crate::origin::Origin;

/// A host by which the console is reached and for which browsers make passkeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyHost {
    origin: Origin,
}

impl PasskeyHost {
    /// That of one of the relay's own origins. None when it is an address, which no passkey can be made for, or when a page there is not safe from being
    /// changed on its way: without TLS only this machine itself is.
    #[must_use]
    pub fn of(origin: &Origin) -> Option<Self> {
        let is_safe = origin.is_https() || origin.name() == "localhost";
        (is_safe && !origin.is_address()).then(|| Self { origin: origin.clone() })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.origin.name()
    }

    /// The origin of the pages there.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.origin.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_over_tls_or_this_machine() {
        for (origin, expected) in [
            ("https://chat.example.com", Some("chat.example.com")),
            ("https://chat.example.com:8443", Some("chat.example.com")),
            ("http://localhost:8080", Some("localhost")),
            ("http://127.0.0.1:8080", None),
            ("http://[::1]:8080", None),
            ("https://192.0.2.1", None),
            ("http://chat.example.com", None),
        ] {
            let host = PasskeyHost::of(&origin.parse().expect("an origin"));
            assert_eq!(host.as_ref().map(PasskeyHost::name), expected, "{origin}");
        }
    }
}
