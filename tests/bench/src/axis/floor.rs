//! What no system here can go below: the disk's own syncs, and a WebSocket that only echoes.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use super::{Effort, Setting, connect, keep, on_this_thread};
use crate::board::histogram;
use crate::load::Crew;
use crate::paths::data_folder;
use crate::peer::{Echo, Hold};
use crate::record::Record;

/// Bytes written before each sync: one page of a write-ahead log.
const PAGE_BYTES: usize = 4096;
/// Pages of the file that is written over and over.
const PAGES: u64 = 1_000;
const CONNECTIONS: usize = 100;
/// Messages a second in an open loop: what remains of a latency when the server does nothing.
const OPEN_RATE: f64 = 1_000.0;

/// Measures both.
pub(crate) fn measure(setting: Setting, record: &Record) -> Result<()> {
    for run in 1..=setting.runs {
        syncs(record, run, setting.run, false)?;
        syncs(record, run, setting.run, true)?;
        echo(setting, record, run)?;
    }
    Ok(())
}

/// Page after page, each synced: into a file that grows, or over one that has its length already.
fn syncs(record: &Record, run: usize, length: Duration, over: bool) -> Result<()> {
    let folder = data_folder()?;
    let mut file = File::create(folder.path().join("log"))?;
    let page = [7; PAGE_BYTES];
    if over {
        (0..PAGES).try_for_each(|_| file.write_all(&page))?;
        file.sync_all()?;
        file.seek(SeekFrom::Start(0))?;
    }
    let mut took = histogram();
    let start = Instant::now();
    while start.elapsed() < length {
        let one = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        took.saturating_record(u64::try_from(one.elapsed().as_micros()).unwrap_or(u64::MAX));
        if over && file.stream_position()? >= PAGES * PAGE_BYTES as u64 {
            file.seek(SeekFrom::Start(0))?;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "some thousand syncs")]
    let per_second = took.len() as f64 / start.elapsed().as_secs_f64();
    let phase = if over { "over" } else { "append" };
    println!("floor disk {phase} #{run}: {per_second:.0} syncs a second, p50 {} us", took.value_at_quantile(0.5));
    let kept = record.histogram(&format!("floor-disk-{phase}-{run}"), &took)?;
    record.add(&json!({
        "axis": "floor", "peer": "disk", "phase": phase, "run": run, "per_second": per_second, "ack_us": kept,
    }))
}

fn echo(setting: Setting, record: &Record, run: usize) -> Result<()> {
    let echo = Echo::start("tungstenite")?;
    on_this_thread(async {
        let mut crew = Crew::new();
        connect(0..CONNECTIONS, |number| echo.hold(number), |connection| crew.writes(connection)).await?;
        let effort = Effort::start(echo.server());
        let tally = crew.open(OPEN_RATE, setting.run).await?;
        let busy = effort.end(echo.server());
        keep(record, ("floor", "echo", "open loop", run), &tally, crew.broken(), busy)?;
        for window in setting.windows {
            crew.closed(*window, setting.warm_up / 2).await;
            let effort = Effort::start(echo.server());
            let tally = crew.closed(*window, setting.run).await;
            let busy = effort.end(echo.server());
            keep(record, ("floor", "echo", &format!("{window} under way"), run), &tally, crew.broken(), busy)?;
        }
        Ok(())
    })
}
