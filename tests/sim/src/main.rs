//! The simulation: the real cores of both sides, everything around them a model, one seed for a run. `cargo xtask sim` starts it.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a check looks at what it is about; the cores' own matches name everything"
)]

mod absent;
mod check;
mod connection;
mod finish;
#[path = "../../../relay/core/tests/whole/followed.rs"]
mod followed;
mod jobs;
#[expect(dead_code, reason = "the core's own tests use more of it")]
#[path = "../../../relay/core/tests/whole/model.rs"]
mod model;
mod page;
mod people;
mod plan;
mod planted;
mod relay;
mod rng;
mod run;
mod screens;
mod topics;
mod world;

use std::process::ExitCode;
use std::time::Duration;

use run::{Options, Wanted};

const HELP: &str = "\
Runs the real cores of relay and widget against every fault, in virtual time.

cargo xtask sim                 a thousand seeds, and those that once failed
cargo xtask sim SEED            one seed, with a trace of what happened
cargo xtask sim --seeds N       so many seeds, after those that once failed
cargo xtask sim --from SEED     begins with this seed instead of 1
cargo xtask sim --minutes M     as many seeds as fit into so many minutes, beginning with one drawn from the clock
cargo xtask sim --planted       plants each known fault and shows within how many seeds it is found
";

fn main() -> ExitCode {
    let Some(options) = read(std::env::args().skip(1)) else {
        eprint!("{HELP}");
        return ExitCode::from(2);
    };
    if run::run(&options) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read(mut words: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options { wanted: Wanted::Seeds(1_000), from: 1 };
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
        match word.as_str() {
            "--seeds" => options.wanted = Wanted::Seeds(number()?),
            "--from" => options.from = number()?,
            "--minutes" => {
                options.wanted = Wanted::For(Duration::from_secs(number()? * 60));
                let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
                options.from = clock.as_secs() * 1_000;
            }
            "--planted" => options.wanted = Wanted::Planted,
            seed => options.wanted = Wanted::One(seed.parse().ok()?),
        }
    }
    Some(options)
}
