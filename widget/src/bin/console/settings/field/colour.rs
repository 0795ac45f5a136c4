//! The editor for a colour, and how well texts can be read on the colours of a site.

use leptos::prelude::*;
use relay_settings::colour::{CONTRAST_MIN, Colour as Value};
use relay_settings::site::Colours;
use widget::key;

use super::Spot;
use super::one::Line;
use crate::ui::words::fill;

/// A colour: the browser's own chooser, and its digits.
#[component]
pub(super) fn Colour(spot: Spot) -> impl IntoView {
    let shown = move || {
        let text = spot.text();
        if text.is_empty() { default(&spot.path()) } else { text }
    };
    let choose = move |event: leptos::ev::Event| spot.put(Some(event_target_value(&event).into()));
    view! {
        <div class="colour">
            <input
                type="color"
                data-testid="field-colour"
                aria-describedby=spot.described()
                prop:value=shown
                on:input=choose
            />
            <Line spot />
        </div>
    }
}

/// The product's own colour for a part of the site's.
fn default(path: &str) -> String {
    let colours = Colours::default();
    let colour = match path.rsplit('.').next() {
        Some("light") => colours.light,
        Some("text_on_light") => colours.text_on_light,
        Some("dark") => colours.dark,
        _ => colours.text_on_dark,
    };
    colour.to_string()
}

/// How well the texts can be read on the two colours.
#[component]
pub(super) fn Contrasts(spot: Spot) -> impl IntoView {
    let pair = move |ground: &str, text: &str| {
        let colour = |name: &str| -> Option<Value> {
            let part = spot.part(name);
            let text = part.text();
            if text.is_empty() { default(&part.path()).parse().ok() } else { text.parse().ok() }
        };
        let contrast = colour(ground)?.contrast(colour(text)?);
        // Cut off, not rounded: 4.49 is not shown as 4.5.
        let shown = format!("{:.1}", (contrast * 10.0).floor() / 10.0);
        Some((contrast >= CONTRAST_MIN, shown))
    };
    let words = move |ground, text, key| {
        pair(ground, text).map(|(is_enough, shown)| {
            let words = fill(key, &[("n", &shown)]);
            view! { <small class:colour__bad=!is_enough data-testid="contrast">{words}</small> }
        })
    };
    view! {
        <p class="colour__contrasts" role="status">
            {move || words("light", "text_on_light", key!("console_contrast_light"))}
            {move || words("dark", "text_on_dark", key!("console_contrast_dark"))}
        </p>
    }
}
