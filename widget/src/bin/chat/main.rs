//! The chat: entry point. The start module calls `start` with the texts.

mod app;
mod chat;
mod earlier;
mod empty;
mod footer;
mod header;
mod host;
mod page;
mod queue;
mod rating;

use js_sys::{Array, Object};
use leptos::mount::mount_to_body;
use wasm_bindgen::prelude::wasm_bindgen;
use widget::env::document;

/// Shows the chat in place of what stood on the page while it was loaded. `early` holds the messages that the page around
/// us posted meanwhile.
#[wasm_bindgen]
pub fn start(catalogue: Object, early: Array) {
    widget::theme::apply();
    if let Some(body) = document().body() {
        body.set_inner_text("");
    }
    // Mounted by hand: the chat is elements, not views; the mounting gives them their owner and their executor.
    mount_to_body(move || {
        let chat = app::app(catalogue, &early);
        if let Some(body) = document().body() {
            body.append_child(chat.raw()).ok();
        }
    });
}

fn main() {}
