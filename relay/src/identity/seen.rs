//! The sign-ins that were valid lately: their requests are not counted with those of strangers who share their address.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use wire::AgentId;

use super::{Identity, hash};
use crate::store::TokenHash;

/// Sign-ins that are remembered; of more, the oldest are forgotten, and counted with their address.
const SEEN_MAX: usize = 10_000;

/// Sign-ins that were valid lately.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    agents: HashMap<TokenHash, AgentId>,
    /// In the order in which they were seen first.
    order: VecDeque<TokenHash>,
}

impl Seen {
    /// This one is valid now.
    pub(super) fn note(&self, session: TokenHash, agent: AgentId) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.agents.insert(session, agent).is_some() {
            return;
        }
        known.order.push_back(session);
        if known.order.len() > SEEN_MAX
            && let Some(oldest) = known.order.pop_front()
        {
            known.agents.remove(&oldest);
        }
    }

    fn agent(&self, session: &TokenHash) -> Option<AgentId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).agents.get(session).copied()
    }
}

impl Identity {
    /// The agent whose sign-in a request names, if that was valid lately. It may have ended since: this proves nothing but that it is no stranger's.
    pub(crate) fn seen(&self, headers: &HeaderMap) -> Option<AgentId> {
        self.seen.agent(&hash(&self.names.session(headers)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let session = |n: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&n.to_be_bytes());
            TokenHash(bytes)
        };
        let seen = Seen::default();
        for n in 0..=SEEN_MAX {
            seen.note(session(n), AgentId(n as u128));
            seen.note(session(n), AgentId(n as u128));
        }
        let known = [0, 1, SEEN_MAX].map(|n| seen.agent(&session(n)));
        assert_eq!(known, [None, Some(AgentId(1)), Some(AgentId(SEEN_MAX as u128))]);
    }
}
