//! Rules for the texts that people see: `www/locale/`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{none, relative, root};

#[test]
fn the_languages_say_the_same_things() {
    let catalogue = |path: &Path| -> Vec<(String, Vec<String>)> {
        let text = fs::read_to_string(path).expect("a listed file can be read");
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let texts = value.as_object().expect("a catalogue is one object").iter();
        texts.map(|(key, text)| (key.clone(), gaps(text.as_str().expect("a text")))).collect()
    };
    let folder = root().join("www/locale");
    let mut wrong = Vec::new();
    for name in ["chat.json", "console.json"] {
        let english = catalogue(&folder.join("en").join(name));
        for path in languages().into_iter().map(|language| folder.join(language).join(name)) {
            let other = catalogue(&path);
            let missing = english.iter().filter(|entry| !other.contains(entry)).map(|entry| ("lacks", entry));
            let foreign = other.iter().filter(|entry| !english.contains(entry)).map(|entry| ("alone has", entry));
            for (how, (key, gaps)) in missing.chain(foreign) {
                wrong.push(format!("{}: {how} `{key}` with the gaps {gaps:?}", relative(&path)));
            }
        }
        // The name of a text tells where it is: no name can be in both files.
        for (key, _) in english {
            if (key.starts_with("console_") || key.starts_with("relay_")) != (name == "console.json") {
                wrong.push(format!("{name}: `{key}`; names of console.json begin with `console_` or `relay_`"));
            }
        }
    }
    none(&wrong);
}

/// A page finds a text by how many names stand before it: one that stands twice moves all that follow.
#[test]
fn no_name_stands_twice() {
    let mut wrong = Vec::new();
    for path in languages().iter().flat_map(|language| {
        ["chat.json", "console.json"].map(|name| root().join("www/locale").join(language).join(name))
    }) {
        let text = fs::read_to_string(&path).expect("a listed file can be read");
        let mut seen = std::collections::BTreeSet::new();
        for name in text.lines().filter_map(|line| line.strip_prefix("  \"")?.split_once('"')).map(|(name, _)| name) {
            if !seen.insert(name) {
                wrong.push(format!("{}: `{name}` stands twice", relative(&path)));
            }
        }
        assert!(!seen.is_empty(), "{}: its names were not found", relative(&path));
    }
    none(&wrong);
}

#[test]
fn chinese_has_its_own_punctuation() {
    let mut wrong = Vec::new();
    for name in ["chat.json", "console.json"] {
        let text = fs::read_to_string(root().join("www/locale/zh-CN").join(name)).expect("the catalogue can be read");
        let Ok(Value::Object(texts)) = serde_json::from_str(&text) else { panic!("a catalogue is one object") };
        for (key, text) in &texts {
            let chars: Vec<char> = text.as_str().unwrap_or_default().chars().collect();
            let foreign = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|char| !char.is_ascii());
            let half =
                |at: &usize| "!?:;,()".contains(chars[*at]) && (foreign(at.checked_sub(1)) || foreign(Some(at + 1)));
            let found = (0..chars.len()).find(half);
            wrong.extend(found.map(|at| format!("zh-CN/{name}: `{key}` has a half-width {}", chars[at])));
        }
    }
    none(&wrong);
}

/// The languages there are: a folder each.
fn languages() -> Vec<String> {
    let folders = fs::read_dir(root().join("www/locale")).expect("the catalogues are there").flatten();
    let names: Vec<String> = folders.map(|folder| folder.file_name().to_string_lossy().into_owned()).collect();
    assert!(names.len() > 1, "{names:?}");
    names
}

/// The names in a text for which something is put in.
fn gaps(text: &str) -> Vec<String> {
    let mut gaps: Vec<String> =
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect();
    gaps.sort();
    gaps
}
