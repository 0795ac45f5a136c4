//! The editor for somebody's roles: a box for each.

use leptos::prelude::*;
use widget::key;

use crate::settings::scope::Names;
use crate::ui::words::t;

/// A box for each role.
#[component]
pub(super) fn Roles(chosen: RwSignal<Vec<String>>, names: Names) -> impl IntoView {
    let toggle = move |id: &str| {
        chosen.update(|chosen| match chosen.iter().position(|known| known == id) {
            Some(at) => drop(chosen.remove(at)),
            None => {
                chosen.push(id.to_owned());
                chosen.sort();
            }
        });
    };
    let boxes = move || {
        let all = names.all_roles();
        all.into_iter()
            .map(|(id, name)| {
                let (value, of) = (id.clone(), id.clone());
                let checked = move || chosen.read().contains(&of);
                view! {
                    <label class="choice">
                        <input type="checkbox" data-testid="staff-role" value=value prop:checked=checked on:change=move |_| toggle(&id) />
                        {name}
                    </label>
                }
            })
            .collect_view()
    };
    view! {
        <fieldset class="field">
            <legend>{t(key!("console_team_roles"))}</legend>
            {boxes}
        </fieldset>
    }
}
