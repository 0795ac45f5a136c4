//! The form of one document, made from the schema of its kind. The relay's own checks run as one types.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::task::spawn_local;
use relay_settings::{DocumentKey, Kind, Right};
use serde_json::{Map, Value};
use widget::key;

use super::differing::Differing;
use super::documents::Listed;
use super::editing::{Editing, Outcome, compare, save};
use super::field::{FieldView, IdField, Snippet};
use super::history::History;
use super::preview::Preview;
use super::problem::said;
use super::rights::words as right_words;
use super::words;
use crate::api::documents::{self, Document};
use crate::api::v1::Fault;
use crate::desk::Desk;
use crate::desk::rights::{adds, has, writes};
use crate::desk::route::{Page, Setting, Which};
use crate::desk::screen::{Screen, Unsaved};
use crate::ui::dialog::{Answers, Dialog};
use crate::ui::focus::{after_drawing, focus};
use crate::ui::icon::{self, icon};
use crate::ui::save_key::on_save_key;
use crate::ui::task::spawn_for;
use crate::ui::words::{fill, t};

/// The first thing that can be filled in.
const FIRST_FIELD: &str = ".settings__body :is(input, textarea, select)";

/// The form.
#[component]
pub(super) fn Form(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    /// The kind of document.
    kind: Kind,
    /// Which one, as the address says.
    which: Which,
    /// The document as the relay has it; none for a new one, and for one that was removed while it was being changed.
    document: Option<Document>,
    /// The list that it is in, which follows what colleagues change.
    listed: RwSignal<Listed>,
    /// It was saved or removed.
    done: Callback<Outcome>,
) -> impl IntoView {
    let missing = match &which {
        Which::One(id) if document.is_none() => Some(id.clone()),
        Which::One(_) | Which::New | Which::List => None,
    };
    let is_missing = missing.is_some();
    let address = StoredValue::new(Setting { page: Page::Kind(kind), which }.path());
    let editing = Editing {
        desk,
        kind,
        missing: StoredValue::new(missing),
        saved: StoredValue::new(document),
        now: RwSignal::new(Unsaved { version: None, id: String::new(), body: Map::new() }),
        touched: RwSignal::new(BTreeSet::new()),
        refused: RwSignal::new(Vec::new()),
        busy: RwSignal::new(false),
        conflict: RwSignal::new(None),
        saves: RwSignal::new(0),
        note: RwSignal::new(None),
    };
    let kept = screen.unsaved.read_untracked().get(&address.get_value()).cloned();
    // One that is not there any more is added anew.
    let kept = kept.map(|kept| if is_missing { Unsaved { version: None, ..kept } } else { kept });
    editing.now.set(kept.unwrap_or_else(|| editing.before()));
    // What is not saved stays with its document, also while others are looked at.
    Effect::new(move || {
        let changed = editing.is_changed().then(|| editing.now.get());
        screen.unsaved.update(|unsaved| match changed {
            Some(changed) => drop(unsaved.insert(address.get_value(), changed)),
            None => drop(unsaved.remove(&address.get_value())),
        });
    });
    follow(editing, listed);
    let may = Memo::new(move |_| {
        editing.saves.track();
        editing.saved.with_value(|saved| match saved {
            Some(saved) => {
                let key = DocumentKey { kind, id: saved.id.clone() };
                writes(desk, &key, &Value::Object(saved.body.clone()))
            }
            None => adds(desk, kind),
        })
    });
    let save = move || save(editing, screen, address, done);
    on_save_key(save);
    let title = move || {
        // Set anew with each save.
        let typed = editing.now.read().body.get("name").and_then(Value::as_str).map(str::to_owned);
        editing.saved.with_value(|saved| {
            let name = saved.as_ref().map(Document::name).or_else(|| typed.filter(|_| is_missing));
            name.unwrap_or_else(|| words::words(kind).map(|words| t(words.new)).unwrap_or_default())
        })
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        save();
    };
    let history = RwSignal::new(false);
    // Whoever begins a new one writes at once.
    if !is_missing && editing.is_new() {
        after_drawing(|| focus(FIRST_FIELD));
    }
    view! {
        <form class="settings__fields" novalidate on:submit=submit data-testid="settings-form">
            <header class="settings__head">
                <a
                    class="button button--icon settings__back"
                    href=Setting { page: Page::Kind(kind), which: Which::List }.path()
                    data-testid="settings-back"
                    aria-label=t(key!("console_back"))
                >
                    {icon(icon::BACK)}
                </a>
                <h3 data-title tabindex="-1">{title}</h3>
                <Show when=move || !editing.is_new()>
                    <button
                        type="button"
                        class="button"
                        data-testid="history"
                        aria-expanded=move || history.get().to_string()
                        on:click=move |_| history.update(|shown| *shown = !*shown)
                    >
                        {icon(icon::HISTORY)}
                        {t(key!("console_history"))}
                    </button>
                    <Show when=move || may.get()>
                        <Remove editing screen address done />
                    </Show>
                </Show>
            </header>
            <Show when=move || !may.get()>
                <p class="settings__locked" data-testid="form-locked">{locked_words(editing)}</p>
            </Show>
            // Without a control that takes the focus, the keyboard still has to scroll.
            <div class="settings__body" tabindex=move || (!may.get()).then_some("0")>
            <fieldset disabled=move || !may.get()>
                <Conflict editing />
                <Show when=move || is_missing>
                    <section class="conflict" role="alert" data-testid="removed-meanwhile">
                        <p>{t(key!("console_removed_meanwhile"))}</p>
                    </section>
                </Show>
                {words::fields(kind)
                    .enumerate()
                    .map(|(at, field)| {
                        let lacks = Right::to_change_field(kind, field.name);
                        let locked = lacks.filter(|right| may.get_untracked() && !has(desk, *right));
                        view! {
                            <FieldView editing path=field.name shape=&field.shape locked />
                            {(at == 0 && editing.is_new() && !is_missing).then(|| view! { <IdField editing /> })}
                        }
                    })
                    .collect_view()}
                <Show when=move || kind == Kind::Site && !editing.is_new()>
                    <Snippet editing />
                </Show>
            </fieldset>
            </div>
            <Show when=move || may.get()>
                <Bar editing done />
            </Show>
        </form>
        <Show when=move || history.get()>
            <History editing shown=history saves=editing.saves />
        </Show>
        <Show when=move || kind == Kind::Site && !editing.is_new() && !history.get()>
            <Preview editing />
        </Show>
    }
}

/// Shows what a colleague makes of the document: at once where nothing was changed here, else beside that.
fn follow(editing: Editing, listed: RwSignal<Listed>) {
    Effect::new(move || {
        let saved = editing.saved.get_value();
        let Some((theirs, saved)) = saved.and_then(|saved| Some((listed.read().one(&saved.id)?, saved))) else {
            return;
        };
        if editing.busy.get() || theirs.version <= saved.version {
            return;
        }
        if untrack(|| editing.is_changed()) {
            spawn_for(editing.busy, compare(editing, theirs.id.clone(), theirs));
        } else {
            editing.saved.set_value(Some(theirs));
            editing.now.set(editing.before());
            editing.saves.update(|saves| *saves += 1);
        }
    });
}

/// Why it cannot be changed.
fn locked_words(editing: Editing) -> String {
    let right = Right::to_change(editing.kind);
    if !has(editing.desk, right) {
        fill(key!("console_field_locked"), &[("right", &t(right_words(right)))])
    } else if editing.kind == Kind::Role {
        t(key!("console_form_locked_role"))
    } else {
        t(key!("console_form_locked_place"))
    }
}

/// What a colleague has made of the document meanwhile, beside what was made here.
#[component]
fn Conflict(editing: Editing) -> impl IntoView {
    let rows = move || {
        editing.saves.track();
        let theirs = editing.saved.with_value(|saved| saved.as_ref().map(|saved| saved.body.clone()));
        let (kind, mine) = (editing.kind, editing.now.read().body.clone());
        let headings = (t(key!("console_conflict_theirs")), t(key!("console_conflict_mine")));
        view! { <Differing kind before=theirs after=Some(mine) headings /> }
    };
    let shown = move || editing.conflict.get().filter(|_| editing.is_changed());
    move || {
        shown().map(|who| {
            view! {
                <section class="conflict" role="alert" data-testid="conflict">
                    <p>{fill(key!("console_conflict"), &[("name", &who)])}</p>
                    {rows}
                    <p>{t(key!("console_conflict_note"))}</p>
                </section>
            }
        })
    }
}

/// The bar at the foot, while something is not saved or something is to be said.
#[component]
fn Bar(editing: Editing, done: Callback<Outcome>) -> impl IntoView {
    let discard = move |_| {
        // The button goes, and the focus with it.
        focus("[data-testid='save']");
        editing.now.set(editing.before());
        editing.touched.update(BTreeSet::clear);
        editing.refused.set(Vec::new());
        editing.note.set(None);
        editing.conflict.set(None);
        if let Some(id) = editing.missing.get_value() {
            done.run(Outcome::Removed(id));
        }
    };
    let words = move || editing.note.get().or_else(|| editing.is_changed().then(|| t(key!("console_unsaved"))));
    view! {
        <footer class="settings__bar" class:settings__bar--changed=move || editing.is_changed()>
            <p role="status" data-testid="settings-note">{words}</p>
            <Show when=move || editing.is_changed()>
                <button type="button" class="button" data-testid="discard" on:click=discard>
                    {t(key!("console_discard"))}
                </button>
            </Show>
            <button
                type="submit"
                class="button button--main"
                data-testid="save"
                aria-keyshortcuts="Control+S"
                // Not `disabled`: the focus would be lost with each save.
                aria-disabled=move || (editing.busy.get() || !editing.is_changed()).to_string()
            >
                {move || t(if editing.busy.get() { key!("console_saving") } else { key!("console_save") })}
            </button>
        </footer>
    }
}

/// The field of the problem that a site has conversations.
const KEEP: &str = "keep_conversations";

/// Removes the document, asked once; a site with conversations is asked about a second time.
#[component]
fn Remove(editing: Editing, screen: Screen, address: StoredValue<String>, done: Callback<Outcome>) -> impl IntoView {
    /// What is asked.
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Ask {
        Whether,
        Keeping,
    }
    let asking = RwSignal::new(None::<Ask>);
    let remove = move |()| {
        let keep = asking.get_untracked() == Some(Ask::Keeping);
        asking.set(None);
        let Some(saved) = editing.saved.get_value() else { return };
        let address = address.get_value();
        spawn_local(async move {
            let removed = documents::remove(editing.kind, &saved.id, saved.version, keep).await;
            if removed.is_ok() {
                screen.unsaved.update(|unsaved| drop(unsaved.remove(&address)));
            }
            if asking.is_disposed() {
                return;
            }
            match removed {
                Ok(()) => done.run(Outcome::Removed(saved.id)),
                Err(Fault::Problem(problem)) if !keep && problem.problems.iter().any(|one| one.field == KEEP) => {
                    asking.set(Some(Ask::Keeping));
                }
                Err(fault) => editing.note.set(Some(said(&fault))),
            }
        });
    };
    let closed = move |()| asking.set(None);
    view! {
        <button type="button" class="button settings__remove" data-testid="settings-remove" on:click=move |_| asking.set(Some(Ask::Whether))>
            {t(key!("console_remove"))}
        </button>
        {move || {
            asking.get().map(|ask| {
                let name = editing.saved.with_value(|saved| saved.as_ref().map(Document::name)).unwrap_or_default();
                let (note, yes) = match ask {
                    Ask::Whether if editing.kind == Kind::Site => (key!("console_remove_note"), key!("console_remove")),
                    Ask::Whether => (key!("console_remove_note_any"), key!("console_remove")),
                    Ask::Keeping => (key!("console_remove_keep"), key!("console_remove_keep_yes")),
                };
                view! {
                    <Dialog title=fill(key!("console_remove_title"), &[("name", &name)]) name="settings-remove-ask" closed>
                        <p>{t(note)}</p>
                        <Answers yes=t(yes) danger=true done=remove closed />
                    </Dialog>
                }
            })
        }}
    }
}
