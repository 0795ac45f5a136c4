//! The site's look: its colours and texts, whether it takes files, when somebody is there again, notices.
//!
//! The relay writes it into the page, as JSON on `<html>`. When there is another one, it takes its place there, and the chat is made anew from it
//! (`widget/src/bin/chat/notices`).

use js_sys::{Array, JSON};
use wasm_bindgen::{JsCast, JsValue};
use widget::env::{self, root, setting};
use widget::text::Text;

/// Where the look stands on `<html>`.
const LOOK: &str = "data-look";

/// A field of the look in the page; `undefined` when it is not there.
pub(crate) fn field(name: &str) -> JsValue {
    env::field(&now(), name)
}

/// Whether the look has something: a flag that is set, or a list.
pub(crate) fn has(name: &str) -> bool {
    let value = field(name);
    !value.is_undefined() && value.as_bool() != Some(false)
}

fn now() -> JsValue {
    JSON::parse(&setting("look")).unwrap_or(JsValue::UNDEFINED)
}

/// Puts another look in its place.
pub(crate) fn put(look: &str) {
    root().set_attribute(LOOK, look).ok();
}

/// The number by which the relay tells one look from another; 0 when there is none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the relay counts it in 32 bits")]
pub(crate) fn number() -> u32 {
    field("number").as_f64().unwrap_or_default() as u32
}

/// Takes over what is not read where it is shown: colours, texts, whether there are attachments.
pub(crate) fn wear(text: Text) {
    let look = now();
    widget::theme::apply(&look);
    // There is no such list where the texts are the product's own.
    text.replace(&env::field(&look, "texts").dyn_into::<Array>().unwrap_or_default());
    // The style sheet hides what has no use then.
    root().set_attribute("data-files", if has("attachments") { "yes" } else { "no" }).ok();
}
