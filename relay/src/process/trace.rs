//! Logs: one subscriber, for people or for machines. Spans carry ids; nothing about a person is ever logged. No log line decides anything: it can
//! neither block nor fail, and what cannot be written is dropped and counted.

use std::io::IsTerminal;
use std::panic::{PanicHookInfo, set_hook};

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};
use crate::process::output::Output;

/// The filter of the configuration cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("log.level is not a filter: {0}; try \"info\" or \"warn,relay=debug\"")]
pub struct FilterError(#[from] tracing_subscriber::filter::ParseError);

/// Starts logging to standard error for the rest of the process; a panic is logged, too. Gives what is to be flushed at the end.
///
/// # Errors
/// When the filter cannot be read, or the thread that writes cannot be started.
pub fn start(log: &Log) -> anyhow::Result<Output> {
    let filter: EnvFilter = log.level.parse().map_err(FilterError)?;
    let output = Output::to(std::io::stderr()).context("cannot write logs")?;
    let colours = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(output.clone()).with_ansi(colours);
    // The subscriber's own complaints would go to standard error, past the output.
    let builder = builder.log_internal_errors(false);
    // A second start (two relays in one process) keeps the first subscriber.
    let _ = match log.format {
        LogFormat::Human => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    // The usual hook waits for standard error: a thread that panics would stand still instead of ending.
    set_hook(Box::new(log_panic));
    Ok(output)
}

/// Says where it was. Its words only when they are fixed ones: others may hold what a person wrote.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let words = panic.payload().downcast_ref::<&'static str>().copied();
    tracing::error!(place, words, "a part of the relay has panicked");
}
