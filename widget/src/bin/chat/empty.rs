//! What stands in place of a conversation that has not begun.

use leptos::prelude::*;

use widget::text::Text;

use crate::chat::Chat;

/// A greeting, while there is no message.
pub(crate) fn empty() -> impl IntoView {
    let text = Text::here();
    let chat: Chat = expect_context();
    let loading = chat.part(|shown| shown.loading);
    move || {
        if !chat.board.is_empty() {
            return None;
        }
        if loading.get() {
            return Some(view! { <p class="empty" role="status">{text.get("loading")}</p> }.into_any());
        }
        Some(
            view! {
                <div class="empty">
                    <h2>{text.get("greeting")}</h2>
                    <p>{text.get("greeting_note")}</p>
                </div>
            }
            .into_any(),
        )
    }
}
