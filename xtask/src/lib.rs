//! Set-up and every command: builds the browser half, runs the demo, the tests and the checks.

mod bench;
mod changed;
mod check;
mod cut;
pub mod demo;
mod finish;
mod fold;
mod fuzz;
mod glue;
mod optimizer;
pub mod python;
mod run;
mod script;
mod shell;
mod sim;
mod test;
mod tools;
mod torture;
mod unlist;
mod wasm;
mod web;
mod weigh;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};

pub use changed::metadata;

const HELP: &str = "\
cargo xtask COMMAND

  run            install what is missing, build everything, serve the demo; Ctrl-C stops it
  test [--ring NAME] [--changed] [FILTER]
                 install what is missing and run every ring of tests, or one: unit, store, server, torture, browser, rules;
                 --changed leaves out packages that passed as they are
  sim [SEED]     the deterministic simulation; `sim --help` says what else
  torture [NAME …]
                 real faults on the real binary, long form: hours (`test` runs the short form)
  check          rustfmt, clippy, the dependencies, the repository's own rules
  web            build the browser half into target/web
  bench [AXIS]   measure the relay beside its peers (--quick: under three minutes; --table: print what was measured)
  weigh          say what each page weighs over the wire
  browser        install what the browser tests need: Chromium, Firefox, their drivers, axe-core
  postgres       install what the contract of records runs against: a PostgreSQL server
  fuzz [TARGET] [--seconds N]
                 throw arbitrary bytes at what reads strangers' (nightly; an hour each unless told otherwise)
  deny           licences, sources and known holes of every dependency (cargo-deny)
  help           this list
";

/// Runs the command that the arguments name and says what went wrong, if something did.
pub fn command(arguments: &[String]) -> ExitCode {
    match dispatch(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<ExitCode> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["run"] => run::run()?,
        ["test", words @ ..] => return Ok(tested(test::test(&test::Wish::read(words)?))),
        ["sim", words @ ..] => sim::sim(words)?,
        ["torture", names @ ..] => torture::torture(names)?,
        ["check"] => check::check()?,
        ["web"] => web::build()?,
        ["bench", words @ ..] => bench::bench(words)?,
        ["weigh"] => weigh::print(&root())?,
        ["browser"] => tools::browser()?,
        ["postgres"] => tools::postgres()?,
        ["fuzz", words @ ..] => fuzz::fuzz(words)?,
        ["deny"] => check::deny()?,
        [] | ["help" | "--help" | "-h"] => print!("{HELP}"),
        _ => bail!("no such command: {}\n\n{HELP}", words.join(" ")),
    }
    Ok(ExitCode::SUCCESS)
}

/// Failed tests have said so themselves: their count is the last line.
fn tested(all_passed: bool) -> ExitCode {
    if all_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The checkout: the folder above this package. Cargo names it at run time, so that a moved checkout still works.
pub fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .filter(|path| path.ends_with("xtask"))
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    package.parent().map(PathBuf::from).unwrap_or(package)
}

/// Where cargo puts native builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
