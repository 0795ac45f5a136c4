//! The real chat of the site, light and dark, with what is being edited. Nothing in it can be clicked, and nothing is saved by it.

use js_sys::{Object, Reflect};
use leptos::html::Iframe;
use leptos::prelude::*;
use leptos::task::spawn_local;
use widget::clock::Timer;
use widget::env::{root, window};
use widget::key;

use super::editing::Editing;
use crate::api::documents;
use crate::ui::words::t;

/// After the last key that was pressed.
const ASK_AFTER_MS: u64 = 300;

/// Both chats, one below the other.
#[component]
pub(super) fn Preview(editing: Editing) -> impl IntoView {
    // As JSON; none before the relay has made it.
    let look = RwSignal::new(None::<String>);
    let ask = move || {
        let Some(site) = editing.saved.with_value(|saved| saved.as_ref().map(|saved| saved.id.clone())) else { return };
        let body = editing.now.with_untracked(|now| now.body.clone());
        spawn_local(async move {
            // What is not right yet shows what was right last.
            if let Ok(made) = documents::look(&site, &root().lang(), &body).await {
                look.try_set(Some(made.to_string()));
            }
        });
    };
    let timer = StoredValue::new_local(Timer::new(ask));
    Effect::new(move || {
        editing.now.track();
        timer.with_value(|timer| timer.set(ASK_AFTER_MS));
    });
    view! {
        <aside class="preview" aria-label=t(key!("console_preview")) data-testid="preview">
            <h4>{t(key!("console_preview"))}</h4>
            <Chat editing look theme="light" title=t(key!("console_preview_light")) />
            <Chat editing look theme="dark" title=t(key!("console_preview_dark")) />
            <p>{t(key!("console_preview_note"))}</p>
        </aside>
    }
}

#[component]
fn Chat(editing: Editing, look: RwSignal<Option<String>>, theme: &'static str, title: String) -> impl IntoView {
    let frame = NodeRef::<Iframe>::new();
    let origin = StoredValue::new(window().location().origin().unwrap_or_default());
    let show = move || {
        let Some(look) = look.get() else { return };
        let Some(chat) = frame.get_untracked().and_then(|frame| frame.content_window()) else { return };
        let message = Object::new();
        Reflect::set(&message, &"look".into(), &look.into()).ok();
        origin.with_value(|origin| chat.post_message(&message, origin).ok());
    };
    Effect::new(show);
    let site = editing.saved.with_value(|saved| saved.as_ref().map(|saved| saved.id.to_string()).unwrap_or_default());
    let address =
        origin.with_value(|origin| format!("/chat?site={site}&origin={origin}&theme={theme}&lang={}", root().lang()));
    view! {
        <iframe
            node_ref=frame
            class="preview__chat"
            data-testid="preview-chat"
            data-theme=theme
            title=title
            src=address
            tabindex="-1"
            prop:inert=true
            on:load=move |_| untrack(show)
        ></iframe>
    }
}
