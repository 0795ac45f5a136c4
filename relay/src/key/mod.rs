//! The relay's key, and what is done with it: secrets are sealed before they are stored, and what must be provable is signed. Pure, below the store;
//! where the key comes from and how it is replaced is in `relay/src/seal`.
//!
//! One key of 32 random bytes. It never seals or signs itself: each purpose has a key of its own, derived by HKDF-SHA-256 (RFC 5869).

mod relay_key;
mod sealed;
mod sign;

pub use relay_key::{KeyName, KeyTextError, Keys, RelayKey};
pub use sealed::{OpenError, Place, Sealed};
pub use sign::{PublicKey, Signature, SignatureError, Signer, SigningPurpose, verify};
