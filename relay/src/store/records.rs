//! Records: rows of their own, for what is neither said in a conversation nor configured. One file for each kind.

mod agent;
mod audit;
mod block;
mod erasure;
mod idempotency;
mod invitation;
mod passkey;
mod retention;
mod sealed;
mod second_factor;
mod service_key;
mod session;
mod site;
mod upload;
mod visitor;

use std::fmt;

use super::{StoreError, Transaction};

pub(super) use agent::DEVICES_PER_AGENT_MAX;
pub use agent::{AgentReader, AgentRecord, AgentWriter, DeviceRecord, ROLES_PER_AGENT_MAX, SCOPE_NAMES_MAX};
pub use audit::{AUDIT_PAGE_ENTRIES_MAX, AuditFilter, AuditReader, AuditWriter};
pub use block::{BlockReader, BlockWriter, Secret};
pub use erasure::{ERASURES_READ_MAX, ErasureReader, ErasureRecord, ErasureWriter};
pub(in crate::store) use idempotency::to_forget;
pub use idempotency::{
    ANSWER_OWNER, IdempotencyReader, IdempotencyWriter, REMEMBERED_BYTES_MAX, REMEMBERED_MAX, REMEMBERED_MS,
    RememberedRequest,
};
pub use invitation::{INVITATIONS_MAX, InvitationReader, InvitationRecord, InvitationWriter, Invited};
pub use passkey::{PASSKEYS_PER_AGENT_MAX, PasskeyReader, PasskeyRecord, PasskeyUse, PasskeyWriter};
pub use retention::{HOLD_REASON_CHARS_MAX, HOLDS_MAX, HoldRecord, RemovedCount, RetentionReader, RetentionWriter};
pub use sealed::{SealedReader, SealedRecord, SealedWriter};
pub use second_factor::{SecondFactorReader, SecondFactorRecord, SecondFactorWriter};
pub use service_key::{SERVICE_KEYS_MAX, ServiceKeyReader, ServiceKeyRecord, ServiceKeyWriter};
pub use session::{SESSIONS_PER_AGENT_MAX, SessionReader, SessionRecord, SessionWriter};
pub(super) use site::refused as site_refused;
pub use site::{Site, SiteReader, SiteWriter};
pub use upload::{AttachmentRecord, Kept, UploadReader, UploadWriter};
pub use visitor::{VisitorReader, VisitorRecord, VisitorWriter};

/// Writes records of every kind.
pub trait RecordWriter:
    Transaction
    + SiteWriter
    + AgentWriter
    + VisitorWriter
    + UploadWriter
    + BlockWriter
    + SealedWriter
    + AuditWriter
    + ServiceKeyWriter
    + InvitationWriter
    + IdempotencyWriter
    + SessionWriter
    + SecondFactorWriter
    + ErasureWriter
    + RetentionWriter
    + PasskeyWriter
{
}

impl<W> RecordWriter for W where
    W: Transaction
        + SiteWriter
        + AgentWriter
        + VisitorWriter
        + UploadWriter
        + BlockWriter
        + SealedWriter
        + AuditWriter
        + ServiceKeyWriter
        + InvitationWriter
        + IdempotencyWriter
        + InvitationWriter
        + SessionWriter
        + SecondFactorWriter
        + ErasureWriter
        + RetentionWriter
        + PasskeyWriter
{
}

/// Reads records of every kind.
pub trait RecordReader:
    SiteReader
    + AgentReader
    + VisitorReader
    + UploadReader
    + BlockReader
    + SealedReader
    + AuditReader
    + ServiceKeyReader
    + InvitationReader
    + IdempotencyReader
    + SessionReader
    + SecondFactorReader
    + ErasureReader
    + RetentionReader
    + PasskeyReader
{
    /// Rises with every change of a document, an agent or a block and with every sign-in that is revoked, also by another process. Cheap enough
    /// to be read several times a second.
    ///
    /// # Errors
    /// `Down`.
    fn settings_version(&mut self) -> Result<u64, StoreError>;
}

/// SHA-256 of a token. Tokens themselves are never stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}
