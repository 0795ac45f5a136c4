//! The agents' console: entry point.

#![expect(unreachable_pub, reason = "the component macro writes `pub` whatever the component's own visibility is")]

mod account;
mod api;
mod defence;
mod desk;
mod inbox;
mod settings;
mod shell;
mod talk;
mod ui;
mod visitor;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;

/// Shows the console. `catalogue` is the list of texts.
#[wasm_bindgen]
pub fn start(catalogue: wasm_bindgen::JsValue) {
    leptos::mount::mount_to_body(move || {
        ui::words::begin(widget::text::Text::provide(catalogue.clone().unchecked_into()));
        leptos::view! { <shell::App /> }
    });
}

fn main() {}
