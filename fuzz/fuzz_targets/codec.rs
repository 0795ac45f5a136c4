//! The clients' hand-written JSON against serde on the same bytes: neither panics, and where both read, they read the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{from_str, to_string};
use widget_core::{
    read_attachment, read_draft, read_frame_of_staff, read_frame_of_visitor, read_refusal, write_draft, write_frame,
};
use wire::{Attachment, ClientFrame, Lane, Refusal, ServerFrame, Session};

/// Which side's reader knows a frame: visitors, agents.
fn readers(frame: &ServerFrame) -> (bool, bool) {
    match frame {
        ServerFrame::Welcome { session: Session::Visitor { .. }, .. }
        | ServerFrame::Registered { .. }
        | ServerFrame::Queue { .. }
        | ServerFrame::Holder { .. }
        | ServerFrame::Answering { .. } => (true, false),
        ServerFrame::Welcome { session: Session::Agent { .. }, .. }
        | ServerFrame::Inbox { .. }
        | ServerFrame::Agent { .. }
        | ServerFrame::Closed { .. }
        | ServerFrame::OfVisitor { .. }
        | ServerFrame::Counts { .. }
        | ServerFrame::Open { .. }
        | ServerFrame::Ending { .. }
        | ServerFrame::Blocks { .. } => (false, true),
        ServerFrame::Event { .. }
        | ServerFrame::Events { .. }
        | ServerFrame::Refused { .. }
        | ServerFrame::Typing { .. }
        | ServerFrame::Pong { .. } => (true, true),
    }
}

/// Whether it holds what is for agents only: the chat does not carry the reader of that, and is never sent it.
fn holds_staff_events(frame: &ServerFrame) -> bool {
    match frame {
        ServerFrame::Event { event } => event.body.lane() == Lane::Staff,
        ServerFrame::Events { events, .. } => events.iter().any(|event| event.body.lane() == Lane::Staff),
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
    let by_serde = from_str::<ServerFrame>(text).ok();
    if !by_serde.as_ref().is_some_and(holds_staff_events) {
        agree(read_frame_of_visitor(text), by_serde.clone());
    }
    agree(read_frame_of_staff(text), by_serde.clone());
    if let Some(frame) = by_serde {
        // As the relay writes it, it must be read.
        let written = to_string(&frame).expect("a frame is JSON");
        let (visitors, agents) = readers(&frame);
        if !holds_staff_events(&frame) {
            assert_eq!(read_frame_of_visitor(&written), visitors.then(|| frame.clone()));
        }
        assert_eq!(read_frame_of_staff(&written), agents.then_some(frame));
    }
    if let Ok(frame) = from_str::<ClientFrame>(text) {
        assert_eq!(from_str::<ClientFrame>(&write_frame(&frame)).expect("the relay reads it"), frame);
    }
    agree(read_refusal(text), from_str::<Refusal>(text).ok());
    agree(read_attachment(text), from_str::<Attachment>(text).ok());
    if let Some(draft) = read_draft(text) {
        assert_eq!(read_draft(&write_draft(&draft)), Some(draft));
    }
});
