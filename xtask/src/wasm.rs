//! Takes out of a WebAssembly file what only debuggers read.

use anyhow::{Context, Result, ensure};

const HEADER_BYTES: usize = 8;
const CUSTOM_SECTION: u8 = 0;
const IMPORT_SECTION: u8 = 2;
const FUNCTION_IMPORT: u8 = 0;

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

/// The same module with shorter names for what it imports, and the glue that serves it with the same ones.
///
/// wasm-bindgen names each import after what it calls and a hash of its own (`__wbg_close_0123456789abcdef`), in both files: three
/// kilobytes that no compression can shorten.
pub(crate) fn shorten(module: &[u8], glue: &str) -> Result<(Vec<u8>, String)> {
    let mut short = module.get(..HEADER_BYTES).context("the file ends in its header")?.to_vec();
    let mut rest = &module[HEADER_BYTES..];
    let mut glue = glue.to_owned();
    while let Some((&kind, after_kind)) = rest.split_first() {
        let (size_bytes, length_bytes) = unsigned(after_kind).context("a section without a size")?;
        let (section, after) = rest.split_at_checked(1 + length_bytes + size_bytes).context("a section is cut off")?;
        if kind == IMPORT_SECTION {
            let body = renamed(&section[1 + length_bytes..], &mut glue)?;
            short.push(IMPORT_SECTION);
            put_unsigned(&mut short, body.len());
            short.extend_from_slice(&body);
        } else {
            short.extend_from_slice(section);
        }
        rest = after;
    }
    Ok((short, glue))
}

/// The import section with its fields renamed, in the glue too. A name that the glue does not spell once as `name: ` or
/// `.name = ` stays as it is.
fn renamed(body: &[u8], glue: &mut String) -> Result<Vec<u8>> {
    let (count, mut at) = unsigned(body).context("an import section without a count")?;
    let mut out = Vec::with_capacity(body.len());
    put_unsigned(&mut out, count);
    for index in 0..count {
        let module = name(body, &mut at)?;
        let field = name(body, &mut at)?;
        let short = format!("_{index}");
        let (in_object, assigned) = (format!("{field}: "), format!(".{field} = "));
        let field = if glue.matches(&in_object).count() == 1 {
            *glue = glue.replacen(&in_object, &format!("{short}: "), 1);
            short
        } else if glue.matches(&assigned).count() == 1 {
            *glue = glue.replacen(&assigned, &format!(".{short} = "), 1);
            short
        } else {
            field
        };
        for text in [&module, &field] {
            put_unsigned(&mut out, text.len());
            out.extend_from_slice(text.as_bytes());
        }
        let kind = *body.get(at).context("an import without a kind")?;
        ensure!(kind == FUNCTION_IMPORT, "an import that is no function: wasm-bindgen has changed");
        let (_, index_bytes) = unsigned(body.get(at + 1..).unwrap_or_default()).context("an import without a type")?;
        out.extend_from_slice(&body[at..=at + index_bytes]);
        at += 1 + index_bytes;
    }
    ensure!(at == body.len(), "the import section is longer than its imports");
    Ok(out)
}

fn name(body: &[u8], at: &mut usize) -> Result<String> {
    let (length, length_bytes) = unsigned(body.get(*at..).unwrap_or_default()).context("a name without a length")?;
    let start = *at + length_bytes;
    let bytes = body.get(start..start + length).context("a name is cut off")?;
    *at = start + length;
    Ok(String::from_utf8(bytes.to_vec())?)
}

fn put_unsigned(out: &mut Vec<u8>, mut value: usize) {
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
    use super::{shorten, strip};

    #[test]
    fn imports_get_short_names_in_both_files() {
        let header = b"\0asm\x01\0\0\0".to_vec();
        let imports =
            [&[2, 25, 2, 3][..], b"wbg", &[6], b"__wb_a", &[0, 5, 3], b"wbg", &[4], b"kept", &[0, 6]].concat();
        let code = [10, 1, 7];
        let glue = "return { __wb_a: function() {}, kept: 1, kept: 2 }";
        let (module, glue) = shorten(&[&header[..], &imports, &code].concat(), glue).unwrap();
        let wanted = [&[2, 21, 2, 3][..], b"wbg", &[2], b"_0", &[0, 5, 3], b"wbg", &[4], b"kept", &[0, 6]].concat();
        assert_eq!(module, [&header[..], &wanted, &code].concat());
        assert_eq!(glue, "return { _0: function() {}, kept: 1, kept: 2 }");
    }

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
