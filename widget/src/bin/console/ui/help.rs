//! The list of keyboard shortcuts.

use leptos::prelude::*;
use widget::key;
use widget::text::Key;

use crate::ui::dialog::Dialog;
use crate::ui::words::t;

/// Every shortcut: the keys, and what they do.
pub(crate) const KEYS: [(&[&str], Key); 17] = [
    (&["Ctrl", "K"], key!("console_command")),
    (&["J", "K"], key!("console_key_move")),
    (&["Enter"], key!("console_key_open")),
    (&["Esc"], key!("console_key_back")),
    (&["/"], key!("console_key_search")),
    (&["Alt", "1", "…", "6"], key!("console_key_views")),
    (&["Alt", "N"], key!("console_key_note")),
    (&["Alt", "T"], key!("console_key_take")),
    (&["Alt", "G"], key!("console_key_release")),
    (&["Alt", "E"], key!("console_key_end")),
    (&["Alt", "S"], key!("console_key_spam")),
    (&["Alt", "B"], key!("console_key_block")),
    (&["Alt", "M"], key!("console_key_many")),
    (&["X"], key!("console_key_select")),
    (&["Alt", "V"], key!("console_key_panel")),
    (&["Ctrl", "S"], key!("console_key_save")),
    (&["?"], key!("console_key_help")),
];

/// The list, as a list of terms.
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
        <Dialog title=t(key!("console_keys")) name="keys-dialog" closed>
            <KeyList count=KEYS.len() />
            <div class="dialog__answers">
                <button type="button" class="button" data-testid="dialog-no" on:click=move |_| closed.run(())>
                    {t(key!("console_dialog_close"))}
                </button>
            </div>
        </Dialog>
    }
}
