//! Measures the relay beside the systems a user would pick instead. `cargo xtask bench` installs what is missing and runs it.

mod axis;
mod board;
mod load;
mod paths;
mod peer;
mod process;
mod record;
mod socket;
mod table;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::axis::Setting;
use crate::process::GENERATOR_CORE;
use crate::record::{Record, machine};

/// The axes, in the order they are measured.
const AXES: [&str; 8] = ["floor", "order", "durable", "idle", "fanout", "growth", "cold", "attack"];

const LONG: Setting = Setting {
    runs: 5,
    visitors: 1_000,
    windows: &[32, 64, 128, 256],
    warm_up: Duration::from_secs(6),
    run: Duration::from_secs(12),
    brief: false,
    size: None,
};
/// Under three minutes: the relay and socket.io only.
const QUICK: Setting = Setting {
    runs: 2,
    visitors: 1_000,
    windows: &[64],
    warm_up: Duration::from_secs(2),
    run: Duration::from_secs(3),
    brief: true,
    size: None,
};
/// Everything, for seconds each: shows that it works, not how fast.
const TRIAL: Setting = Setting {
    runs: 1,
    visitors: 100,
    windows: &[64],
    warm_up: Duration::from_secs(1),
    run: Duration::from_secs(2),
    brief: true,
    size: None,
};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nbench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Those of the systems that were asked for; all, when none was named.
fn named<'a>(all: &[&'a str], only: &str) -> Vec<&'a str> {
    let wanted = |name: &&str| only.is_empty() || only.split(',').any(|word| word == *name);
    all.iter().copied().filter(wanted).collect()
}

fn run(words: &[String]) -> Result<()> {
    if let [serve, kind, port] = words
        && serve == "serve"
    {
        return peer::serve(kind, port.parse()?);
    }
    if let Some((table, folders)) = words.split_first()
        && table == "--table"
    {
        return table::print(folders);
    }
    let mut setting = LONG;
    let mut only = String::new();
    let mut axes = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => {
                setting = QUICK;
                "relay,socket.io".clone_into(&mut only);
                axes = vec!["durable"];
            }
            "--trial" => setting = TRIAL,
            "--visitors" => setting.visitors = words.next().context("--visitors NUMBER")?.parse()?,
            "--size" => setting.size = Some(words.next().context("--size NUMBER")?.parse()?),
            "--runs" => setting.runs = words.next().context("--runs NUMBER")?.parse()?,
            "--only" => words.next().context("--only SYSTEM,SYSTEM")?.clone_into(&mut only),
            axis => match AXES.iter().find(|known| **known == axis) {
                Some(known) => axes.push(known),
                None => bail!("no such axis: {axis}; there are {}", AXES.join(", ")),
            },
        }
    }
    if axes.is_empty() {
        axes = AXES.to_vec();
    }
    take_core()?;
    let data = paths::data_folder()?;
    let record = Record::new(&machine(data.path()))?;
    println!("kept in {}", record.folder().display());
    for axis in axes {
        match axis {
            "order" => axis::order::check(&record, &named(&peer::CHATS, &only))?,
            "idle" => axis::idle::measure(setting, &record, &named(&peer::HOLDERS, &only))?,
            "fanout" => axis::fanout::measure(setting, &record, &named(&peer::PUBLISHERS, &only))?,
            "floor" => axis::floor::measure(setting, &record)?,
            "growth" => axis::growth::measure(setting, &record)?,
            "attack" => axis::attack::measure(setting, &record)?,
            "cold" => axis::cold::measure(setting, &record)?,
            "durable" => axis::durable::measure(setting, &record, &named(&peer::CHATS, &only))?,
            other => bail!("{other} is not measured yet"),
        }
    }
    Ok(())
}

/// The generator has a core of its own, and as many descriptors as it may.
fn take_core() -> Result<()> {
    let cores = std::thread::available_parallelism()?.get();
    ensure!(cores > GENERATOR_CORE, "measuring takes two cores: one for servers, one for the load");
    let mut own = CpuSet::new();
    own.set(GENERATOR_CORE);
    sched_setaffinity(None, &own)?;
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most })?;
    Ok(())
}
