//! What is shown once and never again: a link, a key.

use leptos::prelude::*;

use crate::ui::copy::Copy;

/// The text with a button that copies it.
#[component]
pub(super) fn Once(
    /// The text.
    text: String,
    /// What it is for.
    note: String,
) -> impl IntoView {
    let shown = text.clone();
    view! {
        <div class="once" role="status">
            <p>{note}</p>
            <div class="settings__snippet">
                <code data-testid="once" tabindex="0">{shown}</code>
                <Copy text test="once-copy" />
            </div>
        </div>
    }
}
