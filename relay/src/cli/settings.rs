//! `relay settings`: all documents as one file, out and in, also while a relay serves them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use relay_edge::plain::line;
use relay_settings::{Difference, Differences, DocumentKey, Problem, Snapshot, differences};
use serde_json::Value;

use super::manage::{attach, attach_or_make};
use crate::audit::By;
use crate::clock::now_ms;
use crate::config::Config;
use crate::settings::file::Asked;
use crate::settings::{self, Edit, Found, file};
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
    writeln!(out, "Wrote {} to {}.", counted(snapshot.len(), "document"), to.display())?;
    Ok(())
}

/// How a file is imported.
#[derive(Clone, Copy)]
pub(super) struct Import {
    /// What would be changed is said, and nothing is changed.
    pub(super) dry_run: bool,
    /// Sites with conversations may be removed; these are kept.
    pub(super) keep_conversations: bool,
}

/// `relay settings import`. A dry run says what it would change, and refuses what the import would refuse.
pub(super) fn import(config: &Config, from: &Path, how: Import, out: &mut impl Write) -> anyhow::Result<()> {
    let shown = from.display();
    let found = std::fs::metadata(from).with_context(|| format!("cannot read {shown}"))?;
    if found.len() > FILE_BYTES_MAX {
        bail!("{shown} has {} bytes; a settings file has at most {FILE_BYTES_MAX}", found.len());
    }
    let text = std::fs::read_to_string(from).with_context(|| format!("cannot read {shown}"))?;
    let store = if how.dry_run { attach(config)? } else { attach_or_make(config)? };
    for _ in 0..TRIES_MAX {
        let snapshot = settings::read(&mut *store.reader()?)?;
        let Asked { edits, problems } = file::read(&text, &snapshot, how.keep_conversations);
        let change = match settings::check(&snapshot, &edits, By::command_line(now_ms())) {
            Ok((_, change)) if problems.is_empty() => change,
            checked => return refuse(&problems, &checked.err().unwrap_or_default(), out),
        };
        if edits.is_empty() {
            return said(&snapshot, &edits, how.dry_run, out);
        }
        let written = write_once(&mut *store.writer()?, |writer| {
            if how.dry_run { writer.try_documents(&change) } else { writer.change_documents(&change).map(drop) }
        });
        match written {
            Ok(()) => return said(&snapshot, &edits, how.dry_run, out),
            Err(DocumentsError::Moved { .. } | DocumentsError::Conflict { .. }) => {}
            Err(DocumentsError::InUse(site)) => {
                bail!("nothing was imported: {site} has conversations; --keep-conversations removes it and keeps them")
            }
            Err(error) => return Err(anyhow::Error::from(error).context("nothing was imported")),
        }
    }
    bail!("the settings are being changed all the time; nothing was imported, try again")
}

/// So many of something; one is written without an s.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Says what was changed, or would be; of a document that was there also what differs.
fn said(
    snapshot: &Snapshot,
    edits: &BTreeMap<DocumentKey, Edit>,
    dry_run: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    for (key, edit) in edits {
        let word = word(snapshot, key, edit.body.is_some());
        writeln!(out, "{word:8} {key}")?;
        if let (Some(before), Some(body)) = (snapshot.document(key), &edit.body) {
            // Compared is what would be kept: a body may be written shorter, without its defaults.
            let after = key.kind.read(body).map_or_else(|_| body.clone(), |read| read.value());
            say_differences(&differences(Some(&before.value()), Some(&after)), out)?;
        }
    }
    let what = match (dry_run, edits.len()) {
        (true, _) => "would be changed (dry run)",
        (false, 0) => "had to be changed",
        (false, 1) => "is changed",
        (false, _) => "are changed",
    };
    writeln!(out, "{} {what}.", counted(edits.len(), "document"))?;
    Ok(())
}

/// Each field that differs, on a line of its own.
fn say_differences(found: &Differences, out: &mut impl Write) -> std::io::Result<()> {
    let side = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), |value| line(&value.to_string()));
    for Difference { field, before, after } in &found.fields {
        writeln!(out, "    {}: {} -> {}", line(field), side(before.as_ref()), side(after.as_ref()))?;
    }
    if found.left_out > 0 {
        writeln!(out, "    … and {} more", found.left_out)?;
    }
    Ok(())
}

fn word(snapshot: &Snapshot, key: &DocumentKey, stays: bool) -> &'static str {
    match (snapshot.document(key).is_some(), stays) {
        (_, false) => "remove",
        (true, true) => "change",
        (false, true) => "add",
    }
}

/// Says every problem, of the file's form and of its documents; nothing is changed.
fn refuse(of_form: &[Problem], of_documents: &Found, out: &mut impl Write) -> anyhow::Result<()> {
    let of_form = of_form.iter().map(|problem| (String::new(), problem));
    let of_documents =
        of_documents.iter().flat_map(|(key, problems)| problems.iter().map(|one| (key.to_string(), one)));
    let mut count = 0;
    for (key, problem) in of_form.chain(of_documents) {
        count += 1;
        writeln!(out, "{} {}: {}", key, line(&problem.field), line(&problem.remedy))?;
    }
    bail!("nothing was imported: {}, listed above", counted(count, "problem"))
}
