//! Signing: Ed25519 (RFC 8032) with a key derived for each purpose. Whoever has the public key can check a signature, offline and without the relay's key.

use std::fmt;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::relay_key::RelayKey;

use crate::hex::digits;

/// What is signed. A signature for one purpose is none for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningPurpose {
    /// The head of the audit log.
    AuditHead,
}

/// Signs for one purpose.
pub struct Signer {
    pair: Ed25519KeyPair,
    purpose: SigningPurpose,
}

/// Checks signatures of one signer. No secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub [u8; 32]);

/// A signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

/// The bytes are not what was signed, or somebody else signed them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not fit: what was signed has changed, or another key has signed it")]
pub struct SignatureError;

impl SigningPurpose {
    /// Its name, in derived keys and in what is signed.
    const fn as_str(self) -> &'static str {
        match self {
            Self::AuditHead => "audit head",
        }
    }

    /// What is really signed: the purpose comes first.
    fn message(self, bytes: &[u8]) -> Vec<u8> {
        [b"causeway ", self.as_str().as_bytes(), b"\0", bytes].concat()
    }
}

impl RelayKey {
    /// Signs for a purpose.
    #[must_use]
    pub fn signer(&self, purpose: SigningPurpose) -> Signer {
        let seed = self.derived(&[b"sign", purpose.as_str().as_bytes()]);
        Signer { pair: Ed25519KeyPair::from_seed_unchecked(&seed).expect("a seed of 32 bytes"), purpose }
    }
}

impl Signer {
    /// What its signatures are checked with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(bytes)
    }

    /// Signs some bytes. The same bytes always have the same signature.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> Signature {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(&self.purpose.message(bytes)).as_ref());
        Signature(signature)
    }
}

/// Checks that these bytes were signed for this purpose.
///
/// # Errors
/// When they were not.
pub fn verify(
    public: &PublicKey,
    purpose: SigningPurpose,
    bytes: &[u8],
    signature: &Signature,
) -> Result<(), SignatureError> {
    let public = UnparsedPublicKey::new(&ED25519, public.0);
    public.verify(&purpose.message(bytes), &signature.0).map_err(|_| SignatureError)
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({:?}, {:?})", self.purpose, self.public())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&digits(&self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PURPOSE: SigningPurpose = SigningPurpose::AuditHead;

    #[test]
    fn only_what_was_signed_by_whom_fits() {
        let key = RelayKey::fresh();
        let signer = key.signer(PURPOSE);
        let signature = signer.sign(b"17 abcdef");
        assert_eq!(verify(&signer.public(), PURPOSE, b"17 abcdef", &signature), Ok(()));
        assert_eq!(key.signer(PURPOSE).sign(b"17 abcdef"), signature, "the same key signs the same after a restart");
        assert_eq!(verify(&signer.public(), PURPOSE, b"18 abcdef", &signature), Err(SignatureError));
        let other = RelayKey::fresh().signer(PURPOSE);
        assert_eq!(verify(&other.public(), PURPOSE, b"17 abcdef", &signature), Err(SignatureError));
        for at in 0..signature.0.len() {
            let mut changed = signature;
            changed.0[at] ^= 1;
            assert_eq!(verify(&signer.public(), PURPOSE, b"17 abcdef", &changed), Err(SignatureError), "byte {at}");
        }
    }

    #[test]
    fn a_signature_without_the_purpose_does_not_fit() {
        let key = RelayKey::fresh();
        let signer = key.signer(PURPOSE);
        let mut bare = [0; 64];
        bare.copy_from_slice(signer.pair.sign(b"17 abcdef").as_ref());
        assert_eq!(verify(&signer.public(), PURPOSE, b"17 abcdef", &Signature(bare)), Err(SignatureError));
    }
}
