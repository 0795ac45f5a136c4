//! Who may depend on whom: folders name each other in one direction only. Circles are allowed inside one folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// For each folder or file right under a root, the others it names.
type Names = BTreeMap<String, BTreeSet<String>>;

#[test]
fn folders_of_the_relay_depend_in_one_direction() {
    let names = read(&xtask::root().join("relay/src"));
    assert!(names.len() > 15 && names["http"].contains("app"), "the sources were not found: {names:?}");
    assert_eq!(circles(&names), Vec::<String>::new(), "a circle between folders: move what both need below both");
    assert_eq!(names["numbers"], BTreeSet::new(), "`numbers` is named by all others and names none");
}

#[test]
fn pages_of_the_console_do_not_know_each_other() {
    let names = read(&xtask::root().join("widget/src/bin/console"));
    assert_eq!(circles(&names), Vec::<String>::new());
    let below: BTreeSet<String> = ["api", "desk", "ui"].map(str::to_owned).into();
    for (page, named) in names.iter().filter(|(page, _)| *page != "shell") {
        assert!(named.is_subset(&below), "{page} names another page: {named:?}; what both need belongs to desk or ui");
    }
    assert_eq!(names["ui"], BTreeSet::new());
}

#[test]
fn the_clients_core_the_chat_and_what_both_pages_share_have_no_circles() {
    for (root, from, to) in [
        ("widget/core/src", "session", "outbox"),
        ("widget/src", "runner", "transport"),
        ("widget/src/bin/chat", "app", "shell"),
    ] {
        let names = read(&xtask::root().join(root));
        assert!(names[from].contains(to), "{root}: the sources were not found: {names:?}");
        assert_eq!(circles(&names), Vec::<String>::new(), "{root}: move what both need below both");
    }
}

#[test]
fn machines_of_the_core_do_not_name_each_other() {
    let names = read(&xtask::root().join("relay/core/src"));
    let machines = ["connections", "conversations", "routing", "staff"];
    for machine in machines {
        let others = machines.iter().filter(|other| names[machine].contains(**other));
        assert_eq!(
            others.collect::<Vec<_>>(),
            Vec::<&&str>::new(),
            "{machine}: what it needs of another is an argument"
        );
        assert!(names["core"].contains(machine), "the sources were not found: {names:?}");
        let named_by = names.iter().filter(|(_, named)| named.contains(machine)).map(|(by, _)| by.as_str());
        assert_eq!(named_by.collect::<Vec<_>>(), ["core"], "only core.rs puts {machine} together with others");
    }
}

/// CONTRIBUTING.md says which places a new kind of event touches. `Labelled` is the pattern: what names it or its texts are these and no others.
#[test]
fn a_kind_of_event_stands_in_seven_places() {
    let places = places("## A new kind of event");
    assert_eq!(places.len(), 7, "{places:?}");
    assert_eq!(named_by(&["Labelled", "\"labelled\"", "LABELS_MAX", "_labels_added\""]), places);
}

/// The same for a kind of document. `LinkRule` is the pattern.
#[test]
fn a_kind_of_document_stands_in_three_places() {
    let places = places("## A new kind of document");
    assert_eq!(places.len(), 3, "{places:?}");
    assert_eq!(named_by(&["LinkRule", "link_rule"]), places);
}

/// The files that a recipe in CONTRIBUTING.md numbers.
fn places(recipe: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(xtask::root().join("CONTRIBUTING.md")).expect("there");
    let recipe = text.split(recipe).nth(1).expect("the recipe is there").split("\n## ").next().expect("its end");
    let steps = recipe.lines().filter(|line| line.starts_with(|char: char| char.is_ascii_digit()));
    steps.filter_map(|line| Some(line.split('`').nth(1)?.to_owned())).collect()
}

/// The files of the product that have one of these texts in them, without tests.
fn named_by(marks: &[&str]) -> BTreeSet<String> {
    let root = xtask::root();
    let (mut named, mut files) = (BTreeSet::new(), vec![root.clone()]);
    while let Some(path) = files.pop() {
        let name = path.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
        if path.is_dir() {
            let skipped = name.split('/').any(|part| ["target", "tests", "fuzz", "benches", ".git"].contains(&part));
            if !skipped {
                files.extend(fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
            }
            continue;
        }
        let of_the_product =
            [".rs", ".json", ".md", ".js", ".css", ".sql", ".toml"].iter().any(|end| name.ends_with(end));
        let tells_of_it = ["CONTRIBUTING.md", "CHANGELOG.md", "tests.rs"].iter().any(|end| name.ends_with(end));
        if !of_the_product || tells_of_it {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a text");
        if marks.iter().any(|mark| text.contains(mark)) {
            named.insert(name);
        }
    }
    named
}

#[test]
fn every_line_of_the_staff_lane_has_words_in_the_console() {
    let read = |path: &str| fs::read_to_string(xtask::root().join(path)).expect("there");
    let bodies = read("relay/wire/tests/golden/body.json");
    let bodies: BTreeMap<String, serde_json::Value> = serde_json::from_str(&bodies).expect("golden bodies");
    let words = read("widget/src/bin/console/talk/notice.rs");
    let mut lines = BTreeSet::new();
    for value in bodies.into_values() {
        let body: wire::Body = serde_json::from_value(value).expect("a golden body");
        if body.is_line() && body.lane() == wire::Lane::Staff && !matches!(body, wire::Body::Note { .. }) {
            let written = format!("{body:?}");
            let name = written.split([' ', '{']).next().unwrap_or_default().to_owned();
            assert!(words.contains(&format!("Body::{name}")), "notice.rs has no words for {name}");
            lines.insert(name);
        }
    }
    assert!(lines.contains("Labelled"), "{lines:?}");
}

#[test]
fn a_circle_is_found() {
    let named = |list: &[(&str, &[&str])]| -> Names {
        list.iter().map(|(of, to)| ((*of).to_owned(), to.iter().map(|to| (*to).to_owned()).collect())).collect()
    };
    let tree = named(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])]);
    assert_eq!(circles(&tree), Vec::<String>::new());
    let round = named(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("d", &["a"])]);
    assert_eq!(circles(&round), ["a -> b", "b -> c", "c -> a"]);
}

#[test]
fn names_are_read_from_paths_and_groups() {
    let text =
        "use crate::{app::App, store::{self, Site}};\nfn f() { crate::numbers::closed(None) }\n// crate::never\n";
    assert_eq!(named_in(text), ["app", "numbers", "store"].map(str::to_owned).into());
}

fn read(root: &Path) -> Names {
    let mut names = Names::new();
    let mut files = vec![root.to_owned()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
            continue;
        }
        let Some(unit) = unit(root, &path) else { continue };
        let text = fs::read_to_string(&path).expect("a source");
        let named = named_in(&text).into_iter().filter(|name| *name != unit);
        names.entry(unit.clone()).or_default().extend(named.collect::<BTreeSet<_>>());
    }
    let known: BTreeSet<String> = names.keys().cloned().collect();
    for named in names.values_mut() {
        named.retain(|name| known.contains(name));
    }
    names
}

/// The folder or file right under the root; none for the two files that list or start everything, and for programs, which have roots of
/// their own.
fn unit(root: &Path, path: &Path) -> Option<String> {
    let first: PathBuf = path.strip_prefix(root).ok()?.components().take(1).collect();
    let name = first.file_name()?.to_str()?.trim_end_matches(".rs").to_owned();
    (!["bin", "lib", "main"].contains(&name.as_str())).then_some(name)
}

/// What a source names as `crate::name` or in `crate::{…}`.
fn named_in(text: &str) -> BTreeSet<String> {
    let code: String =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
    let mut named = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let list = match rest.strip_prefix('{') {
            Some(group) => first_names(group),
            None => vec![word(rest)],
        };
        named.extend(list.into_iter().filter(|name| !name.is_empty()));
    }
    named
}

/// The first name of each path in a group, up to its closing brace.
fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut is_first) = (1, Vec::new(), true);
    for (at, char) in group.char_indices() {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => is_first = true,
            _ if depth == 1 && is_first && !char.is_whitespace() => {
                names.push(word(&group[at..]));
                is_first = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|char| char.is_ascii_lowercase() || *char == '_').collect()
}

/// Every step that leads back to where it came from.
fn circles(names: &Names) -> Vec<String> {
    let mut found = Vec::new();
    for (from, named) in names {
        for to in named.iter().filter(|to| reaches(names, to, from)) {
            found.push(format!("{from} -> {to}"));
        }
    }
    found
}

fn reaches(names: &Names, from: &str, to: &str) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(at) = next.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            next.extend(names.get(at).into_iter().flatten().map(String::as_str));
        }
    }
    false
}
