//! The editor for a role's rights: a box for each, in groups.

use leptos::prelude::*;
use serde_json::Value;

use super::Spot;
use crate::settings::rights::RightBoxes;

/// Every right with its box.
#[component]
pub(super) fn Rights(spot: Spot) -> impl IntoView {
    let chosen =
        Memo::new(move |_| spot.entries().iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>());
    let set = move |names: Vec<String>| spot.put(Some(names.into()));
    view! { <RightBoxes desk=spot.editing.desk chosen set=Callback::new(set) /> }
}
