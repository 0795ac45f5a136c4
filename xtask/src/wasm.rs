//! Takes out of a WebAssembly file what only debuggers read.

use std::borrow::Cow;

use anyhow::{Context, Result, bail, ensure};

const HEADER_BYTES: usize = 8;
pub(crate) const CUSTOM_SECTION: u8 = 0;
pub(crate) const IMPORT_SECTION: u8 = 2;

/// The sections of a module, one after the other: kind and body.
pub(crate) struct Sections<'a>(&'a [u8]);

impl<'a> Sections<'a> {
    /// Those of a module.
    pub(crate) fn of(module: &'a [u8]) -> Result<Self> {
        Ok(Self(&module[Self::header(module)?.len()..]))
    }

    /// What stands before them.
    fn header(module: &[u8]) -> Result<&[u8]> {
        ensure!(module.starts_with(b"\0asm"), "not a WebAssembly file");
        module.get(..HEADER_BYTES).context("the file ends in its header")
    }
}

impl<'a> Iterator for Sections<'a> {
    type Item = Result<(u8, &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        let (&kind, after_kind) = self.0.split_first()?;
        let mut at = 0;
        let body = unsigned_at(after_kind, &mut at)
            .context("a section without a size")
            .and_then(|size_bytes| after_kind[at..].split_at_checked(size_bytes).context("a section is cut off"));
        // Nothing follows what is broken.
        self.0 = body.as_ref().map_or(&[], |(_, after)| after);
        Some(body.map(|(body, _)| (kind, body)))
    }
}

/// The same module with each section as `change` gives it: of this kind, with this body; none leaves it out.
pub(crate) fn rewritten(
    module: &[u8],
    mut change: impl for<'a> FnMut(u8, &'a [u8]) -> Result<Option<Cow<'a, [u8]>>>,
) -> Result<Vec<u8>> {
    let mut out = Sections::header(module)?.to_vec();
    for section in Sections::of(module)? {
        let (kind, body) = section?;
        if let Some(body) = change(kind, body)? {
            out.push(kind);
            put_unsigned(&mut out, body.len());
            out.extend_from_slice(&body);
        }
    }
    Ok(out)
}

/// The same module without its custom sections: names of functions, producers, features. A quarter of its weight.
pub(crate) fn strip(module: &[u8]) -> Result<Vec<u8>> {
    rewritten(module, |kind, body| Ok((kind != CUSTOM_SECTION).then_some(Cow::Borrowed(body))))
}

/// A text: its length and its bytes.
pub(crate) fn name(body: &[u8], at: &mut usize) -> Result<String> {
    let length = unsigned_at(body, at).context("a name without a length")?;
    let bytes = body.get(*at..*at + length).context("a name is cut off")?;
    *at += length;
    Ok(String::from_utf8(bytes.to_vec())?)
}

pub(crate) fn put_name(out: &mut Vec<u8>, name: &str) {
    put_unsigned(out, name.len());
    out.extend_from_slice(name.as_bytes());
}

pub(crate) fn put_unsigned(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// An unsigned LEB128 number of at most five bytes; `at` moves behind it.
pub(crate) fn unsigned_at(bytes: &[u8], at: &mut usize) -> Result<usize> {
    let mut value = 0;
    for (index, byte) in bytes.get(*at..).unwrap_or_default().iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            *at += index + 1;
            return Ok(value);
        }
    }
    bail!("a number is cut off")
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn custom_sections_go_and_the_others_stay() {
        let header = b"\0asm\x01\0\0\0".to_vec();
        let types = [1, 3, 9, 9, 9];
        let names = [0, 0x82, 0, 4, 4];
        let code = [10, 1, 7];
        let module = [&header[..], &types, &names, &code].concat();
        assert_eq!(strip(&module).unwrap(), [&header[..], &types, &code].concat());
    }

    #[test]
    fn a_cut_file_is_an_error() {
        assert!(strip(b"\0asm\x01\0\0\0\x01\x05\x01").is_err());
        assert!(strip(b"<!doctype html>").is_err());
    }
}
