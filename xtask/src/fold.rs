//! Puts what several rooms share back into the program, where it is nothing but a few bytes of data.
//!
//! The cutter makes a module of its own of whatever two rooms share, be it one word. Each would be one more request before a room
//! can be shown.

use std::borrow::Cow;

use anyhow::{Context, Result, ensure};

use crate::cut::Cut;
use crate::wasm::{CUSTOM_SECTION, IMPORT_SECTION, Sections, put_unsigned, rewritten, unsigned_at};

const TYPE_SECTION: u8 = 1;
const DATA_SECTION: u8 = 11;
const DATA_COUNT_SECTION: u8 = 12;
/// More data than this stays on its own.
const FOLDED_BYTES_MAX: usize = 256;

/// The same parts with such data in the program, and a loader that does not ask for it.
pub(crate) fn fold(cut: Cut) -> Result<Cut> {
    let Cut { mut module, glue, mut loader, rooms } = cut;
    let mut kept = Vec::new();
    for (name, bytes) in rooms {
        match small_data(&bytes)? {
            Some(data) => {
                module = with_data(&module, data)?;
                loader = without_chunk(&loader, name.trim_end_matches(".wasm"))?;
            }
            None => kept.push((name, bytes)),
        }
    }
    Ok(Cut { module, glue, loader, rooms: kept })
}

/// The data section of a module that has nothing else, and little of it.
fn small_data(module: &[u8]) -> Result<Option<&[u8]>> {
    let mut data = None;
    for section in Sections::of(module)? {
        let (kind, body) = section?;
        match kind {
            CUSTOM_SECTION | TYPE_SECTION | IMPORT_SECTION | DATA_COUNT_SECTION => {}
            DATA_SECTION if body.len() <= FOLDED_BYTES_MAX => data = Some(body),
            // Functions, exports, code: none of them.
            _ if body == [0] => {}
            _ => return Ok(None),
        }
    }
    Ok(data)
}

/// The module with more data behind its own. Both say themselves where in memory they stand.
fn with_data(module: &[u8], data: &[u8]) -> Result<Vec<u8>> {
    let mut at = 0;
    let added = unsigned_at(data, &mut at)?;
    let mut done = false;
    let out = rewritten(module, |kind, body| {
        if kind != DATA_SECTION && kind != DATA_COUNT_SECTION {
            return Ok(Some(Cow::Borrowed(body)));
        }
        let mut own = 0;
        let count = unsigned_at(body, &mut own)?;
        let mut more = Vec::new();
        put_unsigned(&mut more, count + added);
        if kind == DATA_SECTION {
            more.extend_from_slice(&body[own..]);
            more.extend_from_slice(&data[at..]);
            done = true;
        }
        Ok(Some(Cow::Owned(more)))
    })?;
    ensure!(done, "the program has no data");
    Ok(out)
}

/// The loader without a chunk, which it defines once and names wherever a room needs it.
fn without_chunk(loader: &str, chunk: &str) -> Result<String> {
    let begins = format!("const __{chunk} = makeLoad(");
    let (before, rest) = loader.split_once(&begins).context("the cutter's loader has changed its form")?;
    let (_, after) = rest.split_once(", []);\n").context("a chunk needs others: the cutter has changed")?;
    let mut out = before.to_owned();
    for line in after.split_inclusive('\n') {
        match line.strip_prefix(", [").and_then(|rest| rest.split_once(']')) {
            Some((needed, end)) => {
                let needed: Vec<&str> = needed.split(", ").filter(|name| *name != format!("__{chunk}")).collect();
                out.push_str(&format!(", [{}]{end}", needed.join(", ")));
            }
            None => out.push_str(line),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::fold;
    use crate::cut::Cut;

    const HEADER: &[u8] = b"\0asm\x01\0\0\0";

    #[test]
    fn a_word_that_two_rooms_share_goes_into_the_program_and_code_does_not() {
        let word = [HEADER, &[1, 1, 1, 3, 1, 0, 12, 1, 1], &[11, 8, 1, 0, 0x41, 9, 0x0b, 2], b"me"].concat();
        let code = [HEADER, &[10, 2, 1, 0]].concat();
        let loader = "/* a, b */\nconst __chunk_1 = makeLoad(() => {\n}\n, []);\nconst __chunk_2 = makeLoad(() => {\n}\n, []);\n\
                      export const a = wrap(makeLoad(() => {\n}\n, [__chunk_1, __chunk_2]));\n";
        let given = Cut {
            module: [HEADER, &[12, 1, 1], &[11, 7, 1, 0, 0x41, 5, 0x0b, 1, b'x']].concat(),
            glue: String::new(),
            loader: loader.to_owned(),
            rooms: vec![("chunk_1.wasm".to_owned(), word), ("chunk_2.wasm".to_owned(), code.clone())],
        };
        let cut = fold(given).expect("folded");
        assert_eq!(cut.rooms, [("chunk_2.wasm".to_owned(), code)]);
        let data = [&[11, 14, 2, 0, 0x41, 5, 0x0b, 1, b'x', 0, 0x41, 9, 0x0b, 2][..], b"me"].concat();
        assert_eq!(cut.module, [HEADER, &[12, 1, 2], &data].concat());
        assert!(!cut.loader.contains("chunk_1") && cut.loader.ends_with("}\n, [__chunk_2]));\n"), "{}", cut.loader);
    }
}
