//! Tags: keyed hashes of addresses and networks, so that no log, store or console ever holds an address.

use relay_core::Source;
use sha2::{Digest, Sha256};
use wire::Tag;

use crate::address::{Address, Network};
use crate::store::Secret;

/// The name of the key in the store.
pub const SECRET: &str = "tags";
/// Bytes of a block of SHA-256 (FIPS 180-4).
const BLOCK_BYTES: usize = 64;

/// Makes tags: HMAC-SHA-256 (RFC 2104) under the store's own key, cut to 64 bits. Somebody with the key and the tags could try every address of IPv4:
/// both are in the data folder only, and the key is in no backup of the log alone.
#[derive(Clone)]
pub struct Tags {
    key: Secret,
}

impl Tags {
    /// With the store's key.
    #[must_use]
    pub const fn new(key: Secret) -> Self {
        Self { key }
    }

    /// The tags of an address.
    #[must_use]
    pub fn source(&self, address: Address) -> Source {
        let mut steps = address.steps();
        // The narrowest first: it is the tag of the address.
        let narrow = steps.next().map(|step| self.tag(b'a', step));
        Source { address: narrow, network: Some(self.tag(b'n', address.network())) }
    }

    fn tag(&self, kind: u8, network: Network) -> Tag {
        let mut text = [0; 18];
        text[0] = kind;
        text[1] = network.prefix();
        text[2..].copy_from_slice(&network.number().to_be_bytes());
        let hash = hmac(&self.key, &text);
        let mut bits = [0; 8];
        bits.copy_from_slice(&hash[..8]);
        Tag(u64::from_be_bytes(bits))
    }
}

fn hmac(key: &Secret, text: &[u8]) -> [u8; 32] {
    let pad = |byte: u8| {
        let mut block = [byte; BLOCK_BYTES];
        block.iter_mut().zip(key).for_each(|(block, key)| *block ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyed_hash_is_that_of_the_standard() {
        // Python: hmac.new(bytes(range(32)), b"Hi There", "sha256").hexdigest()
        let mut key = [0; 32];
        key.iter_mut().zip(0..).for_each(|(byte, number)| *byte = number);
        let hex: String = hmac(&key, b"Hi There").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "278639ec02309d3afded1b273f1349ba63b9089c12476d716bee3ecc94673e9e");
    }

    #[test]
    fn equal_places_have_equal_tags_and_others_others() {
        let tags = Tags::new([7; 32]);
        let of = |text: &str| tags.source(Address::new(text.parse().unwrap()));
        for (one, other, same_address, same_network) in [
            ("192.0.2.1", "192.0.2.1", true, true),
            ("192.0.2.1", "192.0.2.9", false, true),
            ("192.0.2.1", "192.0.3.1", false, false),
            ("2001:db8:0:1::1", "2001:db8:0:1::2", true, true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false, true),
            ("2001:db8:0:1::1", "2001:db8:1:1::1", false, false),
        ] {
            let (one, other) = (of(one), of(other));
            assert_eq!((one.address == other.address, one.network == other.network), (same_address, same_network));
            assert_ne!(one.address, one.network);
        }
        let other_key = Tags::new([8; 32]).source(Address::new("192.0.2.1".parse().unwrap()));
        assert_ne!(other_key, of("192.0.2.1"));
    }
}
