//! The chat: entry point. The start module calls `start` with the texts.

// A browser calls `start` and nothing else: what std does around a `main` is left out.
#![cfg_attr(target_family = "wasm", no_main)]

mod app;
mod earlier;
mod header;
mod look;
mod menu;
mod notices;
mod queue;
mod rating;
mod shell;
mod talk;

use js_sys::Array;
use reactive_graph::owner::Owner;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Element;
use widget::dom::El;
use widget::env::document;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Shows the chat in place of what stood on the page while it was loaded. `early` holds the messages that the page around
/// us posted meanwhile.
#[wasm_bindgen]
pub fn start(catalogue: Array, early: &Array) {
    if let Some(body) = document().body() {
        body.set_inner_text("");
    }
    // What Leptos' own mounting does, without its views: effects need an executor, and an owner that lives as long as the page.
    widget::tasks::init();
    let owner = Owner::new();
    if let Some(body) = document().body() {
        owner.with(|| app::app(El::from(Element::from(body)), catalogue, early));
    }
    std::mem::forget(owner);
}

#[cfg(not(target_family = "wasm"))]
fn main() {}
