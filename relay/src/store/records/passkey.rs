//! Passkeys: public keys by which agents sign in, with what was last known of each (WebAuthn, level 3).

use wire::AgentId;

use crate::store::StoreError;

/// Passkeys of one agent at most.
pub const PASSKEYS_PER_AGENT_MAX: usize = 16;

/// An agent's passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRecord {
    /// Its id for people, which is no secret.
    pub id: u128,
    /// Whose.
    pub agent: AgentId,
    /// The credential's id as the authenticator made it, 16 to 1,023 bytes.
    pub credential: Vec<u8>,
    /// The host for which it was made: browsers use it there alone.
    pub host: String,
    /// What the agent calls it.
    pub name: String,
    /// The public key, as `relay/src/identity/passkey/ceremony.rs` writes it.
    pub key: Vec<u8>,
    /// Whether it verified its user when it was made, by a PIN, a finger or a face. Never raised later: whoever finds a key without a PIN could set one.
    pub verifies: bool,
    /// Whether it may be copied to other devices of its user.
    pub synced: bool,
    /// How browsers reach it, as bits that `relay/src/identity/passkey/ceremony.rs` writes.
    pub transports: u8,
    /// The signature counter of its last use; 0 for those that do not count.
    pub counter: u32,
    /// When it was made, in milliseconds since 1970 UTC.
    pub made_at_ms: u64,
    /// When it was last used, likewise; none before.
    pub used_at_ms: Option<u64>,
}

/// One use of a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasskeyUse {
    /// Which.
    pub id: u128,
    /// The counter that the signature was checked against.
    pub counter_before: u32,
    /// The counter that it came with.
    pub counter: u32,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: u64,
}

/// Writes passkeys.
pub trait PasskeyWriter {
    /// Keeps a new one.
    ///
    /// # Errors
    /// `Missing` when there is no such agent, `Conflict` when the credential is known already, `Busy` when the agent has [`PASSKEYS_PER_AGENT_MAX`].
    fn add_passkey(&mut self, passkey: &PasskeyRecord) -> Result<(), StoreError>;

    /// Notes that one was used.
    ///
    /// # Errors
    /// `Conflict` when it was used meanwhile so that its counter is another, or is not there any more.
    fn use_passkey(&mut self, used: &PasskeyUse) -> Result<(), StoreError>;

    /// Removes one of an agent's. With the last second factor the recovery codes go.
    ///
    /// # Errors
    /// `Missing` when the agent has no such one.
    fn remove_passkey(&mut self, agent: AgentId, id: u128) -> Result<(), StoreError>;

    /// Removes all of an agent's, likewise; nothing happens when there are none.
    ///
    /// # Errors
    /// `Down`.
    fn remove_passkeys_of(&mut self, agent: AgentId) -> Result<(), StoreError>;
}

/// Reads passkeys.
pub trait PasskeyReader {
    /// The passkey with this credential.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn passkey(&mut self, credential: &[u8]) -> Result<PasskeyRecord, StoreError>;

    /// All of an agent's, the first made first.
    ///
    /// # Errors
    /// `Down`.
    fn passkeys_of(&mut self, agent: AgentId) -> Result<Vec<PasskeyRecord>, StoreError>;
}
