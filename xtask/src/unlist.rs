//! Takes functions out of a module's table that nothing calls from there any more.
//!
//! A description of each type of closure tells wasm-bindgen which function runs it, by its number in the table. The descriptions are
//! gone when it is done, and it exports the functions that the page calls; but the table still names all of them, those of js-sys'
//! own callbacks too, and what a table names no optimizer removes: 2.5 kilobytes of code.

use std::borrow::Cow;
use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};

use crate::wasm::{CUSTOM_SECTION, Sections, name, put_unsigned, rewritten, unsigned_at};

const ELEMENT_SECTION: u8 = 9;
/// The part of the name section that holds the names of functions.
const FUNCTION_NAMES: u8 = 1;
/// What the names of those functions begin with; the number of the crate stands between.
const BEGINS: &str = "wasm_bindgen[";
const GOES_ON: &str = "]::convert::closures::_::invoke::<";
/// An instruction of an offset: a number of 32 bits. And the end of it.
const CONST_I32: u8 = 0x41;
const END: u8 = 0x0b;
/// The form of a list of expressions.
const EXPRESSIONS: usize = 4;

/// The same module with another function of the table in their places. A call to one of them would end the program: the types differ.
pub(crate) fn unlist(module: &[u8]) -> Result<Vec<u8>> {
    let mut dead = BTreeSet::new();
    for section in Sections::of(module)? {
        let (kind, body) = section?;
        if kind == CUSTOM_SECTION {
            dead.extend(described(body)?);
        }
    }
    rewritten(module, |kind, body| {
        Ok(Some(if kind == ELEMENT_SECTION { Cow::Owned(without(body, &dead)?) } else { Cow::Borrowed(body) }))
    })
}

/// The numbers of the functions with such names; none in a section that holds no names.
fn described(body: &[u8]) -> Result<BTreeSet<usize>> {
    let mut found = BTreeSet::new();
    let mut at = 0;
    if name(body, &mut at)? != "name" {
        return Ok(found);
    }
    while at < body.len() {
        let part = body[at];
        at += 1;
        let size_bytes = unsigned_at(body, &mut at)?;
        let end = at + size_bytes;
        if part == FUNCTION_NAMES {
            for _ in 0..unsigned_at(body, &mut at)? {
                let function = unsigned_at(body, &mut at)?;
                let name = name(body, &mut at)?;
                let rest = name.strip_prefix(BEGINS).and_then(|rest| rest.split_once(GOES_ON));
                if rest.is_some_and(|(hash, _)| hash.bytes().all(|byte| byte.is_ascii_hexdigit())) {
                    found.insert(function);
                }
            }
        }
        at = end;
    }
    Ok(found)
}

/// The table's functions, with the first one that stays in place of each that goes.
fn without(body: &[u8], dead: &BTreeSet<usize>) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    let count = unsigned_at(body, &mut at)?;
    put_unsigned(&mut out, count);
    let mut stays = None;
    for _ in 0..count {
        let start = at;
        let form = unsigned_at(body, &mut at)?;
        ensure!(body.get(at) == Some(&CONST_I32), "a table that does not begin at a number");
        at += 1;
        unsigned_at(body, &mut at)?;
        ensure!(body.get(at) == Some(&END), "a table that does not begin at a number");
        at += 1;
        out.extend_from_slice(&body[start..at]);
        let length = unsigned_at(body, &mut at)?;
        // The cutter leaves room for each of its parts, in a form of its own, with nothing in it.
        ensure!(
            form == 0 || form == EXPRESSIONS && length == 0,
            "functions of a table in another form: the cutter has changed"
        );
        let functions = (0..length).map(|_| unsigned_at(body, &mut at)).collect::<Result<Vec<_>>>()?;
        put_unsigned(&mut out, functions.len());
        for function in &functions {
            stays = stays.or_else(|| functions.iter().copied().find(|function| !dead.contains(function)));
            let listed = if dead.contains(function) { stays.context("a table of nothing else")? } else { *function };
            put_unsigned(&mut out, listed);
        }
    }
    ensure!(at == body.len(), "the table is longer than its functions");
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::unlist;

    #[test]
    fn a_callback_that_only_a_description_named_leaves_the_table() {
        let header = &b"\0asm\x01\0\0\0"[..];
        let callback = b"wasm_bindgen[0a9f]::convert::closures::_::invoke::<(), true>";
        let names = [&[4][..], b"name", &[1, 66, 2, 1, 1, b'a', 2, 60], callback].concat();
        let names = [&[0, u8::try_from(names.len()).expect("short")], &names[..]].concat();
        let table = |last: u8| [9, 13, 2, 0, 0x41, 1, 0x0b, 2, 1, last, 4, 0x41, 3, 0x0b, 0];
        let module = [header, &table(2)[..], &names].concat();
        assert_eq!(unlist(&module).expect("a module"), [header, &table(1)[..], &names].concat());
        let other = [header, &[9, 8, 1, 1, 0x41, 1, 0x0b, 2, 1, 2]].concat();
        assert!(unlist(&other).is_err(), "a table of another form");
    }
}
