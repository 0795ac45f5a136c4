//! Removing what nobody needs any more: uploads that no message named, files that no record names, old sign-ins.

use std::future::ready;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use wire::limit::{AGENT_SESSION_MS, UPLOAD_ORPHAN_MS};

use crate::app::App;
use crate::blob::{Blobs, SHELVES, StoredFile};
use crate::clock::now_ms;
use crate::http::Reject;
use crate::store::task::StoreHandle;

/// How often.
const EVERY_MS: u64 = 600_000;
/// Forgotten uploads removed in one sweep.
const UPLOADS_MAX: usize = 1_000;
/// Shelves looked through in one sweep: all of them in five to six hours, so that a million files are no work to speak of.
const SHELVES_MAX: u64 = 8;
/// Files asked about in one look-up.
const FILES_PER_LOOK_UP: usize = 500;

/// Sweeps now and then until the relay stops.
pub async fn run(app: App) {
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(EVERY_MS)) => {}
        }
        if let Err(error) = sweep(&app, now_ms()).await {
            tracing::warn!(?error, "sweeping was cut short; it is tried again");
        }
    }
}

async fn sweep(app: &App, now_ms: u64) -> Result<(), Reject> {
    let old_ms = now_ms.saturating_sub(AGENT_SESSION_MS);
    app.store.write(move |writer| writer.remove_sessions_before(old_ms)).await?;
    let before_ms = now_ms.saturating_sub(UPLOAD_ORPHAN_MS);
    for orphan in app.store.read(move |reader| reader.orphans(before_ms, UPLOADS_MAX)).await? {
        // Named meanwhile: then it stays.
        let removed = app.store.write(move |writer| writer.remove_orphan(orphan.attachment.id)).await;
        if let Ok(removed) = removed {
            app.blobs.delete(&removed.key).await?;
        }
    }
    for shelf in shelves(now_ms) {
        remove_unrecorded(&app.store, &app.blobs, shelf, before_ms).await?;
    }
    Ok(())
}

/// The shelves whose turn it is. The time says so, not a count: a relay that is often started anew comes to all of them, too.
fn shelves(now_ms: u64) -> impl Iterator<Item = u8> {
    let first = now_ms / EVERY_MS * SHELVES_MAX;
    // Whatever is left after dividing by 256 fits.
    (first..first + SHELVES_MAX).map(|shelf| (shelf % SHELVES) as u8)
}

/// Removes the files of one shelf that no record names: a relay was killed between making the file and recording it. A young one may be
/// on its way to its record.
async fn remove_unrecorded(store: &StoreHandle, blobs: &Blobs, shelf: u8, before_ms: u64) -> Result<(), Reject> {
    let old = blobs.list(shelf).try_filter(|file| ready(file.modified_at_ms < before_ms));
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
    use crate::store::{AttachmentRecord, Uploader};

    #[test]
    fn every_shelf_has_its_turn() {
        let mut seen = [0; 256];
        for sweep in 0..32 {
            for shelf in shelves(1_700_000_000_000 + sweep * EVERY_MS) {
                seen[usize::from(shelf)] += 1;
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
        assert!(blobs.download(&lost).await.is_ok(), "another shelf");
        remove_unrecorded(&store, &blobs, 0, before_ms).await.expect("swept");
        assert!(blobs.download(&lost).await.is_err());
        assert!(blobs.download(&young).await.is_ok() && blobs.download(&recorded).await.is_ok());
        tokio::task::spawn_blocking(|| task.stop()).await.expect("stopped");
    }
}
