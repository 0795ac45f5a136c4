//! The form of one document, made from the schema of its kind. The relay's own checks run as one types.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::task::spawn_local;
use relay_settings::{Kind, Right};
use serde_json::Map;
use widget::key;

use super::differing::Differing;
use super::editing::{Editing, Outcome, said, save};
use super::field::{FieldView, IdField, Snippet};
use super::history::History;
use super::preview::Preview;
use super::words;
use crate::api::documents::{self, Document};
use crate::api::v1::Fault;
use crate::desk::Desk;
use crate::desk::rights::has;
use crate::desk::route::{Page, Setting, Which};
use crate::desk::screen::{Screen, Unsaved};
use crate::ui::dialog::{Answers, Dialog};
use crate::ui::icon::{self, icon};
use crate::ui::words::{fill, t};

/// The form.
#[component]
pub(super) fn Form(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    /// The kind of document.
    kind: Kind,
    /// Whether it may be changed.
    may: Memo<bool>,
    /// The document as the relay has it; none for a new one.
    document: Option<Document>,
    /// It was saved or removed.
    done: Callback<Outcome>,
) -> impl IntoView {
    let which = document.as_ref().map_or(Which::New, |document| Which::One(document.id.clone()));
    let address = StoredValue::new(Setting { page: Page::Kind(kind), which }.path());
    let editing = Editing {
        kind,
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
    editing.now.set(kept.unwrap_or_else(|| editing.before()));
    // What is not saved stays with its document, also while others are looked at.
    Effect::new(move || {
        let changed = editing.is_changed().then(|| editing.now.get());
        screen.unsaved.update(|unsaved| match changed {
            Some(changed) => drop(unsaved.insert(address.get_value(), changed)),
            None => drop(unsaved.remove(&address.get_value())),
        });
    });
    let save = move || save(editing, screen, address, done);
    let keys = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "s" && (event.ctrl_key() || event.meta_key()) && !event.alt_key() {
            event.prevent_default();
            save();
        }
    });
    on_cleanup(move || keys.remove());
    let title = move || {
        // Set anew with each save.
        editing.now.track();
        editing.saved.with_value(|saved| {
            let name = saved.as_ref().and_then(|saved| saved.body.get("name")?.as_str().map(str::to_owned));
            name.unwrap_or_else(|| words::words(kind).map(|words| t(words.new)).unwrap_or_default())
        })
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        save();
    };
    let history = RwSignal::new(false);
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
                <h3>{title}</h3>
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
            <fieldset class="settings__body" disabled=move || !may.get()>
                <Conflict editing />
                {words::fields(kind)
                    .enumerate()
                    .map(|(at, field)| {
                        let lacks = Right::to_change_field(kind, field.name);
                        let locked = lacks.filter(|right| may.get_untracked() && !has(desk, *right));
                        view! {
                            <FieldView editing path=field.name shape=&field.shape locked />
                            {(at == 0 && editing.is_new()).then(|| view! { <IdField editing /> })}
                        }
                    })
                    .collect_view()}
                <Show when=move || kind == Kind::Site && !editing.is_new()>
                    <Snippet editing />
                </Show>
            </fieldset>
            <Show when=move || may.get()>
                <Bar editing />
            </Show>
        </form>
        <Show when=move || history.get()>
            <History editing saves=editing.saves />
        </Show>
        <Show when=move || kind == Kind::Site && !editing.is_new() && !history.get()>
            <Preview editing />
        </Show>
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
fn Bar(editing: Editing) -> impl IntoView {
    let discard = move |_| {
        editing.now.set(editing.before());
        editing.touched.update(BTreeSet::clear);
        editing.refused.set(Vec::new());
        editing.note.set(None);
        editing.conflict.set(None);
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
                disabled=move || editing.busy.get() || !editing.is_changed()
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
                let (note, yes) = match ask {
                    Ask::Whether if editing.kind == Kind::Site => (key!("console_remove_note"), key!("console_remove")),
                    Ask::Whether => (key!("console_remove_note_any"), key!("console_remove")),
                    Ask::Keeping => (key!("console_remove_keep"), key!("console_remove_keep_yes")),
                };
                view! {
                    <Dialog title=t(key!("console_remove_title")) name="settings-remove-ask" closed>
                        <p>{t(note)}</p>
                        <Answers yes=t(yes) danger=true done=remove closed />
                    </Dialog>
                }
            })
        }}
    }
}
