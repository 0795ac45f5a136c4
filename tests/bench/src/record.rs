//! What is kept of a measurement: one JSON object a line, raw histograms, and the machine it was taken on.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::paths::{kept, workspace};
use crate::process::done;

/// Name of the file with one measurement a line.
pub(crate) const MEASUREMENTS: &str = "measurements.jsonl";
/// Name of the file that describes the machine and the versions.
pub(crate) const MACHINE: &str = "machine.json";
/// Ticks for each halving of what is left above a percentile, as the tools that draw these files expect.
const TICKS_PER_HALF: u32 = 5;

/// The folder of one measurement.
#[derive(Debug)]
pub(crate) struct Record {
    folder: PathBuf,
}

impl Record {
    /// A fresh one, named by the time.
    pub(crate) fn new(machine: &Value) -> Result<Self> {
        let now = done(Command::new("date").args(["-u", "+%Y-%m-%dT%H-%M-%SZ"]), "")?;
        let folder = kept().join("runs").join(now.trim());
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(folder.join(MACHINE), serde_json::to_vec_pretty(machine)?)?;
        Ok(Self { folder })
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Keeps one measurement.
    pub(crate) fn add(&self, measurement: &Value) -> Result<()> {
        let mut file = File::options().create(true).append(true).open(self.folder.join(MEASUREMENTS))?;
        Ok(writeln!(file, "{measurement}")?)
    }

    /// Keeps a histogram of microseconds whole, in the text form of HdrHistogram, and gives its main points.
    pub(crate) fn histogram(&self, name: &str, histogram: &Histogram<u64>) -> Result<Value> {
        if histogram.is_empty() {
            return Ok(Value::Null);
        }
        let file = format!("{}.hgrm", name.replace(' ', "-"));
        fs::write(self.folder.join(&file), percentiles(histogram))?;
        let at = |quantile| histogram.value_at_quantile(quantile);
        Ok(json!({
            "count": histogram.len(), "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "p999": at(0.999),
            "max": histogram.max(), "file": file,
        }))
    }
}

fn percentiles(histogram: &Histogram<u64>) -> String {
    let mut text = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n".to_owned();
    for step in histogram.iter_quantiles(TICKS_PER_HALF) {
        let quantile = step.quantile_iterated_to();
        let count = histogram.count_between(0, step.value_iterated_to());
        let inverse = if quantile < 1.0 { format!("{:.2}", 1.0 / (1.0 - quantile)) } else { "inf".to_owned() };
        text.push_str(&format!("{:12} {quantile:2.12} {count:10} {inverse:>14}\n", step.value_iterated_to()));
    }
    text.push_str(&format!(
        "#[Mean    = {:12.3}, StdDeviation   = {:12.3}]\n#[Max     = {:12}, Total count    = {:12}]\n",
        histogram.mean(),
        histogram.stdev(),
        histogram.max(),
        histogram.len()
    ));
    text
}

/// The machine, the versions of everything that is measured, and how our own was built.
pub(crate) fn machine(data: &Path) -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (info, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1)).unwrap_or("unknown");
    json!({
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "cpu": model.trim(),
        "cores": cores,
        "memory_mib": crate::process::kib(&memory, "MemTotal:") / 1024,
        "data_file_system": crate::paths::file_system(data),
        "rustc": said("rustc", &["--version"]),
        "relay_commit": said("git", &["describe", "--always", "--dirty"]),
        "relay_build": "cargo build --release (lto thin, 4 codegen units)",
        "node": said("node", &["--version"]),
        "socket.io": npm("socket.io"), "pg": npm("pg"), "ws": npm("ws"),
        "postgresql": said("psql", &["--version"]), "ejabberd": debian("ejabberd"), "prosody": debian("prosody"),
        "nginx": debian("nginx-common"), "nchan": debian("libnginx-mod-nchan"), "nats-server": debian("nats-server"),
    })
}

/// What a command prints; null where it is missing.
fn said(program: &str, words: &[&str]) -> Option<String> {
    let said = done(Command::new(program).args(words).current_dir(workspace()), "").ok()?;
    Some(said.trim().to_owned())
}

fn debian(package: &str) -> Option<String> {
    said("dpkg-query", &["-W", "-f", "${Version}", package])
}

fn npm(package: &str) -> Option<String> {
    let path = kept().join("node/node_modules").join(package).join("package.json");
    let read: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    read["version"].as_str().map(str::to_owned)
}
