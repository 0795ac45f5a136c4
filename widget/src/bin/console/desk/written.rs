//! Half-written texts: kept for each conversation in the browser, over reloads and for all tabs, until they are sent.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::StorageEvent;
use widget::storage::Storage;
use wire::ConversationId;

/// Texts kept at most; those of the oldest conversations are dropped first.
const WRITTEN_MAX: usize = 200;
/// How their names in the storage begin.
const WRITTEN: &str = "written.";

/// The half-written texts of one agent. Copies share them.
#[derive(Clone, Copy)]
pub(crate) struct Written(StoredValue<Storage, LocalStorage>);

impl Written {
    /// Those of one agent: computers are shared.
    pub(crate) fn new(email: &str) -> Self {
        Self(StoredValue::new_local(Storage::new(&format!("causeway.console.{email}"))))
    }

    /// What is being written in a conversation, and whether as a note.
    pub(crate) fn get(self, conversation: ConversationId) -> (String, bool) {
        let kept = self.0.with_value(|storage| storage.get(&name(conversation))).unwrap_or_default();
        kept.split_at_checked(1).map(|(kind, text)| (text.to_owned(), kind == "n")).unwrap_or_default()
    }

    /// Keeps a text. A blank one is dropped.
    pub(crate) fn keep(self, conversation: ConversationId, text: &str, note: bool) {
        let name = name(conversation);
        self.0.with_value(|storage| {
            if wire::is_blank(text) {
                return storage.remove(&name);
            }
            let kept = [if note { "n" } else { "r" }, text].concat();
            if storage.get(&name).is_some_and(|before| before == kept) {
                return;
            }
            let mut names = storage.names(WRITTEN);
            if names.len() >= WRITTEN_MAX && !names.contains(&name) {
                // Ids begin with their time: the first is the oldest.
                names.sort_unstable();
                names.drain(..=names.len() - WRITTEN_MAX).for_each(|old| storage.remove(&old));
            }
            storage.set(&name, &kept);
        });
    }

    /// Calls a function whenever another tab changed something, as long as the desk is shown.
    pub(crate) fn elsewhere(run: impl Fn() + 'static) {
        let handle = window_event_listener_untyped("storage", move |event| {
            let event: &StorageEvent = event.unchecked_ref();
            if event.key().is_some_and(|key| key.contains(WRITTEN)) {
                run();
            }
        });
        on_cleanup(move || handle.remove());
    }
}

fn name(conversation: ConversationId) -> String {
    format!("{WRITTEN}{conversation}")
}
