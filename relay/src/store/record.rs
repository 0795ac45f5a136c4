//! What the store keeps beside conversations: sites, people, their tokens, uploaded files.

use std::fmt;

use relay_core::append::{Uploaded, Uploader};
use wire::limit::KNOWN_AFTER_MS;
use wire::{AgentId, Attachment, ConversationId, Role, SiteId, VisitorId};

/// What uploaded files take of the disk: see [`wire::limit::FILE_COST_BYTES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Those of one visitor.
    pub visitor_bytes: u64,
    /// Those of one site, of visitors and agents.
    pub site_bytes: u64,
}

impl Kept {
    /// What so many files with so many bytes take.
    #[must_use]
    pub const fn cost(files: u64, bytes: u64) -> u64 {
        bytes.saturating_add(files.saturating_mul(wire::limit::FILE_COST_BYTES))
    }
}

/// SHA-256 of a token. Tokens themselves are never stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// A brand or region that visitors write from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its id in the snippet.
    pub id: SiteId,
    /// Its name in the chat's header.
    pub name: String,
    /// Web origins whose pages may carry the chat, in the owner's order.
    pub origins: Vec<String>,
}

/// A person who answers, with what is needed to sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentRecord {
    /// Which agent.
    pub id: AgentId,
    /// Sign-in name; unique without regard to ASCII case.
    pub email: String,
    /// Name shown to visitors.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Conversations it may hold at once, at least 1.
    pub capacity: u32,
    /// Argon2id in PHC form.
    pub password_hash: String,
    /// Switched off: it neither signs in nor keeps anything, and is not among the agents of the core.
    pub disabled: bool,
}

impl fmt::Debug for AgentRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentRecord").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

/// An agent's sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Hash of what the cookie carries.
    pub token: TokenHash,
    /// Who signed in.
    pub agent: AgentId,
    /// When, in milliseconds since 1970 UTC.
    pub created_at_ms: u64,
    /// Last use, as last recorded.
    pub used_at_ms: u64,
}

/// A browser that an agent has signed in from: what it knows may be tried there while others guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// Hash of what its cookie carries.
    pub token: TokenHash,
    /// The one account it is known to.
    pub agent: AgentId,
    /// The last sign-in, in milliseconds since 1970 UTC.
    pub used_at_ms: u64,
}

/// A visitor and the token that makes them known again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitorRecord {
    /// Which visitor.
    pub id: VisitorId,
    /// The one site they write from.
    pub site: SiteId,
    /// Hash of their token.
    pub token: TokenHash,
    /// When they registered, in milliseconds since 1970 UTC.
    pub created_at_ms: u64,
    /// Last use, as last recorded.
    pub used_at_ms: u64,
}

impl VisitorRecord {
    /// Whether it has been known for as long as nobody waits who only wants to pass for known.
    #[must_use]
    pub const fn is_known(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.created_at_ms) >= KNOWN_AFTER_MS
    }
}

/// An uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentRecord {
    /// As everybody sees it.
    pub attachment: Attachment,
    /// Where it may be named.
    pub conversation: ConversationId,
    /// Who brought it.
    pub uploader: Uploader,
    /// The random name it lies under in the blob store.
    pub key: String,
    /// When, in milliseconds since 1970 UTC.
    pub uploaded_at_ms: u64,
}

impl From<AttachmentRecord> for Uploaded {
    fn from(record: AttachmentRecord) -> Self {
        Self { attachment: record.attachment, conversation: record.conversation, uploader: record.uploader }
    }
}
