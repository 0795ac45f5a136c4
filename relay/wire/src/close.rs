//! Why a connection ended: WebSocket close codes (RFC 6455, section 7.4.2, private range).

/// The relay's reasons to end a connection. 4000–4499: come back; 4500–4999: coming back the same way is useless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u16)]
pub enum Close {
    /// The relay stops or restarts.
    Restart = 4000,
    /// The reader was slower than what it was sent.
    Slow = 4001,
    /// Nothing was received for too long.
    Idle = 4002,
    /// The relay holds as many connections, or as much work, as it may.
    Busy = 4003,
    /// No first frame in time.
    HelloLate = 4004,
    /// Far more frames than allowed; come back later.
    Flood = 4005,
    /// What the agent may do, or where, has changed: its lists begin anew.
    RightsChanged = 4006,
    /// The frame is no JSON of this protocol.
    Malformed = 4500,
    /// The frame is larger than allowed.
    TooLarge = 4501,
    /// The agent's session ended: sign in again.
    SignedOut = 4502,
    /// The visitor's token is unknown or too old: drop it and register anew.
    TokenInvalid = 4503,
    /// There is no such site.
    SiteUnknown = 4504,
    /// This page may not speak for the site.
    OriginRefused = 4505,
    /// The relay does not speak this protocol version: reload.
    Version = 4506,
    /// The visitor, their address or their network is blocked.
    Blocked = 4507,
}

impl Close {
    /// Every reason, for tables and tests.
    pub const ALL: [Self; 15] = [
        Self::Restart,
        Self::Slow,
        Self::Idle,
        Self::Busy,
        Self::HelloLate,
        Self::Flood,
        Self::RightsChanged,
        Self::Malformed,
        Self::TooLarge,
        Self::SignedOut,
        Self::TokenInvalid,
        Self::SiteUnknown,
        Self::OriginRefused,
        Self::Version,
        Self::Blocked,
    ];

    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The reason of a code, if it is one of ours.
    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|close| close.code() == code)
    }

    /// Whether a client that gets this code should connect again by itself. Codes of others (1006 …) always mean yes.
    #[must_use]
    pub const fn come_back(code: u16) -> bool {
        code < 4500 || code > 4999
    }

    /// Its name in tables and numbers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Slow => "slow",
            Self::Idle => "idle",
            Self::Busy => "busy",
            Self::HelloLate => "hello_late",
            Self::Flood => "flood",
            Self::RightsChanged => "rights_changed",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::SignedOut => "signed_out",
            Self::TokenInvalid => "token_invalid",
            Self::SiteUnknown => "site_unknown",
            Self::OriginRefused => "origin_refused",
            Self::Version => "version",
            Self::Blocked => "blocked",
        }
    }

    /// A few plain words for the close frame (at most 123 bytes).
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Restart => "restarting, come back",
            Self::Slow => "reader too slow, come back",
            Self::Idle => "nothing heard, come back",
            Self::Busy => "too busy, come back later",
            Self::HelloLate => "no hello in time",
            Self::Flood => "too many frames, come back later",
            Self::RightsChanged => "rights have changed, come back",
            Self::Malformed => "malformed frame",
            Self::TooLarge => "frame too large",
            Self::SignedOut => "sign in again",
            Self::TokenInvalid => "token unknown or expired",
            Self::SiteUnknown => "no such site",
            Self::OriginRefused => "origin not allowed",
            Self::Version => "protocol version not spoken here, reload",
            Self::Blocked => "blocked",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_their_range_tells_whether_to_come_back() {
        for close in Close::ALL {
            assert_eq!(Close::from_code(close.code()), Some(close));
            assert!(close.reason().len() <= 123);
        }
        assert!(Close::come_back(Close::Restart.code()));
        assert!(Close::come_back(1006));
        assert!(!Close::come_back(Close::TokenInvalid.code()));
        assert_eq!(Close::from_code(1000), None);
    }
}
