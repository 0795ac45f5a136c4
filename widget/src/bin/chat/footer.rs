//! The footer: the composer, or the way on when the conversation has ended.

use leptos::prelude::*;
use widget_core::VisitorInput;

use widget::clock::{Timer, now_ms};
use widget::part::Composer;
use widget::text::Text;

use crate::app::Frame;
use crate::chat::Chat;

/// How long a refusal that belongs to no message stays in view.
const REFUSAL_SHOWN_MS: u64 = 8_000;

/// Composer or "new conversation".
pub(crate) fn footer() -> impl IntoView {
    let text = Text::here();
    let chat: Chat = expect_context();
    let frame: Frame = expect_context();
    let closed = chat.part(|shown| shown.closed);
    // Outlives the composer: what was being written when the conversation ended is for the next one.
    let written = RwSignal::new(String::new());
    view! {
        <footer class="foot">
            {refusal_line()}
            {move || {
                if closed.get() {
                    view! {
                        <button
                            class="button button--main button--wide"
                            on:click=move |_| chat.send(VisitorInput::NewConversation)
                        >
                            {text.get("new")}
                        </button>
                    }
                        .into_any()
                } else {
                    view! {
                        <Composer
                            text=written
                            placeholder=text.get("write")
                            on_send=UnsyncCallback::new(move |words| chat.say(words))
                            on_file=UnsyncCallback::new(move |file| chat.attach(file))
                            on_typing=UnsyncCallback::new(move |()| chat.send(VisitorInput::Typing))
                            field=frame.field
                        />
                    }
                        .into_any()
                }
            }}
        </footer>
    }
}

/// A refusal that belongs to no message, for a while.
fn refusal_line() -> impl IntoView {
    let text = Text::here();
    let chat: Chat = expect_context();
    let refusal = chat.part(|shown| shown.refusal.clone());
    let shown = RwSignal::new(false);
    let timer = StoredValue::new_local(Timer::new(move || shown.set(false)));
    Effect::new(move |_| {
        let fresh = refusal.with(|refusal| {
            refusal.as_ref().is_some_and(|(at_ms, _)| now_ms().saturating_sub(*at_ms) < REFUSAL_SHOWN_MS)
        });
        shown.set(fresh);
        timer.with_value(|timer| timer.set(REFUSAL_SHOWN_MS));
    });
    view! {
        <p class="composer__trouble" role="alert">
            {move || {
                shown
                    .get()
                    .then(|| refusal.with(|refusal| refusal.as_ref().map(|(_, refusal)| text.refusal(refusal))))
            }}
        </p>
    }
}
