//! The log as a file of lines, which can be verified without the relay: perhaps the head of what was cut off, the entries with their hashes, the signed
//! head of the last one.

use std::io::{self, BufRead, Read};

use super::chain::{Broken, ChainHash, Checked, Verification};
use super::detail::DETAIL_BYTES_MAX;
use super::head::SignedHead;
use crate::hex::{digits, from_digits};
use crate::key::PublicKey;

/// The longest line that is read.
const LINE_BYTES_MAX: u64 = 4 * DETAIL_BYTES_MAX as u64;

/// The first line of a log whose front was cut off.
#[must_use]
pub fn cut_line(cut: &SignedHead) -> String {
    format!("{{\"cut\":{}}}\n", cut.to_json())
}

/// The line of an entry.
#[must_use]
pub fn entry_line(entry: &str, hash: ChainHash) -> String {
    format!("{{\"entry\":{entry},\"hash\":\"{}\"}}\n", digits(&hash.0))
}

/// The last line.
#[must_use]
pub fn head_line(head: &SignedHead) -> String {
    format!("{{\"head\":{}}}\n", head.to_json())
}

/// Why an exported log is not taken for whole.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A line is not one of an exported log.
    #[error("line {line} is not one of an exported log, or was changed")]
    Line {
        /// Its number, from 1.
        line: u64,
    },
    /// The last line, with the signed head, is missing.
    #[error("the signed head at the end is missing: the last entries were removed")]
    NoHead,
    /// Another key signed it.
    #[error("another key signed the head than the one that is known")]
    OtherKey,
    /// The log is not whole.
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// Walks an exported log. With `known` keys one of them must have signed it; without any, the key that the file names is taken, and who has it is for
/// the caller to find out. Returns what was found, and the signed head.
///
/// # Errors
/// With the first thing that is wrong.
pub fn verify_export(
    mut file: impl BufRead,
    known: Option<&[PublicKey]>,
) -> Result<(Checked, SignedHead), ExportError> {
    let mut line = 0;
    let mut text = String::new();
    let mut next = |text: &mut String, line: &mut u64| -> Result<bool, ExportError> {
        text.clear();
        *line += 1;
        let read = Read::by_ref(&mut file).take(LINE_BYTES_MAX).read_line(text);
        match read {
            Ok(0) => Ok(false),
            Ok(_) if text.pop() == Some('\n') => Ok(true),
            Err(error) if error.kind() != io::ErrorKind::InvalidData => Err(error.into()),
            Ok(_) | Err(_) => Err(ExportError::Line { line: *line }),
        }
    };
    let keys_of = |head: &SignedHead| known.map_or_else(|| vec![head.key], <[PublicKey]>::to_vec);
    let mut more = next(&mut text, &mut line)?;
    let mut walk = match inner(&text, "cut").and_then(SignedHead::from_json) {
        Some(cut) => {
            let begun = Verification::begin(Some(&cut), &[], &keys_of(&cut))?;
            more = next(&mut text, &mut line)?;
            begun
        }
        None => Verification::begin(None, &[], &[])?,
    };
    while let Some((entry, hash)) = more.then(|| entry_of(&text)).flatten() {
        walk.entry(entry, hash)?;
        more = next(&mut text, &mut line)?;
    }
    if !more {
        return Err(ExportError::NoHead);
    }
    let head = inner(&text, "head").and_then(SignedHead::from_json).ok_or(ExportError::Line { line })?;
    if next(&mut text, &mut line)? {
        return Err(ExportError::Line { line });
    }
    if !keys_of(&head).contains(&head.key) {
        return Err(ExportError::OtherKey);
    }
    let checked = walk.meet(&head)?;
    Ok((checked, head))
}

/// The value of an object with one member.
fn inner<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.strip_prefix("{\"")?.strip_prefix(name)?.strip_prefix("\":")?.strip_suffix('}')
}

/// The exact entry of a line, and its hash.
fn entry_of(line: &str) -> Option<(&str, ChainHash)> {
    let (entry, hash) = inner(line, "entry")?.rsplit_once(",\"hash\":\"")?;
    Some((entry, ChainHash(from_digits(hash.strip_suffix('"')?)?)))
}
