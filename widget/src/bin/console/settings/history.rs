//! The history of a document: who changed what and when, and the way back.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::{Map, Value};
use widget::key;

use super::differing::Differing;
use super::editing::Editing;
use crate::api::documents::{self, Version};
use crate::ui::words::t;
use crate::ui::{when, who, width};

/// What is known of the history.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    versions: Vec<Version>,
    /// Where the next page begins; none when all is there.
    next: Option<u64>,
    failed: bool,
}

/// The panel beside the form.
#[component]
pub(super) fn History(
    editing: Editing,
    /// Whether this is shown.
    shown: RwSignal<bool>,
    /// Grows with each save, so that it is loaded again.
    #[prop(into)]
    saves: Signal<u64>,
) -> impl IntoView {
    let known = RwSignal::new(None::<Known>);
    let load = move |before: Option<u64>| {
        let Some(id) = editing.saved.with_value(|saved| saved.as_ref().map(|saved| saved.id.clone())) else { return };
        spawn_local(async move {
            let page = documents::history(editing.kind, &id, before).await;
            known.try_update(|known| {
                let mut now = known.take().filter(|_| before.is_some()).unwrap_or(Known {
                    versions: Vec::new(),
                    next: None,
                    failed: false,
                });
                match page {
                    Ok(page) => {
                        now.versions.extend(page.items);
                        now.next = page.next;
                        now.failed = false;
                    }
                    Err(_) => now.failed = true,
                }
                *known = Some(now);
            });
        });
    };
    Effect::new(move || {
        saves.track();
        load(None);
    });
    let entries = move || {
        let known = known.get()?;
        let Known { versions, next, failed } = known;
        let befores = versions.iter().skip(1).cloned().map(Some).chain([None]).collect::<Vec<_>>();
        let rows = versions
            .into_iter()
            .zip(befores)
            .enumerate()
            .map(|(at, (version, before))| {
                // Put back after it was removed is as good as new.
                let is_first = before.as_ref().map_or(next.is_none(), |before| before.body.is_none());
                view! { <Change editing shown version before is_first is_newest=at == 0 /> }
            })
            .collect_view();
        Some(view! {
            <ol>{rows}</ol>
            <Show when=move || failed>
                <p role="alert">{t(key!("console_history_failed"))}</p>
            </Show>
            {(next.is_some() || failed)
                .then(|| {
                    view! {
                        <button type="button" class="button" data-testid="history-more" on:click=move |_| load(next)>
                            {t(if failed { key!("console_settings_retry") } else { key!("console_history_more") })}
                        </button>
                    }
                })}
        })
    };
    view! {
        <aside class="history" aria-label=t(key!("console_history"))>
            <h4>{t(key!("console_history"))}</h4>
            {move || entries().map_or_else(
                || view! { <p class="empty" role="status">{t(key!("console_loading"))}</p> }.into_any(),
                IntoAny::into_any,
            )}
        </aside>
    }
}

/// One change, with what differs from the one before.
#[component]
fn Change(
    editing: Editing,
    shown: RwSignal<bool>,
    version: Version,
    before: Option<Version>,
    /// Whether nothing was before it.
    is_first: bool,
    is_newest: bool,
) -> impl IntoView {
    let body = StoredValue::new(version.body.clone());
    let before: Option<Map<String, Value>> = before.and_then(|before| before.body);
    let what = match (&version.body, is_first) {
        (None, _) => view! { <p>{t(key!("console_history_removed"))}</p> }.into_any(),
        (Some(_), true) => view! { <p>{t(key!("console_history_made"))}</p> }.into_any(),
        (Some(_), false) => view! { <Differing kind=editing.kind before after=version.body.clone() /> }.into_any(),
    };
    let restore = move |_| {
        if let Some(body) = body.get_value() {
            editing.now.update(|now| now.body = body);
            editing.touch("");
            editing.note.set(Some(t(key!("console_history_restored"))));
            // In narrow windows the history stands in place of the form, which is to be looked at now.
            if width::is_below(860.0) {
                shown.set(false);
            }
        }
    };
    view! {
        <li data-testid="history-entry" data-version=version.version>
            <p class="history__who">
                <b>{who::words(&version.by)}</b>
                <small>{when::long(version.at_ms)}</small>
            </p>
            {what}
            <Show when=move || !is_newest && body.read_value().is_some()>
                <button type="button" class="button" data-testid="history-restore" on:click=restore>
                    {t(key!("console_history_restore"))}
                </button>
            </Show>
        </li>
    }
}
