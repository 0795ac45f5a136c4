//! The list of keyboard ways.

use leptos::prelude::*;

use crate::ui::dialog::Dialog;
use crate::ui::words::t;

/// Every way: the keys, and what they do.
pub(crate) const KEYS: [(&[&str], &str); 15] = [
    (&["J", "K"], "console_key_move"),
    (&["Enter"], "console_key_open"),
    (&["Esc"], "console_key_back"),
    (&["/"], "console_key_search"),
    (&["Alt", "1", "…", "6"], "console_key_views"),
    (&["Alt", "N"], "console_key_note"),
    (&["Alt", "T"], "console_key_take"),
    (&["Alt", "G"], "console_key_release"),
    (&["Alt", "E"], "console_key_end"),
    (&["Alt", "S"], "console_key_spam"),
    (&["Alt", "B"], "console_key_block"),
    (&["Alt", "M"], "console_key_many"),
    (&["X"], "console_key_select"),
    (&["Alt", "V"], "console_key_panel"),
    (&["?"], "console_key_help"),
];

/// The list as rows of a table of terms.
#[component]
pub(crate) fn KeyList(
    /// How many of them.
    count: usize,
) -> impl IntoView {
    view! {
        <dl class="keys">
            {KEYS
                .into_iter()
                .take(count)
                .map(|(keys, words)| {
                    view! {
                        <dt>{keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect_view()}</dt>
                        <dd>{t(words)}</dd>
                    }
                })
                .collect_view()}
        </dl>
    }
}

/// The window with all of them.
#[component]
pub(crate) fn Keys(
    /// Closed.
    #[prop(into)]
    closed: Callback<()>,
) -> impl IntoView {
    view! {
        <Dialog title=t("console_keys") name="keys-dialog" closed>
            <KeyList count=KEYS.len() />
            <div class="dialog__answers">
                <button type="button" class="button" data-testid="dialog-no" on:click=move |_| closed.run(())>
                    {t("console_dialog_close")}
                </button>
            </div>
        </Dialog>
    }
}
