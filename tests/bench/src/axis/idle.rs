//! What somebody costs who is there, known, and silent: the server's memory, and the kernel's apart.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{Setting, connect, on_this_thread};
use crate::load::Crew;
use crate::peer::{Hold, start_holder};
use crate::process::{Memory, kib};
use crate::record::Record;

/// People at once. The most is what 20,000 descriptors allow with some to spare.
const SIZES: [usize; 2] = [8_000, 15_000];
const BRIEF: [usize; 1] = [1_000];
/// Those who came first pay for what is made once; they are not counted.
const FIRST: usize = 200;
/// Allocators and the kernel come to rest.
const REST: Duration = Duration::from_secs(5);

/// Memory of both sides at one moment.
#[derive(Clone, Copy, Debug)]
struct Moment {
    server: Memory,
    /// Pages of socket buffers, in bytes, of both ends of every connection.
    socket_bytes: u64,
    /// The kernel's own objects, in bytes, of both ends of every connection and of everything else.
    slab_bytes: u64,
}

/// Measures all of these.
pub(crate) fn measure(setting: Setting, record: &Record, names: &[&str]) -> Result<()> {
    let sizes = setting.sizes(&SIZES, &BRIEF);
    for run in 1..=setting.runs {
        for name in names {
            for size in &sizes {
                one(record, name, *size, run).with_context(|| format!("{name} was not measured with {size}"))?;
            }
        }
    }
    Ok(())
}

fn one(record: &Record, name: &str, size: usize, run: usize) -> Result<()> {
    let holder = start_holder(name, FIRST + size)?;
    let (before, after) = on_this_thread(async {
        let mut crew = Crew::new();
        connect(0..FIRST, |number| holder.hold(number), |connection| crew.writes(connection)).await?;
        tokio::time::sleep(REST).await;
        let before = moment(&*holder);
        connect(FIRST..FIRST + size, |number| holder.hold(number), |connection| crew.writes(connection)).await?;
        tokio::time::sleep(REST).await;
        let after = moment(&*holder);
        ensure!(!crew.broken(), "it has closed connections");
        Ok((before, after))
    })?;
    #[expect(clippy::cast_precision_loss, reason = "some gigabytes at most")]
    let each = |before: u64, after: u64| (after as f64 - before as f64) / 1024.0 / size as f64;
    let rss = each(before.server.rss_bytes, after.server.rss_bytes);
    let pss = each(before.server.pss_bytes, after.server.pss_bytes);
    let sockets = each(before.socket_bytes, after.socket_bytes);
    let slab = each(before.slab_bytes, after.slab_bytes);
    println!(
        "idle {name} {size} #{run}: {rss:.2} KiB each (whole: {:.1} MiB); kernel, both ends: {sockets:.2} KiB in socket \
         buffers, {slab:.2} KiB of objects",
        after.server.rss_bytes as f64 / 1024.0 / 1024.0,
    );
    record.add(&json!({
        "axis": "idle", "peer": name, "people": size, "run": run,
        "rss_kib_each": rss, "pss_kib_each": pss, "rss_bytes": after.server.rss_bytes,
        "kernel_socket_kib_each_both_ends": sockets, "kernel_slab_kib_each_both_ends": slab,
    }))
}

fn moment(holder: &dyn Hold) -> Moment {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let sockets = read("/proc/net/sockstat");
    let mut words = sockets.lines().find_map(|line| line.strip_prefix("TCP:")).unwrap_or_default().split_whitespace();
    let pages: u64 = words.find(|word| *word == "mem").and_then(|_| words.next()?.parse().ok()).unwrap_or(0);
    Moment {
        server: holder.server().front_memory(),
        socket_bytes: pages * rustix::param::page_size() as u64,
        slab_bytes: kib(&read("/proc/meminfo"), "Slab:") * 1024,
    }
}
