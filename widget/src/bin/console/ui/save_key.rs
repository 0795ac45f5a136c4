//! Ctrl S (⌘ S), which saves what is shown.

use leptos::prelude::{on_cleanup, window_event_listener};

/// Saves by the key as long as the component is there. The browser's own window for saving the page does not open.
pub(crate) fn on_save_key(save: impl Fn() + 'static) {
    let keys = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "s" && (event.ctrl_key() || event.meta_key()) && !event.alt_key() {
            event.prevent_default();
            save();
        }
    });
    on_cleanup(move || keys.remove());
}
