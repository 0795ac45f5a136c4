//! The audit log: what was done, by whom, and that nothing of it was changed since.

mod details;
mod directory;
mod entry;
mod filters;
mod words;

use leptos::prelude::*;
use leptos::task::spawn_local;
use widget::key;

use self::directory::Directory;
use self::entry::Detail;
use self::filters::{Choice, Filters};
use crate::api::audit::{self, Chain, Item};
use crate::ui::focus::focus;
use crate::ui::icon::{self, icon};
use crate::ui::task::spawn_for;
use crate::ui::words::{fill, t};
use crate::ui::{when, who};

/// What is known of the log.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    items: Vec<Item>,
    next: Option<u64>,
    chain: Chain,
}

/// The page.
#[component]
pub(super) fn Audit() -> impl IntoView {
    let (choice, directory) = (Choice::new(), Directory::load());
    let filter = choice.filter;
    let known = RwSignal::new(None::<Known>);
    let failed = RwSignal::new(false);
    let chosen = RwSignal::new(None::<u64>);
    let load = Callback::new(move |after: Option<u64>| {
        let wanted = filter.get_untracked();
        failed.set(false);
        spawn_for(failed, async move {
            let page = audit::list(&wanted, after).await;
            // Another filter was chosen meanwhile, or the page is gone.
            if filter.try_get_untracked().as_ref() != Some(&wanted) {
                return;
            }
            let Ok(page) = page else { return failed.set(true) };
            directory.remember(&page.items);
            known.update(|known| {
                let mut items = known.take().filter(|_| after.is_some()).map(|known| known.items).unwrap_or_default();
                items.extend(page.items);
                *known = Some(Known { items, next: page.next, chain: page.chain });
            });
        });
    });
    Effect::new(move || {
        filter.track();
        chosen.set(None);
        load.run(None);
    });
    let export_failed = RwSignal::new(false);
    let detail = move || {
        let number = chosen.get()?;
        known.read().as_ref()?.items.iter().find(|item| item.number == number).cloned()
    };
    // The focus goes back to the row that opened the panel.
    let close = move |()| {
        if let Some(number) = chosen.get_untracked() {
            chosen.set(None);
            request_animation_frame(move || focus(&format!("[data-testid=audit-row][data-number='{number}']")));
        }
    };
    view! {
        <section
            class="audit"
            // The entry closes by Escape, too.
            on:keydown=move |event| {
                if event.key() == "Escape" && chosen.get_untracked().is_some() {
                    event.prevent_default();
                    close(());
                }
            }
            data-view=move || if chosen.get().is_some() { "entry" } else { "list" }
        >
            <header class="settings__head">
                <h3>{t(key!("console_audit"))}</h3>
                <Export failed=export_failed />
            </header>
            <div class="audit__list">
                <Show when=move || export_failed.get()>
                    <p class="empty" role="alert">{t(key!("console_audit_export_failed"))}</p>
                </Show>
                {move || known.get().map(|known| view! { <State items=known.items chain=known.chain /> })}
                <Filters choice directory />
                {move || match (failed.get(), known.get()) {
                    (true, _) => view! {
                        <div class="empty" role="alert">
                            <b>{t(key!("console_audit_failed"))}</b>
                            <button type="button" class="button" data-testid="audit-retry" on:click=move |_| load.run(None)>
                                {t(key!("console_settings_retry"))}
                            </button>
                        </div>
                    }
                    .into_any(),
                    (false, None) => view! { <p class="empty" role="status">{t(key!("console_loading"))}</p> }.into_any(),
                    (false, Some(known)) if known.items.is_empty() => view! { <Nothing choice /> }.into_any(),
                    (false, Some(known)) => view! { <Entries known chosen load directory /> }.into_any(),
                }}
            </div>
            {move || detail().map(|item| view! { <Detail item choice directory close /> })}
        </section>
    }
}

/// Saves the whole log.
#[component]
fn Export(failed: RwSignal<bool>) -> impl IntoView {
    let exporting = RwSignal::new(false);
    let export = move |_| {
        exporting.set(true);
        failed.set(false);
        spawn_local(async move {
            if audit::export().await.is_err() {
                failed.try_set(true);
            }
            exporting.try_set(false);
        });
    };
    view! {
        <button
            type="button"
            class="button"
            data-testid="audit-export"
            prop:disabled=move || exporting.get()
            on:click=export
        >
            {icon(icon::DOWNLOAD)}
            {t(key!("console_audit_export"))}
        </button>
    }
}

/// Said where no entry fits; with a way back when something was chosen.
#[component]
fn Nothing(choice: Choice) -> impl IntoView {
    view! {
        <div class="empty">
            <p>{t(key!("console_audit_none"))}</p>
            <Show when=move || choice.is_any()>
                <button type="button" class="button" data-testid="audit-clear" on:click=move |_| choice.clear()>
                    {t(key!("console_audit_clear"))}
                </button>
            </Show>
        </div>
    }
}

/// The rows, and older ones on request.
#[component]
fn Entries(
    known: Known,
    chosen: RwSignal<Option<u64>>,
    /// Loads the page that begins there.
    load: Callback<Option<u64>>,
    directory: Directory,
) -> impl IntoView {
    let Known { items, next, .. } = known;
    view! {
        <Heading />
        <ol>{items.into_iter().map(|item| view! { <Row item chosen directory /> }).collect_view()}</ol>
        {next.map(|next| {
            view! {
                <button type="button" class="button audit__more" data-testid="audit-more" on:click=move |_| load.run(Some(next))>
                    {t(key!("console_audit_more"))}
                </button>
            }
        })}
    }
}

/// Whether what is shown fits, and what stands for the rest.
#[component]
fn State(items: Vec<Item>, chain: Chain) -> impl IntoView {
    let broken = items.iter().rev().find(|item| !item.fits).map(|item| item.number.to_string());
    let count = chain.head.number.saturating_sub(chain.cut.as_ref().map_or(0, |cut| cut.number)).to_string();
    let state = chain.signed.map_or_else(
        || fill(key!("console_audit_state_unsigned"), &[("count", &count)]),
        |signed| fill(key!("console_audit_state"), &[("count", &count), ("time", &when::long(signed.at_ms))]),
    );
    let cut = chain.cut.map(|cut| fill(key!("console_audit_cut"), &[("number", &cut.number.to_string())]));
    let is_broken = broken.is_some();
    let first = broken.map_or_else(
        || t(key!("console_audit_whole")),
        |number| fill(key!("console_audit_broken"), &[("number", &number)]),
    );
    view! {
        <div class="audit__state" class:audit__state--broken=is_broken role="status" data-testid="audit-state">
            {icon(if is_broken { icon::UNLINK } else { icon::LINK })}
            <p>
                <b>{first}</b>
                " "
                {state}
                " "
                {cut}
                <small>{t(key!("console_audit_verify"))}</small>
            </p>
        </div>
    }
}

/// The columns' names. Each row says the same to screen readers in the order of the columns.
#[component]
fn Heading() -> impl IntoView {
    let columns = [
        key!("console_audit_when"),
        key!("console_audit_who"),
        key!("console_audit_what"),
        key!("console_audit_on"),
        key!("console_audit_from"),
    ];
    view! {
        <div class="audit__row audit__heading" aria-hidden="true">
            {columns.into_iter().map(|words| view! { <span>{t(words)}</span> }).collect_view()}
        </div>
    }
}

/// One entry.
#[component]
fn Row(item: Item, chosen: RwSignal<Option<u64>>, directory: Directory) -> impl IntoView {
    let number = item.number;
    let columns = item.entry.as_ref().map(|entry| {
        let action = words::action(&entry.action).map_or_else(|| entry.action.clone(), t);
        let subject = entry.subject.clone();
        // Names come when they are loaded.
        let on = move || subject.as_ref().map(|subject| directory.subject(subject));
        let from: String = entry.from.iter().flat_map(|tag| tag.chars().take(8)).collect();
        (when::long(entry.at_ms), who::words(&entry.who), action, on, from, words::is_grave(&entry.action))
    });
    let text = columns.map_or_else(
        || view! { <span>{t(key!("console_audit_unreadable"))}</span> }.into_any(),
        |(at, who, action, on, from, grave)| {
            view! {
                <span class="audit__when">{at}</span>
                <span>{who}</span>
                <span class:audit__grave=grave>{action}</span>
                <span class="audit__on">{on}</span>
                <span class="audit__from">{from}</span>
            }
            .into_any()
        },
    );
    view! {
        <li>
            <button
                type="button"
                class="audit__row"
                data-testid="audit-row"
                data-number=number
                class:audit__row--broken=!item.fits
                aria-expanded=move || (chosen.get() == Some(number)).to_string()
                on:click=move |_| chosen.update(|chosen| *chosen = (*chosen != Some(number)).then_some(number))
            >
                {text}
            </button>
        </li>
    }
}
