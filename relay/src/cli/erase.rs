//! The commands that remove what is kept of people. A relay that serves the folder does the work; where none does, the command does it.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use wire::{Part, Parts, Seq, VisitorId};

use super::manage::attach;
use crate::audit::By;
use crate::blob::{Blobs, FILES_FOLDER};
use crate::clock::now_ms;
use crate::config::Config;
use crate::erasing::{ErasingError, Ground, retention, visitor};
use crate::settings;
use crate::store::task::StoreTask;
use crate::store::{self, OpenError, Reader, RemovedCount, StoreError, write_once};

/// How long a command waits for the relay that serves the folder.
const WAIT: Duration = Duration::from_secs(60);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Conversations that are read together.
const CONVERSATIONS_AT_ONCE: usize = 100;

/// `relay erase visitor`.
pub(super) fn erase_visitor(config: &Config, id: VisitorId, dry_run: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let store = attach(config)?;
    let mut reader = store.reader()?;
    let found = match reader.visitor(id) {
        Err(StoreError::Missing) => bail!("there is no visitor {id} in {}", config.data_shown()),
        found => found?,
    };
    let (conversations, would) = count(&mut *reader, id)?;
    if dry_run {
        writeln!(
            out,
            "Would end and empty {conversations} conversations of the visitor {id} of the site {}:",
            found.site
        )?;
        return Ok(say(would, out)?);
    }
    let begun = write_once(&mut *store.writer()?, |writer| {
        visitor::begin(writer, id, &found.site, &By::command_line(now_ms()))
    });
    let erasure = match begun {
        Err(StoreError::Conflict) => {
            let holds = reader.holds_of(id)?;
            let held: Vec<_> = holds.iter().map(|hold| hold.conversation.to_string()).collect();
            bail!("nothing is erased while these conversations are held: {}", held.join(", "));
        }
        begun => begun?,
    };
    drop((reader, store));
    let done = alone(config, async |ground| visitor::carry_out(&ground, &erasure).await)?;
    match done {
        Some(removed) => {
            writeln!(out, "Erased the visitor {id}:")?;
            say(removed, out)?;
        }
        None if wait_for(config, id)? => {
            writeln!(out, "The relay that serves the folder has erased the visitor {id}.")?
        }
        None => writeln!(
            out,
            "The relay that serves the folder is erasing the visitor {id}; it says in its log when that is done."
        )?,
    }
    writeln!(out, "Backups and exports that were made before still have it.")?;
    Ok(())
}

/// `relay retention`.
pub(super) fn retention(config: &Config, dry_run: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let store = attach(config)?;
    let mut reader = store.reader()?;
    let due = retention::due(&settings::read(&mut *reader)?, now_ms());
    if due.is_empty() {
        writeln!(out, "No site says how long something is kept: all of it is.")?;
        return Ok(());
    }
    if dry_run {
        for due in &due {
            let would = retention::would_remove(&mut *reader, due)?;
            let (conversations, events) = (would.conversations, would.events);
            let before = day(due.ended_before_ms);
            let part = part_name(due.part);
            writeln!(
                out,
                "{}: would remove {events} {part} of {conversations} conversations that ended before {before}",
                due.site
            )?;
        }
        return Ok(());
    }
    drop((reader, store));
    let done = alone(config, async |ground| {
        let removed = retention::run(&ground, &due, async || true).await;
        let now_ms = now_ms();
        ground.store.write(move |writer| retention::note(writer, now_ms)).await?;
        let removed = removed?;
        ground.overwrite().await?;
        Ok(removed)
    })?;
    match done {
        Some(removed) => {
            writeln!(out, "Removed what was past its time:")?;
            say(removed, out)?;
        }
        None => writeln!(out, "The relay that serves the folder does this every hour, and once when it starts.")?,
    }
    Ok(())
}

/// Does something on a folder that no relay serves; none when one does.
fn alone<T>(config: &Config, work: impl AsyncFnOnce(Ground) -> Result<T, ErasingError>) -> anyhow::Result<Option<T>> {
    let folder = match store::open(&config.data, config.limits.recent_events_max) {
        Err(OpenError::Locked(_)) => return Ok(None),
        folder => folder?,
    };
    let task = StoreTask::start(&*folder)?;
    let blobs = Blobs::open_local(&config.data.join(FILES_FOLDER))
        .with_context(|| format!("cannot use the folder for files in {}", config.data_shown()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(work(Ground { store: task.handle(), blobs, core: None }));
    task.stop();
    Ok(Some(done?))
}

/// Whether the relay that serves the folder has erased a visitor in time.
fn wait_for(config: &Config, id: VisitorId) -> anyhow::Result<bool> {
    let store = attach(config)?;
    let (mut reader, until) = (store.reader()?, Instant::now() + WAIT);
    while Instant::now() < until {
        if reader.erasure(id)?.done_at_ms.is_some() {
            return Ok(true);
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(false)
}

/// How many conversations a visitor has, and how much is in them.
fn count(reader: &mut dyn Reader, id: VisitorId) -> anyhow::Result<(u64, RemovedCount)> {
    let (mut conversations, mut removed) = (0, RemovedCount::default());
    let mut after = wire::ConversationId(0);
    loop {
        let page = reader.all_of_visitor(id, after, CONVERSATIONS_AT_ONCE)?;
        let Some(last) = page.last() else { return Ok((conversations, removed)) };
        after = last.id;
        for known in page {
            conversations += 1;
            for (lane, mut at) in [(wire::Lane::Shared, Seq::ZERO), (wire::Lane::Staff, Seq::ZERO)] {
                while let Some(last) = retention::page(reader, known.id, lane, at, |event| {
                    if let Some((part, _)) = event.body.without(Parts::ALL) {
                        removed.add(part);
                    }
                })? {
                    at = last;
                }
            }
        }
    }
}

fn say(removed: RemovedCount, out: &mut impl Write) -> std::io::Result<()> {
    for (part, count) in [(Part::Texts, removed.texts), (Part::Names, removed.names), (Part::Files, removed.files)] {
        writeln!(out, "{count:>8}  {}", part_name(part))?;
    }
    Ok(())
}

const fn part_name(part: Part) -> &'static str {
    match part {
        Part::Texts => "texts",
        Part::Names => "names",
        Part::Files => "files",
    }
}

/// A day in UTC, as 2027-01-31.
fn day(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(chrono::DateTime::from_timestamp_millis).unwrap_or_default();
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
