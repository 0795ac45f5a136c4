//! Paths in backticks, in documents and doc comments, lead to what is there.

use std::fs;
use std::path::{Path, PathBuf};

use super::{none, root, texts};

/// What the name of a file ends with; other words with a slash in backticks are no paths.
const ENDINGS: [&str; 14] =
    ["css", "html", "js", "json", "lock", "lua", "md", "mjs", "png", "py", "rs", "sql", "toml", "txt"];
/// Folders whose content is made, not kept here.
const MADE: [&str; 4] = ["artifacts/", "assets/", "data/", "target/"];
/// The part of ARCHITECTURE.md that names what is not there yet.
const PLANNED: &str = "## Where the next parts go";

#[test]
fn paths_in_backticks_exist() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (name, text) in texts(&["md", "rs"]) {
        let file = root().join(&name);
        let is_document = name.ends_with(".md");
        if name == "CHANGELOG.md" || name == "BENCHMARKS.md" {
            // They tell what was.
            continue;
        }
        let (mut code, mut planned) = (false, false);
        for (at, line) in text.lines().enumerate() {
            let words = line.trim_start();
            if is_document {
                code ^= words.starts_with("```");
                planned = if words.starts_with("## ") { words == PLANNED } else { planned };
            }
            let read = if is_document { !code && !planned } else { words.starts_with("//") };
            if !read {
                continue;
            }
            let bases = bases(&file, is_document, words);
            for path in quoted(words).filter(|path| is_path(path)) {
                seen += 1;
                if !MADE.iter().any(|made| path.starts_with(made)) && !bases.iter().any(|base| exists(base, path)) {
                    wrong.push(format!("{name}:{}: there is no `{path}`", at + 1));
                }
            }
        }
    }
    assert!(seen > 100, "the paths were not found: {seen}");
    none(&wrong);
}

#[test]
fn a_path_is_told_from_other_words() {
    for path in ["relay/src/app/", "www/embed.js", "www/locale/{language}/{chat,console}.json", "www/*-start.js"] {
        assert!(is_path(path), "{path}");
        assert!(exists(&root(), path), "{path}");
    }
    for path in ["relay/src/none/", "www/embed.rs", "www/locale/{language}/none.json", "www/*-none.js"] {
        assert!(is_path(path) && !exists(&root(), path), "{path}");
    }
    for word in ["/socket", "embed.js", "https://a.example/b.js", "text/plain", "a / b/", "PUT /upload/"] {
        assert!(!is_path(word), "{word}");
    }
}

/// Where a path may begin: at the root, in the folder of its file, for a comment in its package; and at, beside or in `src` of a path that the
/// same line names whole.
fn bases(file: &Path, is_document: bool, line: &str) -> Vec<PathBuf> {
    let mut bases = vec![root()];
    bases.extend(file.parent().map(Path::to_owned));
    if !is_document {
        bases.extend(file.ancestors().find(|folder| folder.join("Cargo.toml").exists()).map(Path::to_owned));
    }
    for whole in quoted(line).map(|path| root().join(path)).filter(|path| path.exists()) {
        bases.extend(whole.parent().map(Path::to_owned));
        bases.push(whole.join("src"));
        bases.push(whole);
    }
    bases
}

/// What stands between backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn is_path(word: &str) -> bool {
    let plain = |char: char| char.is_ascii_alphanumeric() || "_-./{},*".contains(char);
    let ends = word.ends_with('/') || word.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending));
    word.contains('/') && !word.starts_with('/') && word.chars().all(plain) && ends
}

/// Whether there is such a file or folder. `{a,b}` stands for each of them, `{name}` and `*` for any.
fn exists(base: &Path, path: &str) -> bool {
    if let Some((before, rest)) = path.split_once('{')
        && let Some((inside, after)) = rest.split_once('}')
    {
        return match inside.contains(',') {
            true => inside.split(',').all(|one| exists(base, &[before, one, after].concat())),
            false => exists(base, &[before, "*", after].concat()),
        };
    }
    let mut found = vec![base.to_owned()];
    for part in path.split('/').filter(|part| !part.is_empty()) {
        found = found.iter().flat_map(|folder| inside(folder, part)).collect();
    }
    found.iter().any(|found| !path.ends_with('/') || found.is_dir())
}

/// What a folder holds under a name that may have a `*`.
fn inside(folder: &Path, name: &str) -> Vec<PathBuf> {
    let Some((before, after)) = name.split_once('*') else {
        return Some(folder.join(name)).filter(|path| path.exists()).into_iter().collect();
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let fits =
        |name: &str| name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after);
    entries.filter(|entry| fits(&entry.file_name().to_string_lossy())).map(|entry| entry.path()).collect()
}
