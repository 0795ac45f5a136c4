//! What a traced relay wrote and synced, and the disks that a power cut at any moment may have left of it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use support::Dice;

/// The calls by which the database's files change.
pub(crate) const CALLS: &str = "pwrite64,ftruncate,fsync,fdatasync";
/// What a disk writes as a whole or not at all.
const SECTOR_BYTES: usize = 512;

/// One call that succeeded.
#[derive(Debug)]
pub(crate) struct Call {
    /// When it began, in seconds since 1970 UTC.
    pub(crate) began: f64,
    file: PathBuf,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Write { at: usize, bytes: Vec<u8> },
    Truncate { bytes: usize },
    Sync,
}

/// A tracer's command, to be put before the relay's; it writes to `output`.
pub(crate) fn tracer(output: &Path) -> Vec<String> {
    let words = ["strace", "-f", "--seccomp-bpf", "-ttt", "-T", "-y", "-xx", "-s", "1000000", "-e"];
    let mut command: Vec<String> = words.map(str::to_owned).into();
    command.extend([format!("trace={CALLS}"), "-o".to_owned(), output.display().to_string()]);
    command
}

/// Reads what the tracer wrote about the files of one folder, in the order in which the calls began.
pub(crate) fn read(output: &Path, folder: &Path) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut unfinished: BTreeMap<String, String> = BTreeMap::new();
    for line in BufReader::new(File::open(output).expect("the tracer wrote")).lines() {
        let line = line.expect("the tracer writes text");
        let Some((process, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix(" <unfinished ...>") {
            unfinished.insert(process.to_owned(), begun.to_owned());
            continue;
        }
        let whole = match rest.split_once(" resumed>") {
            Some((_, end)) => unfinished.remove(process).map(|begun| begun + end),
            None => Some(rest.to_owned()),
        };
        calls.extend(whole.and_then(|whole| call(&whole)));
    }
    calls.retain(|call: &Call| call.file.parent() == Some(folder));
    calls.sort_by(|one, other| one.began.total_cmp(&other.began));
    calls
}

/// `1795268728.889189 pwrite64(13</path>, "…", 1, 12287) = 1 <0.000051>`, with path and data in hexadecimal.
fn call(line: &str) -> Option<Call> {
    let (began, rest) = line.split_once(' ')?;
    let (name, rest) = rest.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(") = ")?;
    let done: i64 = result.split(' ').next()?.trim_start().parse().ok()?;
    if done < 0 {
        return None;
    }
    let (descriptor, rest) = arguments.split_once('>')?;
    let path = String::from_utf8(unhex(descriptor.split_once('<')?.1)).ok()?;
    let what = match name {
        "fsync" | "fdatasync" => What::Sync,
        "ftruncate" => What::Truncate { bytes: rest.trim_start_matches(", ").parse().ok()? },
        "pwrite64" => {
            let (data, numbers) = rest.strip_prefix(", \"")?.split_once('"')?;
            let mut bytes = unhex(data);
            bytes.truncate(usize::try_from(done).ok()?);
            What::Write { at: numbers.rsplit(", ").next()?.parse().ok()?, bytes }
        }
        _ => return None,
    };
    Some(Call { began: began.parse().ok()?, file: path.into(), what })
}

/// `\x2f\x74…` as bytes.
fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| if byte <= b'9' { byte.wrapping_sub(b'0') } else { byte.wrapping_sub(b'a' - 10) };
    text.as_bytes().chunks_exact(4).map(|four| digit(four[2]) << 4 | digit(four[3])).collect()
}

/// The files of a folder as a disk holds them: what is certain, and what was written since the last sync.
pub(crate) struct Disks {
    files: BTreeMap<PathBuf, Held>,
}

#[derive(Default)]
struct Held {
    durable: Vec<u8>,
    pending: Vec<What>,
}

impl Disks {
    /// Files of which everything is on the disk.
    pub(crate) fn durable(files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> Self {
        let held = |durable| Held { durable, pending: Vec::new() };
        Self { files: files.into_iter().map(|(path, bytes)| (path, held(bytes))).collect() }
    }

    /// One more call has come to its end. Whether it made something durable.
    pub(crate) fn apply(&mut self, call: &Call) -> bool {
        let held = self.files.entry(call.file.clone()).or_default();
        if matches!(call.what, What::Sync) {
            for what in held.pending.drain(..) {
                carry_out(&mut held.durable, &what, &mut |_| true);
            }
            return true;
        }
        held.pending.push(call.what.clone());
        false
    }

    /// Bytes written and not synced.
    pub(crate) fn at_risk(&self) -> usize {
        let bytes = |what: &What| match what {
            What::Write { bytes, .. } => bytes.len(),
            What::Truncate { .. } | What::Sync => 0,
        };
        self.files.values().flat_map(|held| &held.pending).map(bytes).sum()
    }

    /// Writes what a power cut now would leave into a folder: with dice, any sectors of what was not synced, else none.
    pub(crate) fn cut(&self, into: &Path, mut dice: Option<&mut Dice>) {
        for (path, held) in &self.files {
            let mut bytes = held.durable.clone();
            if let Some(dice) = dice.as_mut() {
                let chance = dice.between(5, 95);
                for what in &held.pending {
                    carry_out(&mut bytes, what, &mut |_| dice.percent(chance));
                }
            }
            let name = path.file_name().expect("a file has a name");
            std::fs::write(into.join(name), bytes).expect("a temporary folder can be filled");
        }
    }
}

/// Changes a file's bytes; `keep` says for each sector whether it reached the disk.
fn carry_out(file: &mut Vec<u8>, what: &What, keep: &mut impl FnMut(usize) -> bool) {
    match what {
        What::Sync => {}
        What::Truncate { bytes } => {
            if keep(*bytes) {
                file.resize(*bytes, 0);
            }
        }
        What::Write { at, bytes } => {
            let mut done = 0;
            while done < bytes.len() {
                let from = at + done;
                let count = (SECTOR_BYTES - from % SECTOR_BYTES).min(bytes.len() - done);
                if keep(from) {
                    file.resize(file.len().max(from + count), 0);
                    file[from..from + count].copy_from_slice(&bytes[done..done + count]);
                }
                done += count;
            }
        }
    }
}
