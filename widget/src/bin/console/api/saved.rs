//! Answers of the API that the browser saves as files.

use wasm_bindgen::JsCast;
use web_sys::{Blob, HtmlElement, Url};
use widget::env::document;

use super::v1::{self, Fault};

/// Asks for a path of the API, also for the password where that wants it, and has the browser save the answer under a name.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn save(path: &str, name: &str) -> Result<(), Fault> {
    let bytes = v1::bytes(path).await?;
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes.as_slice()));
    offer(&parts, name).ok_or(Fault::Unreachable)
}

fn offer(parts: &js_sys::Array, name: &str) -> Option<()> {
    let blob = Blob::new_with_u8_array_sequence(parts).ok()?;
    let url = Url::create_object_url_with_blob(&blob).ok()?;
    let link: HtmlElement = document().create_element("a").ok()?.unchecked_into();
    link.set_attribute("href", &url).ok()?;
    link.set_attribute("download", name).ok()?;
    link.click();
    // The browser has taken it by then.
    leptos::prelude::set_timeout(move || drop(Url::revoke_object_url(&url)), std::time::Duration::from_secs(60));
    Some(())
}
