//! Words that were riddles here, with the plain ones that took over: none of them comes back.

use super::{none, texts};

/// What a comment, a name or a document does not say, and what it says instead.
const RIDDLES: [(&str, &str); 12] = [
    ("brain", "core"),
    ("closed line", "closed connection"),
    ("idle line", "idle connection"),
    ("in line for", "in the queue for"),
    ("missing in line", "missing from the queue"),
    ("outlet", "the name of what it sends or writes"),
    ("place in line", "position in the queue"),
    ("riddle", "a plain word"),
    ("shelf", "subfolder"),
    ("shelves", "subfolders"),
    ("patience", "the time that is waited"),
    ("turnstile", "admission"),
];
/// The same for the relay, the simulation and the documents.
const OF_THE_RELAY: [(&str, &str); 8] = [
    ("door", "listener, limit or admission"),
    ("doors", "listener, limit or admission"),
    ("hear", "receive"),
    ("heard", "received"),
    ("hears", "receives"),
    ("keeper", "operator or supervisor"),
    ("shoulder", "what is read, and by whom"),
    ("told", "sent, answered or logged"),
];
/// Words on the wire stay as they were released.
const RELEASED: &str = "nothing heard, come back";

#[test]
fn riddles_do_not_come_back() {
    let mut wrong = Vec::new();
    for (name, text) in texts(&["md", "rs"]) {
        if ["CHANGELOG.md", "tests/tidy/words.rs"].contains(&name.as_str()) {
            // One tells what was, the other names them.
            continue;
        }
        let of_the_relay = ["relay/", "docs/", "tests/sim/"].iter().any(|folder| name.starts_with(folder));
        let more = if of_the_relay { &OF_THE_RELAY[..] } else { &[] };
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.contains(RELEASED)) {
            for (riddle, plain) in RIDDLES.iter().chain(more).filter(|(riddle, _)| says(line, riddle)) {
                wrong.push(format!("{name}:{}: `{riddle}` is a riddle; say {plain}", at + 1));
            }
        }
    }
    none(&wrong);
}

#[test]
fn a_word_is_found_whole_and_in_every_spelling() {
    for (line, riddle) in [
        ("/// Nobody hears it.", "hears"),
        ("let heard = 1;", "heard"),
        ("fn typing_heard() {}", "heard"),
        ("enum Brain {", "brain"),
        ("// their place in line", "place in line"),
    ] {
        assert!(says(line, riddle), "{line}");
    }
    for (line, word) in [("a shoulder", "should"), ("// the outdoors", "doors"), ("it stays in line", "place in line")]
    {
        assert!(!says(line, word), "{line}");
    }
}

/// Whether a line holds these words, not as a part of longer ones; names joined by `_` are words of their own.
fn says(line: &str, words: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let is_letter = |char: Option<char>| char.is_some_and(|char| char.is_ascii_alphanumeric());
    line.match_indices(words).any(|(at, _)| {
        !is_letter(line[..at].chars().next_back()) && !is_letter(line[at + words.len()..].chars().next())
    })
}
