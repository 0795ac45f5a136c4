//! What is shown once and never again: a link, a key.

use leptos::prelude::*;
use widget::env::window;
use widget::key;

use crate::ui::words::t;

/// The text with a button that copies it.
#[component]
pub(super) fn Once(
    /// The text.
    text: String,
    /// What it is for.
    note: String,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let kept = StoredValue::new(text.clone());
    let copy = move |_| {
        drop(window().navigator().clipboard().write_text(&kept.get_value()));
        copied.set(true);
    };
    view! {
        <div class="once" role="status">
            <p>{note}</p>
            <div class="settings__snippet">
                <code data-testid="once" tabindex="0">{text}</code>
                <button type="button" class="button" data-testid="once-copy" on:click=copy>
                    {move || t(if copied.get() { key!("console_copied") } else { key!("console_copy") })}
                </button>
            </div>
        </div>
    }
}
