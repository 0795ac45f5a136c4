//! A store in memory: the model that the contract suite holds the databases against, and the store of tests that need no disk.

mod audit;
mod documents;
mod erasure;
mod feed;
mod idempotency;
mod invitation;
mod log;
mod passkey;
mod records;
mod sealed;
mod second_factor;
mod service_key;
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use relay_core::conversation::Conversation;
use relay_settings::DocumentKey;
use wire::{AgentId, AttachmentId, BlockId, BlockSummary, ConversationId, Event, MessageId, Seq, SiteId, VisitorId};

use self::feed::Consumer;
use super::{
    AgentRecord, AttachmentRecord, DeviceRecord, DocumentVersion, OpenError, Reader, Secret, ServiceKeyRecord,
    SessionRecord, Store, StoreError, StoredDocument, TokenHash, Transaction, VisitorRecord, Writer,
};
use crate::process::vital::Vitals;

/// Everything, shared by its writer and readers.
#[derive(Clone, Default)]
struct Tables {
    audit: audit::Log,
    requests: BTreeMap<String, super::RememberedRequest>,
    invitations: BTreeMap<wire::InvitationId, super::InvitationRecord>,
    service_keys: BTreeMap<wire::ServiceKeyId, ServiceKeyRecord>,
    documents: BTreeMap<DocumentKey, StoredDocument>,
    /// Of each document, the oldest first.
    histories: BTreeMap<DocumentKey, Vec<DocumentVersion>>,
    documents_version: u64,
    devices: BTreeMap<TokenHash, DeviceRecord>,
    agents: BTreeMap<AgentId, AgentRecord>,
    sessions: BTreeMap<TokenHash, SessionRecord>,
    factors: BTreeMap<AgentId, second_factor::Factors>,
    passkeys: BTreeMap<u128, super::PasskeyRecord>,
    visitors: BTreeMap<VisitorId, VisitorRecord>,
    conversations: BTreeMap<ConversationId, Conversation>,
    /// Both lanes: the staff lane sorts after the shared one.
    events: BTreeMap<(ConversationId, bool, Seq), Event>,
    /// Where each event is, in the order of their commits: the first has position 1.
    order: Vec<(ConversationId, bool, Seq)>,
    consumers: BTreeMap<String, Consumer>,
    event_counts: BTreeMap<(SiteId, String), u64>,
    ids: BTreeMap<(ConversationId, MessageId), (bool, Seq)>,
    attachments: BTreeMap<AttachmentId, AttachmentRecord>,
    named: BTreeSet<AttachmentId>,
    turn: u64,
    settings: u64,
    blocks: BTreeMap<BlockId, BlockSummary>,
    secrets: BTreeMap<&'static str, Secret>,
    /// By owner and item.
    sealed: BTreeMap<(String, String), Vec<u8>>,
    holds: BTreeMap<ConversationId, super::HoldRecord>,
    erasures: BTreeMap<VisitorId, super::ErasureRecord>,
    /// Parts of ended conversations that were erased.
    erased: BTreeMap<ConversationId, wire::Parts>,
    removed: BTreeMap<SiteId, super::RemovedCount>,
    tasks: BTreeMap<&'static str, (u128, u64)>,
}

/// A store that ends with the process.
#[derive(Clone, Default)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn writer(&self) -> Result<Box<dyn Writer>, OpenError> {
        Ok(Box::new(MemoryWriter { committed: Arc::clone(&self.tables), running: None }))
    }

    fn reader(&self) -> Result<Box<dyn Reader>, OpenError> {
        Ok(Box::new(MemoryReader { committed: Arc::clone(&self.tables) }))
    }

    fn backup(&self, _folder: &Path) -> Result<(), OpenError> {
        Err(OpenError::Database("a store in memory has nothing to copy".to_owned()))
    }

    fn check(&self) -> Result<(), OpenError> {
        Ok(())
    }

    fn vitals(&self) -> Vitals {
        Vitals::default()
    }
}

/// Changes a copy, which replaces what was committed before. Requests check before they write, so each is all or nothing.
struct MemoryWriter {
    committed: Arc<Mutex<Tables>>,
    running: Option<Tables>,
}

impl MemoryWriter {
    fn tables(&mut self) -> Result<&mut Tables, StoreError> {
        self.running.as_mut().ok_or(StoreError::Down)
    }
}

impl Transaction for MemoryWriter {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.running = Some(lock(&self.committed).clone());
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        *lock(&self.committed) = self.running.take().ok_or(StoreError::Down)?;
        Ok(())
    }
}

struct MemoryReader {
    committed: Arc<Mutex<Tables>>,
}

impl MemoryReader {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        lock(&self.committed)
    }
}

/// Nothing panics while it holds the lock, so a poisoned one is used all the same.
fn lock(tables: &Mutex<Tables>) -> MutexGuard<'_, Tables> {
    tables.lock().unwrap_or_else(PoisonError::into_inner)
}
