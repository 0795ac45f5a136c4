//! Takes out of a WebAssembly file what only debuggers read.

use anyhow::{Context, Result, ensure};

const HEADER_BYTES: usize = 8;
const CUSTOM_SECTION: u8 = 0;

/// The same module without its custom sections: names of functions, producers, features. A quarter of its weight.
pub(crate) fn strip(module: &[u8]) -> Result<Vec<u8>> {
    ensure!(module.starts_with(b"\0asm"), "not a WebAssembly file");
    let mut stripped = module.get(..HEADER_BYTES).context("the file ends in its header")?.to_vec();
    let mut rest = &module[HEADER_BYTES..];
    while let Some((&kind, after_kind)) = rest.split_first() {
        let (size_bytes, length_bytes) = unsigned(after_kind).context("a section without a size")?;
        let (section, after) = rest.split_at_checked(1 + length_bytes + size_bytes).context("a section is cut off")?;
        if kind != CUSTOM_SECTION {
            stripped.extend_from_slice(section);
        }
        rest = after;
    }
    Ok(stripped)
}

/// An unsigned LEB128 number of at most five bytes, and how many bytes it took.
fn unsigned(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
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
