//! The footer: the composer, or the way on when the conversation has ended.

use reactive_graph::owner::StoredValue;
use reactive_graph::prelude::*;
use reactive_graph::signal::RwSignal;
use widget::clock::{Timer, now_ms};
use widget::dom::{El, el, follow};
use widget::part::{Writing, composer};
use widget_core::VisitorInput;

use crate::app::Frame;

/// How long a refusal that belongs to no message stays in view.
const REFUSAL_SHOWN_MS: u64 = 8_000;

/// Composer or "new conversation".
pub(crate) fn footer(frame: Frame) -> El {
    let Frame { text, chat, field, .. } = frame;
    // Outlives the composer: what was being written when the conversation ended is for the next one.
    let written = RwSignal::new(String::new());
    let stage = move || if chat.read(|shown| shown.closed) { 2 } else { 1 };
    el("footer", "foot").child(refusal_line(frame)).switch(stage, move |stage| {
        if stage == 2 {
            return el("button", "button button--main button--wide")
                .test("begin-again")
                .text(&text.get("new"))
                .click(move || chat.send(VisitorInput::NewConversation));
        }
        let writing = Writing {
            send: Box::new(move |words| chat.say(words)),
            file: Box::new(move |file| chat.attach(file)),
            typing: Box::new(move || chat.send(VisitorInput::Typing)),
        };
        composer(text, written, move || text.get("write"), field, writing)
    })
}

/// A refusal that belongs to no message, for a while.
fn refusal_line(frame: Frame) -> El {
    let Frame { text, chat, .. } = frame;
    let shown = RwSignal::new(String::new());
    let timer = StoredValue::new_local(Timer::new(move || shown.set(String::new())));
    let mut last = 0;
    follow(move || {
        let Some((at_ms, refusal)) = chat.read(|shown| shown.refusal.clone()) else { return };
        if at_ms != last && now_ms().saturating_sub(at_ms) < REFUSAL_SHOWN_MS {
            last = at_ms;
            shown.set(text.refusal(&refusal));
            timer.with_value(|timer| timer.set(REFUSAL_SHOWN_MS));
        }
    });
    el("p", "composer__trouble").attr("role", "alert").words(move || shown.get())
}
