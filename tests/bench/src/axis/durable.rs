//! Durable messages, visitor to agent: saturation in a closed loop, and latency in an open loop at shares of it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{Effort, Setting, crew, keep, on_this_thread};
use crate::load::Crew;
use crate::peer::{Chat, Crowd, start};
use crate::record::Record;

const AXIS: &str = "durable";
/// Parts of each one's own saturation at which latency is measured.
const SHARES: [(&str, f64); 3] = [("25", 0.25), ("50", 0.5), ("75", 0.75)];
/// The equal rate is this part of the slowest one's saturation: all of them can bear it.
const EQUAL_SHARE: f64 = 0.5;
/// A first look takes no longer than this for each window.
const LOOK: Duration = Duration::from_secs(6);

/// What one stretch of load is.
#[derive(Clone, Debug)]
enum Load {
    /// As much as goes, with so many messages under way.
    Closed(usize),
    /// So many messages a second.
    Open(f64),
}

/// A stretch of load and its name in the record.
#[derive(Clone, Debug)]
struct Phase {
    name: String,
    load: Load,
}

/// Measures all of these.
pub(crate) fn measure(setting: Setting, record: &Record, names: &[&str]) -> Result<()> {
    let mut best = BTreeMap::new();
    let look = Setting { run: setting.run.min(LOOK), ..setting };
    for name in names {
        let phase = |window: &usize| Phase { name: format!("look-{window}"), load: Load::Closed(*window) };
        let looks: Vec<Phase> = setting.windows.iter().map(phase).collect();
        let rates = session(name, look, record, 0, &looks)?;
        let found = rates.into_iter().zip(setting.windows).max_by(|one, other| one.0.total_cmp(&other.0));
        let (per_second, window) = found.context("there is no window to look at")?;
        ensure!(per_second > 0.0, "{name} bears none of the windows");
        best.insert(*name, (per_second, *window));
    }
    let slowest = best.values().map(|(per_second, _)| *per_second).fold(f64::INFINITY, f64::min);
    for run in 1..=setting.runs {
        // Each run begins with another one, so that none always has the machine at its warmest.
        for turn in 0..names.len() {
            let name = names[(turn + run) % names.len()];
            let (per_second, window) = best[name];
            let mut phases = vec![Phase { name: "saturation".to_owned(), load: Load::Closed(window) }];
            let shares = SHARES.map(|(name, share)| (name, per_second * share));
            for (name, rate) in shares.into_iter().chain([("equal", slowest * EQUAL_SHARE)]) {
                phases.push(Phase { name: name.to_owned(), load: Load::Open(rate.max(1.0)) });
            }
            session(name, setting, record, run, &phases)?;
        }
    }
    Ok(())
}

/// Goes through the phases on a fresh folder; again on another one when the system has closed lines. Gives each phase's
/// rate, 0 where it broke.
fn session(name: &str, setting: Setting, record: &Record, run: usize, phases: &[Phase]) -> Result<Vec<f64>> {
    let crowd = Crowd::of(setting.visitors);
    let mut rates = Vec::new();
    while rates.len() < phases.len() {
        let chat = start(name, crowd)?;
        let done = on_this_thread(async {
            let mut crew = crew(&*chat, crowd).await?;
            let warm_up = setting.windows.first().copied().unwrap_or(1);
            crew.closed(warm_up, setting.warm_up).await;
            crew.settle().await;
            ensure!(!crew.broken(), "it closes connections while it warms up");
            while rates.len() < phases.len() && !crew.broken() {
                rates.push(measured(&*chat, &mut crew, setting, record, run, &phases[rates.len()]).await?);
            }
            anyhow::Ok(())
        });
        done.with_context(|| format!("{name} was not measured"))?;
    }
    Ok(rates)
}

/// Goes through one phase and keeps it; its rate, 0 when it broke.
async fn measured(
    chat: &dyn Chat,
    crew: &mut Crew,
    setting: Setting,
    record: &Record,
    run: usize,
    phase: &Phase,
) -> Result<f64> {
    if let Load::Closed(window) = phase.load {
        crew.closed(window, setting.warm_up / 2).await;
        crew.settle().await;
    }
    let effort = Effort::start(chat.server());
    let tally = match phase.load {
        Load::Closed(window) => crew.closed(window, setting.run).await,
        Load::Open(rate) => crew.open(rate, setting.run).await?,
    };
    let busy = effort.end(chat.server());
    let kept = keep(record, (AXIS, chat.name(), &phase.name, run), &tally, crew.broken(), busy)?;
    crew.settle().await;
    let rate = kept["per_second"].as_f64().unwrap_or(0.0);
    Ok(if crew.broken() { 0.0 } else { rate })
}
