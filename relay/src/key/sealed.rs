//! Sealing: AES-256-GCM (NIST SP 800-38D) under a key derived for each owner, bound to the place where the value is stored.
//!
//! The nonce is 96 random bits. That is safe for far more values than a relay seals (2^32 under one key), so no longer nonce is needed and *ring*, which
//! TLS needs anyway, is enough.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::relay_key::{KeyName, Keys, NAME_BYTES, RelayKey};
use crate::clock::random_bytes;

/// The first byte of every sealed value: which form it has.
const FORM: u8 = 1;
/// Form, name of the key, nonce.
const HEAD_BYTES: usize = 1 + NAME_BYTES + NONCE_LEN;

/// Where a sealed value is stored. It can be opened nowhere else, so that nobody who writes to the database gives one person's secret to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place<'a> {
    /// What it is of, as `second_factor` or `webhook`.
    pub owner: &'a str,
    /// Which of these.
    pub item: &'a str,
}

/// A sealed value: form (1 byte), name of the key (8), nonce (12), the encrypted bytes, tag (16).
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

/// Why a sealed value cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Sealed with a key that is not here.
    #[error("it was sealed with the key {0}, and that is not the relay's key: put the right relay.key in its place")]
    OtherKey(KeyName),
    /// It was changed, or belongs to another place.
    #[error("it was changed since it was sealed, or it belongs to another place")]
    Changed,
    /// It is nothing that this version has sealed.
    #[error("it is not in a form that this version can open")]
    Form,
}

impl Place<'_> {
    /// Both, each with its length before it.
    fn bound(&self) -> Vec<u8> {
        let mut bound = vec![FORM];
        for part in [self.owner, self.item] {
            bound.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            bound.extend_from_slice(part.as_bytes());
        }
        bound
    }
}

impl Sealed {
    /// As it was read from a store.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// As it is stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name of the key that sealed it.
    ///
    /// # Errors
    /// `Form`.
    pub fn key_name(&self) -> Result<KeyName, OpenError> {
        self.parts().map(|(name, ..)| name)
    }

    fn parts(&self) -> Result<(KeyName, [u8; NONCE_LEN], &[u8]), OpenError> {
        let (head, encrypted) = self.0.split_at_checked(HEAD_BYTES).ok_or(OpenError::Form)?;
        let (mut name, mut nonce) = ([0; NAME_BYTES], [0; NONCE_LEN]);
        name.copy_from_slice(&head[1..=NAME_BYTES]);
        nonce.copy_from_slice(&head[1 + NAME_BYTES..]);
        if head[0] == FORM { Ok((KeyName(name), nonce, encrypted)) } else { Err(OpenError::Form) }
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

fn cipher(key: &RelayKey, owner: &str) -> LessSafeKey {
    let bytes = key.derived(&[b"seal", owner.as_bytes()]);
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &bytes).expect("a key of 32 bytes"))
}

impl Keys {
    /// Seals a value for its place with the current key.
    ///
    /// # Panics
    /// When the value has more than 64 GiB.
    #[must_use]
    pub fn seal(&self, place: Place<'_>, value: &[u8]) -> Sealed {
        let nonce = random_bytes::<NONCE_LEN>();
        let mut encrypted = value.to_vec();
        let bound = Aad::from(place.bound());
        cipher(&self.current, place.owner)
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut encrypted)
            .expect("a value is shorter than 64 GiB");
        let mut sealed = vec![FORM];
        sealed.extend_from_slice(&self.current.name().0);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut encrypted);
        Sealed(sealed)
    }

    /// Opens what was sealed for this place, with the key that sealed it.
    ///
    /// # Errors
    /// When that key is not here, or the value is not what was sealed for this place.
    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<Vec<u8>, OpenError> {
        let (name, nonce, encrypted) = sealed.parts()?;
        let key = self.named(name).ok_or(OpenError::OtherKey(name))?;
        let mut value = encrypted.to_vec();
        let bound = Aad::from(place.bound());
        let opened = cipher(key, place.owner).open_in_place(Nonce::assume_unique_for_key(nonce), bound, &mut value);
        let length = opened.map_err(|_| OpenError::Changed)?.len();
        value.truncate(length);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place { owner: "second_factor", item: "ann" };

    #[test]
    fn what_was_sealed_opens_in_its_place_with_its_key_and_nowhere_else() {
        let keys = Keys::fresh();
        let sealed = keys.seal(HERE, b"twenty secret bytes.");
        assert_eq!(keys.open(HERE, &sealed).as_deref(), Ok(&b"twenty secret bytes."[..]));
        assert_eq!(sealed.key_name(), Ok(keys.current.name()));
        assert!(!sealed.as_bytes().windows(6).any(|bytes| bytes == b"secret"));
        for elsewhere in [
            Place { item: "bob", ..HERE },
            Place { owner: "webhook", ..HERE },
            Place { owner: "second_factora", item: "nn" },
            Place { owner: "second_facto", item: "rann" },
        ] {
            assert_eq!(keys.open(elsewhere, &sealed), Err(OpenError::Changed), "{elsewhere:?}");
        }
        assert_eq!(Keys::fresh().open(HERE, &sealed), Err(OpenError::OtherKey(keys.current.name())));
        assert_eq!(keys.open(HERE, &keys.seal(HERE, b"")).as_deref(), Ok(&b""[..]));
    }

    #[test]
    fn a_value_sealed_twice_looks_different() {
        let keys = Keys::fresh();
        assert_ne!(keys.seal(HERE, b"same"), keys.seal(HERE, b"same"));
    }

    #[test]
    fn no_byte_can_be_changed_and_none_removed() {
        let keys = Keys::fresh();
        let sealed = keys.seal(HERE, b"a secret");
        for at in 0..sealed.0.len() {
            for bit in 0..8 {
                let mut changed = sealed.0.clone();
                changed[at] ^= 1 << bit;
                assert!(keys.open(HERE, &Sealed(changed)).is_err(), "byte {at}, bit {bit}");
            }
        }
        for length in 0..sealed.0.len() {
            assert!(keys.open(HERE, &Sealed(sealed.0[..length].to_vec())).is_err(), "{length} bytes");
        }
        assert_eq!(keys.open(HERE, &Sealed(b"plain text that was never sealed".to_vec())), Err(OpenError::Form));
    }

    #[test]
    fn the_former_key_still_opens_and_the_current_one_seals() {
        let before = Keys::fresh();
        let sealed = before.seal(HERE, b"a secret");
        let both = Keys { former: Some(before.current), ..Keys::fresh() };
        assert_eq!(both.open(HERE, &sealed).as_deref(), Ok(&b"a secret"[..]));
        assert_eq!(both.seal(HERE, b"a secret").key_name(), Ok(both.current.name()));
    }
}
