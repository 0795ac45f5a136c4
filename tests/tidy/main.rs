//! The repository's own rules, as tests: each failure names the file and the rule.

mod locale;
mod paths;
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 400;
/// Of documents and code.
const LINE_CHARS_MAX: usize = 160;
/// Longer than the house asks for, because a component's view is one expression.
const FUNCTION_LINES_MAX: usize = 90;
/// Files that may be longer, each with the reason.
const LONG_FILES: [(&str, &str); 0] = [];
/// What may stand at the top; a new entry is a decision.
const TOP: [&str; 28] = [
    ".cargo",
    ".ci",
    ".git",
    ".gitignore",
    "ARCHITECTURE.md",
    "BENCHMARKS.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "Trunk.toml",
    "clippy.toml",
    "data",
    "deny.toml",
    "docs",
    "examples",
    "fuzz",
    "relay",
    "rustfmt.toml",
    "target",
    "tests",
    "widget",
    "www",
    "xtask",
];
const NOT_OURS: [&str; 5] = [".git", "data", "fuzz/artifacts", "fuzz/target", "target"];

#[test]
fn lines_of_text_are_short() {
    let mut wrong = Vec::new();
    for (name, text) in texts(&["md", "rs"]) {
        let mut code = false;
        for (at, line) in text.lines().enumerate() {
            let is_markdown = name.ends_with(".md");
            code ^= is_markdown && line.trim_start().starts_with("```");
            // A row of a table cannot be broken, and code in a document is as it is written.
            let may_be_long = is_markdown && (code || line.trim_start().starts_with('|'));
            if !may_be_long && line.chars().count() > LINE_CHARS_MAX {
                wrong.push(format!("{name}:{}: {} characters, {LINE_CHARS_MAX} at most", at + 1, line.chars().count()));
            }
        }
    }
    none(&wrong);
}

#[test]
fn files_and_functions_are_short() {
    let mut wrong = Vec::new();
    for (name, text) in texts(&["rs", "js", "css"]) {
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX && !LONG_FILES.iter().any(|(long, _)| *long == name) {
            wrong.push(format!("{name}: {lines} lines, {FILE_LINES_MAX} at most; split it by what its parts are for"));
        }
        if name.ends_with(".rs") {
            wrong.extend(long_functions(&text).into_iter().map(|found| format!("{name}:{found}")));
        }
    }
    none(&wrong);
}

#[test]
fn each_file_says_first_what_it_is_for() {
    let starts = |name: &str| match name.rsplit('.').next() {
        Some("rs") => "//! ",
        Some("js") => "// ",
        Some("css") => "/* ",
        _ => "# ",
    };
    let files = texts(&["rs", "js", "css"]).into_iter();
    let wrong = files.filter(|(name, text)| !text.starts_with(starts(name)));
    none(&wrong.map(|(name, _)| format!("{name}: the first line must say what the file is for")).collect::<Vec<_>>());
}

#[test]
fn the_cores_depend_on_the_language_only() {
    // Documents are JSON, and hours have zones; nothing of it waits or reads the system.
    let of_settings: &[&str] = &["jiff", "serde", "serde_json", "thiserror", "wire"];
    let allowed: [(&str, &[&str]); 4] = [
        ("relay-core", &["relay-settings", "wire"]),
        ("relay-settings", of_settings),
        ("widget-core", &["wire"]),
        ("wire", &["serde"]),
    ];
    // Cargo's own reading: tables of every form count, those for one target and renamed packages too.
    let metadata = xtask::metadata().expect("cargo knows the workspace");
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().expect("a list of packages") {
        let Some((name, only)) = allowed.iter().find(|(name, _)| package["name"] == *name) else { continue };
        for dependency in package["dependencies"].as_array().expect("a list of dependencies") {
            if dependency["kind"] != "dev" && !only.iter().any(|only| dependency["name"] == *only) {
                wrong.push(format!("{name} depends on {}; only {only:?} may stand there", dependency["name"]));
            }
        }
    }
    none(&wrong);
}

#[test]
fn only_the_store_knows_its_databases() {
    let mut wrong = Vec::new();
    for (name, text) in texts(&["rs"]) {
        if !name.starts_with("relay/src/") || name.starts_with("relay/src/store/") {
            continue;
        }
        for (at, line) in text.lines().enumerate() {
            let named = ["rusqlite", "Sqlite", "sqlite::", "postgres"].into_iter().find(|word| line.contains(word));
            if let Some(word) = named {
                wrong.push(format!("{name}:{}: `{word}`; databases are named in relay/src/store only", at + 1));
            }
        }
    }
    none(&wrong);
}

#[test]
fn the_cores_are_held_to_their_own_lints() {
    let config = |package: &str| {
        fs::read_to_string(root().join(package).join("clippy.toml"))
            .unwrap_or_else(|error| panic!("{package}: {error}"))
    };
    let (relay, widget) = (config("relay/core"), config("widget/core"));
    assert_eq!(relay, widget, "one rule for both cores");
    assert_eq!(relay, config("relay/settings"), "and for what both read");
    assert!(relay.contains("HashMap") && relay.contains("Instant::now"), "clocks and the order of hashes are refused");
}

/// Calls across the cut of a room need it; nothing else does.
#[test]
fn what_the_compiler_cannot_check_stands_in_one_file() {
    let lint = concat!("unsafe", "_code");
    let allowed = texts(&["rs"]).into_iter().filter(|(_, text)| text.contains(lint)).map(|(name, _)| name);
    assert_eq!(allowed.collect::<Vec<_>>(), ["widget/src/room.rs"], "the workspace denies it everywhere else");
}

#[test]
fn nothing_is_unfinished_or_unsafe_for_the_page() {
    // Put together, so that this file does not find itself.
    let everywhere =
        [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("FIX", "ME"), concat!("dbg", "!(")];
    let nowhere_in_pages = [concat!("inner", "_html"), concat!("set_inner", "_html")];
    let mut wrong = Vec::new();
    for (name, text) in texts(&["rs"]) {
        let shipped = name.contains("/src/") && (name.starts_with("relay/") || name.starts_with("widget/"));
        for (line, words) in code_lines(&text) {
            let found = everywhere.iter().chain(&nowhere_in_pages).find(|word| words.contains(**word));
            wrong.extend(found.map(|word| format!("{name}:{line}: `{word}`")));
        }
        if shipped && !name.contains("/tests") {
            let before_tests = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (line, words) in code_lines(before_tests) {
                if words.contains(concat!(".unwrap", "()")) {
                    wrong.push(format!("{name}:{line}: `unwrap` outside tests; handle it, or `expect` with the proof"));
                }
            }
        }
    }
    none(&wrong);
}

#[test]
fn every_limit_is_used() {
    let limits = fs::read_to_string(root().join("relay/wire/src/limit.rs")).expect("the limits are there");
    let others: Vec<(String, String)> =
        texts(&["rs"]).into_iter().filter(|(name, _)| name != "relay/wire/src/limit.rs").collect();
    let names = limits.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
    let unused = names.filter(|name| !others.iter().any(|(_, text)| has_word(text, name)));
    none(&unused.map(|name| format!("limit.rs: {name} bounds nothing")).collect::<Vec<_>>());
}

#[test]
fn no_source_file_is_forgotten() {
    let sources: BTreeSet<PathBuf> = files(&root()).into_iter().filter(|path| is_kind(path, &["rs"])).collect();
    let is_root = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
        matches!(name, "lib.rs" | "main.rs" | "build.rs")
            || matches!(folder, "tests" | "benches" | "examples" | "fuzz_targets")
    };
    let mut reached: BTreeSet<PathBuf> = BTreeSet::new();
    let mut open: Vec<PathBuf> = sources.iter().filter(|path| is_root(path)).cloned().collect();
    while let Some(path) = open.pop() {
        if sources.contains(&path) && reached.insert(path.clone()) {
            open.extend(modules(&path, is_root(&path)));
        }
    }
    let forgotten = sources.difference(&reached);
    none(&forgotten.map(|path| format!("{}: no `mod` names it", relative(path))).collect::<Vec<_>>());
}

#[test]
fn the_top_holds_what_was_agreed() {
    let entries = fs::read_dir(root()).expect("the root can be read").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let foreign = names.filter(|name| !TOP.contains(&name.as_str()));
    none(&foreign.map(|name| format!("{name}: not among what may stand at the top")).collect::<Vec<_>>());
}

#[test]
fn pages_hold_no_inline_script_or_style() {
    let mut wrong = Vec::new();
    for (name, text) in texts(&["html"]).into_iter().filter(|(name, _)| name.starts_with("www/")) {
        for word in ["<script>", "<style", " style=", " onclick=", " onload=", "javascript:"] {
            if text.contains(word) {
                wrong.push(format!("{name}: `{word}` is refused by the page's own policy"));
            }
        }
    }
    none(&wrong);
}

#[test]
fn links_in_documents_lead_somewhere() {
    let mut wrong = Vec::new();
    for (name, text) in texts(&["md"]) {
        let folder = root().join(&name).parent().map(Path::to_owned).unwrap_or_default();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next()) {
            let outside = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
            if !outside && !folder.join(target).exists() {
                wrong.push(format!("{name}: the link to `{target}` leads nowhere"));
            }
        }
    }
    none(&wrong);
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace").to_owned()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().into_owned()
}

fn is_kind(path: &Path, kinds: &[&str]) -> bool {
    path.extension().is_some_and(|own| kinds.iter().any(|kind| own == *kind))
}

/// Every file under a folder, but what is built or kept at the top.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the checkout can be read").flatten() {
        let path = entry.path();
        if NOT_OURS.iter().any(|name| path == root().join(name)) {
            continue;
        }
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Name and text of every file of these kinds.
fn texts(kinds: &[&str]) -> Vec<(String, String)> {
    let paths = files(&root()).into_iter().filter(|path| is_kind(path, kinds));
    paths.filter_map(|path| Some((relative(&path), fs::read_to_string(&path).ok()?))).collect()
}

/// The lines that are not comments, numbered from 1.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// rustfmt ends a function with a brace at its own indentation, so no parser is needed.
fn long_functions(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let words = line.trim_start();
        let named = ["fn ", "pub fn ", "pub(crate) fn ", "async fn ", "pub async fn ", "pub(crate) async fn "];
        let opening = lines[start..].iter().find(|line| line.ends_with(['{', '}', ';']));
        if !named.iter().any(|start| words.starts_with(start)) || !opening.is_some_and(|line| line.ends_with('{')) {
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - words.len()]);
        let length = lines[start..].iter().position(|line| *line == end).map_or(0, |last| last + 1);
        if length > FUNCTION_LINES_MAX {
            found.push(format!("{}: a function of {length} lines, {FUNCTION_LINES_MAX} at most", start + 1));
        }
    }
    found
}

fn has_word(text: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
    })
}

/// The files that the `mod` lines of one file may mean.
fn modules(path: &Path, is_root: bool) -> Vec<PathBuf> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let folder = path.parent().expect("a file lies in a folder");
    let owns_folder = is_root || path.ends_with("mod.rs");
    let base = if owns_folder { folder.to_owned() } else { path.with_extension("") };
    let mut found = Vec::new();
    let mut given_path = None;
    for line in text.lines().map(str::trim) {
        if let Some(given) = line.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
            given_path = Some(folder.join(given));
        } else if let Some(name) = module_name(line) {
            let usual = || vec![base.join(format!("{name}.rs")), base.join(name).join("mod.rs")];
            found.extend(given_path.take().map_or_else(usual, |given| vec![given]));
        }
    }
    found
}

fn module_name(line: &str) -> Option<&str> {
    let visible = ["pub(crate) ", "pub(super) ", "pub "];
    let declared = visible.iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line);
    declared.strip_prefix("mod ")?.strip_suffix(';')
}
