//! The wall clock and randomness: the two things the core must not have.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970 UTC.
#[must_use]
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Bytes nobody can guess.
///
/// # Panics
/// When the operating system has no randomness to give: nothing secret could be made then.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A new id of this moment (UUIDv7).
#[must_use]
pub fn new_id() -> u128 {
    wire::uuid_v7(now_ms(), u128::from_be_bytes(random_bytes()))
}
