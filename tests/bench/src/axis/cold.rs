//! From the start of the process to the first byte served, with a million messages in the store.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ::relay::store::sqlite::SqliteStore;
use ::relay::store::{Store, TokenHash, VisitorRecord, Writer};
use anyhow::{Context, Result, anyhow};
use relay_core::append::{Append, NewBody, NewEvent, Opening};
use serde_json::json;
use wire::{Author, Body, ConversationId, MessageId, VisitorId};

use super::{Setting, on_this_thread};
use crate::board::body;
use crate::peer::Crowd;
use crate::peer::relay::{Relay, new_id};
use crate::record::Record;

/// Messages in each conversation.
const EACH: u64 = 100;
const CONVERSATIONS: u64 = 10_000;
const BRIEF: u64 = 100;
/// One conversation of so many is still open; the others have ended.
const OPEN_EVERY: u64 = 10;
/// Conversations in one transaction.
const BATCH: u64 = 100;
/// Emptied by the kernel when a 3 is written there: files are read from the disk again.
const DROP_CACHES: &str = "/proc/sys/vm/drop_caches";

/// Fills a store once and starts the relay on it again and again.
pub(crate) fn measure(setting: Setting, record: &Record) -> Result<()> {
    let conversations = if setting.brief { BRIEF } else { CONVERSATIONS };
    let mut relay = Relay::prepare(Crowd { visitors: 1, agents: 1 })?;
    let start = Instant::now();
    fill(&relay.data(), conversations)?;
    let messages = conversations * EACH;
    println!("cold relay: {messages} messages stored in {:.1} s", start.elapsed().as_secs_f64());
    for run in 1..=setting.runs {
        // Only root may; a start with files in memory is said to be one. A brief look leaves the whole machine's cache alone.
        let cold = !setting.brief
            && std::process::Command::new("sync").status().is_ok()
            && std::fs::write(DROP_CACHES, "3").is_ok();
        let start = Instant::now();
        relay.up()?;
        let listening = start.elapsed();
        relay.first_byte()?;
        let first_byte = start.elapsed();
        let welcome = on_this_thread(async {
            relay.greeted(run).await?;
            Ok(start.elapsed())
        })?;
        relay.down();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "cold relay {messages} #{run}: first byte {:.0} ms, a visitor registered {:.0} ms after the start{}",
            ms(first_byte),
            ms(welcome),
            if cold { "" } else { " (files were in memory)" }
        );
        record.add(&json!({
            "axis": "cold", "peer": "relay", "phase": messages, "run": run, "page_cache_emptied": cold,
            "listening_ms": ms(listening), "first_byte_ms": ms(first_byte), "registered_ms": ms(welcome),
        }))?;
    }
    Ok(())
}

/// Writes conversations through the relay's own store.
fn fill(data: &Path, conversations: u64) -> Result<()> {
    let store = SqliteStore::open(data)?;
    let mut writer = store.writer()?;
    for first in (0..conversations).step_by(usize::try_from(BATCH)?) {
        writer.begin()?;
        for number in first..(first + BATCH).min(conversations) {
            conversation(&mut *writer, number)?;
        }
        writer.commit()?;
    }
    Ok(())
}

fn conversation(writer: &mut dyn Writer, number: u64) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("it is after 1970")?;
    let now_ms = u64::try_from(now.as_millis())?;
    let site: wire::SiteId = "demo".parse()?;
    let id = VisitorId(new_id());
    let mut token = [0; 32];
    token[..8].copy_from_slice(&number.to_be_bytes());
    let token = TokenHash(token);
    writer.add_visitor(&VisitorRecord { id, site: site.clone(), token, created_at_ms: now_ms, used_at_ms: now_ms })?;
    let mut bodies: Vec<NewBody> =
        (0..EACH).map(|at| NewBody::Ready(Body::Text { text: body(number * EACH + at) })).collect();
    if number.is_multiple_of(OPEN_EVERY) {
        bodies.extend([NewBody::Ready(Body::Queued), NewBody::Turn(relay_core::Queueing::default())]);
    } else {
        bodies.push(NewBody::Ready(Body::Closed));
    }
    let new_event = |body| NewEvent { id: MessageId(new_id()), author: Author::Visitor, body };
    let new_events = bodies.into_iter().map(new_event).collect();
    let opening = Opening { site, visitor: id, language: "en".to_owned() };
    let append = Append::new(ConversationId(new_id()), new_events).opening(opening);
    writer.append(now_ms, &append).map(drop).map_err(|error| anyhow!("the store refuses: {error:?}"))
}
