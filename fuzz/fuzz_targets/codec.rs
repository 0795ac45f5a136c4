//! The clients' hand-written JSON against serde on the same bytes: neither panics, and where both read, they read the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{from_str, to_string};
use widget_core::{
    read_attachment, read_draft, read_frame_of_visitor, read_refusal, write_draft, write_frame_of_visitor,
};
use wire::{Attachment, ClientFrame, FromVisitor, Lane, Refusal, SessionStart, ToVisitor};

/// Whether it holds what is for agents only: the chat does not carry the reader of that, and is never sent it.
fn holds_staff_events(frame: &ToVisitor) -> bool {
    match frame {
        ToVisitor::Event { event } => event.body.lane() == Lane::Staff,
        ToVisitor::Events { events, .. } => events.iter().any(|event| event.body.lane() == Lane::Staff),
        _ => false,
    }
}

/// What both have read must be the same; one of them may be stricter.
fn agree<T: PartialEq + std::fmt::Debug>(own: Option<T>, serde: Option<T>) {
    if let (Some(own), Some(serde)) = (own, serde) {
        assert_eq!(own, serde);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let by_serde = from_str::<ToVisitor>(text).ok();
    if !by_serde.as_ref().is_some_and(holds_staff_events) {
        agree(read_frame_of_visitor(text), by_serde.clone());
    }
    if let Some(frame) = by_serde.filter(|frame| !holds_staff_events(frame)) {
        // As the relay writes it, it must be read.
        let written = to_string(&frame).expect("a frame is JSON");
        let is_agents = matches!(&frame, ToVisitor::Welcome { session: SessionStart::Agent { .. }, .. });
        assert_eq!(read_frame_of_visitor(&written), (!is_agents).then_some(frame));
    }
    if let Ok(frame) = from_str::<FromVisitor>(text).map(ClientFrame::from) {
        assert_eq!(from_str::<ClientFrame>(&write_frame_of_visitor(&frame)).expect("the relay reads it"), frame);
    }
    agree(read_refusal(text), from_str::<Refusal>(text).ok());
    agree(read_attachment(text), from_str::<Attachment>(text).ok());
    if let Some(draft) = read_draft(text) {
        assert_eq!(read_draft(&write_draft(&draft)), Some(draft));
    }
});
