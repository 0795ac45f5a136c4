//! Moves the keyboard's focus.

use leptos::ev::{FocusEvent, KeyboardEvent};
use leptos::prelude::request_animation_frame;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node};
use widget::env::document;

/// Moves the focus by so many among the elements that fit a selector, from the focused one or the current one.
pub(crate) fn step_in(event: &KeyboardEvent, selector: &str, by: i32) {
    let Ok(rows) = document().query_selector_all(selector) else { return };
    let count = i32::try_from(rows.length()).unwrap_or(i32::MAX);
    if count == 0 {
        return;
    }
    event.prevent_default();
    let all = || (0..rows.length()).filter_map(|index| rows.get(index)?.dyn_into::<Element>().ok());
    let focused = document().active_element();
    let at = all()
        .position(|row| Some(&row) == focused.as_ref())
        .or_else(|| all().position(|row| row.has_attribute("aria-current")))
        .and_then(|at| i32::try_from(at).ok());
    let to = at.map_or(0, |at| (at + by).clamp(0, count - 1));
    if let Some(row) = u32::try_from(to).ok().and_then(|to| rows.get(to)) {
        let _ = row.unchecked_into::<HtmlElement>().focus();
    }
}

/// Moves the focus to the first element that fits.
pub(crate) fn focus(selector: &str) {
    if let Ok(Some(element)) = document().query_selector(selector) {
        let _ = element.unchecked_into::<HtmlElement>().focus();
    }
}

/// Does something once the page was drawn and a window that was closed has given the focus back.
pub(crate) fn after_drawing(act: impl FnOnce() + 'static) {
    request_animation_frame(move || request_animation_frame(act));
}

/// Once the page was drawn, moves the focus to the first element that fits, if it was lost with what had it.
pub(crate) fn recover(selector: &'static str) {
    after_drawing(move || {
        if document().active_element().is_none_or(|element| element.tag_name() == "BODY") {
            focus(selector);
        }
    });
}

/// Whether the focus moves to something inside the element that listens.
pub(crate) fn stays_inside(event: &FocusEvent) -> bool {
    let listens = event.current_target().and_then(|target| target.dyn_into::<Node>().ok());
    let to = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
    listens.is_some_and(|listens| to.is_some_and(|to| listens.contains(Some(&to))))
}
