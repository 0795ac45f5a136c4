//! Uploaded files: what is known of each, and what they take of the disk. Their bytes are in the blob store.

use relay_core::append::{Uploaded, Uploader};
use wire::{Attachment, AttachmentId, ConversationId, SiteId, VisitorId};

use crate::blob::StoredFile;
use crate::store::StoreError;

/// An uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentRecord {
    /// As everybody sees it.
    pub attachment: Attachment,
    /// The conversation that it was uploaded to.
    pub conversation: ConversationId,
    /// Who uploaded it.
    pub uploader: Uploader,
    /// Its random name in the blob store.
    pub key: String,
    /// When it was uploaded, in milliseconds since 1970 UTC.
    pub uploaded_at_ms: u64,
}

impl From<AttachmentRecord> for Uploaded {
    fn from(record: AttachmentRecord) -> Self {
        Self { attachment: record.attachment, conversation: record.conversation, uploader: record.uploader }
    }
}

/// What uploaded files take of the disk: see [`wire::limit::FILE_COST_BYTES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Those of one visitor.
    pub visitor_bytes: u64,
    /// Those of one site, of visitors and agents.
    pub site_bytes: u64,
}

impl Kept {
    /// What this many files with this many bytes take.
    #[must_use]
    pub const fn cost(files: u64, bytes: u64) -> u64 {
        bytes.saturating_add(files.saturating_mul(wire::limit::FILE_COST_BYTES))
    }
}

/// Writes records of uploaded files.
pub trait UploadWriter {
    /// Keeps an uploaded file's record. When the id is known from the same uploader and conversation, the first record is kept and
    /// given back; compare the key to know which file to delete.
    ///
    /// # Errors
    /// `Conflict` when the id is in use elsewhere, `Missing` when the visitor who brought it is being erased.
    fn add_attachment(&mut self, record: &AttachmentRecord) -> Result<AttachmentRecord, StoreError>;

    /// Removes a record that no message names; the caller then deletes the file.
    ///
    /// # Errors
    /// `Missing` when it is not there, or named meanwhile.
    fn remove_orphan(&mut self, attachment: AttachmentId) -> Result<AttachmentRecord, StoreError>;

    /// Removes a record, also one that a message names. The file was deleted before. One that is not there is ignored.
    ///
    /// # Errors
    /// `Down`.
    fn erase_attachment(&mut self, attachment: AttachmentId) -> Result<(), StoreError>;
}

/// Reads records of uploaded files.
pub trait UploadReader {
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

    /// Those of the files that no record names. With one exception: a file that was last written before the oldest record belongs to another
    /// database, for example one that is yet to be restored, and is never returned.
    ///
    /// # Errors
    /// `Down`.
    fn unrecorded(&mut self, files: &[StoredFile]) -> Result<Vec<String>, StoreError>;

    /// Files uploaded before a time that no message names, oldest first, at most `count_max`.
    ///
    /// # Errors
    /// `Down`.
    fn orphans(&mut self, before_ms: u64, count_max: usize) -> Result<Vec<AttachmentRecord>, StoreError>;

    /// Records of the files of a conversation, whoever brought them; at most `count_max`.
    ///
    /// # Errors
    /// `Down`.
    fn attachments_in(
        &mut self,
        conversation: ConversationId,
        count_max: usize,
    ) -> Result<Vec<AttachmentRecord>, StoreError>;

    /// Records of the files that a visitor brought; at most `count_max`.
    ///
    /// # Errors
    /// `Down`.
    fn attachments_by(&mut self, visitor: VisitorId, count_max: usize) -> Result<Vec<AttachmentRecord>, StoreError>;

    /// What the files of a visitor, if one is given, and of a site take of the disk.
    ///
    /// # Errors
    /// `Down`.
    fn kept(&mut self, visitor: Option<VisitorId>, site: &SiteId) -> Result<Kept, StoreError>;
}
