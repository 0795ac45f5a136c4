//! The first administrator: made in the console with a one-time code that the relay prints while it has no agent.
//!
//! Whoever reads the relay's output may administer it anyway. The code is kept in memory only; the next start makes another.

use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use wire::Refusal;

use super::letters::{in_groups, random_letters};
use crate::address::Address;
use crate::clock::now_ms;
use crate::limit::rate::Paces;

/// Wrong codes of one address, and of its network, in a window.
const FAILURES_MAX: u32 = 10;
const FAILURES_PER_NETWORK_MAX: u32 = 30;
const WINDOW_MS: u64 = 10 * 60_000;
/// Letters of a code, five bits each.
const CODE_LETTERS: usize = 20;
/// Letters between two hyphens.
const GROUP: usize = 5;

/// Whether a first administrator may be made, and by whom.
#[derive(Debug)]
pub struct Setup {
    /// SHA-256 of the code; none when it was used or never made.
    code: Mutex<Option<[u8; 32]>>,
    attempts: Paces,
}

impl Default for Setup {
    fn default() -> Self {
        Self { code: Mutex::new(None), attempts: Paces::new(FAILURES_MAX, FAILURES_PER_NETWORK_MAX, WINDOW_MS) }
    }
}

impl Setup {
    /// Makes the code, to be shown once to whoever runs the relay.
    #[must_use]
    pub fn begin(&self) -> String {
        let code = random_letters::<CODE_LETTERS>();
        *self.lock() = Some(digest(&code));
        in_groups(&code, GROUP)
    }

    /// Whether there is a code that was not used.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.lock().is_some()
    }

    /// Whether this is the code, as somebody typed it.
    ///
    /// # Errors
    /// `SignInFailed` when it is not; `RateLimited` after too many wrong ones.
    pub fn check(&self, address: Address, typed: &str) -> Result<(), Refusal> {
        self.attempts.take(address, now_ms()).map_err(|retry_after_ms| Refusal::RateLimited { retry_after_ms })?;
        let right = self.lock().is_some_and(|code| code.ct_eq(&digest(typed)).into());
        if right {
            self.attempts.give_back(address);
            return Ok(());
        }
        Err(Refusal::SignInFailed)
    }

    /// The code is not valid any more.
    pub fn end(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<[u8; 32]>> {
        self.code.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hash of a code without what separates its groups, in any case.
fn digest(code: &str) -> [u8; 32] {
    let letters = code.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_lowercase());
    Sha256::digest(letters.take(CODE_LETTERS + 1).collect::<String>().as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_right_as_people_type_it_and_guesses_are_few() {
        let (setup, address) = (Setup::default(), Address::new("192.0.2.1".parse().expect("an address")));
        assert_eq!(setup.check(address, ""), Err(Refusal::SignInFailed), "there is none");
        let code = setup.begin();
        assert_eq!(code.len(), CODE_LETTERS + 3);
        for typed in
            [code.clone(), code.to_ascii_uppercase(), code.replace('-', " "), format!(" {} ", code.replace('-', ""))]
        {
            assert_eq!(setup.check(address, &typed), Ok(()), "{typed}");
        }
        let longer = format!("{code}a");
        for typed in ["", "a", &code[1..], &longer] {
            assert_eq!(setup.check(address, typed), Err(Refusal::SignInFailed), "{typed}");
        }
        while setup.check(address, "wrong") == Err(Refusal::SignInFailed) {}
        assert!(matches!(setup.check(address, &code), Err(Refusal::RateLimited { .. })));
        setup.end();
        assert!(!setup.is_open());
    }
}
