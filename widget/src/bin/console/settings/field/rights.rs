//! The editor for a role's rights: a box for each, in groups.

use leptos::prelude::*;
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
    let set = move |names: Vec<String>| spot.put(Some(names.into()));
    view! { <RightBoxes chosen set=Callback::new(set) /> }
}
