//! The store: what must survive. Traits by purpose, several databases, one contract suite for each purpose.
//!
//! - [`LogWriter`] and [`LogReader`]: the events of conversations.
//! - [`FeedWriter`] and [`FeedReader`]: the same events in the order of their commits, and the cursors of those who consume them.
//! - [`DocumentWriter`] and [`DocumentReader`]: what people configure, with its history.
//! - [`RecordWriter`] and [`RecordReader`]: rows of their own (agents, visitors, uploads, blocks), and sites, which are documents.
//!
//! A [`Store`] gives one [`Writer`] and any number of [`Reader`]s that serve all purposes, so that one transaction may change a record and the
//! log together. [`task::StoreTask`] runs them on threads of their own and commits what queued up meanwhile in one transaction. Their
//! methods block, so nothing else should call them while a relay runs.
//!
//! Which database a data folder has is known only here: the rest of the relay calls [`open`], [`attach`] and their like.

mod documents;
mod error;
mod feed;
mod log;
pub mod memory;
pub mod postgres;
mod records;
mod sql;
pub mod sqlite;
mod staff;
pub mod task;

use std::path::Path;

use crate::process::vital::Vitals;

pub use documents::{
    DOCUMENT_VERSIONS_MAX, DocumentChange, DocumentReader, DocumentVersion, DocumentWrite, DocumentWriter,
    DocumentsChange, DocumentsError, Expected, REMOVED_DOCUMENTS_MAX, StoredDocument, site_key,
};
pub(crate) use error::optional;
pub use error::{OpenError, StoreError};
pub use feed::{ConsumerRows, CursorReader, EventCount, FeedEvent, FeedReader, FeedWriter, Lease, Leased, Position};
pub use log::{Due, ERASE_EVENTS_MAX, EraseStep, ErasedStep, LogReader, LogWriter};
pub use records::{
    ANSWER_OWNER, AUDIT_PAGE_ENTRIES_MAX, AgentReader, AgentRecord, AgentWriter, AttachmentRecord, AuditFilter,
    AuditReader, AuditWriter, BlockReader, BlockWriter, DeviceRecord, ERASURES_READ_MAX, ErasureReader, ErasureRecord,
    ErasureWriter, HOLD_REASON_CHARS_MAX, HOLDS_MAX, HoldRecord, INVITATIONS_MAX, IdempotencyReader, IdempotencyWriter,
    InvitationReader, InvitationRecord, InvitationWriter, Invited, Kept, PASSKEYS_PER_AGENT_MAX, PasskeyReader,
    PasskeyRecord, PasskeyUse, PasskeyWriter, REMEMBERED_BYTES_MAX, REMEMBERED_MAX, REMEMBERED_MS, ROLES_PER_AGENT_MAX,
    RecordReader, RecordWriter, RememberedRequest, RemovedCount, RetentionReader, RetentionWriter, SCOPE_NAMES_MAX,
    SERVICE_KEYS_MAX, SESSIONS_PER_AGENT_MAX, SealedReader, SealedRecord, SealedWriter, SecondFactorReader,
    SecondFactorRecord, SecondFactorWriter, Secret, ServiceKeyReader, ServiceKeyRecord, ServiceKeyWriter,
    SessionReader, SessionRecord, SessionWriter, Site, SiteReader, SiteWriter, TokenHash, UploadReader, UploadWriter,
    VisitorReader, VisitorRecord, VisitorWriter,
};
pub use relay_core::append::Uploader;

/// Everything that must survive, in one database.
pub trait Store: Send + Sync + 'static {
    /// The one that writes. Only one may be in use at a time.
    ///
    /// # Errors
    /// When the database cannot be opened.
    fn writer(&self) -> Result<Box<dyn Writer>, OpenError>;

    /// One that reads what has been committed.
    ///
    /// # Errors
    /// When the database cannot be opened.
    fn reader(&self) -> Result<Box<dyn Reader>, OpenError>;

    /// Writes a consistent copy into a folder while others read and write.
    ///
    /// # Errors
    /// When there is one already, it cannot be written, or this store has nothing to copy.
    fn backup(&self, folder: &Path) -> Result<(), OpenError>;

    /// Reads the whole database and checks its structure and references.
    ///
    /// # Errors
    /// With what is wrong.
    fn check(&self) -> Result<(), OpenError>;

    /// Reports a thread of the store that has ended by itself.
    fn vitals(&self) -> Vitals;
}

/// Transactions: `begin`, any requests, `commit`. A refused request leaves no trace and does not disturb the others between the same `begin`
/// and `commit`. Nothing may be acknowledged before `commit` returned.
///
/// Every request answers [`StoreError::Down`] when the database fails. Then `commit` fails too, nothing of the whole transaction is kept, and
/// the next `begin` starts afresh.
pub trait Transaction: Send {
    /// Starts a transaction.
    ///
    /// # Errors
    /// `Down`.
    fn begin(&mut self) -> Result<(), StoreError>;

    /// Makes everything since `begin` durable, or takes it all back.
    ///
    /// # Errors
    /// `Down`: nothing was kept.
    fn commit(&mut self) -> Result<(), StoreError>;
}

/// Writes for every purpose.
pub trait Writer: LogWriter + RecordWriter + FeedWriter {}

impl<W: LogWriter + RecordWriter + FeedWriter> Writer for W {}

/// Reads for every purpose what has been committed. Each call sees one moment.
pub trait Reader: LogReader + RecordReader + FeedReader + Send {}

impl<R: LogReader + RecordReader + FeedReader + Send> Reader for R {}

/// Opens the store of a data folder for a serving relay: makes it when it is missing, brings an older schema up to date, and locks it.
/// `recent_events_max` is how many events may wait to be moved to the rest of their conversation.
///
/// # Errors
/// When another relay has it, its schema is newer, or it cannot be used.
pub fn open(folder: &Path, recent_events_max: usize) -> Result<Box<dyn Store>, OpenError> {
    let store = sqlite::SqliteStore::open(folder)?;
    store.limit_recent(recent_events_max);
    Ok(Box::new(store))
}

/// Renames what is left of a store in a data folder and begins a new one, at the operator's request.
///
/// # Errors
/// When another relay has the folder, or there is a store with something in it.
pub fn begin_anew(folder: &Path) -> Result<(), OpenError> {
    sqlite::SqliteStore::begin_anew(folder)
}

/// Opens the store of a data folder for a command beside a relay that may be serving. Takes no lock; a missing or older schema is made only
/// while no relay is serving.
///
/// # Errors
/// When the schema is newer, a relay with another schema is serving, or the folder cannot be used.
pub fn attach(folder: &Path) -> Result<Box<dyn Store>, OpenError> {
    Ok(Box::new(sqlite::SqliteStore::attach(folder)?))
}

/// Like [`attach`], for a folder that must hold a store already.
///
/// # Errors
/// When there is none, and as `attach` does.
pub fn attach_existing(folder: &Path) -> Result<Box<dyn Store>, OpenError> {
    sqlite::SqliteStore::look_for(folder)?;
    attach(folder)
}

/// Runs one change in a transaction of its own; for commands and tests. A serving relay goes through [`task::StoreHandle`].
///
/// # Errors
/// What the change answers, or `Down` when it could not be committed.
pub fn write_once<W: Transaction + ?Sized, T, E: From<StoreError>>(
    writer: &mut W,
    change: impl FnOnce(&mut W) -> Result<T, E>,
) -> Result<T, E> {
    writer.begin()?;
    let changed = change(writer);
    writer.commit()?;
    changed
}
