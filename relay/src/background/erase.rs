//! Erases the visitors whom somebody asked to erase: one after the other, until nothing of them is left. A command may have asked, too.

use std::time::Duration;

use crate::app::App;
use crate::erasing::{Ground, visitor};

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The wait after one that could not be done.
const RETRY: Duration = Duration::from_secs(10);

/// Runs until the relay stops.
pub async fn run(app: App) {
    let ground = ground(&app);
    loop {
        let wait = tokio::select! {
            () = app.stopping.cancelled() => return,
            done = work(&ground) => if done { LOOK_EVERY } else { RETRY },
        };
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// What a relay's tasks work on.
pub(super) fn ground(app: &App) -> Ground {
    Ground { store: app.store.clone(), blobs: app.blobs.clone(), core: Some(app.core.clone()) }
}

/// Whether all that could be found was done.
async fn work(ground: &Ground) -> bool {
    // A store that fails logs that itself; it is asked again.
    let Ok(pending) = ground.store.read(|reader| reader.pending_erasures()).await else { return false };
    for erasure in &pending {
        match visitor::carry_out(ground, erasure).await {
            Ok(removed) => {
                crate::numbers::erased("erase", removed.texts, removed.names, removed.files);
                tracing::info!(visitor.id = %erasure.visitor, "a visitor was erased");
            }
            Err(error) => {
                tracing::warn!(visitor.id = %erasure.visitor, %error, "a visitor is not erased yet; it is tried again");
                return false;
            }
        }
    }
    true
}
