//! wasm-bindgen's glue, made to fit the module that is left: what the module imports, once, under short names.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};

use crate::wasm::{IMPORT_SECTION, name, put_name, put_unsigned, rewritten, unsigned_at};

const EXPORT_SECTION: u8 = 7;
const FUNCTION: u8 = 0;
/// The object of functions that the module imports begins and ends with these lines.
const BEGINS: &str = "        __proto__: null,\n";
const ENDS: &str = "\n    };\n";
/// A function in it begins at this depth, and one of these lines ends it.
const DEPTH: &str = "        ";
const LAST_LINES: [&str; 2] = ["        },", "        }, arguments); },"];
/// What exports are called that only glue calls; the rest of the name is a type of Rust.
const CALLBACK: &str = "wasm_bindgen_";

/// The functions that the glue gives to the module.
struct Glue<'a> {
    before: &'a str,
    /// Each by its name in the glue, as text without it.
    given: Vec<(&'a str, &'a str)>,
    after: &'a str,
}

impl<'a> Glue<'a> {
    /// In the order of their texts, so that those stand side by side that compress well.
    fn of(glue: &'a str) -> Result<Self> {
        let start = glue.find(BEGINS).context("wasm-bindgen's glue has changed its form: no imports")? + BEGINS.len();
        let length =
            glue[start..].find(ENDS).context("wasm-bindgen's glue has changed its form: no end of the imports")?;
        let (mut rest, after) = glue[start..].split_at(length + 1);
        let mut given = Vec::new();
        while !rest.is_empty() {
            let end = rest
                .split_inclusive('\n')
                .scan(0, |end, line| {
                    *end += line.len();
                    Some((*end, line.trim_end_matches('\n')))
                })
                .find_map(|(end, line)| LAST_LINES.contains(&line).then_some(end))
                .context("a function of the glue has no end")?;
            let (function, others) = rest.split_at(end);
            // A comment may stand before it.
            let line =
                function.lines().find(|line| !line.trim_start().starts_with("//")).context("an empty function")?;
            let at = function.find(line).unwrap_or_default() + DEPTH.len();
            let (name, text) = function[at..].split_once(": ").context("a function of the glue has no name")?;
            given.push((name, text));
            rest = others;
        }
        given.sort_by_key(|(_, text)| *text);
        Ok(Self { before: &glue[..start], given, after })
    }

    fn text(&self, given: impl Fn(&str) -> Option<String>) -> String {
        let mut out = self.before.to_owned();
        for (name, text) in &self.given {
            if let Some(name) = given(name) {
                out.push_str(&[DEPTH, &name, ": ", text].concat());
            }
        }
        out + self.after
    }
}

/// The module with one import for functions of the glue that do the same, and without exports that nobody names. For before the
/// optimizer, which then finds more that is the same.
pub(crate) fn merged(module: &[u8], glue: &str, used: &[&str]) -> Result<Vec<u8>> {
    let parsed = Glue::of(glue)?;
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    let mut same: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, text) in &parsed.given {
        same.insert(name, first.entry(text).or_insert(name));
    }
    let named = |export: &str| std::iter::once(&glue).chain(used).any(|text| text.contains(export));
    renamed(
        module,
        |name| same.get(name).map(|first| (*first).to_owned()),
        |export| named(export).then(|| export.to_owned()),
    )
}

/// The module and its glue with short names, and the glue without what the module does not import.
///
/// wasm-bindgen names each import after what it calls and a hash of its own (`__wbg_close_0123456789abcdef`), and each callback after
/// its type, in both files: kilobytes that no compression can shorten.
pub(crate) fn shortened(module: &[u8], glue: &str) -> Result<(Vec<u8>, String)> {
    let parsed = Glue::of(glue)?;
    let given: BTreeSet<&str> = parsed.given.iter().map(|(name, _)| *name).collect();
    // Numbered as the module names them: there its names make a sequence.
    let mut order: BTreeMap<String, String> = BTreeMap::new();
    let mut callbacks = Vec::new();
    renamed(
        module,
        |import| {
            let short = format!("_{}", order.len());
            if given.contains(import) {
                order.entry(import.to_owned()).or_insert(short);
            }
            None
        },
        |export| {
            callbacks.extend(export.starts_with(CALLBACK).then(|| export.to_owned()));
            Some(export.to_owned())
        },
    )?;
    // The longest first: one may be the beginning of another.
    callbacks.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let calls: BTreeMap<&str, String> =
        callbacks.iter().enumerate().map(|(index, name)| (name.as_str(), format!("_{index}"))).collect();
    let module = renamed(
        module,
        |import| order.get(import).cloned(),
        |export| Some(calls.get(export).cloned().unwrap_or_else(|| export.to_owned())),
    )?;
    let mut glue = parsed.text(|name| order.get(name).cloned());
    for name in &callbacks {
        glue = glue.replace(&format!("wasm.{name}("), &format!("wasm.{}(", calls[name.as_str()]));
        ensure!(!glue.contains(&format!("wasm.{name}")), "the glue names {name} in another way");
    }
    Ok((module, glue))
}

/// The module with other names: of imports (none: as it is), of exports (none: gone).
fn renamed(
    module: &[u8],
    mut import: impl FnMut(&str) -> Option<String>,
    mut export: impl FnMut(&str) -> Option<String>,
) -> Result<Vec<u8>> {
    rewritten(module, |kind, body| {
        Ok(Some(match kind {
            IMPORT_SECTION => Cow::Owned(imports(body, &mut import)?),
            EXPORT_SECTION => Cow::Owned(exports(body, &mut export)?),
            _ => Cow::Borrowed(body),
        }))
    })
}

fn imports(body: &[u8], renamed: &mut impl FnMut(&str) -> Option<String>) -> Result<Vec<u8>> {
    let mut at = 0;
    let count = unsigned_at(body, &mut at).context("an import section without a count")?;
    let mut out = Vec::with_capacity(body.len());
    put_unsigned(&mut out, count);
    for _ in 0..count {
        put_name(&mut out, &name(body, &mut at)?);
        let field = name(body, &mut at)?;
        put_name(&mut out, &renamed(&field).unwrap_or(field));
        let start = at;
        ensure!(body.get(at) == Some(&FUNCTION), "an import that is no function: wasm-bindgen has changed");
        at += 1;
        unsigned_at(body, &mut at).context("an import without a type")?;
        out.extend_from_slice(&body[start..at]);
    }
    ensure!(at == body.len(), "the import section is longer than its imports");
    Ok(out)
}

fn exports(body: &[u8], renamed: &mut impl FnMut(&str) -> Option<String>) -> Result<Vec<u8>> {
    let mut at = 0;
    let count = unsigned_at(body, &mut at).context("an export section without a count")?;
    let mut kept = Vec::new();
    for _ in 0..count {
        let field = renamed(&name(body, &mut at)?);
        let start = at;
        at += 1;
        unsigned_at(body, &mut at).context("an export of nothing")?;
        kept.extend(field.map(|field| (field, start..at)));
    }
    ensure!(at == body.len(), "the export section is longer than its exports");
    let mut out = Vec::with_capacity(body.len());
    put_unsigned(&mut out, kept.len());
    for (field, what) in kept {
        put_name(&mut out, &field);
        out.extend_from_slice(&body[what]);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{merged, shortened};

    const HEADER: &[u8] = b"\0asm\x01\0\0\0";
    const GLUE: &str = "function imports() {\n    const import0 = {\n        __proto__: null,\n        \
        __wb_b: function(a) {\n            return a;\n        },\n        \
        __wb_a: function(a) {\n            return a;\n        },\n        \
        __wb_gone: function() { return handleError(function () {\n        }, arguments); },\n    };\n}\n\
        function called(a) {\n    wasm.wasm_bindgen_x(a);\n}\nwasm.start();\n";

    fn section(kind: u8, body: &[u8]) -> Vec<u8> {
        [&[kind, u8::try_from(body.len()).expect("short")], body].concat()
    }

    fn module(imports: [&[u8]; 2], exports: &[(&[u8], u8)]) -> Vec<u8> {
        let text = |text: &[u8]| [&[u8::try_from(text.len()).expect("short")], text].concat();
        let import = |name: &[u8]| [text(b"wbg"), text(name), vec![0, 5]].concat();
        let imports = [vec![2], import(imports[0]), import(imports[1])].concat();
        let mut body = vec![u8::try_from(exports.len()).expect("few")];
        for (name, function) in exports {
            body.extend([text(name), vec![0, *function]].concat());
        }
        [HEADER, &section(2, &imports), &section(7, &body), &section(10, &[7])].concat()
    }

    #[test]
    fn functions_that_do_the_same_become_one_import_and_unnamed_exports_go() {
        let given = module([b"__wb_a", b"__wb_b"], &[(b"start", 3), (b"nobody", 4), (b"shared", 5)]);
        let wanted = module([b"__wb_b", b"__wb_b"], &[(b"start", 3), (b"shared", 5)]);
        assert_eq!(merged(&given, GLUE, &["{ shared }"]).expect("merged"), wanted);
    }

    #[test]
    fn what_is_left_gets_short_names_in_both_files() {
        let given = module([b"__wb_b", b"__wb_b"], &[(b"start", 3), (b"wasm_bindgen_x", 4)]);
        let (short, glue) = shortened(&given, GLUE).expect("shortened");
        assert_eq!(short, module([b"_0", b"_0"], &[(b"start", 3), (b"_0", 4)]));
        assert!(glue.contains("        _0: function(a) {\n            return a;\n        },\n    };\n}"), "{glue}");
        assert!(glue.contains("wasm._0(a);") && glue.contains("wasm.start();"), "{glue}");
        for gone in ["__wb_a", "__wb_b", "__wb_gone", "wasm_bindgen_x"] {
            assert!(!glue.contains(gone), "{gone} in {glue}");
        }
        assert!(shortened(&given, "const imports = {};").is_err(), "a glue of another form");
    }
}
