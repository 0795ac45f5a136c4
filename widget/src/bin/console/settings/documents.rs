//! The documents of one kind: the list, and the form of one.

use leptos::prelude::*;
use leptos::task::spawn_local;
use relay_settings::{Kind, Right};
use widget::key;

use super::editing::Outcome;
use super::form::Form;
use super::words;
use crate::api::documents::{self, Document};
use crate::desk::Desk;
use crate::desk::rights::has;
use crate::desk::route::{Page, Setting, Which};
use crate::desk::screen::Screen;
use crate::ui::icon::{self, icon};
use crate::ui::words::t;

/// The documents of the kind that is shown.
#[derive(Clone, Debug, PartialEq)]
enum Listed {
    Loading,
    Failed,
    All(Vec<Document>),
}

impl Listed {
    /// The list after something was saved or removed in it.
    fn take(&mut self, outcome: Outcome) {
        let Self::All(documents) = self else { return };
        let id = match &outcome {
            Outcome::Saved(document) => document.id.clone(),
            Outcome::Removed(id) => id.clone(),
        };
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
    let may = Memo::new(move |_| has(desk, Right::to_change(kind)));
    let which = Memo::new(move |_| screen.setting.read().which.clone());
    let listed = RwSignal::new(Listed::Loading);
    let load = move || {
        spawn_local(async move {
            let found = documents::list(kind).await.map_or(Listed::Failed, Listed::All);
            listed.try_set(found);
        });
    };
    load();
    let document = move |which: &Which| match (which, &*listed.read_untracked()) {
        (Which::One(id), Listed::All(documents)) => documents.iter().find(|document| document.id == *id).cloned(),
        _ => None,
    };
    let ready = Memo::new(move |_| matches!(*listed.read(), Listed::All(_)));
    let shown = move || (ready.get(), which.get());
    view! {
        <section class="settings__list">
            <List screen kind may listed load=Callback::new(move |()| load()) />
        </section>
        <section class="settings__form">
            {move || match shown() {
                (_, Which::List) => view! { <Nothing words=key!("console_settings_choose") /> }.into_any(),
                (false, _) => view! { <p class="empty" role="status">{t(key!("console_loading"))}</p> }.into_any(),
                (true, which) => {
                    let document = document(&which);
                    if document.is_none() && which != Which::New {
                        view! { <Nothing words=key!("console_settings_gone") /> }.into_any()
                    } else {
                        let done = Callback::new(move |outcome: Outcome| {
                            let which = outcome.shown_after();
                            listed.update(|listed| listed.take(outcome));
                            screen.setting.update(|setting| setting.which = which);
                        });
                        view! { <Form desk screen kind may document done /> }.into_any()
                    }
                }
            }}
        </section>
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
    /// Whether they may be changed.
    may: Memo<bool>,
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
            <Show when=move || may.get()>
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
