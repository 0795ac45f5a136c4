//! The fields of a form: one editor for each shape, with its label, its note, and what is wrong.

mod choose;
mod colour;
mod group;
mod language;
mod one;
mod picture;
pub(super) mod reference;
mod rights;
mod texts;
mod week;

use leptos::prelude::*;
use relay_settings::{Kind, Right, Shape};
use widget::env::window;
use widget::key;

use self::choose::{Choice, Flag, Moment, Zone};
use self::colour::{Colour, Contrasts};
use self::group::{Group, Groups};
use self::language::ByLanguage;
use self::one::{Line, Lines, Number, Text};
use self::picture::Picture;
use self::reference::Reference;
use self::rights::Rights;
use self::texts::Texts;
use self::week::Week;
use super::editing::{Editing, ID, SITE};
use super::rights::words as rights_words;
use super::words::{self, Editor};
use crate::ui::copy::Copy;
use crate::ui::words::{fill, t};

/// Where an editor stands: copies share it.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    /// The document.
    pub(super) editing: Editing,
    /// The path of the value.
    path: StoredValue<String>,
    /// Whether the editor stands for a whole list.
    has_lines: bool,
}

impl Spot {
    /// Below the value, or beside nothing: one of its parts.
    fn part(self, name: &str) -> Self {
        Self { path: StoredValue::new(format!("{}.{name}", self.path())), has_lines: false, ..self }
    }

    /// The path.
    pub(super) fn path(self) -> String {
        self.path.get_value()
    }

    /// The entries of the value, when it is a list.
    fn entries(self) -> Vec<serde_json::Value> {
        let value = self.path.with_value(|path| self.editing.value(path));
        value.and_then(|value| value.as_array().cloned()).unwrap_or_default()
    }

    /// The text of the value.
    fn text(self) -> String {
        self.path.with_value(|path| self.editing.text(path))
    }

    /// Puts another value there; none means the default.
    fn put(self, value: Option<serde_json::Value>) {
        self.path.with_value(|path| self.editing.change(path, value));
    }

    /// Whether it is the site of a document, and has to be one.
    fn needs_site(self) -> bool {
        let is_site = self.path.with_value(|path| path == SITE);
        is_site && (!self.editing.may_be_everywhere() || self.editing.kind == Kind::Texts)
    }

    /// What is wrong with it.
    fn said(self) -> Option<String> {
        self.path.with_value(|path| self.editing.said_of(path, self.has_lines))
    }

    /// The ids of its note and of what is wrong.
    fn described(self) -> String {
        self.path.with_value(|path| format!("note-{path} problem-{path}"))
    }

    /// Whether something is wrong, for `aria-invalid`.
    fn invalid(self) -> String {
        self.said().is_some().to_string()
    }
}

/// The id of a new document.
#[component]
pub(super) fn IdField(editing: Editing) -> impl IntoView {
    let type_id = move |event: leptos::ev::Event| {
        let id = event_target_value(&event).trim().to_owned();
        editing.now.update(|now| now.id = id);
        editing.touch(ID);
    };
    let spot = Spot { editing, path: StoredValue::new(ID.to_owned()), has_lines: false };
    view! {
        <label class="field" data-testid="field" data-field=ID>
            <span>{t(if editing.kind == Kind::Site { key!("console_field_id") } else { key!("console_field_id_any") })}</span>
            <input
                type="text"
                data-testid="setting-id"
                spellcheck="false"
                autocapitalize="none"
                autocomplete="off"
                aria-describedby=spot.described()
                aria-invalid=move || spot.invalid()
                prop:value=move || editing.now.read().id.clone()
                on:input=type_id
            />
            <small id="note-id">{t(key!("console_field_id_note"))}</small>
            <ProblemOf spot />
        </label>
    }
}

/// One field, with the editor for its shape.
#[component]
pub(super) fn FieldView(
    editing: Editing,
    /// The path of its value.
    #[prop(into)]
    path: String,
    shape: &'static Shape,
    /// The right that changing it takes and the reader has not.
    #[prop(optional_no_strip)]
    locked: Option<Right>,
) -> impl IntoView {
    let (label, note) = words::label(editing.kind, &path)?;
    let editor = words::editor(editing.kind, shape)?;
    let note_id = format!("note-{path}");
    let spot = Spot { editing, path: StoredValue::new(path.clone()), has_lines: editor.has_lines() };
    let (label, note) = (t(label), note.map(t));
    let note = move || note.clone().map(|note| view! { <small id=note_id.clone()>{note}</small> });
    let lock = locked.map(|right| fill(key!("console_field_locked"), &[("right", &t(rights_words(right)))]));
    let lock = lock.map(|words| view! { <small class="field__locked" data-testid="field-locked">{words}</small> });
    let field = if editor.is_set() {
        let contrasts = (path == "colours").then(|| view! { <Contrasts spot /> });
        view! {
            <fieldset
                class="field"
                data-testid="field"
                data-field=path
                disabled=locked.is_some()
                aria-describedby=spot.described()
            >
                <legend>{label}</legend>
                {note()}
                {lock}
                <ProblemOf spot />
                {control(spot, editor)}
                {contrasts}
            </fieldset>
        }
        .into_any()
    } else if editor == Editor::Flag {
        view! {
            <label class="field choice" data-testid="field" data-field=path>
                <Flag spot />
                <span>{label} {note()} <ProblemOf spot /></span>
            </label>
        }
        .into_any()
    } else {
        view! {
            <label class="field" data-testid="field" data-field=path>
                <span>{label}</span>
                {control(spot, editor)}
                {note()}
                <ProblemOf spot />
            </label>
        }
        .into_any()
    };
    Some(field)
}

/// What the value is changed with.
fn control(spot: Spot, editor: Editor) -> AnyView {
    match editor {
        Editor::Line(of) => view! { <Line spot of /> }.into_any(),
        Editor::Number => view! { <Number spot /> }.into_any(),
        Editor::Text => view! { <Text spot /> }.into_any(),
        Editor::Lines => view! { <Lines spot /> }.into_any(),
        // It stands beside its label: see above.
        Editor::Flag => ().into_any(),
        Editor::Choice(choices) => view! { <Choice spot choices /> }.into_any(),
        Editor::Colour => view! { <Colour spot /> }.into_any(),
        Editor::Picture => view! { <Picture spot /> }.into_any(),
        Editor::Zone => view! { <Zone spot /> }.into_any(),
        Editor::Moment => view! { <Moment spot /> }.into_any(),
        Editor::Reference(kind) => view! { <Reference spot kind /> }.into_any(),
        Editor::Rights => view! { <Rights spot /> }.into_any(),
        Editor::ByLanguage => view! { <ByLanguage spot /> }.into_any(),
        Editor::Texts => view! { <Texts spot /> }.into_any(),
        Editor::Week => view! { <Week spot /> }.into_any(),
        Editor::Group(fields) => view! { <Group spot fields /> }.into_any(),
        Editor::Groups(fields) => view! { <Groups spot fields /> }.into_any(),
    }
}

/// What is wrong with a field, below it.
#[component]
fn ProblemOf(spot: Spot) -> impl IntoView {
    view! {
        <small id=format!("problem-{}", spot.path()) class="field__problem" aria-live="polite">
            {move || spot.said().map(|words| view! { <span data-testid="field-problem">{words}</span> })}
        </small>
    }
}

/// What is pasted into the site's pages.
#[component]
pub(super) fn Snippet(editing: Editing) -> impl IntoView {
    let origin = window().location().origin().unwrap_or_default();
    let id = editing.now.with_untracked(|now| now.id.clone());
    let snippet = format!("<script async src=\"{origin}/embed.js\" data-site=\"{id}\"></script>");
    let text = snippet.clone();
    view! {
        <div class="field">
            <span>{t(key!("console_snippet"))}</span>
            <div class="settings__snippet">
                <code data-testid="snippet" tabindex="0">{snippet}</code>
                <Copy text test="snippet-copy" />
            </div>
            <small>{t(key!("console_snippet_note"))}</small>
        </div>
    }
}
