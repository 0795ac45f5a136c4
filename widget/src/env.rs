//! What the browser gives: window, document, settings of the page, random numbers, languages, events.

use js_sys::Reflect;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Event, EventTarget, HtmlElement, VisibilityState, Window};

#[wasm_bindgen]
extern "C" {
    // web-sys finds the global object and checks that it is a window. This code runs in a page, never in a worker, so the check would be
    // weight without use.
    #[wasm_bindgen(thread_local_v2, js_name = window)]
    static WINDOW: Window;
}

/// The window.
#[must_use]
pub fn window() -> Window {
    WINDOW.with(Window::clone)
}

/// The document.
#[must_use]
pub fn document() -> Document {
    window().document().expect("a window that runs scripts has a document")
}

/// The `<html>` element, which carries the page's settings.
#[must_use]
pub fn root() -> HtmlElement {
    document().document_element().expect("a document has a root").unchecked_into()
}

/// A setting that the relay wrote on `<html>` as `data-…`; empty when it is not there.
#[must_use]
pub fn setting(name: &str) -> String {
    root().get_attribute(&["data-", name].concat()).unwrap_or_default()
}

/// A value from the query of the page's address; none when it is not there.
#[must_use]
pub fn query(name: &str) -> Option<String> {
    let search = window().location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&search).ok()?.get(name)
}

/// 128 random bits for the core, from the browser's secure source.
#[must_use]
pub fn random_seed() -> u128 {
    let mut bytes = [0; 16];
    if let Ok(crypto) = window().crypto() {
        // Without random bits ids still differ by time, and the relay refuses an id that is taken.
        crypto.get_random_values_with_u8_array(&mut bytes).ok();
    }
    u128::from_le_bytes(bytes)
}

/// Whether somebody can see the page now.
#[must_use]
pub fn page_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// The browser's name for itself (its user agent).
#[must_use]
pub fn browser() -> String {
    window().navigator().user_agent().unwrap_or_default()
}

/// The languages that the reader prefers, in that order.
#[must_use]
pub fn languages() -> Vec<String> {
    window().navigator().languages().iter().filter_map(|language| language.as_string()).collect()
}

/// The IANA name of the browser's time zone; empty when unknown.
#[must_use]
pub fn time_zone() -> String {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    field(&format.resolved_options(), "timeZone").as_string().unwrap_or_default()
}

/// A field of a foreign object; `undefined` when it is not there.
#[must_use]
pub fn field(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Calls a function at every event of a kind, as long as the page lives.
pub fn listen(target: &EventTarget, event: &str, run: impl FnMut(Event) + 'static) {
    let run = Closure::<dyn FnMut(Event)>::new(run);
    if target.add_event_listener_with_callback(event, run.as_ref().unchecked_ref()).is_ok() {
        // Lives as long as the page: nothing ever removes it.
        run.forget();
    }
}
