//! The head of the log: the hash that stands for all entries up to a number, and its signed form.

use serde::{Deserialize, Serialize};

use super::chain::ChainHash;
use crate::hex::{digits, from_digits};
use crate::key::{PublicKey, Signature, Signer, SigningPurpose, verify};

/// What the log was at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry, 0 before the first.
    pub number: u64,
    /// Its hash.
    pub hash: ChainHash,
    /// Its time, in milliseconds since 1970 UTC.
    pub at_ms: u64,
}

/// A head that the relay's key has signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// What was signed.
    pub head: Head,
    /// The key that fits the signature.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
}

/// A signed head in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    number: u64,
    hash: String,
    at_ms: u64,
    key: String,
    signature: String,
}

impl Head {
    /// Before the first entry.
    pub const START: Self = Self { number: 0, hash: ChainHash::START, at_ms: 0 };

    /// Signs it. The signer's purpose is [`SigningPurpose::AuditHead`].
    #[must_use]
    pub fn signed(self, signer: &Signer) -> SignedHead {
        SignedHead { head: self, key: signer.public(), signature: signer.sign(&self.bytes()) }
    }

    /// What is signed.
    fn bytes(self) -> Vec<u8> {
        [&self.number.to_be_bytes()[..], &self.hash.0, &self.at_ms.to_be_bytes()].concat()
    }
}

impl SignedHead {
    /// Whether the signature fits its key.
    #[must_use]
    pub fn is_genuine(&self) -> bool {
        verify(&self.key, SigningPurpose::AuditHead, &self.head.bytes(), &self.signature).is_ok()
    }

    /// Its JSON, without a line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        let text = Text {
            number: self.head.number,
            hash: digits(&self.head.hash.0),
            at_ms: self.head.at_ms,
            key: digits(&self.key.0),
            signature: digits(&self.signature.0),
        };
        serde_json::to_string(&text).expect("texts and numbers")
    }

    /// Reads its own JSON, and no other text that means the same.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        let text: Text = serde_json::from_str(json).ok()?;
        let head = Head { number: text.number, hash: ChainHash(from_digits(&text.hash)?), at_ms: text.at_ms };
        let read =
            Self { head, key: PublicKey(from_digits(&text.key)?), signature: Signature(from_digits(&text.signature)?) };
        (read.to_json() == json).then_some(read)
    }
}
