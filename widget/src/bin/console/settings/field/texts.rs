//! The editor for a site's own texts: each beside the product's own.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;
use widget::key;

use super::one::Text;
use super::{ProblemOf, Spot};
use crate::api::documents;
use crate::ui::words::{fill, t};

/// The product's texts, as far as they are loaded.
#[derive(Clone, PartialEq)]
enum Own {
    /// No language is chosen.
    None,
    Loading,
    /// The chat has no texts in that language.
    Missing,
    All(BTreeMap<String, String>),
}

/// Each text beside the product's own.
#[component]
pub(super) fn Texts(spot: Spot) -> impl IntoView {
    let own = RwSignal::new(Own::None);
    let language = Memo::new(move |_| spot.editing.text("language"));
    Effect::new(move || {
        let asked = language.get();
        if asked.is_empty() {
            return own.set(Own::None);
        }
        own.set(Own::Loading);
        spawn_local(async move {
            let found = documents::texts(&asked).await.map_or(Own::Missing, Own::All);
            // Another language may have been chosen meanwhile.
            if language.try_get_untracked() == Some(asked) {
                own.try_set(found);
            }
        });
    });
    let typed = RwSignal::new(String::new());
    let count = move || {
        let value = spot.editing.value(&spot.path());
        value.as_ref().and_then(Value::as_object).map_or(0, serde_json::Map::len)
    };
    // Only what is looked for.
    let names = Memo::new(move |_| {
        let Own::All(all) = own.get() else { return Vec::new() };
        let typed = typed.get().to_lowercase();
        let fits = |(name, text): &(&String, &String)| {
            typed.is_empty() || name.contains(&typed) || text.to_lowercase().contains(&typed)
        };
        all.iter().filter(fits).map(|(name, text)| (name.clone(), text.clone())).collect::<Vec<_>>()
    });
    let row = move |(name, text): (String, String)| {
        let part = spot.part(&name);
        view! {
            <li class="texts__row" data-testid="text-row" data-name=name.clone()>
                <p dir="auto">{text.clone()}</p>
                <div>
                    <label>
                        <span class="unseen">{fill(key!("console_texts_own"), &[("text", &text)])}</span>
                        <Text spot=part />
                    </label>
                    <ProblemOf spot=part />
                </div>
            </li>
        }
    };
    view! {
        {move || match own.get() {
            Own::None => view! { <p class="texts__note">{t(key!("console_texts_choose"))}</p> }.into_any(),
            Own::Loading => view! { <p class="texts__note" role="status">{t(key!("console_loading"))}</p> }.into_any(),
            Own::Missing => view! { <p class="texts__note" role="alert">{t(key!("console_texts_missing"))}</p> }.into_any(),
            Own::All(_) => {
                view! {
                    <input
                        type="search"
                        class="texts__find"
                        data-testid="texts-find"
                        placeholder=t(key!("console_texts_find"))
                        aria-label=t(key!("console_texts_find"))
                        prop:value=move || typed.get()
                        on:input=move |event| typed.set(event_target_value(&event))
                    />
                    <p class="texts__note" role="status">
                        {move || fill(key!("console_texts_count"), &[("n", &count().to_string())])}
                    </p>
                    <ul class="texts">
                        <For each=move || names.get() key=|(name, _)| name.clone() children=row />
                    </ul>
                }
                    .into_any()
            }
        }}
    }
}
