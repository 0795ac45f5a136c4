//! Uploaded files on a local disk: bounds, broken uploads, names.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use bytes::Bytes;
use futures_util::TryStreamExt;
use relay::blob::{BlobError, Blobs};

/// Every file below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found
}

async fn content(blobs: &Blobs, key: &str) -> Result<Vec<u8>, BlobError> {
    let download = blobs.download(key).await?;
    let pieces: Vec<Bytes> = download.content.try_collect().await?;
    let content = pieces.concat();
    assert_eq!(content.len() as u64, download.bytes);
    Ok(content)
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_and_can_be_removed() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open_local(folder.path()).unwrap();
    let piece: Bytes = (0..100_000_u32).map(|index| (index % 251) as u8).collect();
    let mut upload = blobs.upload(7, 3_000_000).await.unwrap();
    for _ in 0..20 {
        upload.write(piece.clone()).await.unwrap();
    }
    let key = upload.key().to_owned();
    assert_eq!(content(&blobs, &key).await, Err(BlobError::Missing), "nobody sees half a file");
    assert_eq!(upload.finish().await, Ok(2_000_000));
    assert_eq!(content(&blobs, &key).await.unwrap(), piece.repeat(20));
    blobs.delete(&key).await.unwrap();
    blobs.delete(&key).await.unwrap();
    assert_eq!(content(&blobs, &key).await, Err(BlobError::Missing));
    assert!(files(folder.path()).is_empty());
}

#[tokio::test]
async fn a_file_over_the_bound_is_refused_at_once_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open_local(folder.path()).unwrap();
    let mut upload = blobs.upload(7, 1_000_000).await.unwrap();
    let piece = Bytes::from(vec![0; 400_000]);
    upload.write(piece.clone()).await.unwrap();
    upload.write(piece.clone()).await.unwrap();
    assert_eq!(upload.write(piece).await, Err(BlobError::TooLarge));
    upload.abort().await.unwrap();
    assert!(files(folder.path()).is_empty());
}

#[test]
fn a_broken_upload_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open_local(folder.path()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut upload = blobs.upload(7, 1_000_000).await.unwrap();
        upload.write(Bytes::from(vec![0; 600_000])).await.unwrap();
        drop(upload);
    });
    // Ending the runtime waits for the removal, which runs on a thread of its own.
    drop(runtime);
    assert!(files(folder.path()).is_empty());
}

#[tokio::test]
async fn what_a_killed_relay_left_is_removed_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open_local(folder.path()).unwrap();
    let mut upload = blobs.upload(7, 10).await.unwrap();
    upload.write(Bytes::from_static(b"whole")).await.unwrap();
    let key = upload.key().to_owned();
    upload.finish().await.unwrap();
    let subfolder = folder.path().join(&key[..2]);
    std::fs::write(subfolder.join(format!("{key}#1")), b"half").unwrap();
    let blobs = Blobs::open_local(folder.path()).unwrap();
    assert_eq!(files(folder.path()), [key.as_str()]);
    assert_eq!(content(&blobs, &key).await.unwrap(), b"whole");
}

#[tokio::test]
async fn only_our_own_names_reach_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open_local(&folder.path().join("files")).unwrap();
    std::fs::write(folder.path().join("secret"), b"secret").unwrap();
    for key in ["", "../secret", "/etc/passwd", "x", &"g".repeat(32), &"A".repeat(32), "..%2fsecret"] {
        assert_eq!(content(&blobs, key).await, Err(BlobError::Missing), "{key}");
        assert_eq!(blobs.delete(key).await, Err(BlobError::Missing), "{key}");
    }
}
