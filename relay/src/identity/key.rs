//! Keys of the API: made once, kept as a hash, valid until they end or are revoked.

use relay_settings::{RightNames, RightSet, Scope, Staff};
use subtle::ConstantTimeEq;
use wire::{Refusal, Token};

use super::{Identity, hash, missing_is};
use crate::audit::{By, Who};
use crate::clock::{now_ms, random_bytes};
use crate::store::{ServiceKeyRecord, TokenHash};

/// What every key begins with, so that it is recognised where it does not belong, as in a repository.
const PREFIX: &str = "causeway_";
/// A key's last use is recorded at most this often.
const USE_EVERY_MS: u64 = 60_000;

/// A new key, to be shown once, and its hash.
#[must_use]
pub fn fresh() -> (String, TokenHash) {
    let token = Token::from_bytes(&random_bytes());
    ([PREFIX, token.reveal()].concat(), hash(&token))
}

/// The hash of a key as it was sent; none when it does not look like one.
#[must_use]
pub fn read(text: &str) -> Option<TokenHash> {
    text.strip_prefix(PREFIX)?.parse().ok().map(|token| hash(&token))
}

/// What a key may do, and where. Rights that this version does not know give nothing, nor does a scope that it cannot read.
#[must_use]
pub fn staff(key: &ServiceKeyRecord) -> Staff {
    let names: Vec<&str> = serde_json::from_str(&key.rights).unwrap_or_default();
    match serde_json::from_str(&key.scope) {
        Ok(scope) => Staff::new([names.into_iter().collect::<RightNames>().known], scope),
        Err(_) => Staff::new([RightSet::NONE], Scope::EVERYWHERE),
    }
}

/// A key from some address, now.
#[must_use]
pub fn by_key(key: &ServiceKeyRecord, from: Option<wire::Tag>) -> By {
    By { who: Who::Key { id: key.id.to_string(), name: key.name.clone() }, from, at_ms: now_ms() }
}

impl Identity {
    /// The valid key that was sent.
    ///
    /// # Errors
    /// `SignedOut`, whether it is unknown, revoked or has ended; the store's own failures.
    pub async fn key(&self, text: &str) -> Result<ServiceKeyRecord, Refusal> {
        let hashed = read(text).ok_or(Refusal::SignedOut)?;
        let found = self.store.read(move |reader| reader.service_key(&hashed)).await;
        let key = found.map_err(|error| missing_is(error, Refusal::SignedOut))?;
        let (same, now_ms) = (bool::from(key.token.0.ct_eq(&hashed.0)), now_ms());
        if !same || !key.is_valid(now_ms) {
            return Err(Refusal::SignedOut);
        }
        if key.used_at_ms.is_none_or(|used_at_ms| now_ms.saturating_sub(used_at_ms) >= USE_EVERY_MS) {
            let id = key.id;
            // A full disk refuses no key: noting the use may fail.
            let _ = self.store.write(move |writer| writer.touch_service_key(id, now_ms)).await;
        }
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use relay_settings::Right;
    use wire::ServiceKeyId;

    use super::*;

    fn key(rights: &str, scope: &str) -> ServiceKeyRecord {
        ServiceKeyRecord {
            id: ServiceKeyId(1),
            token: fresh().1,
            name: "ledger".to_owned(),
            rights: rights.to_owned(),
            scope: scope.to_owned(),
            made_by: Who::CommandLine,
            made_at_ms: 1,
            until_ms: None,
            used_at_ms: None,
            revoked_at_ms: None,
        }
    }

    #[test]
    fn keys_are_read_back_and_nothing_else_is() {
        let (text, hashed) = fresh();
        assert_eq!(read(&text), Some(hashed));
        assert_ne!(fresh().1, hashed);
        let digits = text.strip_prefix(PREFIX).expect("its prefix");
        for other in ["", PREFIX, digits, &text[..text.len() - 1], &format!("{text}0"), &text.to_uppercase()] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn a_key_may_do_what_is_written_and_nothing_that_cannot_be_read() {
        let everywhere = r#"{"sites":"all","departments":"all"}"#;
        let staff_of = |rights: &str, scope: &str| staff(&key(rights, scope)).rights;
        assert_eq!(staff_of(r#"["audit_read","fly"]"#, everywhere), RightSet::of(&[Right::AuditRead]));
        for (rights, scope) in [("[]", everywhere), ("?", everywhere), (r#"["audit_read"]"#, "{}")] {
            assert_eq!(staff_of(rights, scope), RightSet::NONE, "{rights} {scope}");
        }
        let some = staff(&key("[]", r#"{"sites":["demo"],"departments":"all"}"#));
        assert!(some.scope.sites.has(&"demo".parse().expect("a site")) && !some.scope.is_everywhere());
    }

    #[test]
    fn a_key_ends_at_its_time_or_when_it_is_revoked() {
        let whole = key("[]", "{}");
        for (until_ms, revoked_at_ms, valid) in
            [(None, None, true), (Some(11), None, true), (Some(10), None, false), (Some(11), Some(3), false)]
        {
            let key = ServiceKeyRecord { until_ms, revoked_at_ms, ..whole.clone() };
            assert_eq!(key.is_valid(10), valid, "{until_ms:?} {revoked_at_ms:?}");
        }
    }
}
