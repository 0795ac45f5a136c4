//! One script for each page: wasm-bindgen's glue, what loads rooms, and our start modules in one file, minified.

use anyhow::{Context, Result, bail, ensure};
use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_minifier::{CompressOptions, MangleOptions, Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;

/// What loads the module in wasm-bindgen's glue begins here and goes to its end: six ways for bundlers and browsers that lack the
/// interfaces that the module needs anyway. Ours has one.
const GLUE_END: &str = "async function __wbg_load(";

/// The function of the start script that loads the rooms' styles.
const ROOM_STYLES: &str = "roomStyles";
/// The function of the start script that asks for a room's code and gives up after a time.
const FETCH_ROOM: &str = "fetchRoom";
/// The object of the functions that load rooms.
const LOADERS: &str = "__loaders";

/// Glue, loader of rooms (empty where there are none) and start modules as one. `module` is the address of the WebAssembly file.
///
/// They import from each other, which names that hold a hash of their content cannot express: here all stand in one scope.
pub(crate) fn one(glue: &str, loader: &str, starts: &[&str], module: &str) -> Result<String> {
    let (glue, _) = glue.split_once(GLUE_END).context("wasm-bindgen's glue has changed its form: no loader")?;
    let mut out = String::new();
    let mut loads = Vec::new();
    for line in loader.lines().filter(|line| !line.starts_with("import ")) {
        // Every room waits for the styles of rooms. What they share does not, nor has it to.
        let line = match line.strip_prefix(", [") {
            Some(needed) if needed.ends_with("]));") => format!(", [{ROOM_STYLES}, {needed}"),
            _ => line.to_owned(),
        };
        if let Some(rest) = line.strip_prefix("export const ") {
            loads.push(word_at(rest).to_owned());
        }
        // Each address is asked for within a time.
        let line = line.replace("fetch(new URL(", &format!("{FETCH_ROOM}(")).replace(", import.meta.url)", "");
        ensure!(!line.contains("fetch("), "the loader has changed its form: `{line}` waits without a bound");
        put_line(&mut out, &line);
    }
    // The module asks for each loader in an import of its own; one object has them all.
    put_line(&mut out, &format!("const {LOADERS} = {{ {} }};", loads.join(", ")));
    let (mut imports, mut given) = (Vec::new(), false);
    for line in glue.lines() {
        if let Some(name) = line.strip_prefix("import * as ") {
            imports.push(format!(": {},", word_at(name)));
        } else if let Some(import) = imports.iter().find(|import| line.ends_with(*import)) {
            if !std::mem::replace(&mut given, true) {
                put_line(&mut out, &line.replace(import, &format!(": {LOADERS},")));
            }
        } else {
            put_line(&mut out, line);
        }
    }
    put_line(&mut out, "const initSync = () => wasm;");
    let load = format!("(await WebAssembly.instantiateStreaming(fetch(\"{module}\"), __wbg_get_imports())).instance");
    put_line(&mut out, &format!("const init = async () => __wbg_finalize_init({load});"));
    for start in starts {
        start.lines().filter(|line| !line.starts_with("import ")).for_each(|line| put_line(&mut out, line));
    }
    ensure!(!out.contains("\nexport ") && !out.contains("\nimport "), "the scripts have changed their form");
    Ok(out)
}

fn put_line(out: &mut String, line: &str) {
    out.push_str(line.strip_prefix("export ").unwrap_or(line));
    out.push('\n');
}

/// The identifier that a text begins with, or nothing.
fn word_at(text: &str) -> &str {
    let end =
        text.find(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '_' | '$'))).unwrap_or(text.len());
    &text[..end]
}

/// What a script is: only a module's own names are nobody else's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A module.
    Module,
    /// A classic script.
    Classic,
}

/// The script as short as a minifier makes it.
pub(crate) fn minified(text: &str, kind: Kind) -> Result<String> {
    let source = if kind == Kind::Module { SourceType::mjs() } else { SourceType::script() };
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, source).parse();
    if parsed.panicked || !parsed.diagnostics.is_empty() {
        bail!("no JavaScript: {:?}", parsed.diagnostics);
    }
    let mut program = parsed.program;
    let mangle = MangleOptions { top_level: Some(kind == Kind::Module), ..MangleOptions::default() };
    let options = MinifierOptions {
        mangle: Some(mangle),
        compress: Some(CompressOptions::smallest()),
        ..MinifierOptions::default()
    };
    let done = Minifier::new(options).minify(&allocator, &mut program);
    let printer = Codegen::new().with_options(CodegenOptions::minify()).with_scoping(done.scoping);
    Ok(printer.build(&program).code)
}

/// A style sheet without what browsers skip: comments, and white space that separates nothing. Quoted texts stay as they are.
pub(crate) fn lean_css(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut quote = None;
    while let Some(next) = rest.chars().next() {
        if quote.is_none() && rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, after)| after);
            continue;
        }
        rest = &rest[next.len_utf8()..];
        match quote {
            Some(mark) => quote = (next != mark).then_some(mark),
            None if matches!(next, '"' | '\'') => quote = Some(next),
            None if next.is_whitespace() => {
                // Before a colon it may stand for "a descendant that …".
                let separates = !out.ends_with(['{', '}', ';', ',', ':', ' ']) && !out.is_empty();
                if separates && !rest.trim_start().starts_with(['{', '}', ';', ',', ' ']) {
                    out.push(' ');
                }
                continue;
            }
            None if next == '}' && out.ends_with(';') => drop(out.pop()),
            None => {}
        }
        out.push(next);
    }
    out
}

/// A page without comments and without the white space between its elements.
pub(crate) fn lean_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--") {
        out.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.lines().map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::{Kind, lean_css, lean_html, minified, one};

    #[test]
    fn a_sheet_keeps_what_means_something() {
        for (given, wanted) in [
            ("a, b > c { color : red; }\n", "a,b > c{color :red}"),
            (".a :hover{margin: 0 auto}", ".a :hover{margin:0 auto}"),
            (
                "@media (width > 3px) and (hover) {\n  /* x */ a { width: calc(1px + 2px) }\n}",
                "@media (width > 3px) and (hover){a{width:calc(1px + 2px)}}",
            ),
            ("a::before { content: \" ; /* } \" }", "a::before{content:\" ; /* } \"}"),
        ] {
            assert_eq!(lean_css(given), wanted);
        }
    }

    #[test]
    fn a_page_keeps_its_elements() {
        assert_eq!(
            lean_html("<!doctype html>\n<!-- a\n b -->\n<p>\n  <b>x y</b>\n</p>\n"),
            "<!doctype html><p><b>x y</b></p>"
        );
    }

    #[test]
    fn a_minified_script_keeps_what_others_can_name() {
        let script = "// words\nfunction longName(first) { return first + 1; }\nwindow.shown = longName(2);\n";
        let module = minified(script, Kind::Module).expect("JavaScript");
        assert!(module.contains("window.shown=") && !module.contains("longName"), "{module}");
        assert!(minified(script, Kind::Classic).expect("JavaScript").contains("function longName("));
        assert!(minified("let = ;", Kind::Module).is_err());
    }

    #[test]
    fn glue_loader_and_start_become_one_script() {
        let glue = "import * as import1 from \"./__wasm_split.js\"\nimport * as import2 from \"./__wasm_split.js\"\n\
                    export function start(a) {\nwasm.start(a);\n}\nfunction __wbg_get_imports() {\nreturn {\n\
                    \"./__wasm_split.js\": import1,\n\"./__wasm_split.js\": import2,\n};\n}\nasync function __wbg_load(module) {\n}\n\
                    export { initSync, __wbg_init as default };\n";
        let loader = "import { initSync } from \"./chat.js\";\nexport const load_a = wrap(make(() => {\n\
                      fetch(new URL(\"./a.wasm\", import.meta.url));\n}\n, [__chunk_1]));\n";
        let shared = "export const choose = 1;";
        let start = "import init, { start } from \"/assets/chat.js\";\nawait init();\nstart(choose);";
        let script = one(glue, loader, &[shared, start], "/assets/chat_bg.00.wasm").expect("joined");
        assert!(
            script.starts_with(
                "const load_a = wrap(make(() => {\nfetchRoom(\"./a.wasm\");\n}\n, [roomStyles, __chunk_1]));\n"
            ),
            "{script}"
        );
        assert!(script.contains("const __loaders = { load_a };"), "{script}");
        assert!(script.contains("return {\n\"./__wasm_split.js\": __loaders,\n};"), "{script}");
        assert!(script.contains("fetch(\"/assets/chat_bg.00.wasm\")"), "{script}");
        assert!(script.ends_with("const choose = 1;\nawait init();\nstart(choose);\n"), "{script}");
        assert!(one("function start() {}", "", &[start], "x").is_err(), "a glue of another form");
        assert!(one(glue, "fetch(path);", &[start], "x").is_err(), "a loader that waits for ever");
    }
}
