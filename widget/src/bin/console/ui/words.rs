//! The console's texts: short calls over the shared catalogue, which does not change while the page lives.

use std::cell::OnceCell;

use widget::text::{Key, Text};

thread_local! {
    /// The page's texts. Not a context, because event handlers run outside the reactive tree and need texts too.
    static TEXT: OnceCell<Text> = const { OnceCell::new() };
}

/// Makes the catalogue known; to be called once, before anything is shown.
pub(crate) fn begin(text: Text) {
    TEXT.with(|known| known.set(text).ok());
}

/// The catalogue itself.
pub(crate) fn text() -> Text {
    TEXT.with(|known| *known.get().expect("main begins with the catalogue"))
}

/// The text of a key.
pub(crate) fn t(key: Key) -> String {
    text().get(key)
}

/// The text of a key with each `{name}` replaced; words of people do not tear it, whichever way they are written.
pub(crate) fn fill(key: Key, values: &[(&str, &str)]) -> String {
    widget_core::filled(&t(key), values)
}

/// The page's language.
pub(crate) fn language() -> String {
    widget::env::root().lang()
}
