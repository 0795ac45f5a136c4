//! Logs: one subscriber, for people or for machines. Spans carry ids; nothing about a person is ever logged.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// The filter of the configuration cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("log.level is not a filter: {0}; try \"info\" or \"warn,relay=debug\"")]
pub struct FilterError(#[from] tracing_subscriber::filter::ParseError);

/// Starts logging to standard error for the rest of the process.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(log: &Log) -> Result<(), FilterError> {
    let filter: EnvFilter = log.level.parse()?;
    let colours = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    // A second start (two relays in one process) keeps the first subscriber.
    let _ = match log.format {
        LogFormat::Human => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    Ok(())
}
