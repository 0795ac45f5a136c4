//! The position in the queue.

use widget::dom::{El, el};
use widget::key;
use widget_core::VisitorInput;

use crate::shell::Shell;

/// Dots in the card: the visitor's own is the filled one furthest on.
const DOTS: u32 = 4;

/// While the visitor waits in the queue: which position, and that it is kept.
pub(crate) fn queue_card(shell: Shell) -> El {
    let Shell { text, chat, .. } = shell;
    let position = move || chat.read(|shown| shown.queue);
    // Where nobody serves the queue, a position in it says nothing.
    let nobody = move || chat.read(|shown| shown.answering == 0);
    let card = move || {
        // The nearer, the fuller; nobody ahead is all but the last, which is being served.
        let dot = |dot: u32| {
            let filled = move || position().is_some_and(|position| dot + position <= DOTS);
            el("i", "").attr_of("class", move || filled().then(|| String::from("on")))
        };
        el("section", "card")
            .test("queue-place")
            .attr("role", "status")
            .child(el("b", "").words(move || match position() {
                Some(_) if nobody() => text.get(key!("queue_nobody")),
                Some(position) => text.count([key!("queue_place"), key!("queue_place_one")], position.into()),
                None => String::new(),
            }))
            .child(
                el("p", "")
                    .words(move || text.get(if nobody() { key!("queue_nobody_note") } else { key!("queue_note") })),
            )
            .child(el("div", "steps").hidden(nobody).attr("aria-hidden", "true").children((0..DOTS).map(dot).collect()))
            .child(
                el("button", "pill")
                    .test("queue-leave")
                    .text(&text.get(key!("queue_leave")))
                    .click(move || chat.send(VisitorInput::LeaveQueue)),
            )
    };
    el("div", "").when(move || position().is_some(), card)
}
