//! Editors for one text or number, and for a list of short texts.

use leptos::prelude::*;
use serde_json::Value;

use super::Spot;

/// One line of text.
#[component]
pub(super) fn Line(
    spot: Spot,
    /// The type that the browser has for it.
    #[prop(default = "text")]
    of: &'static str,
) -> impl IntoView {
    let input = move |event: leptos::ev::Event| {
        let text = event_target_value(&event);
        spot.put((!text.is_empty()).then(|| text.into()));
    };
    view! {
        <input
            type=of
            data-testid="field-line"
            aria-describedby=spot.described()
            aria-invalid=move || spot.invalid()
            prop:value=move || spot.text()
            on:input=input
        />
    }
}

/// A whole number.
#[component]
pub(super) fn Number(spot: Spot) -> impl IntoView {
    let input = move |event: leptos::ev::Event| {
        let text = event_target_value(&event);
        // What is no number is kept as it was typed: then the check says so.
        let value = text.parse::<u64>().map_or_else(|_| Value::from(text.clone()), Value::from);
        spot.put((!text.is_empty()).then_some(value));
    };
    view! {
        <input
            type="text"
            inputmode="numeric"
            data-testid="field-number"
            aria-describedby=spot.described()
            aria-invalid=move || spot.invalid()
            prop:value=move || spot.text()
            on:input=input
        />
    }
}

/// Text of several lines.
#[component]
pub(super) fn Text(spot: Spot) -> impl IntoView {
    let input = move |event: leptos::ev::Event| {
        let text = event_target_value(&event);
        spot.put((!text.is_empty()).then(|| text.into()));
    };
    view! {
        <textarea
            data-testid="field-text"
            rows="3"
            dir="auto"
            aria-describedby=spot.described()
            aria-invalid=move || spot.invalid()
            prop:value=move || spot.text()
            on:input=input
        ></textarea>
    }
}

/// Several short values, one for each line.
#[component]
pub(super) fn Lines(spot: Spot) -> impl IntoView {
    let value = move || spot.entries().iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n");
    // Empty lines are left out only when the field is left: they are there while one types.
    let lines = |event: &leptos::ev::Event| {
        // Not `lines`, which drops a line break at the end: that is how the next line begins.
        event_target_value(event).split('\n').map(str::trim).map(Value::from).collect::<Vec<_>>()
    };
    let input = move |event: leptos::ev::Event| spot.put(Some(lines(&event).into()));
    let left = move |event: leptos::ev::Event| {
        let lines: Vec<_> = lines(&event).into_iter().filter(|line| line != "").collect();
        spot.put(Some(lines.into()));
    };
    view! {
        <textarea
            data-testid="field-lines"
            rows="4"
            spellcheck="false"
            aria-describedby=spot.described()
            aria-invalid=move || spot.invalid()
            prop:value=value
            on:input=input
            on:change=left
        ></textarea>
    }
}
