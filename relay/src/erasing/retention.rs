//! Retention: what is past its time, by site and part, as the site's document says.
//!
//! The age counts from the end of a conversation. What has not ended stays, and so does what is held, and what is of a site that is no more.

use relay_core::store::{Query, QueryAnswer, QueryError};
use relay_settings::Snapshot;
use relay_settings::site::Site;
use wire::{ConversationId, Event, Lane, Part, Parts, Seq, SiteId};

use super::{ErasingError, Ground, PAUSE};
use crate::audit::{Action, By, NewEntry, Subject, Who};
use crate::store::{Due, Reader, RemovedCount, StoreError, Writer};

/// The task's name in the store.
pub const TASK: &str = "retention";
/// How long one relay has the task, unless it takes it again.
pub const LEASE_MS: u64 = 60_000;
const DAY_MS: u64 = 86_400_000;
/// Conversations that are found together.
const CONVERSATIONS_AT_ONCE: usize = 100;

/// What each site's document says is past its time.
#[must_use]
pub fn due(snapshot: &Snapshot, now_ms: u64) -> Vec<Due> {
    let mut all = Vec::new();
    for (id, document) in snapshot.all::<Site>() {
        let Ok(site) = id.as_str().parse::<SiteId>() else { continue };
        let kept = &document.retention;
        for (part, days) in
            [(Part::Texts, kept.texts_days), (Part::Names, kept.names_days), (Part::Files, kept.files_days)]
        {
            if let Some(days) = days {
                let ended_before_ms = now_ms.saturating_sub(u64::from(days) * DAY_MS);
                all.push(Due { site: site.clone(), part, ended_before_ms });
            }
        }
    }
    all
}

/// Removes what is past its time, of one site and part after the other. `has_it` takes the task again and says whether this relay still has it.
///
/// # Errors
/// Then it is gone on with the next time.
pub async fn run<Has: Future<Output = bool>>(
    ground: &Ground,
    due: &[Due],
    has_it: impl Fn() -> Has,
) -> Result<RemovedCount, ErasingError> {
    let mut removed = RemovedCount::default();
    for due in due {
        let mut after = (0, ConversationId(0));
        loop {
            if !has_it().await {
                return Ok(removed);
            }
            let wanted = due.clone();
            let find = move |reader: &mut dyn Reader| reader.erasable(&wanted, after, CONVERSATIONS_AT_ONCE);
            let found = ground.store.read_feed(find).await?;
            let Some(last) = found.last() else { break };
            after = *last;
            for (_, conversation) in found {
                match ground.erase(conversation, Parts::only(due.part), true).await {
                    Ok(more) => {
                        removed += more;
                        ground.announce(conversation).await?;
                    }
                    // Held meanwhile, or being written in: the next run finds it again.
                    Err(ErasingError::Store(StoreError::Conflict | StoreError::Busy)) => {}
                    Err(error) => return Err(error),
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    Ok(removed)
}

/// Writes the audit entries of what was removed since they were last written, one for each site: numbers, and nothing about people. For a transaction.
///
/// # Errors
/// `Down`.
pub fn note(writer: &mut dyn Writer, at_ms: u64) -> Result<(), StoreError> {
    for (site, removed) in writer.take_removed()? {
        let by = By { who: Who::System, from: None, at_ms };
        let RemovedCount { texts, names, files } = removed;
        let entry = NewEntry::new(by, Action::RetentionRan).on(Subject::new("site", &site).of(site.clone()));
        writer.append_audit(&entry.with("texts", texts).with("names", names).with("files", files))?;
    }
    Ok(())
}

/// Conversations and events that a run would remove something of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WouldRemove {
    /// Conversations.
    pub conversations: u64,
    /// Of them, events.
    pub events: u64,
}

/// Counts what a run would remove, and removes nothing.
///
/// # Errors
/// The store's own failures.
pub fn would_remove(reader: &mut dyn Reader, due: &Due) -> Result<WouldRemove, StoreError> {
    let (mut would, mut after) = (WouldRemove::default(), (0, ConversationId(0)));
    loop {
        let found = reader.erasable(due, after, CONVERSATIONS_AT_ONCE)?;
        let Some(last) = found.last() else { return Ok(would) };
        after = *last;
        for (_, conversation) in found {
            let events = events_of(reader, conversation, due.part)?;
            would.conversations += u64::from(events > 0);
            would.events += events;
        }
    }
}

fn events_of(reader: &mut dyn Reader, conversation: ConversationId, part: Part) -> Result<u64, StoreError> {
    let mut events = 0;
    for lane in [Lane::Shared, Lane::Staff] {
        let mut after = Seq::ZERO;
        while let Some(last) = page(reader, conversation, lane, after, |event| {
            events += u64::from(event.body.without(Parts::only(part)).is_some());
        })? {
            after = last;
        }
    }
    Ok(events)
}

/// Shows a page of events after a number; gives the last of them.
///
/// # Errors
/// The store's own failures.
pub(crate) fn page(
    reader: &mut dyn Reader,
    conversation: ConversationId,
    lane: Lane,
    after: Seq,
    see: impl FnMut(&Event),
) -> Result<Option<Seq>, StoreError> {
    match reader.query(&Query::Events { conversation, lane, after }) {
        Ok(QueryAnswer::Events { events, .. }) => {
            events.iter().for_each(see);
            Ok(events.last().map(|last| last.seq))
        }
        Err(QueryError::NotFound) => Ok(None),
        Err(QueryError::Busy) => Err(StoreError::Busy),
        Ok(QueryAnswer::Conversation(_) | QueryAnswer::Conversations { .. }) | Err(QueryError::Down) => {
            Err(StoreError::Down)
        }
    }
}
