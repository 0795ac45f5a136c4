//! Keys of the API, each of a service account: a program with a name, rights and a scope of its own.

use relay_settings::{DocumentKey, Scope};
use wire::ServiceKeyId;

use super::agent::named_by;
use crate::audit::Who;
use crate::store::{StoreError, TokenHash};

/// Keys at most, with those that were revoked or have expired.
pub const SERVICE_KEYS_MAX: usize = 200;

/// A key of the API. The key itself is shown once and kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceKeyRecord {
    /// Its id, which is no secret.
    pub id: ServiceKeyId,
    /// SHA-256 of the key.
    pub token: TokenHash,
    /// The service account's name: what it writes is signed with it.
    pub name: String,
    /// The names of its rights, as JSON.
    pub rights: String,
    /// Where it has them, as JSON.
    pub scope: String,
    /// Who made it.
    pub made_by: Who,
    /// When, in milliseconds since 1970 UTC.
    pub made_at_ms: u64,
    /// When it ends by itself; none when it does not.
    pub until_ms: Option<u64>,
    /// The last use, as last recorded.
    pub used_at_ms: Option<u64>,
    /// When it was revoked; none while it is valid.
    pub revoked_at_ms: Option<u64>,
}

impl ServiceKeyRecord {
    /// Whether it is valid at a time.
    #[must_use]
    pub fn is_valid(&self, now_ms: u64) -> bool {
        self.revoked_at_ms.is_none() && self.until_ms.is_none_or(|until_ms| now_ms < until_ms)
    }

    /// The documents that its scope names: while it is valid none of them is removed. A scope that cannot be read allows nothing, and names nothing.
    #[must_use]
    pub fn documents(&self) -> Vec<DocumentKey> {
        let scope: Option<Scope> = serde_json::from_str(&self.scope).ok();
        scope.iter().flat_map(|scope| named_by([], scope)).collect()
    }
}

/// Writes keys.
pub trait ServiceKeyWriter {
    /// Keeps a new key. When there are [`SERVICE_KEYS_MAX`], the one that was revoked or has expired first makes room.
    ///
    /// # Errors
    /// `Missing` when a document that it names is not there, `Conflict` when the id or the key is, `Busy` when there are [`SERVICE_KEYS_MAX`] that are
    /// valid.
    fn add_service_key(&mut self, key: &ServiceKeyRecord) -> Result<(), StoreError>;

    /// Notes that a key was used. An unknown one is ignored.
    ///
    /// # Errors
    /// `Down`.
    fn touch_service_key(&mut self, id: ServiceKeyId, used_at_ms: u64) -> Result<(), StoreError>;

    /// Revokes a key for good. Raises the settings version.
    ///
    /// # Errors
    /// `Missing` when there is none, or it is revoked already.
    fn revoke_service_key(&mut self, id: ServiceKeyId, at_ms: u64) -> Result<(), StoreError>;
}

/// Reads keys.
pub trait ServiceKeyReader {
    /// All keys, by id, with those that are not valid any more.
    ///
    /// # Errors
    /// `Down`.
    fn service_keys(&mut self) -> Result<Vec<ServiceKeyRecord>, StoreError>;

    /// The key with this hash. Whether it is valid is the caller's question.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn service_key(&mut self, token: &TokenHash) -> Result<ServiceKeyRecord, StoreError>;
}
