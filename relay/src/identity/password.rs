//! Passwords: argon2id, never on a thread that serves connections, one at a time; networks take turns.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Algorithm, Argon2, Block, Params, PasswordHasher, Version};
use subtle::ConstantTimeEq as _;
use tokio::sync::Mutex;
use wire::limit::{PASSWORDS_WAITING_MAX, PASSWORDS_WAITING_PER_NETWORK_MAX};

use crate::address::Network;
use crate::limit::admission::{Admission, AdmissionBounds};

/// Memory of one hash in KiB, passes and lanes: the first choice of the OWASP password storage sheet for argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
/// The same in bytes.
#[cfg(test)]
pub(crate) const PASSWORD_BYTES: usize = MEMORY_KIB as usize * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// One at a time; browsers that are known to the account go first, and networks take turns.
const TURNS: AdmissionBounds = AdmissionBounds {
    slots: 1,
    waiting: PASSWORDS_WAITING_MAX,
    waiting_of_network: PASSWORDS_WAITING_PER_NETWORK_MAX,
    wait: Duration::from_secs(5),
};
/// A hash of nothing anybody can type, checked when the e-mail is unknown, so that the answer takes as long.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Y2F1c2V3YXktbm9ib2R5IQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Too many sign-ins at once, or a hash that cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be checked now")]
pub struct PasswordError;

/// Checks passwords, one after the other, all in the same 19 MiB. If they were freed, the allocator would keep as much for each thread that ever
/// checked a password.
#[derive(Clone, Debug)]
pub struct Passwords {
    turns: Admission,
    memory: Arc<Mutex<Vec<Block>>>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// No memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self { turns: Admission::new(TURNS), memory: Arc::default() }
    }

    /// Whether the password belongs to the hash; with no hash the same work is done and the answer is no.
    ///
    /// # Errors
    /// When it was not checked in time, or too many wait.
    pub async fn verify(
        &self,
        password: String,
        hash: Option<String>,
        network: Network,
        first: bool,
    ) -> Result<bool, PasswordError> {
        let turn = self.turns.enter(network, first).await.map_err(|_| PasswordError)?;
        let mut memory = Arc::clone(&self.memory).lock_owned().await;
        let work = move || {
            // Held until the work is done, also when nobody waits for it any more.
            let _turn = turn;
            let against = hash.as_deref().unwrap_or(NOBODY);
            fits(password.as_bytes(), against, &mut memory).is_ok_and(|right| right) && hash.is_some()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| PasswordError)
    }
}

/// Whether a password belongs to a hash in PHC form, at the cost that it names; `memory` grows as needed.
fn fits(password: &[u8], hash: &str, memory: &mut Vec<Block>) -> Result<bool, argon2::password_hash::Error> {
    let known = PasswordHash::new(hash)?;
    let (Some(salt), Some(expected)) = (&known.salt, &known.hash) else { return Ok(false) };
    let params = Params::try_from(&known)?;
    let version = known.version.map_or(Ok(Version::default()), Version::try_from)?;
    let argon = Argon2::new(Algorithm::try_from(&*known.algorithm)?, version, params);
    memory.resize(argon.params().block_count(), Block::new());
    let mut got = [0; Output::MAX_LENGTH];
    let got = &mut got[..expected.as_bytes().len()];
    argon.hash_password_into_with_memory(password, salt, got, memory.as_mut_slice())?;
    Ok(got.ct_eq(expected.as_bytes()).into())
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
    use argon2::PasswordVerifier as _;

    use super::*;

    #[test]
    fn a_hash_is_argon2id_with_the_chosen_cost_and_its_password_fits() {
        let hash = hash_password("correct horse").expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        // As the library has it, and as it is done here, again and again in the same memory.
        let argon = hasher().expect("hasher");
        let mut memory = Vec::new();
        for (password, right) in
            [("correct horse", true), ("correct horsf", false), ("", false), ("correct horse", true)]
        {
            assert_eq!(argon.verify_password(password.as_bytes(), hash.as_str()).is_ok(), right);
            assert_eq!(fits(password.as_bytes(), &hash, &mut memory), Ok(right));
            assert_eq!(memory.len() * Block::SIZE, MEMORY_KIB as usize * 1024);
        }
    }

    #[test]
    fn what_is_no_whole_hash_of_this_kind_fits_nothing() {
        let hash = hash_password("correct horse").expect("hashed");
        let (before, _) = hash.rsplit_once('$').expect("parts");
        for broken in ["", "$", before, &hash.replace("argon2id", "scrypt"), &hash.replace("v=19", "v=20"), &hash[..90]]
        {
            assert_ne!(fits(b"correct horse", broken, &mut Vec::new()), Ok(true), "{broken}");
        }
    }

    #[test]
    fn the_hash_of_nobody_is_readable_so_that_it_costs_as_much() {
        let mut memory = Vec::new();
        assert_eq!(fits(b"anything", NOBODY, &mut memory), Ok(false));
        assert_eq!(memory.len() * Block::SIZE, MEMORY_KIB as usize * 1024);
    }

    #[tokio::test]
    async fn who_has_no_hash_is_never_right() {
        let passwords = Passwords::new();
        let here = crate::address::Address::new(std::net::IpAddr::from([127, 0, 0, 1])).network();
        let hash = hash_password("correct horse").expect("hashed");
        assert_eq!(passwords.verify("correct horse".to_owned(), Some(hash.clone()), here, false).await, Ok(true));
        assert_eq!(passwords.verify("correct horsf".to_owned(), Some(hash), here, false).await, Ok(false));
        assert_eq!(passwords.verify("correct horse".to_owned(), None, here, false).await, Ok(false));
    }
}
