//! Uploaded files: bytes under random names, streamed in with a bound and out again, on the `object_store` crate.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};

/// The folder's name in the data folder.
pub const FILES_FOLDER: &str = "files";
/// Folders that the files are spread over, by the first two digits of their names.
pub const SUBFOLDERS: u64 = 256;
/// Bytes gathered before they are written.
pub(crate) const PART_BYTES: usize = 256 * 1024;
/// Parts of one upload being written at once: with the one being filled, an upload holds at most three parts in memory.
pub(crate) const PARTS_IN_FLIGHT_MAX: usize = 2;

/// Why a file could not be kept, read or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// There is no file under this name.
    #[error("no such file")]
    Missing,
    /// More bytes than allowed; nothing was kept.
    #[error("the file is too large")]
    TooLarge,
    /// The disk or service failed (full, I/O error …). Already logged.
    #[error("the file store does not answer")]
    Down,
}

/// The store of uploaded files.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
}

/// A stored file.
pub struct Download {
    /// Its length.
    pub bytes: u64,
    /// Its content, piece by piece.
    pub content: BoxStream<'static, Result<Bytes, BlobError>>,
}

/// A file as the folder lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its name in the blob store.
    pub key: String,
    /// When it was last written.
    pub modified_at_ms: u64,
}

/// A file being received. Dropped before `finish` it leaves nothing behind.
pub struct Upload {
    key: String,
    parts: WriteMultipart,
    bytes: u64,
    bytes_max: u64,
}

impl Blobs {
    /// Files in a local folder, which is made when missing. Partial uploads of a killed relay are removed, so only the relay that
    /// holds the data folder's lock may call this.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open_local(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        remove_half_uploads(folder)?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(std::io::Error::other)?;
        // Synced before it counts: a message that names a file must not survive a power cut without it.
        Ok(Self { store: Arc::new(store.with_fsync(true)) })
    }

    /// Begins a file under a new name made of `random`.
    ///
    /// # Errors
    /// `Down`.
    pub async fn upload(&self, random: u128, bytes_max: u64) -> Result<Upload, BlobError> {
        let key = format!("{random:032x}");
        let parts = self.store.put_multipart(&location(&key)?).await.map_err(failed)?;
        let parts = WriteMultipart::new_with_chunk_size(parts, PART_BYTES);
        Ok(Upload { key, parts, bytes: 0, bytes_max })
    }

    /// Opens a file.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    pub async fn download(&self, key: &str) -> Result<Download, BlobError> {
        let found = self.store.get(&location(key)?).await.map_err(failed)?;
        Ok(Download { bytes: found.meta.size, content: found.into_stream().map_err(failed).boxed() })
    }

    /// The complete files of one subfolder, in no order.
    pub fn list(&self, subfolder: u8) -> BoxStream<'static, Result<StoredFile, BlobError>> {
        let listed = self.store.list(Some(&object_store::path::Path::from(format!("{subfolder:02x}"))));
        let ours = listed.map_err(failed).try_filter_map(|found| async move {
            let key = found.location.filename().unwrap_or_default().to_owned();
            let modified_at_ms = u64::try_from(found.last_modified.timestamp_millis()).unwrap_or(0);
            Ok(location(&key).is_ok_and(|path| path == found.location).then_some(StoredFile { key, modified_at_ms }))
        });
        ours.boxed()
    }

    /// Removes a file; one that is not there is removed already.
    ///
    /// # Errors
    /// `Down`.
    pub async fn delete(&self, key: &str) -> Result<(), BlobError> {
        match self.store.delete(&location(key)?).await.map_err(failed) {
            Ok(()) | Err(BlobError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Upload {
    /// The name that it will have.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Bytes received so far.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes the next piece.
    ///
    /// # Errors
    /// `TooLarge` as soon as the bound is passed, or `Down`; then only [`Upload::abort`] may follow.
    pub async fn write(&mut self, piece: Bytes) -> Result<(), BlobError> {
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        if self.bytes > self.bytes_max {
            return Err(BlobError::TooLarge);
        }
        self.parts.wait_for_capacity(PARTS_IN_FLIGHT_MAX).await.map_err(failed)?;
        self.parts.put(piece);
        Ok(())
    }

    /// Makes the file durable under its name and gives its length.
    ///
    /// # Errors
    /// `Down`: nothing was kept.
    pub async fn finish(self) -> Result<u64, BlobError> {
        self.parts.finish().await.map_err(failed)?;
        Ok(self.bytes)
    }

    /// Gives up; nothing is kept.
    ///
    /// # Errors
    /// `Down` when what was written could not be removed.
    pub async fn abort(self) -> Result<(), BlobError> {
        self.parts.abort().await.map_err(failed)
    }
}

/// Two levels, so that no folder has too many entries. Fails for anything but one of our names.
fn location(key: &str) -> Result<object_store::path::Path, BlobError> {
    let ours = key.len() == 32 && key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !ours {
        return Err(BlobError::Missing);
    }
    Ok(object_store::path::Path::from_iter([&key[..2], key]))
}

/// The path of a file in a local folder; none when the name is not one of ours.
#[must_use]
pub fn file_in(folder: &Path, key: &str) -> Option<PathBuf> {
    location(key).ok().map(|path| folder.join(path.as_ref()))
}

#[expect(clippy::needless_pass_by_value, reason = "used by map_err, which hands over the value")]
fn failed(error: object_store::Error) -> BlobError {
    if matches!(error, object_store::Error::NotFound { .. }) {
        return BlobError::Missing;
    }
    tracing::error!(%error, "the file store failed");
    crate::numbers::files_failed();
    BlobError::Down
}

/// `object_store` writes a local file as `name#number` until it is whole.
fn remove_half_uploads(folder: &Path) -> std::io::Result<()> {
    for subfolder in entries(folder)? {
        if !subfolder.is_dir() {
            continue;
        }
        for file in entries(&subfolder)? {
            if file.file_name().is_some_and(|name| name.to_string_lossy().contains('#')) {
                std::fs::remove_file(file)?;
            }
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}
