//! One entry of the audit log: everything that it says, and its place in the chain.

use leptos::prelude::*;
use relay_settings::Kind;
use widget::key;

use super::details;
use super::directory::Directory;
use super::filters::{Choice, can_filter};
use super::words;
use crate::api::audit::{Entry, Item, Subject};
use crate::ui::icon::{self, icon};
use crate::ui::words::{fill, t};
use crate::ui::{when, who};

/// Hex digits of a hash that are shown at its beginning and its end.
const DIGITS: usize = 6;

/// The panel beside the list.
#[component]
pub(super) fn Detail(
    item: Item,
    choice: Choice,
    directory: Directory,
    /// The panel is closed.
    #[prop(into)]
    close: Callback<()>,
) -> impl IntoView {
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
            {match item.entry {
                Some(entry) => view! { <Said entry choice directory /> }.into_any(),
                None => view! { <p>{t(key!("console_audit_unreadable"))}</p> }.into_any(),
            }}
            <h5>{t(key!("console_audit_proof"))}</h5>
            {facts_view(proof)}
            <p class:audit__fits=item.fits class:audit__grave=!item.fits>{t(verdict)}</p>
            <p class="audit__kept">{t(key!("console_audit_kept"))}</p>
        </aside>
    }
}

/// What an entry says. Names are put in when they are known.
#[component]
fn Said(entry: Entry, choice: Choice, directory: Directory) -> impl IntoView {
    let kind = entry.subject.as_ref().and_then(|subject| subject.kind.parse::<Kind>().ok());
    let lines = details::lines(kind, &entry.detail);
    let has_lines = !lines.is_empty();
    let told = move || facts_view(lines.iter().map(|(name, value)| (name.words(), value.words(directory))).collect());
    let subject = entry.subject.clone();
    view! {
        {move || facts_view(facts(&entry, directory))}
        {subject.filter(can_filter).map(|subject| view! { <Everything subject choice /> })}
        {has_lines.then(|| view! { <h5>{t(key!("console_audit_details"))}</h5> {told} })}
    }
}

fn facts(entry: &Entry, directory: Directory) -> Vec<(String, String)> {
    let action = words::action(&entry.action).map_or_else(|| entry.action.clone(), t);
    let mut facts = vec![
        (t(key!("console_audit_when")), when::exact(entry.at_ms)),
        (t(key!("console_audit_who")), who::words(&entry.who)),
        (t(key!("console_audit_what")), action),
    ];
    if let Some(subject) = &entry.subject {
        facts.push((t(key!("console_audit_on")), directory.subject(subject)));
        // Names change, and two may have the same.
        if directory.name(subject) != subject.id {
            facts.push((t(key!("console_audit_id")), subject.id.clone()));
        }
    }
    facts.extend(entry.from.clone().map(|from| (t(key!("console_audit_from")), from)));
    facts
}

/// Asks for all entries about the same; left out when these are asked for.
#[component]
fn Everything(subject: Subject, choice: Choice) -> impl IntoView {
    let subject = StoredValue::new(subject);
    let is_shown = move || subject.with_value(|subject| choice.is_about(subject));
    view! {
        <Show when=move || !is_shown()>
            <button
                type="button"
                class="button audit__everything"
                data-testid="audit-about"
                on:click=move |_| subject.with_value(|subject| choice.show(subject))
            >
                {t(key!("console_audit_everything_about"))}
            </button>
        </Show>
    }
}

fn facts_view(facts: Vec<(String, String)>) -> impl IntoView {
    let row = |(name, value): (String, String)| view! { <dt>{name}</dt><dd>{value}</dd> };
    view! { <dl class="audit__facts">{facts.into_iter().map(row).collect_view()}</dl> }
}
