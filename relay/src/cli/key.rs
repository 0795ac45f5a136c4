//! The relay's key: its name, another one, and what to do when it is lost.

use std::io::Write;

use anyhow::Context;

use crate::config::Config;
use crate::seal::{self, KeyError, KeySource, RelayKey, Rotated};

use super::manage::{attach, must_be_there};

/// `relay key show-name`.
pub(super) fn show_name(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let source = KeySource::of(config)?;
    let store = attach(config)?;
    let keys = seal::open(&source, &mut *store.reader()?)?.context("no relay was started with this data folder yet")?;
    writeln!(out, "The relay's key is {} in {source}.", keys.current.name())?;
    if let Some(former) = keys.former {
        writeln!(out, "It is only half replaced, {} is still there: `relay key rotate` goes on.", former.name())?;
    }
    Ok(())
}

/// `relay key make`.
pub(super) fn make(out: &mut impl Write) -> anyhow::Result<()> {
    Ok(out.write_all(RelayKey::fresh().reveal().as_bytes())?)
}

/// `relay key rotate`.
pub(super) fn rotate(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let (source, store) = alone(config)?;
    let Rotated { keys, sealed, .. } = seal::rotate(&source, &*store)?;
    writeln!(
        out,
        "The relay's key is now {} in {source}; {sealed} values were sealed anew with it.",
        keys.current.name()
    )?;
    if !matches!(source, KeySource::File(_)) {
        writeln!(out, "The key before it is needed no more: take its line out of {source}.")?;
    }
    writeln!(
        out,
        "Keep a copy of it apart from backups. Backups made before need the key before: keep both as long as you keep those."
    )?;
    Ok(())
}

/// `relay key lost`.
pub(super) fn lost(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let (source, store) = alone(config)?;
    let Rotated { keys, sealed, removed } = seal::begin_anew(&source, &*store)?;
    writeln!(out, "The relay's key is now {} in {source}.", keys.current.name())?;
    writeln!(out, "{removed} sealed values could not be opened with it and were removed; {sealed} were sealed anew.")?;
    Ok(())
}

/// The store while no relay serves it: a serving one would go on with the key that it has.
fn alone(config: &Config) -> anyhow::Result<(KeySource, Box<dyn crate::store::Store>)> {
    let source = KeySource::of(config)?;
    must_be_there(config)?;
    let store = crate::store::open(&config.data, config.limits.recent_events_max)
        .context("the relay's key can only be replaced while no relay uses the data folder")?;
    Ok((source, store))
}

/// What `backup` and `verify` say of the key: that it lies apart, and whether it is there.
pub(super) fn say_where(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let source = KeySource::of(config)?;
    let store = attach(config)?;
    match seal::open(&source, &mut *store.reader()?) {
        Ok(None) => Ok(()),
        Ok(Some(keys)) => {
            let name = keys.current.name();
            Ok(writeln!(out, "The relay's key {name} is in {source} and in no backup: keep a copy of it apart.")?)
        }
        Err(error @ (KeyError::Missing { .. } | KeyError::Other { .. })) => Ok(writeln!(out, "But {error}.")?),
        Err(error) => Ok(writeln!(out, "But the relay's key cannot be checked: {error}.")?),
    }
}
