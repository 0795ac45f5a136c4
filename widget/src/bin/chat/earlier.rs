//! The list of the visitor's conversations.

use leptos::prelude::*;
use widget_core::VisitorInput;
use wire::VisitorConversation;

use widget::part::icon::{self, icon};
use widget::text::Text;

use crate::app::{Frame, Screen};
use crate::chat::Chat;

/// Every conversation of this visitor, newest first; one is chosen and shown.
pub(crate) fn earlier() -> impl IntoView {
    let text = Text::here();
    let chat: Chat = expect_context();
    let frame: Frame = expect_context();
    let rows = chat.part(|shown| shown.conversations.clone());
    let back = move || frame.screen.set(Screen::Talk);
    let row = move |row: VisitorConversation| {
        let state = text.get(if row.closed { "earlier_closed" } else { "earlier_open" });
        let when = [&text.when(row.last_at_ms), " · ", &state].concat();
        let choose = move |_| {
            chat.send(VisitorInput::Show { conversation: row.conversation });
            back();
        };
        view! {
            <li>
                <button class="earlier__row" on:click=choose>
                    <b dir="auto">{row.last_line}</b>
                    <small>{when}</small>
                    {(row.unread > 0).then(|| view! { <i class="badge">{row.unread.to_string()}</i> })}
                </button>
            </li>
        }
    };
    view! {
        <main class="earlier">
            <div class="earlier__head">
                <button class="square earlier__back" aria-label=text.get("back") on:click=move |_| back()>
                    {icon(icon::DOWN)}
                </button>
                <h2>{text.get("earlier")}</h2>
            </div>
            <p class="earlier__none" hidden=move || !rows.with(Vec::is_empty)>
                {text.get("earlier_none")}
            </p>
            <ul>{move || rows.get().into_iter().map(row).collect_view()}</ul>
            <button
                class="button"
                on:click=move |_| {
                    chat.send(VisitorInput::NewConversation);
                    back();
                }
            >
                {text.get("new")}
            </button>
        </main>
    }
}
