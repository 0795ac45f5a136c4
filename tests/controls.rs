//! Whether a browser test uses every button, link and field there is.

use std::fs;

use support::workspace;

/// What people press, choose, follow and write into, as it begins in our sources.
const CONTROLS: [&str; 12] = [
    "el(\"button\"",
    "el(\"a\"",
    "el(\"input\"",
    "el(\"textarea\"",
    "el(\"select\"",
    "make(\"button\"",
    "<button",
    "<a\n",
    "<a ",
    "<input",
    "<select",
    "<textarea",
];
/// Test ids that are a value of the program, and all that it may be.
const NAMED_BY: [(&str, &[&str]); 10] = [
    ("every", &["scope-sites-all", "scope-departments-all"]),
    ("one", &["scope-site", "scope-department"]),
    ("name", &["retry", "remove"]),
    ("kind", &["email", "password"]),
    ("field_id", &["password-now", "password-new"]),
    ("test", &["console_transcript_html", "console_transcript_text"]),
    ("section_id", &["inbox", "defence", "nav-settings"]),
    ("entry.test_id", &["first-code", "first-name", "first-email", "first-password"]),
    ("action.test_id(", &["release", "spam", "block", "end-network", "hold", "erase"]),
    ("tab_test_id(tab", &["list-waiting", "list-mine", "list-open", "list-left", "list-messages", "list-ended"]),
];
/// Controls that no browser test acts on, each with the reason.
const UNUSED: [(&str, &str); 2] = [
    ("closed-newest", "shows once 500 ended conversations are listed; the core's own tests do that"),
    ("reload", "shows where the relay no longer speaks this page's protocol, which no relay does yet"),
];

#[test]
fn every_control_is_used_by_a_browser_test() {
    let acting: String =
        ["tests/browser", "tests/support"].iter().flat_map(|at| texts(at)).map(|(_, text)| text).collect();
    let ours: Vec<_> = ["widget/src", "www/embed.js"].iter().flat_map(|at| texts(at)).collect();
    assert!(ours.len() > 40 && !acting.is_empty(), "the sources are where they were");
    let used = |id: &str| acting.contains(&format!("={id}]")) || acting.contains(&format!("\"{id}\""));
    let mut wrong = Vec::new();
    for (name, text) in &ours {
        for (line, id) in controls(text) {
            let ids = match id.strip_prefix('"') {
                Some(id) => vec![id.trim_end_matches('"')],
                None => NAMED_BY.iter().filter(|(value, _)| *value == id).flat_map(|(_, ids)| ids.to_vec()).collect(),
            };
            if ids.is_empty() {
                wrong.push(format!("{name}:{line}: a control without a test id of its own ({id})"));
            }
            let left = ids.iter().filter(|id| !used(id) && !UNUSED.iter().any(|(unused, _)| unused == *id));
            wrong.extend(left.map(|id| format!("{name}:{line}: no browser test acts on `{id}`")));
        }
    }
    let stale = UNUSED.iter().filter(|(id, _)| used(id));
    wrong.extend(stale.map(|(id, _)| format!("a browser test acts on `{id}`: it is no exception")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The line of each control in a source file, and the test id that follows before the next one: quoted, or the name of a value.
fn controls(text: &str) -> Vec<(usize, String)> {
    let rust = text.starts_with("//!");
    let begins = |at: usize| {
        CONTROLS.iter().any(|control| (rust || control.starts_with("make(")) && text[at..].starts_with(control))
    };
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).filter(|at| begins(*at)).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let ids = starts.iter().zip(ends).map(|(start, end)| {
        let part = &text[*start..end];
        let marks = [".test(", "data-testid=", "\"data-testid\": "].iter();
        let first = marks.filter_map(|mark| Some(part.find(mark)? + mark.len())).min();
        let id = first.and_then(|at| part[at..].split([')', ' ', '\n', ',', '>']).next());
        (text[..*start].lines().count(), id.unwrap_or_default().to_owned())
    });
    ids.collect()
}

/// The path and text of every file at a place of the repository.
fn texts(at: &str) -> Vec<(String, String)> {
    let place = workspace().join(at);
    if place.is_file() {
        return vec![(at.to_owned(), fs::read_to_string(place).expect("our files are UTF-8"))];
    }
    let entries = fs::read_dir(place).expect("the folder is in the repository").flatten();
    entries.flat_map(|entry| texts(&format!("{at}/{}", entry.file_name().to_string_lossy()))).collect()
}
