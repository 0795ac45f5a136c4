//! Today's client against every released protocol version: it reads what an old relay says, and an old relay reads what it says.

#![expect(clippy::disallowed_methods, reason = "tests read files")]

use serde_json::{Value, json};
use widget_core::{read_frame_of_visitor, write_frame_of_visitor};
use wire::{ClientFrame, FromVisitor, PROTOCOL, ServerFrame, ToAgent};

fn released(name: &str) -> Vec<(String, Value)> {
    let path = format!("{}/../../relay/wire/tests/released/v{PROTOCOL}/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("wire keeps what was released there");
    let Value::Object(all) = serde_json::from_str(&text).expect("released files are JSON") else {
        panic!("{name} holds one object")
    };
    all.into_iter().collect()
}

/// Adds a field that nobody knows to every object.
fn add(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(add);
            fields.insert("from_a_newer_version".to_owned(), json!([{ "deep": null }, 1.5, "\u{e9}"]));
        }
        Value::Array(items) => items.iter_mut().for_each(add),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// As the chat reads it, and as the console does: in the words of all.
fn read_by_both(text: &str) -> Vec<ServerFrame> {
    let chat = read_frame_of_visitor(text).map(ServerFrame::from);
    let console = serde_json::from_str::<ToAgent>(text).ok().map(ServerFrame::from);
    chat.into_iter().chain(console).collect()
}

#[test]
fn what_a_released_relay_says_is_read_also_with_what_a_newer_one_adds() {
    for (name, value) in released("server_frame") {
        let want: ServerFrame = serde_json::from_value(value.clone()).expect("wire reads what was released");
        let mut newer = value.clone();
        add(&mut newer);
        let mut understood = 0;
        for text in [value.to_string(), newer.to_string()] {
            for read in read_by_both(&text) {
                assert_eq!(read, want, "{name}");
                understood += 1;
            }
        }
        assert!(understood >= 2, "{name}: no client understands it");
    }
}

#[test]
fn what_this_client_says_is_what_a_released_relay_reads() {
    for (name, value) in released("client_frame") {
        let frame: ClientFrame = serde_json::from_value(value.clone()).expect("wire reads what was released");
        // The console writes with serde, as `wire` itself is tested.
        let is_hello = matches!(&frame, ClientFrame::Hello { hello: wire::Hello::Visitor { .. }, .. });
        if !is_hello && FromVisitor::try_from(frame.clone()).is_err() {
            continue;
        }
        let written: Value = serde_json::from_str(&write_frame_of_visitor(&frame)).expect("a client writes JSON");
        let (Value::Object(written), Value::Object(value)) = (&written, &value) else { panic!("{name} is an object") };
        for (key, old) in value {
            assert_eq!(written.get(key), Some(old), "{name}: {key}");
        }
    }
}

#[test]
fn one_value_of_a_newer_relay_never_costs_the_frame_around_it() {
    let path = format!("{}/../../relay/wire/tests/newer.json", env!("CARGO_MANIFEST_DIR"));
    let corpus: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("wire keeps it")).expect("JSON");
    for case in corpus.as_array().expect("a list of cases") {
        let what = &case["what"];
        let known: ServerFrame = serde_json::from_value(case["reads_as"].clone()).expect("in known words");
        let newer = case["newer"].to_string();
        let read = read_by_both(&newer);
        assert!(!read.is_empty() && read.iter().all(|read| *read == known), "{what}: {read:?}");
    }
}
