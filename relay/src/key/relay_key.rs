//! Keys: the relay's own, what is derived from it, and its text form.

use std::fmt;
use std::str::FromStr;

use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};

use crate::clock::random_bytes;
use crate::hex::digits;

/// What the text of a key begins with, so that no other file is taken for one.
const TEXT_BEGIN: &str = "causeway-key-1:";
/// Bytes of a key, and of every key derived from it.
const KEY_BYTES: usize = 32;
/// Bytes of a key's name.
pub(super) const NAME_BYTES: usize = 8;
/// The salt of the derivation: our own, so that another program that is given the same key derives other ones.
const SALT: &[u8] = b"causeway relay key 1";
/// Keys in one text: the current one and one that is on its way out.
const KEYS_MAX: usize = 2;

/// The relay's key.
#[derive(Clone)]
pub struct RelayKey {
    /// What everything is derived from.
    derivation: Prk,
    bytes: [u8; KEY_BYTES],
    name: KeyName,
}

/// The name of a key: 16 hexadecimal digits that are derived from it. It says nothing of the key and stands beside what the key has sealed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(pub(super) [u8; NAME_BYTES]);

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a relay's key is a line of {TEXT_BEGIN} and 64 hexadecimal digits, at most {KEYS_MAX} of them: the current one, then the one before it"
)]
pub struct KeyTextError;

/// The length of a derived key.
struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

impl RelayKey {
    /// A key that nobody has seen.
    #[must_use]
    pub fn fresh() -> Self {
        Self::from_bytes(random_bytes())
    }

    fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        let derivation = Salt::new(HKDF_SHA256, SALT).extract(&bytes);
        let name = KeyName::of_check_value(&derive(&derivation, &[b"check"]));
        Self { derivation, bytes, name }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> KeyName {
        self.name
    }

    /// A key of its own for a purpose; the parts of a purpose are kept apart, wherever one ends.
    pub(super) fn derived(&self, purpose: &[&[u8]]) -> [u8; KEY_BYTES] {
        derive(&self.derivation, purpose)
    }

    /// What a store keeps to know this key again; it begins with the key's name. It cannot be used to seal, open or sign.
    #[must_use]
    pub fn check_value(&self) -> [u8; KEY_BYTES] {
        self.derived(&[b"check"])
    }

    /// The line of text that it is kept as. A secret.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{TEXT_BEGIN}{}\n", digits(&self.bytes))
    }
}

fn derive(from: &Prk, purpose: &[&[u8]]) -> [u8; KEY_BYTES] {
    let mut info = Vec::new();
    for part in purpose {
        info.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        info.extend_from_slice(part);
    }
    let mut derived = [0; KEY_BYTES];
    let info = [&info[..]];
    let filled = from.expand(&info, Length).and_then(|material| material.fill(&mut derived));
    filled.expect("HKDF-SHA-256 gives up to 8,160 bytes");
    derived
}

impl FromStr for RelayKey {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        let digits = text.trim().strip_prefix(TEXT_BEGIN).ok_or(KeyTextError)?;
        if digits.len() != 2 * KEY_BYTES || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(KeyTextError);
        }
        let mut bytes = [0; KEY_BYTES];
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| KeyTextError)?;
        }
        Ok(Self::from_bytes(bytes))
    }
}

impl KeyName {
    /// The name of the key with this check value.
    #[must_use]
    pub fn of_check_value(check: &[u8; KEY_BYTES]) -> Self {
        let mut name = [0; NAME_BYTES];
        name.copy_from_slice(&check[..NAME_BYTES]);
        Self(name)
    }
}

impl fmt::Debug for RelayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RelayKey({})", self.name)
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&digits(&self.0))
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The relay's key, and while it is being replaced the one before it, which still opens what it has sealed.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Seals and signs.
    pub current: RelayKey,
    /// Opens what is not sealed anew yet.
    pub former: Option<RelayKey>,
}

impl Keys {
    /// Only a new key.
    #[must_use]
    pub fn fresh() -> Self {
        Self { current: RelayKey::fresh(), former: None }
    }

    /// The key of a name.
    #[must_use]
    pub fn named(&self, name: KeyName) -> Option<&RelayKey> {
        [Some(&self.current), self.former.as_ref()].into_iter().flatten().find(|key| key.name == name)
    }

    /// The key that a store knows by this check value.
    #[must_use]
    pub fn known_as(&self, check_value: &[u8; KEY_BYTES]) -> Option<&RelayKey> {
        [Some(&self.current), self.former.as_ref()].into_iter().flatten().find(|key| key.check_value() == *check_value)
    }

    /// The lines of text that they are kept as. A secret.
    #[must_use]
    pub fn reveal(&self) -> String {
        let former = self.former.as_ref().map(RelayKey::reveal).unwrap_or_default();
        format!("{}{former}", self.current.reveal())
    }
}

impl FromStr for Keys {
    type Err = KeyTextError;

    fn from_str(text: &str) -> Result<Self, KeyTextError> {
        let mut keys = text.split_whitespace().map(RelayKey::from_str);
        let current = keys.next().ok_or(KeyTextError)??;
        let former = keys.next().transpose()?;
        if keys.next().is_some() { Err(KeyTextError) } else { Ok(Self { current, former }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_and_nothing_else_is_a_key() {
        let keys = Keys { current: RelayKey::fresh(), former: Some(RelayKey::fresh()) };
        let again: Keys = keys.reveal().parse().expect("its own text");
        assert_eq!(again.reveal(), keys.reveal());
        assert_eq!(again.current.name(), keys.current.name());
        assert_ne!(Some(again.current.name()), again.former.as_ref().map(RelayKey::name));
        let line = keys.current.reveal();
        for bad in [
            "",
            "causeway-key-1:",
            &line[..line.len() - 2],
            &format!("{}0", line.trim()),
            &line.replace("key-1", "key-2"),
            &format!("{TEXT_BEGIN}{}", "+f".repeat(32)),
            &format!("{TEXT_BEGIN}{}", "é".repeat(32)),
            &line.repeat(3),
            "-----BEGIN PRIVATE KEY-----",
        ] {
            assert_eq!(bad.parse::<Keys>().err(), Some(KeyTextError), "{bad}");
        }
    }

    #[test]
    fn a_key_shows_only_its_name() {
        let key = RelayKey::fresh();
        let digits = key.reveal();
        let digits = digits.trim().strip_prefix(TEXT_BEGIN).expect("it begins so");
        let shown = format!("{key:?} {:?}", Keys { current: key.clone(), former: None });
        assert!(shown.contains(&key.name().to_string()) && !shown.contains(&digits[..8]), "{shown}");
    }

    #[test]
    fn every_purpose_has_a_key_of_its_own() {
        let key = RelayKey::fresh();
        assert_eq!(key.derived(&[b"a"]), key.derived(&[b"a"]));
        let all = [key.derived(&[b"ab"]), key.derived(&[b"a", b"b"]), key.derived(&[b"", b"ab"]), key.check_value()];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
        assert_ne!(RelayKey::fresh().derived(&[b"a"]), key.derived(&[b"a"]));
    }
}
