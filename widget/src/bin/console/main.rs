//! The agents' console: entry point.

#![expect(unreachable_pub, reason = "the component macro writes `pub` whatever the component's own visibility is")]

mod account;
mod actions;
mod app;
mod block;
mod browser;
mod defence;
mod desk;
mod dialog;
mod help;
mod icon;
mod inbox;
mod keys;
mod lists;
mod many;
mod parts;
mod rail;
mod refusal;
mod row;
mod screen;
mod sign;
mod sound;
mod talk;
mod toast;
mod visitor;
mod when;
mod words;
mod write;
mod written;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;

/// Shows the console. `catalogue` is an object of texts by key.
#[wasm_bindgen]
pub fn start(catalogue: wasm_bindgen::JsValue) {
    leptos::mount::mount_to_body(move || {
        words::begin(widget::text::Text::provide(catalogue.clone().unchecked_into()));
        leptos::view! { <app::App /> }
    });
}

fn main() {}
