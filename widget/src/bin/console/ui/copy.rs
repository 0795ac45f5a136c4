//! The button that copies a text.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Clipboard;
use widget::env::{field, window};
use widget::key;

use crate::ui::words::t;

/// The button; none where the browser lets no page copy, as on addresses without TLS.
#[component]
pub(crate) fn Copy(
    /// What is copied.
    #[prop(into)]
    text: String,
    /// The id by which tests find it.
    test: &'static str,
) -> impl IntoView {
    let clipboard = field(&window().navigator(), "clipboard").dyn_into::<Clipboard>().ok()?;
    let copied = RwSignal::new(false);
    let copy = move |_| {
        drop(clipboard.write_text(&text));
        copied.set(true);
    };
    Some(view! {
        <button type="button" class="button" data-testid=test on:click=copy>
            {move || t(if copied.get() { key!("console_copied") } else { key!("console_copy") })}
        </button>
    })
}
