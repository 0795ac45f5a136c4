//! The site's own colours. The relay has made them readable on both backgrounds.

use wasm_bindgen::JsValue;

use crate::env::{field, root};

/// Takes the colours of the site's look, or the script tag's in their place; without any they are the product's own (`www/tokens.css`).
pub fn apply(look: &JsValue) {
    let (style, colours) = (root().style(), field(look, "colours"));
    for name in ["light", "on-light", "dark", "on-dark", "mine", "on-mine"] {
        // An empty value takes the property away.
        let colour = field(&colours, name).as_string().unwrap_or_default();
        style.set_property(&["--site-", name].concat(), &colour).ok();
    }
}
