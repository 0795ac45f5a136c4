//! Sign-ins whose password was right and whose second factor is still to come. Kept in memory: who waits over a restart begins anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use wire::limit::SECOND_FACTOR_WAIT_MS;
use wire::{AgentId, Token};

use super::hash;
use crate::clock::random_bytes;
use crate::store::TokenHash;

/// Codes that may be tried with one password.
const ATTEMPTS_MAX: u32 = 5;
/// Sign-ins of one account that wait at once; of more, the oldest is forgotten.
const PENDING_PER_AGENT_MAX: usize = 5;

/// A sign-in that waits for its second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PendingSignIn {
    /// Whose password it was.
    pub(super) agent: AgentId,
    /// The browser's device token, if the account knows it.
    pub(super) known: Option<TokenHash>,
    attempts: u32,
    until_ms: u64,
}

/// All of them. Only who has a password adds one, so there are at most a few for each account.
#[derive(Debug, Default)]
pub(super) struct PendingSignIns(Mutex<BTreeMap<TokenHash, PendingSignIn>>);

impl PendingSignIns {
    /// Keeps one; the browser gets what names it, which works once.
    pub(super) fn add(&self, agent: AgentId, known: Option<TokenHash>, now_ms: u64) -> Token {
        let token = Token::from_bytes(&random_bytes());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, pending| pending.until_ms > now_ms);
        let of_agent = all.iter().filter(|(_, pending)| pending.agent == agent);
        let mut oldest: Vec<_> = of_agent.map(|(token, pending)| (pending.until_ms, *token)).collect();
        oldest.sort_unstable();
        for (_, token) in oldest.iter().rev().skip(PENDING_PER_AGENT_MAX - 1) {
            all.remove(token);
        }
        let until_ms = now_ms + SECOND_FACTOR_WAIT_MS;
        all.insert(hash(&token), PendingSignIn { agent, known, attempts: ATTEMPTS_MAX, until_ms });
        token
    }

    /// Whose it is, while it waits.
    pub(super) fn agent(&self, token: &Token, now_ms: u64) -> Option<AgentId> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&hash(token)).filter(|pending| pending.until_ms > now_ms).map(|pending| pending.agent)
    }

    /// Takes one out: while a code is checked nobody else tries one.
    pub(super) fn take(&self, token: &Token, now_ms: u64) -> Option<PendingSignIn> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash(token));
        found.filter(|pending| pending.until_ms > now_ms)
    }

    /// Puts one back that was not finished.
    pub(super) fn put_back(&self, token: &Token, pending: PendingSignIn) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(hash(token), pending);
    }

    /// The same after a wrong code; whether another may be tried.
    pub(super) fn failed(&self, token: &Token, mut pending: PendingSignIn) -> bool {
        pending.attempts = pending.attempts.saturating_sub(1);
        let more = pending.attempts > 0;
        if more {
            self.put_back(token, pending);
        }
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: AgentId = AgentId(1);
    const BOB: AgentId = AgentId(2);

    #[test]
    fn one_is_taken_once_within_its_time_and_has_few_attempts() {
        let all = PendingSignIns::default();
        let token = all.add(ANN, None, 0);
        assert_eq!(all.take(&Token::from_bytes(&[7; 32]), 0), None, "another token");
        let pending = all.take(&token, 1).expect("there");
        assert_eq!((pending.agent, all.take(&token, 1)), (ANN, None), "it is being checked");
        all.put_back(&token, pending);
        for left in (0..ATTEMPTS_MAX).rev() {
            let pending = all.take(&token, 2).expect("there");
            assert_eq!(all.failed(&token, pending), left > 0);
        }
        assert_eq!(all.take(&token, 2), None, "the password again");
        let late = all.add(ANN, None, 0);
        assert_eq!(all.take(&late, SECOND_FACTOR_WAIT_MS), None);
    }

    #[test]
    fn an_account_has_few_and_others_stay() {
        let all = PendingSignIns::default();
        let other = all.add(BOB, None, 0);
        let tokens: Vec<_> = (0..20).map(|at_ms| all.add(ANN, None, at_ms)).collect();
        let kept = tokens.iter().filter(|token| all.take(token, 30).is_some()).count();
        assert_eq!(kept, PENDING_PER_AGENT_MAX);
        assert!(all.take(&other, 30).is_some());
    }
}
