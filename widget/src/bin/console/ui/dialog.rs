//! Windows with a question. The browser keeps the focus inside and returns it afterwards; Escape means no.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use widget::env::document;
use widget::key;

use crate::ui::words::t;

/// A window over the page, shown as long as the component is there.
#[component]
pub(crate) fn Dialog(
    /// Its heading.
    #[prop(into)]
    title: Signal<String>,
    /// The id by which tests find it.
    name: &'static str,
    /// Closed without an answer.
    #[prop(into)]
    closed: Callback<()>,
    /// Its content.
    children: Children,
) -> impl IntoView {
    let window = NodeRef::<html::Dialog>::new();
    // Returns the focus to where it was, if that is still there.
    let before = StoredValue::new_local(document().active_element());
    on_cleanup(move || {
        if let Some(before) = before.try_get_value().flatten().and_then(|before| before.dyn_into::<HtmlElement>().ok())
        {
            request_animation_frame(move || drop(before.focus()));
        }
    });
    window.on_load(move |window| {
        // Fails only for a window that is not in the page yet, or open already.
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

/// The buttons at the foot of a window: the answer, and *cancel*.
#[component]
pub(crate) fn Answers(
    /// What the first button says.
    #[prop(into)]
    yes: Signal<String>,
    /// Whether the answer cannot be undone.
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
