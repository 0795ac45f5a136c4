//! What one message costs the relay's processor while more and more conversations are open.

use anyhow::{Context, Result, ensure};

use super::{Effort, Setting, crew, keep, on_this_thread};
use crate::peer::{Crowd, start};
use crate::record::Record;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
const BRIEF: [usize; 2] = [10, 200];
/// Messages a second, the same for every size; ten visitors may lastingly write twenty each.
const RATE: f64 = 150.0;

/// Measures every size.
pub(crate) fn measure(setting: Setting, record: &Record) -> Result<()> {
    let sizes = setting.sizes(&SIZES, &BRIEF);
    for run in 1..=setting.runs {
        for size in &sizes {
            one(setting, record, *size, run).with_context(|| format!("{size} open conversations"))?;
        }
    }
    Ok(())
}

/// Every conversation is with an agent, and one console is open, whatever the size: only the conversations grow. They are
/// opened while all consoles are there; the visitors stay.
fn one(setting: Setting, record: &Record, size: usize, run: usize) -> Result<()> {
    let crowd = Crowd::of(size);
    let chat = start("relay", crowd)?;
    on_this_thread(async {
        let mut crew = crew(&*chat, crowd).await?;
        ensure!(!crew.broken(), "it has closed connections");
        crew.keep_one_reader();
        crew.open(RATE, setting.warm_up).await?;
        let effort = Effort::start(chat.server());
        let tally = crew.open(RATE, setting.run).await?;
        let busy = effort.end(chat.server());
        keep(record, ("growth", "relay", &size.to_string(), run), &tally, crew.broken(), busy)?;
        Ok(())
    })
}
