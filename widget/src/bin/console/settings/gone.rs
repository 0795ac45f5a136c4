//! In place of a document that is not there any more: the way to put it back.

use leptos::prelude::*;
use relay_settings::{DocumentId, DocumentKey, Kind};
use serde_json::{Map, Value};
use widget::key;

use super::editing::Outcome;
use super::problem::said;
use crate::api::documents::{self, Document};
use crate::desk::Desk;
use crate::desk::rights::writes;
use crate::desk::route::{Page, Setting, Which};
use crate::ui::icon::{self, icon};
use crate::ui::task::spawn_for;
use crate::ui::words::{fill, t};

/// Says that it is gone. Where it is known what it was, it can be put back like that.
#[component]
pub(super) fn Gone(
    /// The session.
    desk: Desk,
    kind: Kind,
    /// Which document.
    id: DocumentId,
    /// As it was when it was removed here; else its history is asked.
    last: Option<Document>,
    /// It was put back.
    done: Callback<Outcome>,
) -> impl IntoView {
    let back = Setting { page: Page::Kind(kind), which: Which::List }.path();
    let id = StoredValue::new(id);
    let was = RwSignal::new(last.map(|last| last.body));
    let (busy, problem) = (RwSignal::new(false), RwSignal::new(None::<String>));
    if was.read_untracked().is_none() {
        spawn_for(was, async move {
            let history = documents::history(kind, &id.get_value(), None).await;
            was.set(history.ok().and_then(|page| page.items.into_iter().find_map(|version| version.body)));
        });
    }
    // What may be put back by whoever looks at it.
    let mine = move || {
        let key = DocumentKey { kind, id: id.get_value() };
        was.get().filter(|body| writes(desk, &key, &Value::Object(body.clone())))
    };
    let restore = move |body: Map<String, Value>| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_for(busy, async move {
            let saved = documents::save(kind, &id.get_value(), None, &body).await;
            busy.set(false);
            match saved {
                Ok(saved) => done.run(Outcome::Saved(saved)),
                Err(fault) => problem.set(Some(said(&fault))),
            }
        });
    };
    let name = move || {
        let body = was.get().unwrap_or_default();
        Document { id: id.get_value(), version: 0, body }.name()
    };
    view! {
        <div class="empty" data-testid="settings-gone" tabindex="-1">
            {icon(icon::GEAR)}
            <b>{move || fill(key!("console_settings_removed"), &[("name", &name())])}</b>
            {move || mine().map_or_else(
                || view! { <p>{t(key!("console_settings_gone"))}</p> }.into_any(),
                |body| view! {
                    <button
                        type="button"
                        class="button button--main"
                        data-testid="settings-put-back"
                        on:click=move |_| restore(body.clone())
                    >
                        {t(key!("console_settings_put_back"))}
                    </button>
                }
                .into_any(),
            )}
            <small class="field__problem" role="alert">{move || problem.get()}</small>
            <a class="button settings__back" href=back data-testid="settings-back">{t(key!("console_back"))}</a>
        </div>
    }
}
