//! Durable messages, visitor to agent: saturation in a closed loop, and latency in an open loop at shares of it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};

use super::{Effort, Setting, crew, keep, on_this_thread};
use crate::load::{Crew, Tally};
use crate::peer::{Chat, Crowd, start};
use crate::record::Record;

const AXIS: &str = "durable";
/// Parts of each one's own saturation at which latency is measured.
const SHARES: [(&str, f64); 3] = [("25", 0.25), ("50", 0.5), ("75", 0.75)];
/// The equal rate is this part of the slowest one's saturation: all of them can bear it.
const EQUAL_SHARE: f64 = 0.5;
/// The name of the first, short look at each one's saturation, from which the rates are taken.
const CALIBRATION: &str = "calibration";

/// Measures all of these.
pub(crate) fn measure(setting: Setting, record: &Record, names: &[&str]) -> Result<()> {
    let crowd = Crowd::of(setting.visitors);
    let mut saturation = BTreeMap::new();
    for name in names {
        let per_second = session(name, crowd, async |chat, crew| {
            let short = setting.run.min(Duration::from_secs(8));
            let (tally, effort) = closed(chat, crew, (setting.window, setting.warm_up, short)).await;
            let kept = keep(record, (AXIS, name, CALIBRATION, 0), &tally, effort)?;
            kept["per_second"].as_f64().context("a rate is a number")
        })?;
        saturation.insert(*name, per_second);
    }
    let equal = saturation.values().copied().fold(f64::INFINITY, f64::min) * EQUAL_SHARE;
    for run in 1..=setting.runs {
        // Each run begins with another one, so that none is always measured on the warmest machine.
        for place in 0..names.len() {
            let name = names[(place + run) % names.len()];
            session(name, crowd, async |chat, crew| {
                let (tally, effort) = closed(chat, crew, (setting.window, setting.warm_up, setting.run)).await;
                keep(record, (AXIS, name, "saturation", run), &tally, effort)?;
                let own = SHARES.map(|(phase, share)| (phase, saturation[name] * share));
                for (phase, rate) in own.into_iter().chain([("equal", equal)]) {
                    let effort = Effort::start(chat.server());
                    let tally = crew.open(rate.max(1.0), setting.run).await?;
                    keep(record, (AXIS, name, phase, run), &tally, effort.end(chat.server()))?;
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// One life of a system on a fresh folder.
fn session<T>(name: &str, crowd: Crowd, work: impl AsyncFnOnce(&dyn Chat, &mut Crew) -> Result<T>) -> Result<T> {
    let chat = start(name, crowd)?;
    let done = on_this_thread(async {
        let mut crew = crew(&*chat, crowd).await?;
        work(&*chat, &mut crew).await
    });
    done.with_context(|| format!("{name} was not measured"))
}

async fn closed(
    chat: &dyn Chat,
    crew: &mut Crew,
    (window, warm_up, run): (usize, Duration, Duration),
) -> (Tally, (f64, f64, f64)) {
    crew.closed(window, warm_up).await;
    crew.settle().await;
    let effort = Effort::start(chat.server());
    let tally = crew.closed(window, run).await;
    let used = effort.end(chat.server());
    crew.settle().await;
    (tally, used)
}
