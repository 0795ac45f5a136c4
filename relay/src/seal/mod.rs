//! The relay's key, and what is done with it: secrets are sealed before they are stored, and what must be provable is signed.
//!
//! One key of 32 random bytes. It never seals or signs itself: each purpose has a key of its own, derived by HKDF-SHA-256 (RFC 5869).

mod key;
mod rotate;
mod sealed;
mod settle;
mod sign;
mod source;

pub use key::{KeyName, KeyTextError, Keys, RelayKey};
pub use rotate::{RotateError, Rotated, begin_anew, rotate};
pub use sealed::{OpenError, Place, Sealed};
pub use settle::{KeyError, Settled, StoreKey, known, open, record, settle};
pub use sign::{PublicKey, Signature, SignatureError, Signer, SigningPurpose, verify};
pub use source::{KEY_FILE, KeySource};
