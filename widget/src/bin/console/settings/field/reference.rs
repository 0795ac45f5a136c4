//! The editor for another document: a list to choose from.

use leptos::prelude::*;
use leptos::task::spawn_local;
use relay_settings::Kind;
use widget::key;
use widget::text::Key;

use super::Spot;
use crate::api::documents;
use crate::ui::words::t;

/// A document of a kind, or none.
#[component]
pub(super) fn Reference(spot: Spot, kind: Kind) -> impl IntoView {
    let choose = move |event: leptos::ev::Event| {
        let id = event_target_value(&event);
        spot.put((!id.is_empty()).then(|| id.into()));
    };
    // None is all sites, which is for those who have all; and some documents are always of one.
    let needs_site = spot.needs_site();
    let none = if needs_site { key!("console_field_choose") } else { key!("console_field_none") };
    view! {
        <select
            data-testid="field-reference"
            aria-describedby=spot.described()
            aria-invalid=move || spot.invalid()
            on:change=choose
        >
            <Options kind chosen=Signal::derive(move || spot.text()) none />
        </select>
    }
}

/// The documents of a kind as options, after one for none.
#[component]
pub(in crate::settings) fn Options(
    kind: Kind,
    /// The id of the one that is chosen; empty for none.
    chosen: Signal<String>,
    /// What the option for none says.
    none: Key,
) -> impl IntoView {
    // Id and name of each; none until they are loaded.
    let choices = RwSignal::new(None::<Vec<(String, String)>>);
    spawn_local(async move {
        let found = documents::list(kind).await.unwrap_or_default();
        let named = found.into_iter().map(|document| (document.id.to_string(), document.name()));
        choices.try_set(Some(named.collect()));
    });
    // What is chosen is always among the choices, also before they are loaded.
    let options = move || {
        let chosen = chosen.get();
        let mut options = choices.get().unwrap_or_default();
        if !chosen.is_empty() && options.iter().all(|(id, _)| *id != chosen) {
            options.insert(0, (chosen.clone(), chosen.clone()));
        }
        options
            .into_iter()
            .map(|(id, name)| {
                let selected = id == chosen;
                view! { <option value=id selected=selected>{name}</option> }
            })
            .collect_view()
    };
    view! {
        <option value="" selected=move || chosen.read().is_empty()>{t(none)}</option>
        {options}
    }
}
