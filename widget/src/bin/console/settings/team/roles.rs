//! The editor for somebody's roles: a box for each.

use leptos::prelude::*;
use widget::key;

use crate::desk::Desk;
use crate::settings::scope::Names;
use crate::ui::words::t;

/// A box for each role.
#[component]
pub(super) fn Roles(
    /// Who gives them: nobody gives rights that they do not have.
    desk: Desk,
    chosen: RwSignal<Vec<String>>,
    names: Names,
) -> impl IntoView {
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
                let own = id.clone();
                // Where they count is another question.
                let lacks = move || desk.staff(|staff| !names.makes(desk, std::slice::from_ref(&own), &staff.scope));
                let checked = move || chosen.read().contains(&of);
                view! {
                    <label class="choice">
                        <input
                            type="checkbox"
                            data-testid="staff-role"
                            value=value
                            prop:checked=checked
                            disabled=lacks
                            on:change=move |_| toggle(&id)
                        />
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
