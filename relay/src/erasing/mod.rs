//! Removes what is kept of people: of one visitor because it was asked for, of ended conversations because its time is up.
//!
//! Everything happens in small steps, so that nobody waits long for the store. A step that is done twice changes nothing: after a crash all of them are taken
//! again. Files go before the records that name them; so none is left that nobody knows of. What is removed is overwritten in the database, and at the
//! end what SQLite leaves in unused parts of its pages, and its write-ahead log, too ([`Ground::overwrite`]).

pub mod retention;
pub mod visitor;

use std::time::Duration;

use relay_core::conversation::Conversation;
use relay_core::input::Input;
use relay_core::store::{Query, QueryAnswer, QueryError};
use tokio::sync::{mpsc, oneshot};
use wire::{ConversationId, Parts};

use crate::blob::{BlobError, Blobs};
use crate::core_task::Arrival;
use crate::store::task::StoreHandle;
use crate::store::{AttachmentRecord, EraseStep, Reader, RemovedCount, StoreError};

/// How long the others have the store for themselves between two steps.
const PAUSE: Duration = Duration::from_millis(2);
/// The wait before a step that the store had no room for is tried again …
const BUSY_WAIT: Duration = Duration::from_millis(50);
/// … and how often.
const BUSY_TRIES_MAX: usize = 200;
/// Files whose records are read together.
const FILES_AT_ONCE: usize = 50;
/// The wait before the write-ahead log is settled again, when somebody was reading.
const SETTLE_WAIT: Duration = Duration::from_millis(200);
/// How often that is tried, before whoever asked for it has to come again: a backup reads for minutes.
const SETTLE_TRIES_MAX: usize = 25;

/// Why something was not removed. It is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErasingError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The files.
    #[error(transparent)]
    Files(#[from] BlobError),
    /// Somebody reads the database, so that its write-ahead log cannot be emptied.
    #[error("the write-ahead log cannot be emptied while somebody reads the database, for example a backup")]
    InUse,
}

/// What erasing works on.
#[derive(Clone)]
pub struct Ground {
    /// The store.
    pub store: StoreHandle,
    /// Uploaded files.
    pub blobs: Blobs,
    /// The core of the relay that serves the folder; none for a command.
    pub core: Option<mpsc::Sender<Arrival>>,
}

impl Ground {
    /// Removes parts of an ended conversation: what its events say, and its files. `counted` counts it for the audit log.
    async fn erase(
        &self,
        conversation: ConversationId,
        parts: Parts,
        counted: bool,
    ) -> Result<RemovedCount, ErasingError> {
        let (mut removed, mut after) = (RemovedCount::default(), None);
        loop {
            let step = EraseStep { conversation, parts, after };
            let done = self.write(move |writer| {
                let done = writer.erase(&step)?;
                if counted {
                    writer.count_removed(&done.site, done.removed)?;
                }
                Ok(done)
            });
            let done = done.await?;
            removed += done.removed;
            after = done.next;
            if after.is_none() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        if parts.files {
            loop {
                let files = self.store.read(move |reader| reader.attachments_in(conversation, FILES_AT_ONCE)).await?;
                if files.is_empty() {
                    break;
                }
                self.remove_files(files).await?;
            }
        }
        self.write(move |writer| writer.note_erased(conversation, parts)).await?;
        Ok(removed)
    }

    /// Has the core say to clients that something of a conversation is gone, once it is.
    async fn announce(&self, conversation: ConversationId) -> Result<(), StoreError> {
        let Some(core) = &self.core else { return Ok(()) };
        for _ in 0..BUSY_TRIES_MAX {
            match self.store.read(move |reader| now(reader, conversation)).await {
                Err(StoreError::Busy) => tokio::time::sleep(BUSY_WAIT).await,
                read => {
                    // Fails only when the core has ended.
                    let _ = core.send(Arrival::Input(Input::Erased(read?))).await;
                    return Ok(());
                }
            }
        }
        Err(StoreError::Busy)
    }

    /// Removes files, then their records.
    async fn remove_files(&self, files: Vec<AttachmentRecord>) -> Result<(), ErasingError> {
        for file in files {
            self.blobs.delete(&file.key).await?;
            let id = file.attachment.id;
            self.write(move |writer| writer.erase_attachment(id)).await?;
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Overwrites what the database leaves behind where something was, and empties its write-ahead log.
    ///
    /// # Errors
    /// The store's own failures; `InUse` when somebody reads for long.
    pub async fn overwrite(&self) -> Result<(), ErasingError> {
        let mut next = Some(0);
        while let Some(from) = next {
            next = self.write(move |writer| writer.scrub(from)).await?;
            tokio::time::sleep(PAUSE).await;
        }
        for _ in 0..SETTLE_TRIES_MAX {
            if self.store.read(|reader| reader.settle()).await? {
                return Ok(());
            }
            tokio::time::sleep(SETTLE_WAIT).await;
        }
        Err(ErasingError::InUse)
    }

    /// A change of the store, tried again while it has no room.
    async fn write<T: Send + 'static>(
        &self,
        change: impl Fn(&mut dyn crate::store::Writer) -> Result<T, StoreError> + Clone + Send + 'static,
    ) -> Result<T, StoreError> {
        for _ in 0..BUSY_TRIES_MAX {
            match self.store.write(change.clone()).await {
                Err(StoreError::Busy) => tokio::time::sleep(BUSY_WAIT).await,
                done => return done,
            }
        }
        Err(StoreError::Busy)
    }

    /// Waits until the core has taken in what it was sent before.
    async fn core_has_taken_it(&self) {
        if let Some(core) = &self.core {
            let (reply, answer) = oneshot::channel();
            // Fails only when the core has ended.
            let _ = core.send(Arrival::Gauges(reply)).await;
            let _ = answer.await;
        }
    }
}

/// A conversation as the store has it.
fn now(reader: &mut dyn Reader, conversation: ConversationId) -> Result<Box<Conversation>, StoreError> {
    match reader.query(&Query::Conversation { conversation }) {
        Ok(QueryAnswer::Conversation(read)) => Ok(read),
        Err(QueryError::NotFound) => Err(StoreError::Missing),
        Err(QueryError::Busy) => Err(StoreError::Busy),
        Ok(QueryAnswer::Events { .. } | QueryAnswer::Conversations { .. }) | Err(QueryError::Down) => {
            Err(StoreError::Down)
        }
    }
}
