//! The fields of a form: one editor for each shape, with its label, its note, and what is wrong.

use leptos::prelude::*;
use relay_settings::Field;
use serde_json::Value;
use widget::env::window;
use widget::key;

use super::editing::{Editing, ID};
use super::words::{self, Editor};
use crate::ui::words::t;

/// The id of a new document.
#[component]
pub(super) fn IdField(editing: Editing) -> impl IntoView {
    let type_id = move |event: leptos::ev::Event| {
        let id = event_target_value(&event).trim().to_owned();
        editing.now.update(|now| now.id = id);
        editing.touched.update(|touched| {
            touched.insert(ID.to_owned());
        });
        editing.refused.set(Vec::new());
    };
    view! {
        <label class="field" data-testid="field" data-field=ID>
            <span>{t(key!("console_field_id"))}</span>
            <input
                type="text"
                data-testid="setting-id"
                spellcheck="false"
                autocapitalize="none"
                autocomplete="off"
                aria-describedby="note-id problem-id"
                aria-invalid=move || editing.said_of(ID).is_some().to_string()
                prop:value=move || editing.now.read().id.clone()
                on:input=type_id
            />
            <small id="note-id">{t(key!("console_field_id_note"))}</small>
            <ProblemOf editing name=ID />
        </label>
    }
}

/// One field, with the editor for its shape.
#[component]
pub(super) fn FieldView(editing: Editing, field: &'static Field) -> impl IntoView {
    let name = field.name;
    let (label, note) = words::label(editing.kind, name)?;
    let described = ["note-", name, " problem-", name].concat();
    let invalid = move || editing.said_of(name).is_some().to_string();
    let input = match words::editor(&field.shape)? {
        Editor::Line => {
            let value =
                move || editing.now.read().body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let input = move |event: leptos::ev::Event| editing.change(name, Some(event_target_value(&event).into()));
            view! {
                <input type="text" name=name data-testid=field.name aria-describedby=described aria-invalid=invalid prop:value=value on:input=input />
            }
            .into_any()
        }
        Editor::Lines => {
            let value = move || {
                let now = editing.now.read();
                let lines =
                    now.body.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
                lines.collect::<Vec<_>>().join("\n")
            };
            // Empty lines are left out only when the field is left: they are there while one types.
            let lines = |event: &leptos::ev::Event| {
                event_target_value(event).lines().map(str::trim).map(Value::from).collect::<Vec<_>>()
            };
            let input = move |event: leptos::ev::Event| editing.change(name, Some(lines(&event).into()));
            let left = move |event: leptos::ev::Event| {
                let lines: Vec<_> = lines(&event).into_iter().filter(|line| line != "").collect();
                editing.change(name, Some(lines.into()));
            };
            view! {
                <textarea name=name data-testid=field.name                     rows="4"
                    spellcheck="false"
                    aria-describedby=described
                    aria-invalid=invalid
                    prop:value=value
                    on:input=input
                    on:change=left
                ></textarea>
            }
            .into_any()
        }
    };
    Some(view! {
        <label class="field" data-testid="field" data-field=name>
            <span>{t(label)}</span>
            {input}
            <small id=["note-", name].concat()>{t(note)}</small>
            <ProblemOf editing name />
        </label>
    })
}

/// What is wrong with a field, below it.
#[component]
fn ProblemOf(editing: Editing, name: &'static str) -> impl IntoView {
    view! {
        <small id=["problem-", name].concat() class="field__problem" aria-live="polite">
            {move || editing.said_of(name).map(|words| view! { <span data-testid="field-problem">{words}</span> })}
        </small>
    }
}

/// What is pasted into the site's pages.
#[component]
pub(super) fn Snippet(editing: Editing) -> impl IntoView {
    let origin = window().location().origin().unwrap_or_default();
    let id = editing.now.with_untracked(|now| now.id.clone());
    let snippet = format!("<script async src=\"{origin}/embed.js\" data-site=\"{id}\"></script>");
    let copied = RwSignal::new(false);
    let text = StoredValue::new(snippet.clone());
    let copy = move |_| {
        drop(window().navigator().clipboard().write_text(&text.get_value()));
        copied.set(true);
    };
    view! {
        <div class="field">
            <span>{t(key!("console_snippet"))}</span>
            <div class="settings__snippet">
                <code data-testid="snippet" tabindex="0">{snippet}</code>
                <button type="button" class="button" data-testid="snippet-copy" on:click=copy>
                    {move || t(if copied.get() { key!("console_copied") } else { key!("console_copy") })}
                </button>
            </div>
            <small>{t(key!("console_snippet_note"))}</small>
        </div>
    }
}
