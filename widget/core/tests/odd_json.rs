//! One thing wrong at a time: every golden frame with each of its values changed, dropped or said twice. The chat's reader may be
//! stricter than serde's, but what both read they read the same.

#![expect(clippy::wildcard_enum_match_arm, reason = "each walk changes some kinds of values and leaves all others")]

mod golden;

use serde_json::Value;
use widget_core::{read_attachment, read_frame_of_visitor, read_refusal};
use wire::{Attachment, Body, Event, Lane, Refusal, ToVisitor};

/// What may stand where something else was meant.
const ODD: [&str; 20] = [
    "null",
    "true",
    "0",
    "1",
    "6",
    "-1",
    "1.5",
    "1e2",
    "300",
    "5000000000",
    "18446744073709551616",
    "\"\"",
    "\"x\"",
    "[]",
    "[0]",
    "[\"visitor\"]",
    "[\"text\",\"x\"]",
    "{}",
    "{\"by\":\"visitor\"}",
    "\"01900000-0000-7000-8000-000000000009\"",
];

/// The values of a golden file.
fn golden(name: &str) -> Vec<Value> {
    golden::golden(name).into_iter().map(|(_, value)| value).collect()
}

/// An object or a list of these parts, one of them put as it is given.
fn with(value: &Value, at: usize, part: &str) -> String {
    let put = |(index, text): (usize, String)| if index == at { part.to_owned() } else { text };
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name:?}:{value}"));
            format!("{{{}}}", fields.enumerate().map(put).collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            let items = items.iter().map(ToString::to_string);
            format!("[{}]", items.enumerate().map(put).collect::<Vec<_>>().join(","))
        }
        _ => part.to_owned(),
    }
}

/// The value's text with one thing wrong, in every way.
fn wrong(value: &Value) -> Vec<String> {
    let mut all: Vec<String> = ODD.iter().map(|odd| (*odd).to_owned()).collect();
    match value {
        Value::Object(fields) => {
            // serde reads a list of the values as the object.
            all.push(Value::Array(fields.values().cloned().collect()).to_string());
            for (at, (name, inner)) in fields.iter().enumerate() {
                all.push(with(value, at, "\"no_such_field\":0"));
                all.extend(wrong(inner).iter().map(|inner| with(value, at, &format!("{name:?}:{inner}"))));
                for odd in ODD.iter().copied().chain([inner.to_string().as_str()]) {
                    all.push(with(value, at, &format!("{name:?}:{inner},{name:?}:{odd}")));
                    all.push(with(value, at, &format!("{name:?}:{odd},{name:?}:{inner}")));
                }
            }
        }
        Value::Array(items) => {
            for (at, inner) in items.iter().enumerate() {
                all.extend(wrong(inner).iter().map(|inner| with(value, at, inner)));
            }
        }
        _ => {}
    }
    all
}

/// What agents alone are told the chat only counts.
fn counted(mut event: Event) -> Event {
    if event.body.lane() == Lane::Staff {
        event.body = Body::Unknown;
    }
    event
}

fn for_the_chat(frame: ToVisitor) -> ToVisitor {
    match frame {
        ToVisitor::Event { event } => ToVisitor::Event { event: counted(event) },
        ToVisitor::Events { conversation, lane, after, events, head } => {
            ToVisitor::Events { conversation, lane, after, events: events.into_iter().map(counted).collect(), head }
        }
        other => other,
    }
}

/// How many of the wrong ones both have read; what they read differently is added to the list.
fn both<T: PartialEq + std::fmt::Debug>(
    values: &[Value],
    own: impl Fn(&str) -> Option<T>,
    serde: impl Fn(&str) -> Option<T>,
    differ: &mut Vec<String>,
) -> usize {
    let mut both = 0;
    for text in values.iter().flat_map(wrong) {
        if let (Some(own), Some(serde)) = (own(&text), serde(&text)) {
            both += 1;
            if own != serde {
                differ.push(format!("{text}\n    chat:  {own:?}\n    serde: {serde:?}"));
            }
        }
    }
    both
}

#[test]
fn what_both_readers_read_they_read_the_same() {
    let mut frames = golden("server_frame");
    let event = frames.iter().find(|frame| frame["type"] == "event").expect("an event").clone();
    for (field, file) in [("body", "body"), ("author", "author")] {
        frames.extend(golden(file).into_iter().map(|part| {
            let mut frame = event.clone();
            frame["event"][field] = part;
            frame
        }));
    }
    let refused = frames.iter().find(|frame| frame["type"] == "refused").expect("a refusal").clone();
    frames.extend(golden("refusal").into_iter().map(|refusal| {
        let mut frame = refused.clone();
        frame["refusal"] = refusal;
        frame
    }));
    let mut differ = Vec::new();
    let serde = |text: &str| serde_json::from_str(text).ok().map(for_the_chat);
    let read = both(&frames, read_frame_of_visitor, serde, &mut differ);
    assert!(read > 1_000, "{read}");
    let serde = |text: &str| serde_json::from_str::<Refusal>(text).ok();
    let read = both(&golden("refusal"), read_refusal, serde, &mut differ);
    assert!(read > 30, "{read}");
    let serde = |text: &str| serde_json::from_str::<Attachment>(text).ok();
    let read = both(&golden("attachment"), read_attachment, serde, &mut differ);
    assert!(read > 10, "{read}");
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
}
