//! The chain of hashes, and what is found when it is walked.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::head::{Head, SignedHead};
use crate::hex::digits;
use crate::key::PublicKey;

/// SHA-256 over the hash before and an entry's bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainHash(pub [u8; 32]);

impl ChainHash {
    /// Before the first entry.
    pub const START: Self = Self([0; 32]);

    /// The hash after the next entry.
    #[must_use]
    pub fn after(self, entry: &str) -> Self {
        Self(Sha256::new().chain_update(self.0).chain_update(entry.as_bytes()).finalize().into())
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&digits(&self.0))
    }
}

/// An entry as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its number.
    pub number: u64,
    /// Its exact JSON.
    pub entry: String,
    /// The hash after it.
    pub hash: ChainHash,
}

/// What is wrong with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An entry is not where it belongs: one was removed, added, or two were exchanged.
    #[error("the entry {expected} is missing: another one stands where it belongs")]
    Missing {
        /// The number that comes next.
        expected: u64,
    },
    /// An entry or its hash was changed.
    #[error(
        "the entry {number} is not what was written, or an entry right before it is missing: its hash does not fit"
    )]
    Changed {
        /// Its number.
        number: u64,
    },
    /// Entries were written anew with hashes that fit each other; the signed head shows it.
    #[error("the log up to the entry {number} is not the one whose head was signed: entries were written anew")]
    Rewritten {
        /// The number of the signed head.
        number: u64,
    },
    /// The log ends before a signed head.
    #[error(
        "the log ends with the entry {last}, and the head of the entry {signed} was signed: the last entries were removed"
    )]
    Shortened {
        /// The last entry.
        last: u64,
        /// The signed one.
        signed: u64,
    },
    /// There are entries after the one that the signed head names.
    #[error("the entry {number} was added after the head was signed")]
    Added {
        /// The first of them.
        number: u64,
    },
    /// A head's signature does not fit.
    #[error("the signature of the head {number} does not fit")]
    Signature {
        /// Its number.
        number: u64,
    },
    /// The head of what was cut off in front is signed with another key.
    #[error("the head {number} of the entries that were cut off in front is signed with another key")]
    OtherKey {
        /// Its number.
        number: u64,
    },
}

/// What a whole log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The number of the first entry.
    pub first: u64,
    /// The number of the last entry; one less than the first when there is none.
    pub last: u64,
    /// The last entry whose head one of the known keys has signed.
    pub signed_up_to: Option<u64>,
}

/// Walks a log entry by entry.
#[derive(Debug)]
pub struct Verification {
    first: u64,
    last: u64,
    hash: ChainHash,
    keys: Vec<PublicKey>,
    /// Heads that were signed, by number; those that are passed are taken out.
    heads: VecDeque<(u64, Vec<SignedHead>)>,
    signed_up_to: Option<u64>,
}

impl Verification {
    /// Begins before the first entry: after those that were cut off, if any were. `heads` are those that were written down, in any order. Heads
    /// signed by a key that is not one of `keys` must fit the log, too, but prove nothing.
    ///
    /// # Errors
    /// When a head's signature does not fit, or another key signed that of the cut.
    pub fn begin(cut: Option<&SignedHead>, heads: &[SignedHead], keys: &[PublicKey]) -> Result<Self, Broken> {
        if let Some(bad) = heads.iter().chain(cut).find(|head| !head.is_genuine()) {
            return Err(Broken::Signature { number: bad.head.number });
        }
        if let Some(other) = cut.filter(|cut| !keys.contains(&cut.key)) {
            return Err(Broken::OtherKey { number: other.head.number });
        }
        let start = cut.map_or(Head::START, |cut| cut.head);
        let mut sorted: BTreeMap<u64, Vec<SignedHead>> = BTreeMap::new();
        for head in heads.iter().filter(|head| head.head.number >= start.number) {
            sorted.entry(head.head.number).or_default().push(*head);
        }
        let mut begun = Self {
            first: start.number + 1,
            last: start.number,
            hash: start.hash,
            keys: keys.to_vec(),
            heads: sorted.into_iter().collect(),
            signed_up_to: cut.map(|cut| cut.head.number),
        };
        begun.pass_heads()?;
        Ok(begun)
    }

    /// Takes the next entry with the hash that stands beside it.
    ///
    /// # Errors
    /// When it is not the next one, or it or its hash was changed.
    pub fn entry(&mut self, entry: &str, hash: ChainHash) -> Result<(), Broken> {
        #[derive(Deserialize)]
        struct Numbered {
            number: u64,
        }
        let expected = self.last + 1;
        let number = serde_json::from_str::<Numbered>(entry).map_err(|_| Broken::Changed { number: expected })?.number;
        if number != expected {
            return Err(Broken::Missing { expected });
        }
        if self.hash.after(entry) != hash {
            return Err(Broken::Changed { number });
        }
        (self.last, self.hash) = (number, hash);
        self.pass_heads()
    }

    /// The log ends here.
    ///
    /// # Errors
    /// When the head of a later entry was signed.
    pub fn end(self) -> Result<Checked, Broken> {
        match self.heads.back() {
            Some((signed, _)) => Err(Broken::Shortened { last: self.last, signed: *signed }),
            None => Ok(Checked { first: self.first, last: self.last, signed_up_to: self.signed_up_to }),
        }
    }

    /// The log ends here, and this is its signed head.
    ///
    /// # Errors
    /// When it is the head of another log.
    pub fn meet(mut self, head: &SignedHead) -> Result<Checked, Broken> {
        if !head.is_genuine() {
            return Err(Broken::Signature { number: head.head.number });
        }
        if head.head.number < self.last {
            return Err(Broken::Added { number: head.head.number + 1 });
        }
        self.keys.push(head.key);
        self.heads.push_back((head.head.number, vec![*head]));
        self.pass_heads()?;
        self.end()
    }

    /// Compares the heads of the last entry.
    fn pass_heads(&mut self) -> Result<(), Broken> {
        while self.heads.front().is_some_and(|(number, _)| *number == self.last) {
            for signed in self.heads.pop_front().map(|(_, heads)| heads).into_iter().flatten() {
                if signed.head.hash != self.hash {
                    return Err(Broken::Rewritten { number: self.last });
                }
                if self.keys.contains(&signed.key) {
                    self.signed_up_to = Some(self.last);
                }
            }
        }
        Ok(())
    }
}
