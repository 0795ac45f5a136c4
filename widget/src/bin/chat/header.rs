//! The header: who answers, whether anybody is there, and the menu.

use leptos::prelude::*;
use widget_core::VisitorInput;

use widget::clock::now_ms;
use widget::env::setting;
use widget::part::icon::{self, icon};
use widget::text::Text;

use crate::app::{Frame, Screen};
use crate::chat::Chat;

/// Agent or site, presence, menu, minimise.
pub(crate) fn header() -> impl IntoView {
    let text = Text::here();
    let chat: Chat = expect_context();
    let frame: Frame = expect_context();
    let agent = chat.part(|shown| shown.agent.clone());
    let answering = chat.part(|shown| shown.answering);
    let known = chat.part(|shown| shown.online == widget_core::Online::Live);
    let site = text.with("site_support", "site", &setting("site-name"));
    let title = move || agent.get().unwrap_or_else(|| text.get("support"));
    let presence = move || match (agent.get(), known.get(), answering.get()) {
        (None, true, 0) => text.get("answering_none"),
        (None, true, count) => text.count("answering", count.into()),
        _ => site.clone(),
    };
    view! {
        <header class="head">
            <div class="avatar" aria-hidden="true">
                {move || initials(&title())}
                <i hidden=move || !known.get() || answering.get() == 0></i>
            </div>
            <div class="head__who">
                <h1 dir="auto">{title}</h1>
                <p>{presence}</p>
            </div>
            {menu()}
            {frame
                .framed
                .then(|| {
                    view! {
                        <button
                            class="square"
                            data-testid="close"
                            aria-label=text.get("close")
                            on:click=move |_| frame.close()
                        >
                            {icon(icon::DOWN)}
                        </button>
                    }
                })}
        </header>
    }
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

fn menu() -> impl IntoView {
    let text = Text::here();
    let chat: Chat = expect_context();
    let frame: Frame = expect_context();
    let open = RwSignal::new(false);
    let sure = RwSignal::new(false);
    let failed = RwSignal::new(false);
    let begun = chat.part(|shown| shown.conversation.is_some());
    let ended = chat.part(|shown| shown.closed);
    let button = NodeRef::<leptos::html::Button>::new();
    let shut = move || {
        open.set(false);
        sure.set(false);
    };
    let show = move |screen| {
        shut();
        frame.screen.set(screen);
    };
    let escape = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.prevent_default();
            shut();
            if let Some(button) = button.get_untracked() {
                button.focus().ok();
            }
        }
    };
    let away = move |event: leptos::ev::FocusEvent| {
        if open.get_untracked() && !widget::part::drop::stays_inside(&event) {
            shut();
        }
    };
    let transcript = move |_| save_transcript(chat, failed);
    let items = move || {
        let end = move || {
            if sure.get() {
                view! {
                    <p class="menu__sure">{text.get("end_sure")}</p>
                    <button
                        class="menu__item menu__item--danger"
                        on:click=move |_| {
                            chat.send(VisitorInput::EndConversation);
                            shut();
                        }
                    >
                        {text.get("end_yes")}
                    </button>
                    <button class="menu__item" on:click=move |_| shut()>
                        {text.get("end_no")}
                    </button>
                }
                .into_any()
            } else {
                view! {
                    <button
                        class="menu__item"
                        hidden=move || !begun.get() || ended.get()
                        on:click=move |_| sure.set(true)
                    >
                        {text.get("end")}
                    </button>
                }
                .into_any()
            }
        };
        view! {
            <div class="menu__list">
                <button
                    class="menu__item"
                    data-testid="transcript"
                    hidden=move || !begun.get()
                    on:click=transcript
                >
                    {text.get("transcript")}
                </button>
                <p class="menu__sure menu__sure--bad" role="alert" hidden=move || !failed.get()>
                    {text.get("transcript_failed")}
                </p>
                <button class="menu__item" on:click=move |_| show(Screen::Earlier)>
                    {text.get("earlier")}
                </button>
                {end}
            </div>
        }
    };
    view! {
        <div class="menu" on:keydown=escape on:focusout=away>
            <button
                class="square"
                node_ref=button
                aria-label=text.get("menu")
                aria-expanded=move || if open.get() { "true" } else { "false" }
                on:click=move |_| if open.get_untracked() { shut() } else { open.set(true) }
            >
                {icon(icon::MORE)}
            </button>
            {move || open.get().then(items)}
        </div>
    }
}

fn save_transcript(chat: Chat, failed: RwSignal<bool>) {
    let Some(conversation) = chat.conversation() else { return };
    failed.set(false);
    let path = ["/transcript/", &conversation.to_string(), "?format=text"].concat();
    let day = widget::time::day_name(now_ms());
    let name = ["support-", &day, ".txt"].concat();
    chat.files.with_value(|files| files.save(&path, &name, move |came| failed.set(!came)));
}
