//! Signs the head of the audit log and writes it down beside the database: a second after an entry at most, and when the relay stops.

use std::time::Duration;

use crate::app::App;
use crate::audit::{Head, heads};
use crate::key::SigningPurpose;
use crate::store::Store;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Runs until the relay stops.
pub async fn run(app: App) {
    let folder = app.config.data.clone();
    let mut written = tokio::task::spawn_blocking(move || heads::read(&folder)).await.ok().and_then(|read| {
        // A file that was changed by hand goes on; `relay audit verify` says what is wrong with it.
        read.inspect_err(|error| tracing::error!(%error, "the heads of the audit log cannot be read")).ok()
    });
    let newest = written.take().and_then(|heads| heads.last().copied());
    app.signed_head.send_replace(newest);
    let mut last = newest.map(|signed| signed.head);
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        // A store that fails logs that itself; it is asked again.
        let Ok(head) = app.store.read(|reader| reader.audit_head()).await else { continue };
        if last != Some(head) && write(&app, head).await {
            last = Some(head);
        }
    }
}

/// The last head, once nothing is written any more.
pub async fn finish(app: &App, store: &dyn Store) {
    let head = store.reader().map_err(|_| ()).and_then(|mut reader| reader.audit_head().map_err(|_| ()));
    if let Ok(head) = head {
        write(app, head).await;
    }
}

/// Whether it is on the disk, or there is nothing to write.
async fn write(app: &App, head: Head) -> bool {
    if head.number == 0 {
        return true;
    }
    let (folder, key) = (app.config.data.clone(), app.keys.current.clone());
    let append = move || {
        let signed = head.signed(&key.signer(SigningPurpose::AuditHead));
        heads::append(&folder, &signed).map(|()| signed)
    };
    match tokio::task::spawn_blocking(append).await {
        Ok(Ok(signed)) => {
            app.signed_head.send_replace(Some(signed));
            true
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "the head of the audit log was not written down; it is tried again");
            false
        }
        Err(_) => false,
    }
}
