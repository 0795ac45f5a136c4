//! The editor for a role's rights: a box for each, in groups.

use leptos::prelude::*;
use relay_settings::Right;
use serde_json::Value;

use super::Spot;
use crate::settings::rights::RightBoxes;

/// Every right with its box.
#[component]
pub(super) fn Rights(spot: Spot) -> impl IntoView {
    let chosen = Memo::new(move |_| {
        let rights = spot.editing.value(&spot.path());
        let names = rights.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        names.map(str::to_owned).collect::<Vec<_>>()
    });
    let toggle = move |right: Right| {
        let mut names = chosen.get_untracked();
        match names.iter().position(|name| name == right.as_str()) {
            Some(at) => drop(names.remove(at)),
            None => names.push(right.as_str().to_owned()),
        }
        // As the relay writes them, so that a box ticked and unticked again is no change.
        names.sort_by_key(|name| Right::NAMES.iter().position(|known| known == name));
        spot.put(Some(names.into()));
    };
    view! { <RightBoxes chosen toggle=Callback::new(toggle) /> }
}
