//! How many files this process may have open: every connection is one, so the soft limit that shells hand on is far too low.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use wire::limit::CONNECTIONS_MAX;

/// What the relay needs beside its connections: database, attachments, listeners, requests.
const BESIDE: u64 = 1_000;

/// Raises the limit of open files as far as is allowed without rights, and gives what it is now; none when there is no limit.
#[must_use]
pub fn raise() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        // When it may not be raised, the limit stays as it was, and that is returned.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
    getrlimit(Resource::Nofile).current
}

/// Whether a limit is too low for as many connections as the relay would take.
#[must_use]
pub const fn is_low(limit: Option<u64>) -> bool {
    matches!(limit, Some(limit) if limit < CONNECTIONS_MAX as u64 + BESIDE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_to_what_is_allowed() {
        let most = getrlimit(Resource::Nofile).maximum;
        assert_eq!(raise(), most);
        assert!(is_low(Some(1_024)));
        assert!(!is_low(None));
    }
}
