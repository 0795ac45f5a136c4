//! What was released stays readable: the JSON of each released protocol version, kept as it was, against today's types.
//!
//! Nothing in `tests/released` is ever rewritten. A new version gets a folder of its own; an old folder goes when nobody speaks it any more.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wire::{Attachment, Author, Body, ClientFrame, ConversationState, PROTOCOL, Refusal, Say, ServerFrame};

/// The files of a version, and a number that changes with any byte of them (FNV-1a).
const V1_CONTENT: u64 = 0xb2b3_84ef_bf8b_8a78;
const FILES: [&str; 8] =
    ["attachment", "author", "body", "client_frame", "conversation_state", "refusal", "say", "server_frame"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/released/v{PROTOCOL}"))
}

fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{name}.json"))).expect("each released file is kept")
}

/// Every value of a released file is read, with and without what a newer peer may add, and is written with all it had.
fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(name: &str) {
    let all: Value = serde_json::from_str(&text(name)).expect("released files are JSON");
    let values = all.as_object().expect("a released file holds one object");
    assert!(!values.is_empty(), "{name}: nothing was released");
    for (case, value) in values {
        let read: T = serde_json::from_value(value.clone())
            .unwrap_or_else(|error| panic!("{name} {case}: what was released is not read any more: {error}"));
        let written = serde_json::to_value(&read).expect("every type is JSON");
        assert!(contains(&written, value), "{name} {case}: an old peer would miss something in {written}");
        let mut newer = value.clone();
        add(&mut newer);
        let read_newer: T = serde_json::from_value(newer).expect("what a newer peer adds is ignored");
        assert_eq!(read_newer, read, "{name} {case}");
    }
}

/// Whether everything in `old` stands in `new` with the same value.
fn contains(new: &Value, old: &Value) -> bool {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => {
            old.iter().all(|(key, old)| new.get(key).is_some_and(|new| contains(new, old)))
        }
        (Value::Array(new), Value::Array(old)) => {
            new.len() == old.len() && new.iter().zip(old).all(|(new, old)| contains(new, old))
        }
        _ => new == old,
    }
}

/// Adds fields that nobody knows to every object.
fn add(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(add);
            fields.insert("from_a_newer_version".to_owned(), json!({ "deep": [1, null, { "type": "say" }] }));
        }
        Value::Array(items) => items.iter_mut().for_each(add),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn what_was_released_is_read_and_written_as_it_was() {
    check::<Attachment>("attachment");
    check::<Author>("author");
    check::<Body>("body");
    check::<ClientFrame>("client_frame");
    check::<ConversationState>("conversation_state");
    check::<Refusal>("refusal");
    check::<Say>("say");
    check::<ServerFrame>("server_frame");
}

#[test]
fn what_was_released_is_not_rewritten() {
    let mut content: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in FILES.iter().flat_map(|name| text(name).into_bytes()) {
        content = (content ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    assert_eq!(content, V1_CONTENT, "released files never change; a new protocol version gets a folder of its own");
}

#[test]
fn a_frame_that_nobody_knows_is_an_error_and_not_a_guess() {
    // A relay refuses a frame it does not know and keeps the line; a client skips it.
    assert!(serde_json::from_str::<ClientFrame>(r#"{"type":"wave","at":"everybody"}"#).is_err());
    assert!(serde_json::from_str::<ServerFrame>(r#"{"type":"weather","tomorrow":"fair"}"#).is_err());
}

#[test]
fn one_value_of_a_newer_relay_never_costs_the_frame_around_it() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/newer.json");
    let corpus: Value =
        serde_json::from_str(&std::fs::read_to_string(corpus).expect("the corpus is kept")).expect("it is JSON");
    let cases = corpus.as_array().expect("a list of cases");
    assert!(cases.len() > 20);
    for case in cases {
        let what = &case["what"];
        let known: ServerFrame = serde_json::from_value(case["reads_as"].clone()).expect("in known words");
        assert_ne!(case["newer"], case["reads_as"], "{what}: the case says nothing");
        let read = serde_json::from_value::<ServerFrame>(case["newer"].clone());
        assert_eq!(read.ok(), Some(known.clone()), "{what}");
        let read = serde_json::from_str::<ServerFrame>(&case["newer"].to_string());
        assert_eq!(read.ok(), Some(known), "{what}");
    }
    // What is broken is not newer.
    for broken in [r#"{"by":5}"#, r#"{"by":"agent"}"#, "{}"] {
        assert!(serde_json::from_str::<Author>(broken).is_err(), "{broken}");
    }
    assert!(serde_json::from_str::<Refusal>(r#"{"why":"busy"}"#).is_err());
}
