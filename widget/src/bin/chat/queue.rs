//! The place in line.

use leptos::prelude::*;
use widget_core::VisitorInput;

use widget::text::Text;

use crate::chat::Chat;

/// Dots in the card: the visitor's own is the filled one furthest on.
const DOTS: u32 = 4;

/// While the visitor stands in line: which place, and that it is kept.
pub(crate) fn queue_card() -> impl IntoView {
    let text = Text::here();
    let chat: Chat = expect_context();
    let place = chat.part(|shown| shown.queue);
    let waits = Memo::new(move |_| place.get().is_some());
    let words = move || place.get().map(|place| text.count("queue_place", place.into()));
    // The nearer, the fuller; nobody ahead is all but the last, which is being served.
    let filled = move |dot: u32| place.get().is_some_and(|place| dot + place <= DOTS);
    move || {
        waits.get().then(|| {
            view! {
                <section class="card" data-testid="queue-place" role="status">
                    <b>{words}</b>
                    <p>{text.get("queue_note")}</p>
                    <div class="steps" aria-hidden="true">
                        {(0..DOTS).map(|dot| view! { <i class:on=move || filled(dot)></i> }).collect::<Vec<_>>()}
                    </div>
                    <button class="pill" on:click=move |_| chat.send(VisitorInput::LeaveQueue)>
                        {text.get("queue_leave")}
                    </button>
                </section>
            }
        })
    }
}
