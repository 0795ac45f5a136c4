//! One event to many who watch: how long until the last of them has it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{Effort, Setting, connect, keep, on_this_thread};
use crate::load::Crew;
use crate::peer::start_publisher;
use crate::record::Record;

const SIZES: [usize; 2] = [1_000, 5_000];
const BRIEF: [usize; 1] = [200];
/// Events a second: each has reached everybody before the next one comes.
const RATE: f64 = 4.0;
/// Events before it counts.
const WARM_UP: Duration = Duration::from_secs(2);

/// Measures all of these.
pub(crate) fn measure(setting: Setting, record: &Record, names: &[&str]) -> Result<()> {
    let sizes = setting.sizes(&SIZES, &BRIEF);
    for run in 1..=setting.runs {
        for size in &sizes {
            for turn in 0..names.len() {
                let name = names[(turn + run) % names.len()];
                one(setting, record, (name, *size, run)).with_context(|| format!("{name} was not measured"))?;
            }
        }
    }
    Ok(())
}

fn one(setting: Setting, record: &Record, (name, size, run): (&str, usize, usize)) -> Result<()> {
    let system = start_publisher(name)?;
    on_this_thread(async {
        let mut crew = Crew::new();
        crew.writes(system.publisher().await?);
        connect(0..size, |number| system.watcher(number), |connection| crew.reads(connection)).await?;
        crew.all_read_all();
        crew.open(RATE, WARM_UP).await?;
        let effort = Effort::start(system.server());
        let tally = crew.open(RATE, setting.run).await?;
        let busy = effort.end(system.server());
        ensure!(tally.delivered > 0, "no event has reached all {size} watchers: {:?}", tally.refused);
        keep(record, ("fanout", name, &size.to_string(), run), &tally, crew.broken(), busy)?;
        Ok(())
    })
}
