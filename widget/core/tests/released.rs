//! Today's client against every released protocol version: it reads what an old relay says, and an old relay reads what it says.

use serde_json::{Value, json};
use widget_core::{read_frame_of_staff, read_frame_of_visitor, write_frame};
use wire::{Body, ClientFrame, PROTOCOL, Refusal, Seq, ServerFrame};

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

#[test]
fn what_a_released_relay_says_is_read_also_with_what_a_newer_one_adds() {
    for (name, value) in released("server_frame") {
        let want: ServerFrame = serde_json::from_value(value.clone()).expect("wire reads what was released");
        let mut newer = value.clone();
        add(&mut newer);
        let mut understood = 0;
        for text in [value.to_string(), newer.to_string()] {
            for read in [read_frame_of_visitor(&text), read_frame_of_staff(&text)].into_iter().flatten() {
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
        let written: Value = serde_json::from_str(&write_frame(&frame)).expect("a client writes JSON");
        let (Value::Object(written), Value::Object(value)) = (&written, &value) else { panic!("{name} is an object") };
        for (key, old) in value {
            assert_eq!(written.get(key), Some(old), "{name}: {key}");
        }
    }
}

#[test]
fn an_event_of_an_unknown_kind_is_counted_and_an_unknown_refusal_is_not_tried_again() {
    let frames = released("server_frame");
    let frame = |name: &str| frames.iter().find(|(found, _)| found == name).expect("it was released").1.clone();
    let mut event = frame("event");
    event["event"]["body"] = json!({ "kind": "sticker", "of": "a shrug" });
    let read = read_frame_of_visitor(&event.to_string());
    let Some(ServerFrame::Event { event: read }) = read else { panic!("the event is lost: {read:?}") };
    assert_eq!((Some(read.seq), read.body), (event["event"]["seq"].as_u64().map(Seq), Body::Turn { turn: 0 }));

    let (_, mut refused) = frames.into_iter().find(|(name, _)| name.starts_with("refused")).expect("it was released");
    refused["refusal"] = json!({ "reason": "too_late" });
    let read = read_frame_of_visitor(&refused.to_string());
    let Some(ServerFrame::Refused { refusal, .. }) = read else { panic!("the refusal is lost: {read:?}") };
    assert!(refusal == Refusal::NotAllowed && !refusal.retry());
}
