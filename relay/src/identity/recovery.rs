//! Recovery codes: for the day on which the phone is gone. Ten, shown once, kept as hashes; each works once.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use wire::AgentId;

use super::letters::{LETTERS, in_groups, random_letters};
use crate::store::TokenHash;

/// Codes that are made together.
pub const RECOVERY_CODES: usize = 10;
/// Letters of a code of five bits each: 80 bits, so that a fast hash is enough. Whoever has the hashes has to try 2^80 of them.
const LETTERS_OF_CODE: usize = 16;
/// Letters that stand together.
const GROUP: usize = 4;
/// Bytes of a typed code at most: with blanks and dashes.
const TYPED_BYTES_MAX: usize = 64;

/// Codes that were just made.
pub struct RecoveryCodes {
    /// To be shown, once, in groups of four letters.
    pub shown: Vec<String>,
    /// To be kept, in place of all that were kept before.
    pub hashes: Vec<TokenHash>,
}

impl RecoveryCodes {
    /// New codes for somebody.
    #[must_use]
    pub fn fresh(agent: AgentId) -> Self {
        let codes: Vec<String> =
            std::iter::repeat_with(random_letters::<LETTERS_OF_CODE>).take(RECOVERY_CODES).collect();
        let hashes = codes.iter().map(|code| hash(agent, code)).collect();
        let shown = codes.iter().map(|code| in_groups(code, GROUP)).collect();
        Self { shown, hashes }
    }
}

/// Uses up a code: those that are left of the kept ones, to be stored before the sign-in is answered. None when it is none of them.
#[must_use]
pub fn spend(agent: AgentId, kept: &[TokenHash], typed: &str) -> Option<Vec<TokenHash>> {
    let hashed = hash(agent, &read(typed)?);
    // All are compared, so that how long it takes does not say which it is.
    let fits: Vec<Choice> = kept.iter().map(|kept| kept.0.ct_eq(&hashed.0)).collect();
    let left: Vec<_> = kept.iter().zip(&fits).filter(|(_, fits)| !bool::from(**fits)).map(|(kept, _)| *kept).collect();
    (left.len() < kept.len()).then_some(left)
}

/// A code as it was made, of what was typed in capitals, with blanks or without dashes.
fn read(typed: &str) -> Option<String> {
    if typed.len() > TYPED_BYTES_MAX {
        return None;
    }
    let letters = typed.chars().filter(|char| !char.is_whitespace() && *char != '-');
    let code: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    (code.len() == LETTERS_OF_CODE && code.bytes().all(|letter| LETTERS.contains(&letter))).then_some(code)
}

/// Of one person's code only: the same code of another has another hash.
fn hash(agent: AgentId, code: &str) -> TokenHash {
    let begun = Sha256::new().chain_update(b"causeway recovery code\0").chain_update(agent.0.to_be_bytes());
    TokenHash(begun.chain_update(code).finalize().into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ANN: AgentId = AgentId(1);

    #[test]
    fn ten_codes_are_made_and_each_works_once() {
        let RecoveryCodes { shown, hashes } = RecoveryCodes::fresh(ANN);
        assert_eq!((shown.len(), hashes.len()), (RECOVERY_CODES, RECOVERY_CODES));
        assert_eq!(shown.iter().collect::<BTreeSet<_>>().len(), RECOVERY_CODES);
        let mut kept = hashes;
        for (used, code) in shown.iter().enumerate() {
            kept = spend(ANN, &kept, code).expect("it works");
            assert_eq!(kept.len(), RECOVERY_CODES - used - 1);
            assert_eq!(spend(ANN, &kept, code), None, "and only once");
        }
    }

    #[test]
    fn a_code_may_be_typed_as_people_type() {
        let RecoveryCodes { shown, hashes } = RecoveryCodes::fresh(ANN);
        let code = &shown[3];
        for typed in [code.to_uppercase(), code.replace('-', ""), code.replace('-', " "), format!("  {code}\n")] {
            assert_eq!(spend(ANN, &hashes, &typed).map(|left| left.len()), Some(RECOVERY_CODES - 1), "{typed}");
        }
        let other = RecoveryCodes::fresh(ANN);
        for typed in
            ["", "abcd", &code[1..], &format!("{code}a"), &other.shown[0], &code.repeat(100), "0000-1111-llll-oooo"]
        {
            assert_eq!(spend(ANN, &hashes, typed), None, "{typed}");
        }
    }

    #[test]
    fn what_is_kept_is_no_code_and_of_one_person() {
        let RecoveryCodes { shown, hashes } = RecoveryCodes::fresh(ANN);
        assert_eq!(spend(AgentId(2), &hashes, &shown[0]), None);
        assert_ne!(hash(AgentId(2), "a").0, hash(ANN, "a").0);
        assert_eq!(spend(ANN, &[], &shown[0]), None);
        let letters: BTreeSet<char> = shown.concat().chars().filter(|char| *char != '-').collect();
        assert!(letters.len() > 16, "codes use the whole alphabet: {letters:?}");
    }
}
