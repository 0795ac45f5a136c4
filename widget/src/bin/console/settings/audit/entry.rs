//! One entry of the audit log: everything that it says, and its place in the chain.

use leptos::prelude::*;
use relay_settings::Kind;
use serde_json::Value;
use widget::key;

use super::words;
use crate::api::audit::{Item, Subject};
use crate::settings::name_of;
use crate::ui::icon::{self, icon};
use crate::ui::words::{fill, t};
use crate::ui::{when, who};

/// Hex digits of a hash that are shown at its beginning and its end.
const DIGITS: usize = 6;

/// The panel beside the list.
#[component]
pub(super) fn Detail(
    item: Item,
    /// The panel is closed.
    #[prop(into)]
    close: Callback<()>,
) -> impl IntoView {
    let facts = item.entry.as_ref().map(|entry| {
        let action = words::action(&entry.action).map_or_else(|| entry.action.clone(), t);
        let subject = entry.subject.as_ref();
        let mut facts = vec![
            (t(key!("console_audit_when")), when::exact(entry.at_ms)),
            (t(key!("console_audit_who")), who::words(&entry.who)),
            (t(key!("console_audit_what")), action),
        ];
        facts.extend(subject.map(|subject| (t(key!("console_audit_on")), subject_words(subject))));
        facts.extend(entry.from.clone().map(|from| (t(key!("console_audit_from")), from)));
        facts
    });
    let detail = item.entry.as_ref().filter(|entry| !entry.detail.is_empty()).map(|entry| {
        // That nothing was left out needs no line.
        let told = entry.detail.iter().filter(|(name, value)| *name != "left_out" || *value != &Value::from(0));
        let lines = told.map(|(name, value)| (name.clone(), plain(value)));
        facts_view(lines.collect())
    });
    let short = |hash: &str| match hash.len() > 2 * DIGITS {
        true => [&hash[..DIGITS], "…", &hash[hash.len() - DIGITS..]].concat(),
        false => hash.to_owned(),
    };
    let proof = vec![
        (t(key!("console_audit_before")), item.hash_before.map(|hash| short(&hash)).unwrap_or_default()),
        (t(key!("console_audit_this")), short(&item.hash)),
    ];
    let verdict = if item.fits { key!("console_audit_fits") } else { key!("console_audit_unfit") };
    view! {
        <aside class="audit__entry" aria-label=fill(key!("console_audit_entry"), &[("number", &item.number.to_string())])>
            <header>
                <h4>{fill(key!("console_audit_entry"), &[("number", &item.number.to_string())])}</h4>
                <button
                    type="button"
                    class="button button--icon"
                    data-testid="audit-close"
                    aria-label=t(key!("console_close"))
                    on:click=move |_| close.run(())
                >
                    {icon(icon::CROSS)}
                </button>
            </header>
            {facts.map_or_else(|| view! { <p>{t(key!("console_audit_unreadable"))}</p> }.into_any(), |facts| facts_view(facts).into_any())}
            {detail.map(|detail| view! { <h5>{t(key!("console_audit_details"))}</h5> {detail} })}
            <h5>{t(key!("console_audit_proof"))}</h5>
            {facts_view(proof)}
            <p class:audit__fits=item.fits class:audit__grave=!item.fits>{t(verdict)}</p>
            <p class="audit__kept">{t(key!("console_audit_kept"))}</p>
        </aside>
    }
}

fn facts_view(facts: Vec<(String, String)>) -> impl IntoView {
    let row = |(name, value): (String, String)| view! { <dt>{name}</dt><dd>{value}</dd> };
    view! { <dl class="audit__facts">{facts.into_iter().map(row).collect_view()}</dl> }
}

/// Kind and id; a kind of document by its words.
pub(super) fn subject_words(subject: &Subject) -> String {
    let Subject { kind, id, site } = subject;
    let kind = kind.parse::<Kind>().ok().and_then(name_of).unwrap_or_else(|| kind.clone());
    let site = site.as_ref().filter(|site| *site != id).map(|site| [" · ", site].concat()).unwrap_or_default();
    [&kind, " · ", id, &site].concat()
}

/// A value of the detail as one text. Fields that were changed are lines `field: before → after`.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join("\n"),
        Value::Object(fields) => match fields.get("field").and_then(Value::as_str) {
            Some(field) => {
                let side = |name: &str| fields.get(name).map_or_else(|| "–".to_owned(), plain);
                [field, ": ", &side("before"), " → ", &side("after")].concat()
            }
            None => {
                fields.iter().map(|(name, value)| [name, ": ", &plain(value)].concat()).collect::<Vec<_>>().join("\n")
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn details_are_written_as_lines() {
        for (value, text) in [
            (json!("text"), "text"),
            (json!(3), "3"),
            (
                json!([{ "field": "name", "before": "A", "after": "B" }, { "field": "site", "after": "demo" }]),
                "name: A → B\nsite: – → demo",
            ),
            (json!({ "a": [1, true], "b": null }), "a: 1\ntrue\nb: null"),
        ] {
            assert_eq!(plain(&value), text);
        }
    }
}
