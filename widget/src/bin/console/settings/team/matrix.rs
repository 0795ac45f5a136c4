//! What each role may do: rights against roles.

use leptos::prelude::*;
use relay_settings::{BuiltInRole, RightNames, RightSet};
use serde_json::Value;
use widget::key;

use crate::desk::route::{Page, Setting, Which};
use crate::settings::rights::{GROUPS, words};
use crate::settings::scope::{Names, built_in};
use crate::ui::words::t;
use relay_settings::Kind;

/// A role as a column: its name, its address if it can be changed, its rights.
type Column = (String, Option<String>, RightSet);

fn columns(names: Names) -> Vec<Column> {
    let built_in = BuiltInRole::ALL.into_iter().map(|role| (t(built_in(role)), None, role.rights()));
    let documents = names.roles.get().into_iter().map(|document| {
        let name = document.name();
        let rights = document.body.get("rights").and_then(Value::as_array).into_iter().flatten();
        let known = rights.filter_map(Value::as_str).collect::<RightNames>().known;
        let setting = Setting { page: Page::Kind(Kind::Role), which: Which::One(document.id) };
        (name, Some(setting.path()), known)
    });
    built_in.chain(documents).collect()
}

/// The table.
#[component]
pub(super) fn Matrix(names: Names) -> impl IntoView {
    move || {
        let columns = columns(names);
        let heads = columns
            .iter()
            .map(|(name, path, _)| {
                let name = name.clone();
                let head = match path.clone() {
                    Some(path) => view! { <a href=path data-testid="matrix-role">{name}</a> }.into_any(),
                    None => name.into_any(),
                };
                view! { <th scope="col">{head}</th> }
            })
            .collect_view();
        let count = columns.len() + 1;
        let group = |(title, rights): &(widget::text::Key, &[relay_settings::Right])| {
            let rows = rights.iter().map(|right| {
                let cells = columns.iter().map(|(_, _, has)| {
                    let has = has.has(*right);
                    let said = t(if has { key!("console_yes") } else { key!("console_no") });
                    view! {
                        <td class:matrix__yes=has>
                            <span aria-hidden="true">{if has { "✓" } else { "–" }}</span>
                            <span class="unseen">{said}</span>
                        </td>
                    }
                });
                view! {
                    <tr>
                        <th scope="row">{t(words(*right))}</th>
                        {cells.collect_view()}
                    </tr>
                }
            });
            view! {
                <tr class="matrix__group">
                    <th scope="colgroup" colspan=count.to_string()>{t(*title)}</th>
                </tr>
                {rows.collect_view()}
            }
        };
        view! {
            <table class="matrix" data-testid="matrix">
                <thead>
                    <tr>
                        <td></td>
                        {heads}
                    </tr>
                </thead>
                <tbody>{GROUPS.iter().map(group).collect_view()}</tbody>
            </table>
        }
    }
}
