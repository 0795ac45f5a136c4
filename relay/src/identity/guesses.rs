//! How often passwords may be tried: limited by address and network, slowed down for an account at which somebody guesses. A browser that has
//! signed in to the account before is counted apart (OWASP's "device cookies"), so nobody can lock an agent out by guessing.

use wire::limit::{
    SECOND_FACTOR_FAILURES_MAX, SECOND_FACTOR_WINDOW_MS, SIGN_IN_FAILURES_MAX, SIGN_IN_FAILURES_PER_ACCOUNT_MAX,
    SIGN_IN_FAILURES_PER_NETWORK_MAX, SIGN_IN_WINDOW_MS,
};

use crate::address::Address;
use crate::limit::rate::{Pace, Paces};
use crate::store::TokenHash;

/// Counts failures.
#[derive(Debug)]
pub(super) struct Guesses {
    /// Of unknown browsers, by address and network.
    networks: Paces,
    /// Of unknown browsers, by account: beyond this, passwords are checked later.
    guessed_at: Pace<TokenHash>,
    /// The same: beyond this, passwords from unknown browsers are refused.
    accounts: Pace<TokenHash>,
    /// By known browser: beyond this it counts as unknown.
    devices: Pace<TokenHash>,
}

/// One attempt, counted as failed until it is [undone](Guesses::succeeded).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// From a browser that is known to the account: it is checked before all others.
    Known(TokenHash),
    /// From any other.
    Strange {
        /// Whether somebody guesses at this account: then the check waits a while.
        slowed: bool,
    },
}

impl Guesses {
    /// Of passwords; nothing counted.
    pub(super) fn of_passwords() -> Self {
        Self::new(SIGN_IN_FAILURES_PER_ACCOUNT_MAX, SIGN_IN_WINDOW_MS)
    }

    /// Of codes of second factors; nothing counted. Who guesses these has the password, and there are a million codes: unknown browsers get few.
    pub(super) fn of_codes() -> Self {
        Self::new(SECOND_FACTOR_FAILURES_MAX, SECOND_FACTOR_WINDOW_MS)
    }

    fn new(per_account: u32, window_ms: u64) -> Self {
        Self {
            networks: Paces::new(SIGN_IN_FAILURES_MAX, SIGN_IN_FAILURES_PER_NETWORK_MAX, window_ms),
            guessed_at: Pace::new(SIGN_IN_FAILURES_MAX, window_ms),
            accounts: Pace::new(per_account, window_ms),
            devices: Pace::new(SIGN_IN_FAILURES_MAX, window_ms),
        }
    }

    /// Counts an attempt in advance, so that attempts at the same time count too.
    ///
    /// # Errors
    /// When there were too many: the milliseconds until the next.
    pub(super) fn begin(
        &self,
        address: Address,
        account: TokenHash,
        device: Option<TokenHash>,
        now_ms: u64,
    ) -> Result<Attempt, u64> {
        if let Some(device) = device
            && self.devices.take(device, now_ms).is_ok()
        {
            return Ok(Attempt::Known(device));
        }
        self.networks.take(address, now_ms)?;
        if let Err(retry_after_ms) = self.accounts.take(account, now_ms) {
            self.networks.give_back(address);
            return Err(retry_after_ms);
        }
        let slowed = self.guessed_at.take(account, now_ms).is_err();
        Ok(Attempt::Strange { slowed })
    }

    /// The password was right, or was not checked.
    pub(super) fn succeeded(&self, address: Address, account: TokenHash, attempt: Attempt) {
        match attempt {
            Attempt::Known(device) => self.devices.give_back(&device),
            Attempt::Strange { slowed } => {
                self.networks.give_back(address);
                self.accounts.give_back(&account);
                if !slowed {
                    self.guessed_at.give_back(&account);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: TokenHash = TokenHash([1; 32]);
    const BOB: TokenHash = TokenHash([2; 32]);
    const BROWSER: TokenHash = TokenHash([3; 32]);

    fn address(network: u8, last: u8) -> Address {
        Address::new(std::net::IpAddr::from([198, 51, network, last]))
    }

    /// Wrong passwords for one account from each address; how many were checked.
    fn guess(guesses: &Guesses, account: TokenHash, from: impl Iterator<Item = Address>) -> usize {
        from.map(|address| (0..100).filter(|_| guesses.begin(address, account, None, 0).is_ok()).count()).sum()
    }

    #[test]
    fn guessing_locks_nobody_out() {
        for (what, networks, addresses, looked_at) in [
            ("one address", 1, 1, 10),
            ("ten addresses of one network", 1, 10, 30),
            ("ten networks", 10, 1, 100),
            ("eighteen networks with ten addresses each", 18, 10, 18 * 30),
        ] {
            let guesses = Guesses::of_passwords();
            let from = (0..networks).flat_map(|network| (0..addresses).map(move |last| address(network, last)));
            assert_eq!(guess(&guesses, ANN, from), looked_at, "{what}");
            let known = guesses.begin(address(0, 0), ANN, Some(BROWSER), 0);
            assert_eq!(known, Ok(Attempt::Known(BROWSER)), "{what}: the known browser, even from the same address");
            let strange = guesses.begin(address(200, 1), ANN, None, 0);
            assert_eq!(strange, Ok(Attempt::Strange { slowed: true }), "{what}: another browser elsewhere, slower");
            let other = guesses.begin(address(200, 2), BOB, None, 0);
            assert_eq!(other, Ok(Attempt::Strange { slowed: false }), "{what}: another account");
        }
    }

    #[test]
    fn a_known_browser_that_guesses_is_a_strange_one() {
        let guesses = Guesses::of_passwords();
        let mut known = 0;
        while guesses.begin(address(1, 1), ANN, Some(BROWSER), 0) == Ok(Attempt::Known(BROWSER)) {
            known += 1;
        }
        assert_eq!(known, SIGN_IN_FAILURES_MAX);
        assert_eq!(guess(&guesses, ANN, std::iter::once(address(1, 1))), 9, "one was counted by the look above");
    }

    #[test]
    fn what_was_right_does_not_count() {
        let guesses = Guesses::of_passwords();
        for device in [None, Some(BROWSER)] {
            for _ in 0..1_000 {
                let attempt = guesses.begin(address(1, 1), ANN, device, 0).expect("looked at");
                assert_ne!(attempt, Attempt::Strange { slowed: true });
                guesses.succeeded(address(1, 1), ANN, attempt);
            }
        }
    }

    #[test]
    fn codes_are_guessed_at_less_and_a_known_browser_goes_on() {
        let guesses = Guesses::of_codes();
        let looked_at = guess(&guesses, ANN, (0..=255).map(|network| address(network, 1)));
        assert_eq!(looked_at, SECOND_FACTOR_FAILURES_MAX as usize);
        assert_eq!(guesses.begin(address(0, 0), ANN, Some(BROWSER), 0), Ok(Attempt::Known(BROWSER)));
        assert!(guesses.begin(address(0, 0), ANN, None, SECOND_FACTOR_WINDOW_MS).is_ok(), "later others, too");
    }

    #[test]
    fn there_is_an_end_to_guesses_at_one_account_however_many_networks_guess() {
        let guesses = Guesses::of_passwords();
        let looked_at = guess(&guesses, ANN, (0..=255).map(|network| address(network, 1)));
        assert_eq!(looked_at, SIGN_IN_FAILURES_PER_ACCOUNT_MAX as usize);
        let elsewhere = Address::new(std::net::IpAddr::from([203, 0, 113, 1]));
        assert!(guesses.begin(elsewhere, ANN, None, 0).is_err(), "strange browsers");
        assert!(guesses.begin(elsewhere, ANN, Some(BROWSER), 0).is_ok(), "known ones go on");
        assert!(guesses.begin(elsewhere, BOB, None, 0).is_ok());
    }
}
