//! Tables in Markdown out of what was measured: the median of all runs and, in brackets, the range.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::paths::kept;
use crate::record::{MACHINE, MEASUREMENTS};

/// Everything that was measured, in order.
struct Measured(Vec<Value>);

/// A column: its title, where its value stands in a measurement, what to multiply it with, digits behind the point.
type Column = (&'static str, &'static str, f64, usize);

const LATENCY: [Column; 7] = [
    ("messages a second", "/per_second", 1.0, 0),
    ("stored: p50 ms", "/ack_us/p50", 1e-3, 2),
    ("p99", "/ack_us/p99", 1e-3, 2),
    ("p99.9", "/ack_us/p999", 1e-3, 2),
    ("with the agent: p50 ms", "/delivery_us/p50", 1e-3, 2),
    ("p99", "/delivery_us/p99", 1e-3, 2),
    ("p99.9", "/delivery_us/p999", 1e-3, 2),
];
const SATURATION: [Column; 4] = [
    ("messages a second", "/per_second", 1.0, 0),
    ("server µs a message", "/server_cpu_us_per_message", 1.0, 0),
    ("server busy", "/server_busy", 1.0, 2),
    ("generator busy", "/generator_busy", 1.0, 2),
];
const IDLE: [Column; 4] = [
    ("RSS KiB each", "/rss_kib_each", 1.0, 2),
    ("whole MiB", "/rss_bytes", 1.0 / 1024.0 / 1024.0, 0),
    ("kernel, socket buffers, both ends, KiB each", "/kernel_socket_kib_each_both_ends", 1.0, 2),
    ("kernel, objects, both ends, KiB each", "/kernel_slab_kib_each_both_ends", 1.0, 2),
];
const LAST: [Column; 3] = [
    ("last delivery: p50 ms", "/delivery_us/p50", 1e-3, 2),
    ("p99", "/delivery_us/p99", 1e-3, 2),
    ("server busy", "/server_busy", 1.0, 2),
];
const COLD: [Column; 2] =
    [("first byte ms", "/first_byte_ms", 1.0, 0), ("a visitor registered ms", "/registered_ms", 1.0, 0)];
const FLOOR: [Column; 3] =
    [("a second", "/per_second", 1.0, 0), ("p50 ms", "/ack_us/p50", 1e-3, 3), ("p99 ms", "/ack_us/p99", 1e-3, 3)];
const ORDER: [Column; 3] = [
    ("messages", "/messages", 1.0, 0),
    ("acknowledged after a sync", "/acknowledged_after_sync", 1.0, 0),
    ("syncs", "/syncs", 1.0, 0),
];

/// Prints the tables of these folders; of the newest when none is named.
pub(crate) fn print(folders: &[String]) -> Result<()> {
    let mut folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    if folders.is_empty() {
        let runs = fs::read_dir(kept().join("runs")).context("nothing was measured yet")?.flatten();
        folders.extend(runs.map(|run| run.path()).filter(|run| run.join(MEASUREMENTS).exists()).max());
    }
    let mut all = Vec::new();
    for folder in &folders {
        let machine = fs::read_to_string(folder.join(MACHINE)).unwrap_or_default();
        println!("From {}, measured on:\n\n```json\n{machine}\n```\n", folder.display());
        let lines = fs::read_to_string(folder.join(MEASUREMENTS)).context("nothing was measured there")?;
        for line in lines.lines() {
            all.push(serde_json::from_str(line)?);
        }
    }
    print!("{}", Measured(all).tables());
    Ok(())
}

impl Measured {
    fn tables(&self) -> String {
        let mut text = String::new();
        text += &self.table("Order of sync and acknowledgement", ("order", None), &ORDER);
        text += &self.table("Floors", ("floor", None), &FLOOR);
        text += &self.table("Durable messages: saturation", ("durable", Some("saturation")), &SATURATION);
        for phase in ["25", "50", "75", "equal"] {
            let title = match phase {
                "equal" => "Durable messages: latency at one equal rate".to_owned(),
                share => format!("Durable messages: latency at {share} % of each one's saturation"),
            };
            text += &self.table(&title, ("durable", Some(phase)), &LATENCY);
        }
        text += &self.table("Idle visitors", ("idle", None), &IDLE);
        text += &self.table("One event to many consoles", ("fanout", None), &LAST);
        text += &self.table("Cost of growth", ("growth", None), &SATURATION);
        text + &self.table("Cold start", ("cold", None), &COLD)
    }

    /// One row for each system (and size), or nothing when none was measured.
    fn table(&self, title: &str, (axis, phase): (&str, Option<&str>), columns: &[Column]) -> String {
        let of_axis = |one: &&Value| one["axis"] == *axis && phase.is_none_or(|phase| one["phase"] == *phase);
        let found: Vec<&Value> = self.0.iter().filter(of_axis).collect();
        let mut rows = Vec::new();
        let mut seen = BTreeSet::new();
        for one in &found {
            if seen.insert(row_of(one)) {
                rows.push(row_of(one));
            }
        }
        if rows.is_empty() {
            return String::new();
        }
        let titles: Vec<_> = columns.iter().map(|column| column.0).collect();
        let mut text =
            format!("### {title}\n\n| | runs | {} |\n|---|--:|{}\n", titles.join(" | "), "--:|".repeat(titles.len()));
        for row in rows {
            let own: Vec<&Value> = found.iter().copied().filter(|one| row_of(one) == row).collect();
            let good: Vec<&Value> = own.iter().copied().filter(|one| counts(one)).collect();
            let runs = if good.len() == own.len() {
                own.len().to_string()
            } else {
                format!("{} of {}", good.len(), own.len())
            };
            let cells = columns.iter().map(|column| cell(&good, column)).collect::<Vec<_>>().join(" | ");
            // A text takes everything.
            let _ = writeln!(text, "| {row} | {runs} | {cells} |");
        }
        text + "\n"
    }
}

/// The system, and the size where there are several.
fn row_of(one: &Value) -> String {
    let peer = one["peer"].as_str().unwrap_or_default();
    let size = match one["axis"].as_str() {
        Some("idle") => &one["people"],
        Some("durable") => &Value::Null,
        _ => &one["phase"],
    };
    match size.as_str().map(str::to_owned).or_else(|| size.as_u64().map(|size| size.to_string())) {
        None => peer.to_owned(),
        Some(size) => format!("{peer}, {size}"),
    }
}

/// What a busy generator or a broken connection falsified does not count.
fn counts(one: &Value) -> bool {
    one["discarded"] != true && one["broken"] != true
}

fn cell(found: &[&Value], (_, pointer, factor, digits): &Column) -> String {
    let mut values: Vec<f64> = found.iter().filter_map(|one| Some(one.pointer(pointer)?.as_f64()? * factor)).collect();
    values.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (values.first(), values.last()) else { return "–".to_owned() };
    let middle = values.len() / 2;
    let median = if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
    if values.len() == 1 {
        return format!("{median:.digits$}");
    }
    format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_is_the_median_of_what_counts() {
        let one = |run: u32, per_second: f64, broken: bool| {
            json!({ "axis": "durable", "phase": "saturation", "peer": "relay", "run": run,
                    "per_second": per_second, "broken": broken })
        };
        let measured =
            Measured(vec![one(1, 100.0, false), one(2, 300.0, false), one(3, 200.0, false), one(4, 9_000.0, true)]);
        let table = measured.table("Title", ("durable", Some("saturation")), &SATURATION[..2]);
        let row = table.trim_end().lines().last().expect("a table has rows");
        assert_eq!(row, "| relay | 3 of 4 | 200 (100–300) | – |");
        assert_eq!(measured.table("Title", ("idle", None), &IDLE), "");
    }
}
