//! Any bytes as a frame: read without a panic, and what was read is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{from_slice, from_str, to_string};
use wire::limit::{LAST_LINE_CHARS_MAX, TEXT_CHARS_MAX};
use wire::{ClientFrame, Incoming, Party, Refusal, Say, ServerFrame};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(frame) = from_slice::<ClientFrame>(bytes) {
        let written = to_string(&frame).expect("a frame is JSON");
        assert_eq!(from_str::<ClientFrame>(&written).expect("what was written reads back"), frame);
        // What a side reads is what all read, and has a subject that a refusal can name.
        let sides = [from_slice(bytes).map(Incoming::Visitor), from_slice(bytes).map(Incoming::Agent)];
        for (party, read) in [Party::Visitor, Party::Staff].into_iter().zip(sides) {
            assert_eq!(Incoming::of(party, frame.clone()), read.ok());
        }
        for side in [Party::Visitor, Party::Staff].into_iter().filter_map(|party| Incoming::of(party, frame.clone())) {
            to_string(&side.subject()).expect("a subject is JSON");
        }
        if let ClientFrame::Say { say: Say::Text { text }, .. } | ClientFrame::Note { text, .. } = &frame {
            let line = wire::first_line(text);
            assert!(line.chars().count() <= LAST_LINE_CHARS_MAX && !line.contains(char::is_control));
            match wire::check_text(text) {
                Ok(()) => assert!(text.chars().count() <= TEXT_CHARS_MAX && !text.contains('\0')),
                Err(refusal) => {
                    assert!(matches!(refusal, Refusal::TextEmpty | Refusal::TextTooLong { .. } | Refusal::TextInvalid))
                }
            }
        }
    }
    if let Ok(frame) = from_slice::<ServerFrame>(bytes) {
        let written = to_string(&frame).expect("a frame is JSON");
        assert_eq!(from_str::<ServerFrame>(&written).expect("what was written reads back"), frame);
    }
});
