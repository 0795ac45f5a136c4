//! Removes what is past its time: what sites say of conversations, and the oldest entries of the audit log.
//!
//! A task by the clock and not a consumer of the feed: what is due follows from the time since a conversation ended and from what the site's document says
//! today. The feed tells of both only once, long before.

use std::time::Duration;

use super::erase::ground;
use crate::app::App;
use crate::audit::{Action, By, Entry, Head, NewEntry, Who};
use crate::clock::{new_id, now_ms};
use crate::erasing::{ErasingError, Ground, retention};
use crate::key::SigningPurpose;
use crate::store::StoreError;

/// How long after a run the next one begins.
const EVERY: Duration = Duration::from_secs(3_600);
/// The wait when another relay has the task, or after a failure.
const RETRY: Duration = Duration::from_secs(30);
/// After so long the database is overwritten once more, if something was removed meanwhile.
const OVERWRITE_EVERY_MS: u64 = 86_400_000;
/// Entries of the audit log that are removed in one transaction.
const CUT_ENTRIES_MAX: usize = 2_000;
const DAY_MS: u64 = 86_400_000;

/// Runs until the relay stops.
pub async fn run(app: App) {
    let mut task =
        Task { ground: ground(&app), holder: new_id(), overwrite: false, overwritten_at_ms: 0, app: app.clone() };
    loop {
        let ran = tokio::select! {
            () = app.stopping.cancelled() => break,
            ran = task.run() => ran,
        };
        let wait = match ran {
            Ok(true) => EVERY,
            Ok(false) => RETRY,
            Err(error) => {
                tracing::warn!(%error, "retention was cut short; it is tried again");
                RETRY
            }
        };
        tokio::select! {
            () = app.stopping.cancelled() => break,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

struct Task {
    app: App,
    ground: Ground,
    /// This process, among all that may do it.
    holder: u128,
    /// Whether something was removed since the database was last overwritten …
    overwrite: bool,
    /// … and when that was.
    overwritten_at_ms: u64,
}

impl Task {
    /// One run; false when another relay has the task.
    async fn run(&mut self) -> Result<bool, ErasingError> {
        if !has_it(&self.ground, self.holder).await {
            return Ok(false);
        }
        let done = self.remove().await;
        let holder = self.holder;
        // Given back, so that a relay that starts anew need not wait. One that fails here runs out.
        let _ = self.ground.store.write(move |writer| writer.lease_task(retention::TASK, holder, 0, 0)).await;
        done.map(|()| true)
    }

    async fn remove(&mut self) -> Result<(), ErasingError> {
        let (now_ms, holder) = (now_ms(), self.holder);
        let due = retention::due(&self.app.settings.snapshot(), now_ms);
        let ran = retention::run(&self.ground, &due, || has_it(&self.ground, holder)).await;
        // Also of a run that was cut short, and of one that a former relay did not come to tell of.
        self.ground.store.write(move |writer| retention::note(writer, now_ms)).await?;
        let removed = ran?;
        crate::numbers::erased("retention", removed.texts, removed.names, removed.files);
        self.cut_audit(now_ms).await?;
        self.overwrite |= !removed.is_nothing();
        if self.overwrite && now_ms.saturating_sub(self.overwritten_at_ms) >= OVERWRITE_EVERY_MS {
            self.ground.overwrite().await?;
            (self.overwrite, self.overwritten_at_ms) = (false, now_ms);
        }
        Ok(())
    }

    /// Removes the entries of the audit log that are older than the settings file says.
    async fn cut_audit(&self, now_ms: u64) -> Result<(), StoreError> {
        let days = u64::from(self.app.config.audit.kept_days);
        if days == 0 {
            return Ok(());
        }
        let before_ms = now_ms.saturating_sub(days * DAY_MS);
        while let Some(head) = self.ground.store.read(move |reader| old_head(reader, before_ms)).await? {
            let signed = head.signed(&self.app.keys.current.signer(SigningPurpose::AuditHead));
            let by = By { who: Who::System, from: None, at_ms: now_ms };
            let entry = NewEntry::new(by, Action::AuditCut).with("up_to", head.number);
            let cut = move |writer: &mut dyn crate::store::Writer| {
                writer.cut_audit(&signed)?;
                writer.append_audit(&entry)
            };
            self.ground.store.write(cut).await?;
        }
        Ok(())
    }
}

/// Takes the task, or takes it again.
async fn has_it(ground: &Ground, holder: u128) -> bool {
    let now_ms = now_ms();
    let lease = move |writer: &mut dyn crate::store::Writer| {
        writer.lease_task(retention::TASK, holder, now_ms, now_ms + retention::LEASE_MS)
    };
    ground.store.write(lease).await.unwrap_or(false)
}

/// The head of the oldest entries, up to a bound, that are all from before a time.
fn old_head(reader: &mut dyn crate::store::Reader, before_ms: u64) -> Result<Option<Head>, StoreError> {
    let mut head: Option<Head> = None;
    let first = reader.audit_cut()?.map_or(0, |cut| cut.head.number);
    let (mut last, mut looked_at) = (first, 0);
    while looked_at < CUT_ENTRIES_MAX {
        let page = reader.audit_entries(last)?;
        if page.is_empty() {
            break;
        }
        for stored in page {
            // What cannot be read is for `relay audit verify` to tell of, and stays.
            let Ok(entry) = serde_json::from_str::<Entry>(&stored.entry) else { return Ok(head) };
            if entry.at_ms >= before_ms {
                return Ok(head);
            }
            head = Some(Head { number: stored.number, hash: stored.hash, at_ms: entry.at_ms });
            last = stored.number;
            looked_at += 1;
        }
    }
    Ok(head)
}
