//! Upper bounds of how many bytes things take as JSON, for what is counted before it is encoded. Cheap; never too low for long texts.

use wire::{Body, ConversationSummary, Event, ServerFrame};

/// Bytes of a frame whose texts are all short, and of an event beside its texts.
const FIXED: usize = 512;

/// A text, with what JSON puts before some characters.
pub(crate) fn of_text(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' => 2,
            0..0x20 => 6,
            0x20.. => 1,
        })
        .sum()
}

/// A row of a console's list.
pub(crate) fn of_row(row: &ConversationSummary) -> usize {
    FIXED + of_text(&row.last_line) + of_text(&row.language)
}

/// An event.
pub(crate) fn of_event(event: &Event) -> usize {
    FIXED + of_body(&event.body)
}

/// The texts of a body.
pub(crate) fn of_body(body: &Body) -> usize {
    let mut bytes = 0;
    body.for_each_text(|text| bytes += of_text(text));
    bytes
}

/// A frame to a visitor. Those without events are short.
pub(crate) fn of_frame(frame: &ServerFrame) -> usize {
    if let ServerFrame::Event { event } = frame {
        return of_event(event);
    }
    if let ServerFrame::Events { events, .. } = frame {
        return FIXED + events.iter().map(of_event).sum::<usize>();
    }
    FIXED
}
