//! The audit log: what was done, by whom, and that nothing of it was changed since.

mod entry;
mod words;

use leptos::prelude::*;
use leptos::task::spawn_local;
use widget::clock::now_ms;
use widget::key;
use widget::text::Key;

use self::entry::{Detail, subject_words};
use crate::api::audit::{self, Chain, Filter, Item};
use crate::api::v1::Fault;
use crate::ui::icon::{self, icon};
use crate::ui::task::spawn_for;
use crate::ui::words::{fill, t};
use crate::ui::{when, who};

const DAY_MS: u64 = 86_400_000;
/// Choices of how far back, in days; 0 is any time.
const TIMES: [(u64, Key); 4] = [
    (0, key!("console_audit_time_any")),
    (1, key!("console_audit_time_day")),
    (7, key!("console_audit_time_week")),
    (30, key!("console_audit_time_month")),
];

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
    let filter = RwSignal::new(Filter::default());
    let known = RwSignal::new(None::<Known>);
    let failed = RwSignal::new(false);
    let chosen = RwSignal::new(None::<u64>);
    // Everybody that was seen in an entry can be chosen, also while others are left out.
    let people = RwSignal::new(Vec::<(String, String)>::new());
    let load = move |after: Option<u64>| {
        let wanted = filter.get_untracked();
        failed.set(false);
        spawn_for(failed, async move {
            let page = audit::list(&wanted, after).await;
            // Another filter was chosen meanwhile, or the page is gone.
            if filter.try_get_untracked().as_ref() != Some(&wanted) {
                return;
            }
            let Ok(page) = page else { return failed.set(true) };
            people.update(|people| remember(people, &page.items));
            known.update(|known| {
                let mut items = known.take().filter(|_| after.is_some()).map(|known| known.items).unwrap_or_default();
                items.extend(page.items);
                *known = Some(Known { items, next: page.next, chain: page.chain });
            });
        });
    };
    Effect::new(move || {
        filter.track();
        chosen.set(None);
        load(None);
    });
    let (exporting, export_failed) = (RwSignal::new(false), RwSignal::new(false));
    let export = move || {
        exporting.set(true);
        export_failed.set(false);
        spawn_local(async move {
            // Whoever gives no password does not want it any more.
            let refused = |fault: &Fault| matches!(fault, Fault::Problem(problem) if problem.name() == "sign_in_again");
            let done = audit::export().await;
            if done.is_err_and(|fault| !refused(&fault)) {
                export_failed.try_set(true);
            }
            exporting.try_set(false);
        });
    };
    let detail = move || {
        let number = chosen.get()?;
        known.read().as_ref()?.items.iter().find(|item| item.number == number).cloned()
    };
    view! {
        <section class="audit" data-view=move || if chosen.get().is_some() { "entry" } else { "list" }>
            <header class="settings__head">
                <h3>{t(key!("console_audit"))}</h3>
                <button
                    type="button"
                    class="button"
                    data-testid="audit-export"
                    prop:disabled=move || exporting.get()
                    on:click=move |_| export()
                >
                    {icon(icon::DOWNLOAD)}
                    {t(key!("console_audit_export"))}
                </button>
            </header>
            <div class="audit__list">
                <Show when=move || export_failed.get()>
                    <p class="empty" role="alert">{t(key!("console_audit_export_failed"))}</p>
                </Show>
                {move || known.get().map(|known| view! { <State items=known.items chain=known.chain /> })}
                <Filters filter people />
                {move || match (failed.get(), known.get()) {
                    (true, _) => view! {
                        <div class="empty" role="alert">
                            <b>{t(key!("console_audit_failed"))}</b>
                            <button type="button" class="button" data-testid="audit-retry" on:click=move |_| load(None)>
                                {t(key!("console_settings_retry"))}
                            </button>
                        </div>
                    }
                    .into_any(),
                    (false, None) => view! { <p class="empty" role="status">{t(key!("console_loading"))}</p> }.into_any(),
                    (false, Some(known)) if known.items.is_empty() => {
                        view! { <p class="empty">{t(key!("console_audit_none"))}</p> }.into_any()
                    }
                    (false, Some(known)) => view! {
                        <Heading />
                        <ol>{known.items.into_iter().map(|item| view! { <Row item chosen /> }).collect_view()}</ol>
                        {known.next.map(|next| {
                            view! {
                                <button
                                    type="button"
                                    class="button audit__more"
                                    data-testid="audit-more"
                                    on:click=move |_| load(Some(next))
                                >
                                    {t(key!("console_audit_more"))}
                                </button>
                            }
                        })}
                    }
                    .into_any(),
                }}
            </div>
            {move || detail().map(|item| view! { <Detail item close=move |()| chosen.set(None) /> })}
        </section>
    }
}

/// Adds everybody who is in these entries.
fn remember(people: &mut Vec<(String, String)>, items: &[Item]) {
    for who in items.iter().filter_map(|item| item.entry.as_ref()).map(|entry| &entry.who) {
        let key = who.key();
        if people.iter().all(|(known, _)| *known != key) {
            people.push((key, who::words(who)));
        }
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

/// Time, person, action.
#[component]
fn Filters(filter: RwSignal<Filter>, people: RwSignal<Vec<(String, String)>>) -> impl IntoView {
    let days = RwSignal::new(0_u64);
    let choose_time = move |event: leptos::ev::Event| {
        let count = event_target_value(&event).parse().unwrap_or(0);
        days.set(count);
        filter.update(|filter| filter.from_ms = (count > 0).then(|| now_ms().saturating_sub(count * DAY_MS)));
    };
    let choose_who = move |event: leptos::ev::Event| filter.update(|filter| filter.who = event_target_value(&event));
    let choose_action =
        move |event: leptos::ev::Event| filter.update(|filter| filter.action = event_target_value(&event));
    view! {
        <div class="audit__filters">
            <select data-testid="audit-time" aria-label=t(key!("console_audit_when")) on:change=choose_time>
                {TIMES
                    .into_iter()
                    .map(|(count, words)| {
                        view! {
                            <option value=count.to_string() selected=move || days.get() == count>
                                {t(words)}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
            <select data-testid="audit-who" aria-label=t(key!("console_audit_who")) on:change=choose_who>
                <option value="">{t(key!("console_audit_everyone"))}</option>
                {move || {
                    let chosen = filter.with_untracked(|filter| filter.who.clone());
                    let option = |(key, name): (String, String)| {
                        let selected = key == chosen;
                        view! { <option value=key selected=selected>{name}</option> }
                    };
                    people.get().into_iter().map(option).collect_view()
                }}
            </select>
            <select data-testid="audit-action" aria-label=t(key!("console_audit_what")) on:change=choose_action>
                <option value="">{t(key!("console_audit_everything"))}</option>
                {words::ACTIONS.into_iter().map(|(name, words)| view! { <option value=name>{t(words)}</option> }).collect_view()}
            </select>
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
fn Row(item: Item, chosen: RwSignal<Option<u64>>) -> impl IntoView {
    let number = item.number;
    let columns = item.entry.as_ref().map(|entry| {
        let action = words::action(&entry.action).map_or_else(|| entry.action.clone(), t);
        let on = entry.subject.as_ref().map(subject_words).unwrap_or_default();
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
