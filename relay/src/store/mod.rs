//! The store: where events get their numbers and survive. One trait, several databases, one contract suite.
//!
//! A [`Store`] hands out one [`Writer`] and any number of [`Reader`]s; [`task::StoreTask`] runs them on threads of their own and
//! commits what queued up meanwhile in one transaction. Their methods block, so nothing else should call them while a relay runs.

mod block;
mod error;
pub mod memory;
mod record;
pub mod sqlite;
pub mod task;

use std::path::Path;

use relay_core::append::{Append, AppendError, Appended};
use relay_core::conversation::Conversation;
use relay_core::store::{Answer, Query, QueryError};
use wire::limit::PAGE_CONVERSATIONS_MAX;
use wire::{AgentId, AttachmentId, ConversationState, SiteId, VisitorId};

use crate::blob::StoredFile;
use crate::folder::FolderError;

pub use block::{BlockReader, BlockWriter, Secret};
pub use record::{AgentRecord, AttachmentRecord, DeviceRecord, Kept, SessionRecord, Site, TokenHash, VisitorRecord};
pub use relay_core::append::Uploader;

/// Why a settings request or a look-up failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// What it refers to is not there.
    #[error("no such record")]
    Missing,
    /// Somebody else has that name or id.
    #[error("that name or id is taken")]
    Conflict,
    /// Too much waits for the store.
    #[error("the store is busy")]
    Busy,
    /// The store cannot read or write (disk full, I/O error …). Already logged.
    #[error("the store does not answer")]
    Down,
}

impl From<StoreError> for AppendError {
    /// For failures of the database while appending: what an append refuses by its own rules is decided before.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Busy,
            StoreError::Missing | StoreError::Conflict | StoreError::Down => Self::Down,
        }
    }
}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing => Self::NotFound,
            StoreError::Busy => Self::Busy,
            StoreError::Conflict | StoreError::Down => Self::Down,
        }
    }
}

/// Why a store could not be opened or copied.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another relay serves this data folder.
    #[error("another relay is using the data folder {0}; stop it, or give this one a folder of its own with --data")]
    Locked(String),
    /// The data was written by a newer relay.
    #[error(
        "the data folder was written by a newer relay (schema {found}, this one knows {known}); install that version"
    )]
    Newer {
        /// The schema number found.
        found: u32,
        /// The last one known here.
        known: u32,
    },
    /// A file is already where the copy should go.
    #[error("the file {0} exists already; choose another name")]
    Exists(String),
    /// The folder or file cannot be used.
    #[error("cannot use {path}: {source}")]
    Io {
        /// Which one.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// An emptied or a wrong folder.
    #[error(
        "the data folder {0} has no database, or an empty one, beside files or the mark of an older store. Is the right folder mounted? Put the database \
         back (`docs/operations.md`, \"Backup and restore\"), or say that a new store is meant: relay serve --new"
    )]
    Emptied(String),
    /// A new store was asked for where there is one.
    #[error("there is a store in {0} already; leave out --new to go on with it")]
    Begun(String),
    /// The folder is not this store's.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The database refused.
    #[error("the database refused: {0}")]
    Database(String),
}

/// A place for everything that must survive.
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

    /// Writes a consistent copy to a new file while others read and write.
    ///
    /// # Errors
    /// When the file exists, cannot be written, or this store has nothing to copy.
    fn backup(&self, to: &Path) -> Result<(), OpenError>;
}

/// Writes, in transactions: `begin`, any requests, `commit`. A refused request leaves no trace and does not disturb the others
/// between the same `begin` and `commit`. Nothing may be acknowledged before `commit` returned.
///
/// Every method answers [`StoreError::Down`] when the database fails; then `commit` fails too, nothing of the whole transaction is kept, and
/// the next `begin` starts afresh.
pub trait Writer: BlockWriter + Send {
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

    /// Records events; see [`Append`] for its conditions.
    ///
    /// # Errors
    /// See [`AppendError`]; never `Busy`.
    fn append(&mut self, now_ms: u64, append: &Append) -> Result<Appended, AppendError>;

    /// Adds a site, or replaces its name and origins; one that was removed is back. Raises the settings version.
    ///
    /// # Errors
    /// `Down`.
    fn put_site(&mut self, site: &Site) -> Result<(), StoreError>;

    /// Removes a site: no page may carry it any more. While there are conversations of it they are kept with their visitors, and with `keep`
    /// alone. Raises the settings version.
    ///
    /// # Errors
    /// `Missing` when there is no such site, `Conflict` when it has conversations and `keep` is not set.
    fn remove_site(&mut self, site: &SiteId, keep: bool) -> Result<(), StoreError>;

    /// Adds an agent, or replaces the one with this id. Raises the settings version.
    ///
    /// # Errors
    /// `Conflict` when another agent has this mail address.
    fn put_agent(&mut self, agent: &AgentRecord) -> Result<(), StoreError>;

    /// Keeps a new sign-in.
    ///
    /// # Errors
    /// `Missing` when there is no such agent.
    fn add_session(&mut self, session: &SessionRecord) -> Result<(), StoreError>;

    /// Notes that a sign-in was used. An unknown one is ignored.
    ///
    /// # Errors
    /// `Down`.
    fn touch_session(&mut self, token: &TokenHash, used_at_ms: u64) -> Result<(), StoreError>;

    /// Revokes a sign-in; an unknown one is none already. Like every removal of sign-ins this raises the settings version when there was one.
    ///
    /// # Errors
    /// `Down`.
    fn remove_session(&mut self, token: &TokenHash) -> Result<(), StoreError>;

    /// Revokes all of an agent's sign-ins.
    ///
    /// # Errors
    /// `Down`.
    fn remove_sessions_of(&mut self, agent: AgentId) -> Result<(), StoreError>;

    /// Removes the sign-ins last used before a time.
    ///
    /// # Errors
    /// `Down`.
    fn remove_sessions_before(&mut self, used_at_ms: u64) -> Result<(), StoreError>;

    /// Keeps a browser that an agent has signed in from, in place of the one that it was before, and of the agent's oldest beyond a bound.
    ///
    /// # Errors
    /// `Missing` when there is no such agent.
    fn add_device(&mut self, device: &DeviceRecord, before: Option<&TokenHash>) -> Result<(), StoreError>;

    /// Forgets all browsers of an agent.
    ///
    /// # Errors
    /// `Down`.
    fn remove_devices_of(&mut self, agent: AgentId) -> Result<(), StoreError>;

    /// Keeps a new visitor.
    ///
    /// # Errors
    /// `Missing` when there is no such site, `Conflict` when the id or the token is known.
    fn add_visitor(&mut self, visitor: &VisitorRecord) -> Result<(), StoreError>;

    /// Notes that a visitor's token was used. An unknown visitor is ignored.
    ///
    /// # Errors
    /// `Down`.
    fn touch_visitor(&mut self, visitor: VisitorId, used_at_ms: u64) -> Result<(), StoreError>;

    /// Keeps an uploaded file's record. When the id is known from the same uploader and conversation, the first record is kept and
    /// given back; compare the key to know which file to delete.
    ///
    /// # Errors
    /// `Conflict` when the id is in use elsewhere.
    fn add_attachment(&mut self, record: &AttachmentRecord) -> Result<AttachmentRecord, StoreError>;

    /// Removes a record that no message names; the caller then deletes the file.
    ///
    /// # Errors
    /// `Missing` when it is not there, or named meanwhile.
    fn remove_orphan(&mut self, attachment: AttachmentId) -> Result<AttachmentRecord, StoreError>;
}

/// Reads what has been committed. Each call sees one moment.
pub trait Reader: BlockReader + Send {
    /// Answers the core.
    ///
    /// # Errors
    /// `NotFound` or `Down`.
    fn query(&mut self, query: &Query) -> Result<Answer, QueryError>;

    /// Every open conversation, to start from.
    ///
    /// # Errors
    /// `Down`.
    fn open_conversations(&mut self) -> Result<Vec<Conversation>, StoreError>;

    /// Rises with every change of a site or an agent and with every sign-in that is revoked, also by another process: cheap to ask several
    /// times a second.
    ///
    /// # Errors
    /// `Down`.
    fn settings_version(&mut self) -> Result<u64, StoreError>;

    /// All sites, by id.
    ///
    /// # Errors
    /// `Down`.
    fn sites(&mut self) -> Result<Vec<Site>, StoreError>;

    /// One site.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn site(&mut self, id: &SiteId) -> Result<Site, StoreError>;

    /// All agents, by id.
    ///
    /// # Errors
    /// `Down`.
    fn agents(&mut self) -> Result<Vec<AgentRecord>, StoreError>;

    /// The agent with this mail address, without regard to ASCII case.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn agent_by_email(&mut self, email: &str) -> Result<AgentRecord, StoreError>;

    /// One agent.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn agent(&mut self, id: AgentId) -> Result<AgentRecord, StoreError>;

    /// How many conversations a site has: in all, and of these not ended. Counts them one by one.
    ///
    /// # Errors
    /// `Down`.
    fn conversations_of(&mut self, site: &SiteId) -> Result<(u64, u64), StoreError>;

    /// A browser that an agent has signed in from.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn device(&mut self, token: &TokenHash) -> Result<DeviceRecord, StoreError>;

    /// A sign-in. Whether it is too old is the caller's question.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn session(&mut self, token: &TokenHash) -> Result<SessionRecord, StoreError>;

    /// The visitor with this token. Whether it is too old is the caller's question.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn visitor_by_token(&mut self, token: &TokenHash) -> Result<VisitorRecord, StoreError>;

    /// An uploaded file's record.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn attachment(&mut self, id: AttachmentId) -> Result<AttachmentRecord, StoreError>;

    /// Records of uploaded files in the order of their ids, after one of them, at most `count_max`.
    ///
    /// # Errors
    /// `Down`.
    fn attachments(&mut self, after: AttachmentId, count_max: usize) -> Result<Vec<AttachmentRecord>, StoreError>;

    /// Those of the files that no record names. With one exception: what was last written before the oldest record belongs to another
    /// database, such as the one that this one stands in for until it is restored, and is never among them.
    ///
    /// # Errors
    /// `Down`.
    fn unrecorded(&mut self, files: &[StoredFile]) -> Result<Vec<String>, StoreError>;

    /// Files uploaded before a time that no message names, oldest first, at most `count_max`.
    ///
    /// # Errors
    /// `Down`.
    fn orphans(&mut self, before_ms: u64, count_max: usize) -> Result<Vec<AttachmentRecord>, StoreError>;

    /// What the files of a visitor, if one is given, and of a site take of the disk.
    ///
    /// # Errors
    /// `Down`.
    fn kept(&mut self, visitor: Option<VisitorId>, site: &SiteId) -> Result<Kept, StoreError>;
}

/// Runs one change in a transaction of its own; for command lines and tests. A serving relay goes through [`task::StoreHandle`].
///
/// # Errors
/// What the change answers, or `Down` when it could not be committed.
pub fn write_once<T, E: From<StoreError>>(
    writer: &mut dyn Writer,
    change: impl FnOnce(&mut dyn Writer) -> Result<T, E>,
) -> Result<T, E> {
    writer.begin()?;
    let changed = change(writer);
    writer.commit()?;
    changed
}

/// Browsers that one account is known in at most; the one longest not signed in from goes first.
const DEVICES_PER_AGENT_MAX: usize = 20;

/// Cuts a page of ended conversations out of one row more than a page, newest first. An older client asks for what ended strictly before
/// the last row's time, so rows of one millisecond are not torn apart as long as others stand before them.
fn page_of_closed(mut rows: Vec<Conversation>) -> Answer {
    let more = rows.len() > PAGE_CONVERSATIONS_MAX;
    if more {
        let next = closed_at_ms(&rows[PAGE_CONVERSATIONS_MAX]);
        rows.truncate(PAGE_CONVERSATIONS_MAX);
        if closed_at_ms(&rows[0]) != next {
            rows.retain(|row| closed_at_ms(row) != next);
        }
    }
    Answer::Conversations { rows, more }
}

/// The time of its end, 0 while open.
const fn closed_at_ms(conversation: &Conversation) -> u64 {
    match conversation.state {
        ConversationState::Closed { at_ms } => at_ms,
        ConversationState::Idle { .. } | ConversationState::Waiting { .. } | ConversationState::Assigned { .. } => 0,
    }
}
