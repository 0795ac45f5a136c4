//! Questions in a window of their own: the browser keeps the focus inside and gives it back, Escape says no.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use widget::env::document;
use widget::key;

use crate::ui::words::t;

/// A window over the page, shown as long as it stands.
#[component]
pub(crate) fn Dialog(
    /// Its heading.
    #[prop(into)]
    title: Signal<String>,
    /// By which tests find it.
    name: &'static str,
    /// Closed without an answer.
    #[prop(into)]
    closed: Callback<()>,
    /// What stands in it.
    children: Children,
) -> impl IntoView {
    let window = NodeRef::<html::Dialog>::new();
    // Back to where the person was, when that still stands.
    let before = StoredValue::new_local(document().active_element());
    on_cleanup(move || {
        if let Some(before) = before.try_get_value().flatten().and_then(|before| before.dyn_into::<HtmlElement>().ok())
        {
            request_animation_frame(move || drop(before.focus()));
        }
    });
    window.on_load(move |window| {
        // Only a window that is not in the page yet, or open already, refuses; then it stands in the page as it is.
        request_animation_frame(move || drop(window.show_modal()));
    });
    view! {
        <dialog
            node_ref=window
            class="dialog"
            aria-labelledby="dialog-title"
            data-testid=name
            on:close=move |_| closed.run(())
            on:keydown=|event| event.stop_propagation()
        >
            <h2 id="dialog-title">{title}</h2>
            {children()}
        </dialog>
    }
}

/// The buttons at the foot of a window: what it is for, and the way out.
#[component]
pub(crate) fn Answers(
    /// What the first button says.
    #[prop(into)]
    yes: Signal<String>,
    /// Whether it cannot be taken back.
    #[prop(optional)]
    danger: bool,
    /// The answer.
    #[prop(into)]
    done: Callback<()>,
    /// Closed without an answer.
    #[prop(into)]
    closed: Callback<()>,
) -> impl IntoView {
    view! {
        <div class="dialog__answers">
            <button type="button" class="button" data-testid="dialog-no" on:click=move |_| closed.run(())>
                {t(key!("console_cancel"))}
            </button>
            <button
                type="submit"
                class="button"
                class:button--main=!danger
                class:button--danger=danger
                data-testid="dialog-yes"
                on:click=move |event| {
                    event.prevent_default();
                    done.run(());
                }
            >
                {yes}
            </button>
        </div>
    }
}
