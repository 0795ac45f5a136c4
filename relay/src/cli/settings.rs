//! `relay settings`: all documents as one file, out and in, also while a relay serves them.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use relay_edge::plain::line;
use relay_settings::{DocumentKey, Problem};

use super::manage::attach;
use crate::audit::By;
use crate::clock::now_ms;
use crate::config::Config;
use crate::settings::{self, file};
use crate::store::{DocumentsError, write_once};

/// Bytes of a settings file: more than all documents can have.
const FILE_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// How often an import is checked again because a document was changed meanwhile.
const TRIES_MAX: usize = 8;

/// `relay settings export`.
pub(super) fn export(config: &Config, to: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let store = attach(config)?;
    let snapshot = settings::read(&mut *store.reader()?)?;
    let text = file::write(&snapshot);
    std::fs::write(to, text).with_context(|| format!("cannot write {}", to.display()))?;
    writeln!(out, "Wrote {} documents to {}.", snapshot.len(), to.display())?;
    Ok(())
}

/// `relay settings import`. With `dry_run` it says what it would change.
pub(super) fn import(config: &Config, from: &Path, dry_run: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let shown = from.display();
    let found = std::fs::metadata(from).with_context(|| format!("cannot read {shown}"))?;
    if found.len() > FILE_BYTES_MAX {
        bail!("{shown} has {} bytes; a settings file has at most {FILE_BYTES_MAX}", found.len());
    }
    let text = std::fs::read_to_string(from).with_context(|| format!("cannot read {shown}"))?;
    let store = attach(config)?;
    for _ in 0..TRIES_MAX {
        let snapshot = settings::read(&mut *store.reader()?)?;
        let edits = match file::read(&text, &snapshot) {
            Ok(edits) => edits,
            Err(problems) => return refuse(problems.iter().map(|problem| (String::new(), problem)), out),
        };
        let (_, change) = match settings::check(&snapshot, &edits, By::command_line(now_ms())) {
            Ok(change) => change,
            Err(found) => {
                let problems = found
                    .iter()
                    .flat_map(|(key, problems)| problems.iter().map(move |problem| (key.to_string(), problem)));
                return refuse(problems, out);
            }
        };
        for (key, edit) in &edits {
            let word = word(&snapshot, key, edit.body.is_some());
            writeln!(out, "{word:8} {key}")?;
        }
        if edits.is_empty() || dry_run {
            let what = if dry_run { "would be changed (dry run)" } else { "had to be changed" };
            writeln!(out, "{} documents {what}.", edits.len())?;
            return Ok(());
        }
        match write_once(&mut *store.writer()?, |writer| writer.change_documents(&change)) {
            Ok(_) => {
                writeln!(out, "{} documents are changed.", edits.len())?;
                return Ok(());
            }
            Err(DocumentsError::Moved { .. } | DocumentsError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bail!("the settings are being changed all the time; nothing was imported, try again")
}

fn word(snapshot: &relay_settings::Snapshot, key: &DocumentKey, stays: bool) -> &'static str {
    match (snapshot.document(key).is_some(), stays) {
        (_, false) => "remove",
        (true, true) => "change",
        (false, true) => "add",
    }
}

/// Says every problem; nothing is changed.
fn refuse<'p>(problems: impl Iterator<Item = (String, &'p Problem)>, out: &mut impl Write) -> anyhow::Result<()> {
    let mut count = 0;
    for (key, problem) in problems {
        count += 1;
        writeln!(out, "{} {}: {}", key, line(&problem.field), line(&problem.remedy))?;
    }
    bail!("nothing was imported: {count} problems, listed above")
}
