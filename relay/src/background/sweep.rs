//! Removes what nobody needs any more: uploads that no message named, files that no record names, old sign-ins.

use std::future::ready;
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt, TryStreamExt};
use wire::limit::{FILE_COST_BYTES, UPLOAD_ORPHAN_MS};

use crate::app::App;
use crate::blob::{BlobError, Blobs, SUBFOLDERS, StoredFile};
use crate::clock::now_ms;
use crate::identity::valid_since;
use crate::quota::Quotas;
use crate::store::task::StoreHandle;
use crate::store::{AttachmentRecord, REMEMBERED_MS, StoreError, Uploader, Writer};

/// How often forgotten uploads are looked for.
const EVERY_MS: u64 = 60_000;
/// How often old sign-ins and unrecorded files are looked for.
const SUBFOLDERS_EVERY_MS: u64 = 600_000;
/// Forgotten uploads removed together. One round after the other follows until none is left: so they are removed as fast as the disk allows.
const UPLOADS_PER_ROUND: usize = 500;
/// Rounds in one sweep, far above what the quota of pending uploads allows.
const ROUNDS_MAX: usize = 10_000;
/// Subfolders checked in one sweep: all of them in five to six hours, so that a million files are little work.
const SUBFOLDERS_MAX: u64 = 8;
/// Files that are looked up together.
const FILES_PER_LOOK_UP: usize = 500;

/// Why a sweep was cut short.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Files(#[from] BlobError),
}

/// Sweeps regularly until the relay stops.
pub async fn run(app: App) {
    let mut subfolders_at_ms = 0;
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(EVERY_MS)) => {}
        }
        let now_ms = now_ms();
        let mut swept = sweep_uploads(&app.store, &app.blobs, &app.quotas, now_ms).await;
        if subfolders_at_ms / SUBFOLDERS_EVERY_MS != now_ms / SUBFOLDERS_EVERY_MS {
            subfolders_at_ms = now_ms;
            swept = swept.and(sweep_rest(&app, now_ms).await);
            keep_assets(&app).await;
        }
        if let Err(error) = swept {
            tracing::warn!(?error, "sweeping was cut short; it is tried again");
        }
    }
}

/// Counts files from before the start that no message names in the quotas.
///
/// # Errors
/// The store's own failures.
pub async fn find_pending(app: &App) -> Result<(), StoreError> {
    // More than their quota allows, unless it was lowered.
    let most = usize::try_from(app.config.quotas.pending_bytes_max / FILE_COST_BYTES).unwrap_or(usize::MAX);
    for record in app.store.read(move |reader| reader.orphans(i64::MAX as u64, most)).await? {
        if let Uploader::Visitor(visitor) = record.uploader {
            app.quotas.found(record.attachment.id, visitor, record.attachment.bytes, record.uploaded_at_ms);
        }
    }
    Ok(())
}

/// Removes every upload that no message has named in time.
async fn sweep_uploads(store: &StoreHandle, blobs: &Blobs, quotas: &Quotas, now_ms: u64) -> Result<(), SweepError> {
    let before_ms = now_ms.saturating_sub(UPLOAD_ORPHAN_MS);
    quotas.forget_settled(now_ms);
    for _ in 0..ROUNDS_MAX {
        let orphans = store.read(move |reader| reader.orphans(before_ms, UPLOADS_PER_ROUND)).await?;
        let ids: Vec<_> = orphans.iter().map(|orphan| orphan.attachment.id).collect();
        if ids.is_empty() {
            break;
        }
        // Named meanwhile: then it stays.
        let removal = move |writer: &mut dyn Writer| Ok(ids.into_iter().map(|id| writer.remove_orphan(id)).collect());
        let removed: Vec<Result<AttachmentRecord, StoreError>> = store.write(removal).await?;
        if removed.contains(&Err(StoreError::Down)) {
            return Err(StoreError::Down.into());
        }
        for removed in removed.into_iter().flatten() {
            quotas.settled(removed.attachment.id);
            blobs.delete(&removed.key).await?;
        }
    }
    Ok(())
}

/// Keeps this build's assets for chats that will be open when another build runs, and removes those that are too old. Where that
/// fails the relay serves all the same: only a chat from before an upgrade misses its rooms, and says so.
pub async fn keep_assets(app: &App) {
    let app = app.clone();
    let kept = tokio::task::spawn_blocking(move || app.kept_assets.keep(&app.web, SystemTime::now())).await;
    if let Ok(Err(error)) = kept {
        tracing::warn!(%error, "the assets of this build are not kept for chats that are open over an upgrade");
    }
}

async fn sweep_rest(app: &App, now_ms: u64) -> Result<(), SweepError> {
    let (unused_ms, old_ms) = valid_since(now_ms);
    app.store.write(move |writer| writer.remove_sessions_before(unused_ms, old_ms)).await?;
    let before_ms = now_ms.saturating_sub(UPLOAD_ORPHAN_MS);
    let old_ms = now_ms.saturating_sub(REMEMBERED_MS);
    app.store.write(move |writer| writer.forget_requests_before(old_ms)).await?;
    for subfolder in subfolders(now_ms) {
        remove_unrecorded(&app.store, &app.blobs, subfolder, before_ms).await?;
    }
    Ok(())
}

/// The subfolders that are checked now. They follow from the time, not from a count, so that a relay that restarts often checks all of them, too.
fn subfolders(now_ms: u64) -> impl Iterator<Item = u8> {
    let first = now_ms / SUBFOLDERS_EVERY_MS * SUBFOLDERS_MAX;
    // Whatever is left after dividing by 256 fits.
    (first..first + SUBFOLDERS_MAX).map(|subfolder| (subfolder % SUBFOLDERS) as u8)
}

/// Removes the files of one subfolder that no record names: a relay was killed between making the file and recording it. A new one may not
/// be recorded yet.
async fn remove_unrecorded(
    store: &StoreHandle,
    blobs: &Blobs,
    subfolder: u8,
    before_ms: u64,
) -> Result<(), SweepError> {
    let old = blobs.list(subfolder).try_filter(|file| ready(file.modified_at_ms < before_ms));
    let mut chunks = old.chunks(FILES_PER_LOOK_UP);
    while let Some(chunk) = chunks.next().await {
        let files: Vec<StoredFile> = chunk.into_iter().collect::<Result<_, _>>()?;
        for key in store.read(move |reader| reader.unrecorded(&files)).await? {
            blobs.delete(&key).await?;
            tracing::info!("removed an uploaded file that was never recorded");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use bytes::Bytes;
    use wire::{Attachment, AttachmentId, ConversationId, Media, VisitorId};

    use super::*;
    use crate::store::memory::MemoryStore;
    use crate::store::task::StoreTask;

    #[test]
    fn every_subfolder_has_its_turn() {
        let mut seen = [0; 256];
        for sweep in 0..32 {
            for subfolder in subfolders(1_700_000_000_000 + sweep * SUBFOLDERS_EVERY_MS) {
                seen[usize::from(subfolder)] += 1;
            }
        }
        assert_eq!(seen, [1; 256]);
    }

    /// Keeps a file that was last written so many hours ago.
    async fn keep(blobs: &Blobs, folder: &std::path::Path, number: u128, hours: u64) -> String {
        let mut upload = blobs.upload(number, 10).await.expect("begun");
        upload.write(Bytes::from_static(b"x")).await.expect("written");
        let key = upload.key().to_owned();
        upload.finish().await.expect("kept");
        let file = std::fs::File::options().write(true).open(folder.join(&key[..2]).join(&key)).expect("its place");
        file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3_600)).expect("touched");
        key
    }

    fn record(number: u128, key: &str, uploaded_at_ms: u64) -> AttachmentRecord {
        let attachment = Attachment {
            id: AttachmentId(number),
            name: "a.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            media: Media::Document,
            bytes: 1,
            width: 0,
            height: 0,
        };
        let uploader = Uploader::Visitor(VisitorId(1));
        AttachmentRecord { attachment, conversation: ConversationId(1), uploader, key: key.to_owned(), uploaded_at_ms }
    }

    #[tokio::test]
    async fn only_an_old_file_without_a_record_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::open_local(folder.path()).expect("opened");
        let task = StoreTask::start(&MemoryStore::new()).expect("a store");
        let store = task.handle();
        let before_ms = now_ms() - UPLOAD_ORPHAN_MS;
        let (lost, young) = (keep(&blobs, folder.path(), 1, 30).await, keep(&blobs, folder.path(), 2, 1).await);
        let recorded = keep(&blobs, folder.path(), 3, 40).await;
        // A database without any record is not the one that these files belong to.
        remove_unrecorded(&store, &blobs, 0, before_ms).await.expect("swept");
        assert!(blobs.download(&lost).await.is_ok());

        let row = record(3, &recorded, now_ms() - 40 * 3_600_000);
        store.write(move |writer| writer.add_attachment(&row)).await.expect("recorded");
        remove_unrecorded(&store, &blobs, 1, before_ms).await.expect("swept");
        assert!(blobs.download(&lost).await.is_ok(), "another subfolder");
        remove_unrecorded(&store, &blobs, 0, before_ms).await.expect("swept");
        assert!(blobs.download(&lost).await.is_err());
        assert!(blobs.download(&young).await.is_ok() && blobs.download(&recorded).await.is_ok());
        tokio::task::spawn_blocking(|| task.stop()).await.expect("stopped");
    }

    #[tokio::test]
    async fn every_upload_that_nobody_named_goes_in_one_sweep() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::open_local(folder.path()).expect("opened");
        let task = StoreTask::start(&MemoryStore::new()).expect("a store");
        let store = task.handle();
        let quotas = Quotas::new(crate::config::Config::parse("").expect("the example").quotas);
        let now_ms = now_ms();
        // More than one round takes.
        let old = 2 * UPLOADS_PER_ROUND as u128 + 10;
        for number in 1..=old + 1 {
            let at_ms = if number > old { now_ms } else { now_ms - UPLOAD_ORPHAN_MS - 1 };
            let row = record(number, &keep(&blobs, folder.path(), number, 2).await, at_ms);
            quotas.found(row.attachment.id, VisitorId(1), row.attachment.bytes, at_ms);
            store.write(move |writer| writer.add_attachment(&row)).await.expect("recorded");
        }
        sweep_uploads(&store, &blobs, &quotas, now_ms).await.expect("swept");
        let left = store.read(|reader| reader.attachments(AttachmentId(0), 10)).await.expect("read");
        assert_eq!(left.iter().map(|row| row.attachment.id.0).collect::<Vec<_>>(), [old + 1], "the young one stays");
        assert_eq!(quotas.pending_bytes(), crate::quota::cost(1));
        assert!(blobs.download(&left[0].key).await.is_ok());
        assert!(blobs.download(&format!("{old:032x}")).await.is_err());
        tokio::task::spawn_blocking(|| task.stop()).await.expect("stopped");
    }
}
