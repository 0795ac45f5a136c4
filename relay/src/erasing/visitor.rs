//! Erases a visitor.
//!
//! What stays: the ids of the visitor, of their conversations and events, times, kinds and authors of events, scores, keyed hashes of addresses, and
//! that and when they were erased. What goes: every text, note, label and comment, pages, browser and languages, files with their names, the token, and
//! the reasons of blocks. The record in the store says what is to be done, so that a relay that starts again goes on.

use std::collections::BTreeSet;
use std::time::Duration;

use relay_core::append::{Append, NewBody, NewEvent};
use relay_core::conversation::Conversation;
use relay_core::input::{Commit, Input};
use wire::{Author, Body, ConversationId, MessageId, Parts, SiteId, VisitorId};

use super::{ErasingError, FILES_AT_ONCE, Ground};
use crate::audit::{Action, By, NewEntry, Subject};
use crate::clock::{new_id, now_ms, random_bytes};
use crate::core_task::Arrival;
use crate::store::{ErasureRecord, RemovedCount, StoreError, TokenHash, Writer};

/// Conversations that are read together.
const CONVERSATIONS_AT_ONCE: usize = 100;
/// How long the core has to end what a visitor has open, before it is ended here.
const ENDING_WAIT: Duration = Duration::from_millis(50);
/// How often that is looked at.
const ENDING_LOOKS: usize = 20;
/// How often everything is gone through, until nothing was found: what the store was asked to record before may come in between.
const ROUNDS_MAX: usize = 5;

/// Notes that a visitor is to be erased, with its audit entry; for a transaction.
///
/// # Errors
/// `Missing` when the site has no such visitor, `Conflict` when a conversation of theirs is held.
pub fn begin(writer: &mut dyn Writer, visitor: VisitorId, site: &SiteId, by: &By) -> Result<ErasureRecord, StoreError> {
    let erasure = ErasureRecord { visitor, site: site.clone(), asked_at_ms: by.at_ms, done_at_ms: None };
    writer.begin_erasure(&erasure, &TokenHash(random_bytes()))?;
    let subject = Subject::new("visitor", &visitor).of(site.clone());
    writer.append_audit(&NewEntry::new(by.clone(), Action::Erased).on(subject))?;
    Ok(erasure)
}

/// Removes everything of a visitor whose erasure was noted; gives how much it was.
///
/// # Errors
/// Then something may be left, and it is to be tried again.
pub async fn carry_out(ground: &Ground, erasure: &ErasureRecord) -> Result<RemovedCount, ErasingError> {
    let visitor = erasure.visitor;
    if let Some(core) = &ground.core {
        // Fails only when the core has ended.
        let _ = core.send(Arrival::Input(Input::Erasing { visitor })).await;
    }
    ground.core_has_taken_it().await;
    let mut removed = RemovedCount::default();
    for round in 0..ROUNDS_MAX {
        end_all(ground, visitor).await?;
        let round = go_through(ground, visitor, round == 0).await?;
        if round.is_nothing() {
            break;
        }
        removed += round;
    }
    ground.overwrite().await?;
    let done_at_ms = now_ms();
    ground.write(move |writer| writer.finish_erasure(visitor, done_at_ms)).await?;
    Ok(removed)
}

/// Ends what the visitor has open: by the core, else here.
async fn end_all(ground: &Ground, visitor: VisitorId) -> Result<(), ErasingError> {
    for look in 0.. {
        let mut open = each(ground, visitor).await?;
        open.retain(|known| !known.closed());
        if open.is_empty() {
            break;
        }
        if look < ENDING_LOOKS && ground.core.is_some() {
            tokio::time::sleep(ENDING_WAIT).await;
            continue;
        }
        for known in open {
            end(ground, known).await?;
        }
        break;
    }
    Ok(())
}

/// Ends one conversation that the core does not know, or that has no core.
async fn end(ground: &Ground, known: Conversation) -> Result<(), ErasingError> {
    let event = NewEvent { id: MessageId(new_id()), author: Author::System, body: NewBody::Ready(Body::Closed) };
    let append = Append::new(known.id, vec![event]);
    let (at_ms, core) = (now_ms(), ground.core.clone());
    // Already ended meanwhile: refused, and that is as well.
    let recorded = ground.write(move |writer| Ok(writer.append(at_ms, &append).ok())).await?;
    if let (Some(core), Some(recorded)) = (core, recorded) {
        let commit = Commit { site: recorded.site, visitor: recorded.visitor, events: recorded.events };
        // Fails only when the core has ended.
        let _ = core.send(Arrival::Input(Input::Committed(commit))).await;
    }
    Ok(())
}

/// Goes through everything once. The first time, clients are sent word of every conversation: what is gone may have gone before a crash.
async fn go_through(ground: &Ground, visitor: VisitorId, first: bool) -> Result<RemovedCount, ErasingError> {
    let (mut removed, mut tags) = (RemovedCount::default(), BTreeSet::new());
    for known in each(ground, visitor).await? {
        let gone = ground.erase(known.id, Parts::ALL, false).await?;
        if first || !gone.is_nothing() {
            ground.announce(known.id).await?;
        }
        removed += gone;
        tags.extend(known.address.into_iter().chain(known.network));
    }
    loop {
        // Those of conversations that were never opened.
        let files = ground.store.read(move |reader| reader.attachments_by(visitor, FILES_AT_ONCE)).await?;
        if files.is_empty() {
            break;
        }
        removed.files += files.len() as u64;
        ground.remove_files(files).await?;
    }
    let tags: Vec<_> = tags.into_iter().collect();
    ground.write(move |writer| writer.forget_block_reasons(visitor, &tags)).await?;
    Ok(removed)
}

/// Every conversation of a visitor.
async fn each(ground: &Ground, visitor: VisitorId) -> Result<Vec<Conversation>, StoreError> {
    let mut all: Vec<Conversation> = Vec::new();
    loop {
        let after = all.last().map_or(ConversationId(0), |last| last.id);
        let page =
            move |reader: &mut dyn crate::store::Reader| reader.all_of_visitor(visitor, after, CONVERSATIONS_AT_ONCE);
        let page = ground.store.read(page).await?;
        let is_last = page.len() < CONVERSATIONS_AT_ONCE;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}
