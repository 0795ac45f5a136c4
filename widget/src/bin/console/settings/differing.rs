//! What differs between two bodies of a document, as rows of field, before and after.

use leptos::prelude::*;
use relay_settings::{Difference, Kind, Right, differences};
use serde_json::{Map, Value};
use widget::key;

use super::{path, rights, words};
use crate::ui::words::{fill, t};

/// The rows, with a heading for each column.
#[component]
pub(super) fn Differing(
    kind: Kind,
    /// The body on the left; none when there was none.
    before: Option<Map<String, Value>>,
    /// The body on the right; none when it was removed.
    after: Option<Map<String, Value>>,
    /// The headings of both; without them the values stand in one line.
    #[prop(optional)]
    headings: Option<(String, String)>,
) -> impl IntoView {
    let (before, after) = (before.map(Value::Object), after.map(Value::Object));
    let found = differences(before.as_ref(), after.as_ref());
    let left_out = found.left_out;
    // What no form shows tells nobody anything.
    let is_shown = |difference: &Difference| {
        let first = difference.field.split('.').next().unwrap_or_default();
        words::fields(kind).any(|field| field.name == first)
    };
    let side = |value: Option<&Value>, path: &str| {
        value.map_or_else(|| t(key!("console_differs_nothing")), |value| shown(kind, path, value))
    };
    let row = |difference: Difference| {
        let Difference { field, before, after } = difference;
        let name = words::label(kind, &field).map_or_else(|| field.clone(), |(label, _)| t(label));
        view! {
            <tr data-field=field.clone()>
                <th scope="row">{name}</th>
                <td>{side(before.as_ref(), &field)}</td>
                <td>{side(after.as_ref(), &field)}</td>
            </tr>
        }
    };
    view! {
        <table class="differing">
            {headings.map(|(before, after)| {
                view! {
                    <thead>
                        <tr>
                            <td></td>
                            <th scope="col">{before}</th>
                            <th scope="col">{after}</th>
                        </tr>
                    </thead>
                }
            })}
            <tbody>{found.fields.into_iter().filter(is_shown).map(row).collect_view()}</tbody>
        </table>
        {(left_out > 0).then(|| view! { <p>{fill(key!("console_differs_more"), &[("count", &left_out.to_string())])}</p> })}
    }
}

/// A value in words.
fn shown(kind: Kind, path: &str, value: &Value) -> String {
    match value {
        Value::Bool(true) => t(key!("console_yes")),
        Value::Bool(false) => t(key!("console_no")),
        Value::String(name) if kind == Kind::Role && path::general(path) == "rights" => {
            name.parse::<Right>().map_or_else(|_| name.clone(), |right| t(rights::words(right)))
        }
        Value::String(text) => text.clone(),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
