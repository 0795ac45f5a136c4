//! The editor for a text in each language.

use js_sys::{Array, Function, Object, Reflect};
use leptos::prelude::*;
use serde_json::Value;
use wasm_bindgen::JsCast;
use widget::env::{field, root, window};
use widget::key;

use super::one::Text;
use super::{ProblemOf, Spot};
use crate::ui::icon::{self, icon};
use crate::ui::words::{fill, t};

/// What is offered; others come with a document that was made elsewhere.
const LANGUAGES: [&str; 20] = [
    "en", "zh-CN", "zh-TW", "ar", "de", "es", "fa", "fr", "hi", "id", "it", "ja", "ko", "pl", "pt-BR", "ru", "th",
    "tr", "uk", "vi",
];

/// A text for each language.
#[component]
pub(super) fn ByLanguage(spot: Spot) -> impl IntoView {
    let there = Memo::new(move |_| {
        let value = spot.editing.value(&spot.path());
        let names = value.as_ref().and_then(Value::as_object).into_iter().flat_map(|texts| texts.keys().cloned());
        names.collect::<Vec<_>>()
    });
    let add = move |event: leptos::ev::Event| {
        let language = event_target_value(&event);
        if !language.is_empty() {
            spot.part(&language).put(Some("".into()));
        }
        // It offers again: what was chosen stands above now.
        if let Some(select) = event.target() {
            Reflect::set(&select, &"value".into(), &"".into()).ok();
        }
    };
    let one = move |language: String| {
        let part = spot.part(&language);
        let name = name_of(&language);
        let remove = move |_| part.put(None);
        let remove_words = fill(key!("console_language_remove"), &[("name", &name)]);
        view! {
            <div class="language" data-testid="language" data-language=language>
                <label>
                    <span>{name}</span>
                    <Text spot=part />
                </label>
                <button type="button" class="button button--icon" data-testid="language-remove" aria-label=remove_words on:click=remove>
                    {icon(icon::CROSS)}
                </button>
                <ProblemOf spot=part />
            </div>
        }
    };
    let others = move || {
        let there = there.get();
        let others = LANGUAGES.into_iter().filter(|language| !there.iter().any(|known| known == language));
        others.map(|language| view! { <option value=language>{name_of(language)}</option> }).collect_view()
    };
    view! {
        <For each=move || there.get() key=Clone::clone children=one />
        <select class="language__add" data-testid="language-add" aria-label=t(key!("console_language_add")) on:change=add prop:value="">
            <option value="" selected=true>{t(key!("console_language_add"))}</option>
            {others}
        </select>
    }
}

/// A language's name in the reader's language; its tag in browsers that know no names.
pub(super) fn name_of(language: &str) -> String {
    let name = || {
        let make: Function = field(&field(&window(), "Intl"), "DisplayNames").dyn_into().ok()?;
        let options = Object::new();
        Reflect::set(&options, &"type".into(), &"language".into()).ok()?;
        let names = Reflect::construct(&make, &Array::of2(&root().lang().into(), &options)).ok()?;
        let of: Function = field(&names, "of").dyn_into().ok()?;
        of.call1(&names, &language.into()).ok()?.as_string()
    };
    name().unwrap_or_else(|| language.to_owned())
}
