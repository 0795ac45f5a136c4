//! Passwords: argon2id, never on a thread that serves connections, and only a few at a time.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, PasswordVerifier, Version};
use tokio::sync::Semaphore;

/// Memory of one hash in KiB, passes and lanes: the first choice of the OWASP password storage sheet for argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// How long a sign-in waits for its turn.
const TURN_WAIT: Duration = Duration::from_secs(5);
/// A hash of nothing anybody can type, checked when the e-mail is unknown, so that the answer takes as long.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Y2F1c2V3YXktbm9ib2R5IQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Too many sign-ins at once, or a hash that cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be checked now")]
pub struct PasswordError;

/// Checks passwords, a bounded number at a time.
#[derive(Clone, Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// As many at once as there are processors: more would only be slower, at 19 MiB each.
    #[must_use]
    pub fn new() -> Self {
        let at_once = std::thread::available_parallelism().map_or(2, usize::from);
        Self { turns: Arc::new(Semaphore::new(at_once)) }
    }

    /// Whether the password belongs to the hash; with no hash the same work is done and the answer is no.
    ///
    /// # Errors
    /// When no turn came in time.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, PasswordError> {
        let turn = tokio::time::timeout(TURN_WAIT, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| PasswordError)?.map_err(|_| PasswordError)?;
        let work = move || {
            let against = hash.as_deref().unwrap_or(NOBODY);
            let right = hasher().is_ok_and(|argon| argon.verify_password(password.as_bytes(), against).is_ok());
            drop(turn);
            right && hash.is_some()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| PasswordError)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

/// Hashes a new password into PHC form. Slow on purpose; blocks.
///
/// # Errors
/// When the password cannot be hashed.
pub fn hash_password(password: &str) -> Result<String, PasswordError> {
    let salt: [u8; 16] = crate::clock::random_bytes();
    let hash = hasher()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(|_| PasswordError)?;
    Ok(hash.to_string())
}

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_argon2id_with_the_chosen_cost_and_its_password_fits() {
        let hash = hash_password("correct horse").expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let argon = hasher().expect("hasher");
        assert!(argon.verify_password(b"correct horse", hash.as_str()).is_ok());
        assert!(argon.verify_password(b"correct horsf", hash.as_str()).is_err());
    }

    #[test]
    fn the_hash_of_nobody_is_readable_so_that_it_costs_as_much() {
        let error = hasher().expect("hasher").verify_password(b"anything", NOBODY).expect_err("nobody");
        assert_eq!(error, argon2::password_hash::Error::PasswordInvalid);
    }
}
