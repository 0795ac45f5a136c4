//! Where the visitor is, as far as the page around the chat and the browser say.

use wire::PageContext;
use wire::limit::CONTEXT_FIELD_CHARS_MAX;

use widget::env::{browser, document, languages, root, time_zone, window};

/// The context for a page with this address and title.
pub(crate) fn context(url: &str, title: &str) -> PageContext {
    PageContext {
        url: cut(url),
        title: cut(title),
        language: cut(&root().lang()),
        time_zone: cut(&time_zone()),
        browser: cut(&browser()),
        languages: cut(&languages().join(",")),
    }
}

/// The context when the chat is a page of its own, or before the page around it has said where it is.
pub(crate) fn own_context() -> PageContext {
    let location = window().location();
    let url = [location.origin().unwrap_or_default(), location.pathname().unwrap_or_default()].concat();
    context(&url, &document().title())
}

fn cut(text: &str) -> String {
    text.chars().take(CONTEXT_FIELD_CHARS_MAX).collect()
}
