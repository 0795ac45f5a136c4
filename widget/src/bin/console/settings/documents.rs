//! The documents of one kind: the list, and the form of one.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use relay_settings::{DocumentId, Kind};
use widget::key;

use super::editing::Outcome;
use super::form::Form;
use super::gone::Gone;
use super::words;
use crate::api::documents::{self, Document};
use crate::desk::Desk;
use crate::desk::rights::adds;
use crate::desk::route::{Page, Setting, Which};
use crate::desk::screen::Screen;
use crate::ui::focus::recover;
use crate::ui::icon::{self, icon};
use crate::ui::task::again;
use crate::ui::words::t;

/// How often the list is read again, for what colleagues change.
const AGAIN: Duration = Duration::from_millis(1_500);

/// The documents of the kind that is shown.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Listed {
    Loading,
    Failed,
    All(Vec<Document>),
}

impl Listed {
    /// One of them.
    pub(super) fn one(&self, id: &DocumentId) -> Option<Document> {
        let Self::All(documents) = self else { return None };
        documents.iter().find(|document| document.id == *id).cloned()
    }

    /// The list after something was saved or removed in it.
    fn take(&mut self, outcome: Outcome) {
        let Self::All(documents) = self else { return };
        let id = outcome.id().clone();
        documents.retain(|document| document.id != id);
        if let Outcome::Saved(document) = outcome {
            let at = documents.partition_point(|other| other.id < document.id);
            documents.insert(at, document);
        }
    }
}

/// List and form.
#[component]
pub(super) fn Documents(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    kind: Kind,
) -> impl IntoView {
    let may_add = Memo::new(move |_| adds(desk, kind));
    let which = Memo::new(move |_| screen.setting.read().which.clone());
    let listed = RwSignal::new(Listed::Loading);
    let (turn, removed) = (RwSignal::new(0_u64), StoredValue::new(None::<Document>));
    let load = move || {
        spawn_local(async move {
            let asked_in = turn.try_get_untracked();
            let found = documents::list(kind).await;
            // What was asked before something was changed here is older than what is shown.
            if asked_in.is_none() || turn.try_get_untracked() != asked_in {
                return;
            }
            // Drawn anew only where something is new: the focus may be on a row.
            listed.maybe_update(|listed| {
                let now = match found {
                    Ok(found) => Listed::All(found),
                    Err(_) if matches!(listed, Listed::All(_)) => return false,
                    Err(_) => Listed::Failed,
                };
                let differs = *listed != now;
                *listed = now;
                differs
            });
        });
    };
    load();
    again(AGAIN, load);
    let ready = Memo::new(move |_| matches!(*listed.read(), Listed::All(_)));
    // Whether the chosen one is there: the form stays when something else in the list changes.
    let is_there = Memo::new(move |_| match &*which.read() {
        Which::One(id) => listed.read().one(id).is_some(),
        Which::List | Which::New => true,
    });
    let done = Callback::new(move |outcome: Outcome| {
        if let Outcome::Removed(id) = &outcome {
            removed.set_value(listed.read_untracked().one(id));
        }
        turn.update(|turn| *turn += 1);
        let id = outcome.id().clone();
        listed.update(|listed| listed.take(outcome));
        screen.setting.update(|setting| setting.which = Which::One(id));
        recover(".settings__form :is([data-title], [data-testid='settings-gone'])");
    });
    let panel = move || match (ready.get(), which.get(), is_there.get()) {
        (_, Which::List, _) => {
            let is_empty = matches!(&*listed.read(), Listed::All(all) if all.is_empty());
            let words = match (is_empty, may_add.get()) {
                (true, _) => None,
                (false, true) => Some(key!("console_settings_choose")),
                (false, false) => Some(key!("console_settings_choose_only")),
            };
            words.map(|words| view! { <Nothing words /> }).into_any()
        }
        (false, ..) => view! { <p class="empty" role="status">{t(key!("console_loading"))}</p> }.into_any(),
        (true, Which::New, _) => {
            view! { <Form desk screen kind which=Which::New document=None listed done /> }.into_any()
        }
        (true, Which::One(id), is_there) => {
            let which = Which::One(id.clone());
            let address = Setting { page: Page::Kind(kind), which: which.clone() }.path();
            if is_there || screen.unsaved.read_untracked().contains_key(&address) {
                let document = listed.read_untracked().one(&id);
                view! { <Form desk screen kind which document listed done /> }.into_any()
            } else {
                let last = removed.get_value().filter(|removed| removed.id == id);
                view! { <Gone desk kind id last done /> }.into_any()
            }
        }
    };
    view! {
        <section class="settings__list">
            <List screen kind may_add listed load=Callback::new(move |()| load()) />
        </section>
        <section class="settings__form">{panel}</section>
    }
}

/// The mark of a row with changes that are not saved.
#[component]
pub(super) fn Unsaved() -> impl IntoView {
    view! {
        <span class="settings__changed" data-testid="unsaved" title=t(key!("console_unsaved"))>
            <span class="unseen">{t(key!("console_unsaved"))}</span>
        </span>
    }
}

#[component]
fn List(
    screen: Screen,
    kind: Kind,
    /// Whether one may be added.
    may_add: Memo<bool>,
    listed: RwSignal<Listed>,
    /// Reads the list again.
    load: Callback<()>,
) -> impl IntoView {
    let row = move |document: Document| {
        let setting = Setting { page: Page::Kind(kind), which: Which::One(document.id.clone()) };
        let (path, which) = (setting.path(), setting.which.clone());
        let changed = {
            let path = path.clone();
            move || screen.unsaved.read().contains_key(&path)
        };
        let name = document.name();
        view! {
            <li>
                <a
                    class="settings__row"
                    href=path
                    data-testid="settings-row"
                    data-id=document.id.to_string()
                    aria-current=move || (screen.setting.read().which == which).then_some("true")
                >
                    <b>{name}</b>
                    <small>{document.id.to_string()}</small>
                    <Show when=changed>
                        <Unsaved />
                    </Show>
                </a>
            </li>
        }
    };
    let new = Setting { page: Page::Kind(kind), which: Which::New }.path();
    let words = words::words(kind);
    view! {
        <header class="settings__head">
            <h3>{words.as_ref().map(|words| t(words.many))}</h3>
            <Show when=move || may_add.get()>
                <a class="button" href=new.clone() data-testid="settings-add">
                    {icon(icon::PLUS)}
                    {t(key!("console_settings_add"))}
                </a>
            </Show>
        </header>
        {move || match listed.get() {
            Listed::Loading => view! { <p class="empty" role="status">{t(key!("console_loading"))}</p> }.into_any(),
            Listed::Failed => {
                view! {
                    <div class="empty" role="alert">
                        <b>{t(key!("console_settings_failed"))}</b>
                        <button type="button" class="button" data-testid="settings-retry" on:click=move |_| load.run(())>
                            {t(key!("console_settings_retry"))}
                        </button>
                    </div>
                }
                    .into_any()
            }
            Listed::All(documents) if documents.is_empty() => {
                view! {
                    <div class="empty">
                        {words.as_ref().map(|words| view! { <p>{t(words.note)}</p> })}
                    </div>
                }
                    .into_any()
            }
            Listed::All(documents) => view! { <ul>{documents.into_iter().map(row).collect_view()}</ul> }.into_any(),
        }}
    }
}

#[component]
fn Nothing(words: widget::text::Key) -> impl IntoView {
    view! {
        <div class="empty">
            {icon(icon::GEAR)}
            <p>{t(words)}</p>
        </div>
    }
}
