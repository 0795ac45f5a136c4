//! Editors for a group of fields, and for a list of groups.

use leptos::prelude::*;
use relay_settings::Field;
use serde_json::Map;
use widget::key;

use super::{FieldView, Spot};
use crate::ui::icon::{self, icon};
use crate::ui::words::t;

/// Fields of their own.
#[component]
pub(super) fn Group(spot: Spot, fields: &'static [Field]) -> impl IntoView {
    let field = |field: &'static Field| {
        view! { <FieldView editing=spot.editing path=spot.part(field.name).path() shape=&field.shape /> }
    };
    view! { <div class="group">{fields.iter().map(field).collect_view()}</div> }
}

/// Several of them.
#[component]
pub(super) fn Groups(spot: Spot, fields: &'static [Field]) -> impl IntoView {
    let count = Memo::new(move |_| spot.entries().len());
    let add = move |_| {
        spot.editing.change(&spot.part(&count.get_untracked().to_string()).path(), Some(Map::new().into()));
    };
    let entry = move |at: usize| {
        let part = spot.part(&at.to_string());
        let remove = move |_| part.put(None);
        view! {
            <li class="groups__entry" data-testid="group">
                <Group spot=part fields />
                <button type="button" class="button button--icon" data-testid="group-remove" aria-label=t(key!("console_remove")) on:click=remove>
                    {icon(icon::CROSS)}
                </button>
            </li>
        }
    };
    view! {
        <ul class="groups">{move || (0..count.get()).map(entry).collect_view()}</ul>
        <button type="button" class="button" data-testid="group-add" on:click=add>
            {icon(icon::PLUS)}
            {t(key!("console_settings_add"))}
        </button>
    }
}
