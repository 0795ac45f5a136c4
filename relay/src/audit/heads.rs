//! The file of signed heads beside the database: a line for each. It shows when entries are missing from the database, and can be copied elsewhere.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::head::SignedHead;
use crate::folder::private;

/// Its name in the data folder.
pub const HEADS_FILE: &str = "audit.heads";
/// When it is longer, the older half of it loses every second line.
const BYTES_MAX: u64 = 1024 * 1024;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HeadsError {
    /// The disk.
    #[error("{path} cannot be read or written: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line that is none.
    #[error("line {line} of {path} is no signed head, or was changed")]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
}

/// The heads in a data folder, as they were written. A last line without its end was being written when the process died; it is left out.
///
/// # Errors
/// When the file cannot be read, or a line is no head. A file that is not there has none.
pub fn read(folder: &Path) -> Result<Vec<SignedHead>, HeadsError> {
    let path = folder.join(HEADS_FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(HeadsError::Io { path, error }),
    };
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let heads = whole.lines().enumerate().map(|(at, line)| SignedHead::from_json(line).ok_or(at + 1));
    heads.collect::<Result<_, _>>().map_err(|line| HeadsError::Line { path, line })
}

/// Adds a head; when this returns it is on the disk.
///
/// # Errors
/// When the disk fails.
pub fn append(folder: &Path, head: &SignedHead) -> Result<(), HeadsError> {
    let path = folder.join(HEADS_FILE);
    try_append(&path, head).map_err(|error| HeadsError::Io { path, error })
}

fn try_append(path: &Path, head: &SignedHead) -> io::Result<()> {
    let old = match fs::read(path) {
        Ok(old) => old,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let line = format!("{}\n", head.to_json());
    let cut_off = old.last().is_some_and(|last| *last != b'\n');
    if !old.is_empty() && !cut_off && old.len() as u64 <= BYTES_MAX {
        let mut file = File::options().append(true).open(path)?;
        file.write_all(line.as_bytes())?;
        return file.sync_all();
    }
    // It is new, ends within a line, or is too long: it is written anew.
    let whole = old.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mut text = if old.len() as u64 > BYTES_MAX { thinned(&old[..whole]) } else { old[..whole].to_vec() };
    text.extend_from_slice(line.as_bytes());
    let partial = path.with_extension("heads.partial");
    let mut file = private(File::options().create(true).truncate(true)).open(&partial)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    File::open(path.parent().unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// The lines without every second one of the older half.
fn thinned(text: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let half = lines.len() / 2;
    let kept = lines.iter().enumerate().filter(|(at, _)| *at >= half || at % 2 == 0);
    kept.flat_map(|(_, line)| line.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::audit::{ChainHash, Head};
    use crate::key::{RelayKey, SigningPurpose};

    #[test]
    fn heads_are_read_back_and_a_cut_line_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let signer = RelayKey::fresh().signer(SigningPurpose::AuditHead);
        let head = |number| Head { number, hash: ChainHash([7; 32]), at_ms: 5 }.signed(&signer);
        assert_eq!(read(folder.path()).expect("none"), []);
        append(folder.path(), &head(1)).expect("added");
        append(folder.path(), &head(2)).expect("added");
        assert_eq!(read(folder.path()).expect("two"), [head(1), head(2)]);
        let path = folder.path().join(HEADS_FILE);
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        let whole = fs::read(&path).expect("read");
        // Killed while the second one was being written.
        fs::write(&path, &whole[..whole.len() - 9]).expect("cut");
        assert_eq!(read(folder.path()).expect("one"), [head(1)]);
        append(folder.path(), &head(3)).expect("added");
        assert_eq!(read(folder.path()).expect("two"), [head(1), head(3)]);
        let changed = fs::read_to_string(&path).expect("read").replacen("\"number\":1", "\"number\": 1", 1);
        fs::write(&path, changed).expect("changed");
        assert!(matches!(read(folder.path()), Err(HeadsError::Line { line: 1, .. })));
    }

    #[test]
    fn the_file_has_a_bound_and_keeps_its_first_and_its_newest_heads() {
        let folder = tempfile::tempdir().expect("a folder");
        let signer = RelayKey::fresh().signer(SigningPurpose::AuditHead);
        let head = |number| Head { number, hash: ChainHash([7; 32]), at_ms: 5 }.signed(&signer);
        let many: String = (1..=4_000).map(|number| format!("{}\n", head(number).to_json())).collect();
        assert!(many.len() as u64 > BYTES_MAX);
        fs::write(folder.path().join(HEADS_FILE), many).expect("written");
        append(folder.path(), &head(4_001)).expect("added");
        let kept: Vec<u64> = read(folder.path()).expect("heads").iter().map(|head| head.head.number).collect();
        assert_eq!((kept.len(), kept[0], kept[1], kept.last()), (3_001, 1, 3, Some(&4_001)));
    }
}
