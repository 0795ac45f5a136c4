//! Random letters that people read aloud and type: codes and made passwords.

use crate::clock::random_bytes;

/// Letters and digits that are not mistaken for each other; each stands for five bits.
pub const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// So many letters that nobody can guess, five bits each.
#[must_use]
pub fn random_letters<const N: usize>() -> String {
    random_bytes::<N>().iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect()
}

/// The same letters in groups of so many, joined by hyphens.
#[must_use]
pub(super) fn in_groups(code: &str, group: usize) -> String {
    let letters: Vec<char> = code.chars().collect();
    letters.chunks(group).map(String::from_iter).collect::<Vec<_>>().join("-")
}
