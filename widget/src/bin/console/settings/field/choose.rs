//! Editors for what is chosen: yes or no, one of a few words, a time zone, a moment.

use js_sys::{Array, Date, Function};
use leptos::prelude::*;
use relay_settings::Kind;
use serde_json::Value;
use wasm_bindgen::JsCast;
use widget::env::{field, window};
use widget::key;

use super::Spot;
use crate::settings::words;
use crate::ui::words::t;

/// Yes or no. Left out means the default, which the document that the relay gives back has written out.
#[component]
pub(super) fn Flag(spot: Spot) -> impl IntoView {
    let on = move || match spot.editing.value(&spot.path()) {
        Some(value) => value.as_bool().unwrap_or(false),
        None => is_on_by_default(spot.editing.kind, &spot.path()),
    };
    let change = move |event: leptos::ev::Event| spot.put(Some(event_target_checked(&event).into()));
    view! {
        <input
            type="checkbox"
            data-testid="field-flag"
            aria-describedby=spot.described()
            aria-invalid=move || spot.invalid()
            prop:checked=on
            on:change=change
        />
    }
}

/// What a flag is in a new document, whose defaults the relay has not written out yet.
fn is_on_by_default(kind: Kind, path: &str) -> bool {
    matches!((kind, path), (Kind::Site, "password_notice" | "attachments") | (Kind::Notice, "dismissible"))
}

/// One of a few words.
#[component]
pub(super) fn Choice(spot: Spot, choices: &'static [&'static str]) -> impl IntoView {
    let choose = move |event: leptos::ev::Event| {
        let value = event_target_value(&event);
        spot.put((!value.is_empty()).then(|| value.into()));
    };
    let options = move || {
        let (chosen, path) = (spot.text(), spot.path());
        let option = |value: &&'static str| {
            let words = words::choice(spot.editing.kind, &path, value).map_or_else(|| (*value).to_owned(), t);
            let selected = chosen == *value;
            view! { <option value=*value selected=selected>{words}</option> }
        };
        choices.iter().map(option).collect_view()
    };
    view! {
        <select
            data-testid="field-choice"
            aria-describedby=spot.described()
            aria-invalid=move || spot.invalid()
            on:change=choose
        >
            <Show when=move || spot.text().is_empty()>
                <option value="" selected=true>{t(key!("console_field_choose"))}</option>
            </Show>
            {options}
        </select>
    }
}

/// A time zone, with those that the browser knows to choose from.
#[component]
pub(super) fn Zone(spot: Spot) -> impl IntoView {
    let input = move |event: leptos::ev::Event| {
        let text = event_target_value(&event).trim().to_owned();
        spot.put((!text.is_empty()).then(|| text.into()));
    };
    view! {
        <input
            type="text"
            list="zones"
            spellcheck="false"
            autocomplete="off"
            data-testid="field-zone"
            aria-describedby=spot.described()
            aria-invalid=move || spot.invalid()
            prop:value=move || spot.text()
            on:input=input
        />
        <datalist id="zones">{zones().into_iter().map(|zone| view! { <option value=zone></option> }).collect_view()}</datalist>
    }
}

/// The time zones that the browser knows; none in old ones.
fn zones() -> Vec<String> {
    let supported = field(&field(&window(), "Intl"), "supportedValuesOf").dyn_into::<Function>();
    let zones = supported.ok().and_then(|supported| supported.call1(&window(), &"timeZone".into()).ok());
    zones.map(|zones| Array::from(&zones).iter().filter_map(|zone| zone.as_string()).collect()).unwrap_or_default()
}

/// A moment, in the reader's own time.
#[component]
pub(super) fn Moment(spot: Spot) -> impl IntoView {
    let input = move |event: leptos::ev::Event| {
        let text = event_target_value(&event);
        let at_ms = Date::parse(&text);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole milliseconds since 1970")]
        let value = at_ms.is_finite().then_some(at_ms as u64).map(Value::from);
        spot.put(value);
    };
    view! {
        <input
            type="datetime-local"
            data-testid="field-moment"
            aria-describedby=spot.described()
            aria-invalid=move || spot.invalid()
            prop:value=move || spot.text().parse().map(local).unwrap_or_default()
            on:input=input
        />
    }
}

/// A moment as the browser's field for it writes it: local time, to the minute.
fn local(at_ms: f64) -> String {
    let offset_ms = Date::new(&at_ms.into()).get_timezone_offset() * 60_000.0;
    let text = String::from(Date::new(&(at_ms - offset_ms).into()).to_iso_string());
    text.get(..16).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use relay_settings::Shape;
    use serde_json::json;

    use super::*;

    #[test]
    fn flags_are_on_by_default_where_the_relay_says_so() {
        for (kind, body) in
            [(Kind::Site, json!({ "name": "A" })), (Kind::Notice, json!({ "kind": "news", "texts": { "en": "A" } }))]
        {
            let read = kind.read(&body).expect("a whole document").value();
            for field in words::fields(kind).filter(|field| field.shape == Shape::Flag) {
                assert_eq!(
                    Some(is_on_by_default(kind, field.name)),
                    read[field.name].as_bool(),
                    "{kind} {}",
                    field.name
                );
            }
        }
    }
}
