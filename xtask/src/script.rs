//! One script for each page: wasm-bindgen's glue and our start module in one file, with what neither needs taken out.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};

/// What loads the module in wasm-bindgen's glue begins here and goes to its end: six ways for bundlers and browsers that lack the
/// interfaces that the module needs anyway. Ours has one.
const LOADER: &str = "async function __wbg_load(";
/// Names of the glue that are worth shortening are longer than this.
const SHORT_NAME_CHARS: usize = 4;

/// The glue and the start module as one. `module` is the address of the WebAssembly file.
///
/// The start module imports `init` and `start` from the glue; here the first is our own loader, and the second is in scope.
pub(crate) fn one(glue: &str, start: &str, module: &str) -> Result<String> {
    let (glue, _) = glue.split_once(LOADER).context("wasm-bindgen's glue has changed its form: no loader")?;
    let glue: Vec<&str> = glue.lines().map(|line| line.strip_prefix("export ").unwrap_or(line)).collect();
    let glue = short_names(&(glue.join("\n") + "\n"));
    let start: Vec<&str> = start.lines().filter(|line| !line.starts_with("import ")).collect();
    // A block keeps the names of both apart.
    let script = format!(
        "{glue}const init = async () => __wbg_finalize_init(\
         (await WebAssembly.instantiateStreaming(fetch(\"{module}\"), __wbg_get_imports())).instance);\n\
         {{\n{}\n}}\n",
        start.join("\n")
    );
    ensure!(!script.contains("\nexport ") && !script.contains("\nimport "), "the scripts have changed their form");
    Ok(script)
}

/// The glue with one or two letters for each name that it declares outside of functions, but for what it exports.
fn short_names(glue: &str) -> String {
    let declared = |line: &str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        let rest = ["function ", "let ", "const "].iter().find_map(|word| line.strip_prefix(word))?;
        let name = word_at(rest);
        (name.len() > SHORT_NAME_CHARS && !name.starts_with("__wbg")).then(|| name.to_owned())
    };
    let mut taken: BTreeSet<String> = words(glue).map(str::to_owned).collect();
    let mut names: Vec<(String, String)> = Vec::new();
    let mut fresh = ('A'..='Z').flat_map(|first| ('a'..='z').map(move |second| format!("{first}{second}")));
    // `start` is what the start module calls.
    for name in glue.lines().filter_map(declared).filter(|name| name != "start") {
        let Some(short) = fresh.by_ref().find(|short| taken.insert(short.clone())) else { break };
        names.push((name, short));
    }
    let mut out = String::with_capacity(glue.len());
    let mut rest = glue;
    while let Some(next) = rest.chars().next() {
        let word = word_at(rest);
        let length = if word.is_empty() { next.len_utf8() } else { word.len() };
        // After a dot it is a property, though not after three; beside a quote it is a text.
        let free = !out.ends_with(['.', '"', '\'', '`']) || out.ends_with("...");
        let short = names.iter().find(|(name, _)| free && name == word).map(|(_, short)| short.as_str());
        out.push_str(short.unwrap_or(&rest[..length]));
        rest = &rest[length..];
    }
    out
}

/// The identifier that a text begins with, or nothing.
fn word_at(text: &str) -> &str {
    let end =
        text.find(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '_' | '$'))).unwrap_or(text.len());
    &text[..end]
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '_' | '$')))
}

/// The text without indentation and without lines that are comments only. No template literal of ours or of wasm-bindgen's
/// goes over lines, but for the loader's style sheet, to which that is all the same.
pub(crate) fn lean(text: &str) -> String {
    let mut lean = String::with_capacity(text.len());
    let mut in_comment = false;
    for line in text.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        if in_comment {
            in_comment = !line.ends_with("*/");
        } else if !line.is_empty() && !line.starts_with("//") {
            lean.push_str(line);
            // What ended says so itself, unless it ended in a comment.
            if !line.ends_with(['{', ';', ',']) || line.contains("//") {
                lean.push('\n');
            }
        }
    }
    lean
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
    use super::{lean, lean_css, lean_html, one, short_names};

    #[test]
    fn comments_and_indentation_go() {
        let given = "/** a\n * b\n */\nlet x = 1; // c;\n    // d\n\n  y(\"/* e */\");\n/* f */\nz();\n";
        assert_eq!(lean(given), "let x = 1; // c;\ny(\"/* e */\");z();");
    }

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
    fn names_of_the_glue_are_shortened_and_properties_are_not() {
        let glue = "function getText(a) {\nreturn a.getText + \"getText\" + [...getText];\n}\nlet cached = 1;\nfunction start() {}\n";
        let wanted =
            "function Aa(a) {\nreturn a.getText + \"getText\" + [...Aa];\n}\nlet Ab = 1;\nfunction start() {}\n";
        assert_eq!(short_names(glue), wanted);
    }

    #[test]
    fn glue_and_start_become_one_script() {
        let glue = "export function start(a) {\nwasm.start(a);\n}\nfunction __wbg_get_imports() {\n}\n\
                    async function __wbg_load(module) {\n}\nexport { initSync, __wbg_init as default };\n";
        let start = "import init, { start } from \"/assets/chat.js\";\nconst root = 1;\nawait init();\nstart(root);";
        let script = one(glue, start, "/assets/chat_bg.00.wasm").expect("joined");
        assert!(script.starts_with("function start(a)"), "{script}");
        assert!(script.contains("fetch(\"/assets/chat_bg.00.wasm\")"), "{script}");
        assert!(script.ends_with("{\nconst root = 1;\nawait init();\nstart(root);\n}\n"), "{script}");
        assert!(one("function start() {}", start, "x").is_err(), "a glue of another form");
    }
}
