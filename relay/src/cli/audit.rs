//! The commands of the audit log: it is exported, and verified, from a data folder or from an exported file alone.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, bail};

use super::manage::{attach, must_be_there};
use crate::audit::{
    Action, By, Checked, NewEntry, SignedHead, Verification, cut_line, entry_line, head_line, heads, verify_export,
};
use crate::clock::now_ms;
use crate::config::Config;
use crate::hex::{digits, from_digits};
use crate::key::{Keys, PublicKey, SigningPurpose};
use crate::seal::{self, KeySource};
use crate::store::{Reader, Store, write_once};

/// `relay audit export`. The export is itself an entry, the last of the file.
pub(super) fn export(config: &Config, to: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let store = attach(config)?;
    let keys = keys(config, &*store)?;
    let shown = to.display();
    let mut options = File::options();
    // Before the entry is written: an export that cannot be made is none.
    let file = crate::folder::private(options.create_new(true)).open(to);
    let file = file.with_context(|| format!("cannot make {shown}; give another name"))?;
    // What was not written to its end is no export.
    let written = write_export(&*store, &keys, file).inspect_err(|_| drop(std::fs::remove_file(to)));
    let SignedHead { head, key, .. } = written?;
    writeln!(out, "Wrote the audit log up to the entry {} to {shown}.", head.number)?;
    writeln!(out, "`relay audit verify {shown}` checks it, here or elsewhere with --key {}", digits(&key.0))?;
    Ok(())
}

/// Notes the export, and writes all entries with it as the last. The head after them.
fn write_export(store: &dyn Store, keys: &Keys, file: File) -> anyhow::Result<SignedHead> {
    let entry = NewEntry::new(By::command_line(now_ms()), Action::AuditExported);
    let head = write_once(&mut *store.writer()?, |writer| writer.append_audit(&entry))?;
    let signed = head.signed(&keys.current.signer(SigningPurpose::AuditHead));
    let (mut file, mut reader) = (BufWriter::new(file), store.reader()?);
    let mut last = 0;
    if let Some(cut) = reader.audit_cut()? {
        file.write_all(cut_line(&cut).as_bytes())?;
        last = cut.head.number;
    }
    while last < head.number {
        let page = reader.audit_entries(last)?;
        for entry in page.iter().filter(|entry| entry.number <= head.number) {
            file.write_all(entry_line(&entry.entry, entry.hash).as_bytes())?;
        }
        last = page.last().context("an entry of the audit log is missing; `relay audit verify` says which")?.number;
    }
    file.write_all(head_line(&signed).as_bytes())?;
    file.into_inner().context("the file was not written")?.sync_all()?;
    Ok(signed)
}

/// `relay audit verify`.
pub(super) fn verify(
    config: &Config,
    file: Option<&Path>,
    key: Option<&str>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let given = match key {
        Some(key) => Some(vec![PublicKey(from_digits(key).context("--key is 64 digits: 0-9 and a-f")?)]),
        None => None,
    };
    match file {
        Some(file) => verify_file(config, file, given, out),
        None => verify_folder(config, given, out),
    }
}

fn verify_file(
    config: &Config,
    file: &Path,
    given: Option<Vec<PublicKey>>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let shown = file.display();
    let open = File::open(file).with_context(|| format!("cannot read {shown}"))?;
    // Where there is a data folder its key is the one to compare with.
    let of_folder = || crate::store::attach_existing(&config.data).ok().and_then(|store| keys(config, &*store).ok());
    let known = given.or_else(|| of_folder().map(|keys| public(&keys)));
    let (checked, head) = verify_export(BufReader::new(open), known.as_deref())
        .map_err(|error| anyhow::anyhow!("{shown} is not the audit log as it was written: {error}"))?;
    say(checked, &shown.to_string(), out)?;
    if known.is_none() {
        writeln!(out, "It names the key {} itself: compare that with the relay's own.", digits(&head.key.0))?;
    }
    Ok(())
}

fn verify_folder(config: &Config, given: Option<Vec<PublicKey>>, out: &mut impl Write) -> anyhow::Result<()> {
    must_be_there(config)?;
    let store = crate::store::attach_existing(&config.data)?;
    let known = match given {
        Some(given) => given,
        None => public(&keys(config, &*store)?),
    };
    // Before the entries: a serving relay writes heads of entries that come later.
    let heads = heads::read(&config.data)?;
    let mut reader = store.reader()?;
    let shown = config.data_shown();
    let checked = walk(&mut *reader, &heads, &known)
        .with_context(|| format!("the audit log in {shown} is not as it was written"))?;
    say(checked, &shown.to_string(), out)?;
    match checked.signed_up_to {
        Some(number) if number == checked.last => {}
        Some(number) => writeln!(out, "The entries after {number} have no signed head yet.")?,
        None if checked.last < checked.first => {}
        None => writeln!(out, "No head in {} is signed with this key.", heads::HEADS_FILE)?,
    }
    Ok(())
}

fn walk(reader: &mut dyn Reader, heads: &[SignedHead], known: &[PublicKey]) -> anyhow::Result<Checked> {
    // Read first: a serving relay may add entries meanwhile.
    let head = reader.audit_head()?.number;
    let cut = reader.audit_cut()?;
    let mut last = cut.map_or(0, |cut| cut.head.number);
    let mut walk = Verification::begin(cut.as_ref(), heads, known)?;
    loop {
        let page = reader.audit_entries(last)?;
        let Some(end) = page.last() else { break };
        last = end.number;
        for entry in &page {
            walk.entry(&entry.entry, entry.hash)?;
        }
    }
    let checked = walk.end()?;
    if checked.last < head {
        bail!("it ends with the entry {}, and {head} was the last one that was written", checked.last);
    }
    Ok(checked)
}

fn say(checked: Checked, shown: &str, out: &mut impl Write) -> std::io::Result<()> {
    let Checked { first, last, .. } = checked;
    if last < first {
        writeln!(out, "The audit log in {shown} has no entry.")
    } else {
        writeln!(out, "The audit log in {shown} is whole: the entries {first} to {last}.")
    }
}

fn keys(config: &Config, store: &dyn Store) -> anyhow::Result<Keys> {
    let source = KeySource::of(config)?;
    let keys = seal::open(&source, &mut *store.reader()?)?;
    keys.context("no relay was started with this data folder yet, so it has no key; `relay serve` makes one")
}

fn public(keys: &Keys) -> Vec<PublicKey> {
    let all = [Some(&keys.current), keys.former.as_ref()];
    all.into_iter().flatten().map(|key| key.signer(SigningPurpose::AuditHead).public()).collect()
}
