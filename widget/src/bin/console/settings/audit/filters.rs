//! Which entries are wanted: time, person, action, site, and what it was done to.

use leptos::prelude::*;
use widget::clock::now_ms;
use widget::key;
use widget::text::Key;

use super::directory::Directory;
use super::words;
use crate::api::audit::{Filter, Subject};
use crate::ui::focus::focus;
use crate::ui::icon::{self, icon};
use crate::ui::words::{fill, t};

const DAY_MS: u64 = 86_400_000;
/// Choices of how far back, in days; 0 is any time.
const TIMES: [(u64, Key); 4] = [
    (0, key!("console_audit_time_any")),
    (1, key!("console_audit_time_day")),
    (7, key!("console_audit_time_week")),
    (30, key!("console_audit_time_month")),
];
/// Characters that the relay takes of a subject.
const SUBJECT_CHARS_MAX: usize = 200;

/// What is chosen.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    /// What is asked of the relay.
    pub(super) filter: RwSignal<Filter>,
    /// How far back, in days; 0 is any time.
    days: RwSignal<u64>,
}

impl Choice {
    /// Everything.
    pub(super) fn new() -> Self {
        Self { filter: RwSignal::default(), days: RwSignal::default() }
    }

    /// Whether anything is left out.
    pub(super) fn is_any(self) -> bool {
        *self.filter.read() != Filter::default()
    }

    /// Whether all that is asked for is about this.
    pub(super) fn is_about(self, subject: &Subject) -> bool {
        *self.filter.read() == only(subject)
    }

    /// Nothing is left out any more. The focus goes to the first filter, because the button that was pressed goes.
    pub(super) fn clear(self) {
        self.set(Filter::default());
        request_animation_frame(|| focus("[data-testid=audit-time]"));
    }

    /// Everything about this and nothing else. The focus goes to the button that undoes it.
    pub(super) fn show(self, subject: &Subject) {
        self.set(only(subject));
        request_animation_frame(|| focus("[data-testid=audit-about-clear]"));
    }

    fn set(self, filter: Filter) {
        self.days.set(0);
        self.filter.set(filter);
    }

    /// All subjects again. The focus goes to the filter before the one that goes.
    fn clear_subject(self) {
        self.filter.update(|filter| filter.about = None);
        request_animation_frame(|| focus(".audit__filters select:last-of-type"));
    }

    fn set_days(self, count: u64) {
        self.days.set(count);
        self.filter.update(|filter| filter.from_ms = (count > 0).then(|| now_ms().saturating_sub(count * DAY_MS)));
    }
}

fn only(subject: &Subject) -> Filter {
    Filter { about: Some(subject.clone()), ..Filter::default() }
}

/// Whether the relay takes this as a filter.
pub(super) fn can_filter(subject: &Subject) -> bool {
    subject.key().chars().count() <= SUBJECT_CHARS_MAX
}

/// A select for each, and the subject when there is one.
#[component]
pub(super) fn Filters(choice: Choice, directory: Directory) -> impl IntoView {
    let Choice { filter, days } = choice;
    let has_sites = move || directory.sites().len() > 1;
    view! {
        <div class="audit__filters">
            <select
                data-testid="audit-time"
                aria-label=t(key!("console_audit_when"))
                on:change=move |event| choice.set_days(event_target_value(&event).parse().unwrap_or(0))
            >
                {TIMES
                    .into_iter()
                    .map(|(count, words)| {
                        view! {
                            <option value=count.to_string() prop:selected=move || days.get() == count>
                                {t(words)}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
            <select
                data-testid="audit-who"
                aria-label=t(key!("console_audit_who"))
                on:change=move |event| filter.update(|filter| filter.who = event_target_value(&event))
            >
                {option(String::new(), t(key!("console_audit_everyone")), filter, |filter| &filter.who)}
                {move || options(directory.people(), filter, |filter| &filter.who)}
            </select>
            <select
                data-testid="audit-action"
                aria-label=t(key!("console_audit_what"))
                on:change=move |event| filter.update(|filter| filter.action = event_target_value(&event))
            >
                {option(String::new(), t(key!("console_audit_everything")), filter, |filter| &filter.action)}
                {words::ACTIONS
                    .into_iter()
                    .map(|(name, words)| option(name.to_owned(), t(words), filter, |filter| &filter.action))
                    .collect_view()}
            </select>
            <Show when=has_sites>
                <select
                    data-testid="audit-site"
                    aria-label=t(key!("console_field_site"))
                    on:change=move |event| filter.update(|filter| filter.site = event_target_value(&event))
                >
                    {option(String::new(), t(key!("console_scope_all_sites")), filter, |filter| &filter.site)}
                    {move || options(directory.sites(), filter, |filter| &filter.site)}
                </select>
            </Show>
            <Chip choice directory />
        </div>
    }
}

fn options(choices: Vec<(String, String)>, filter: RwSignal<Filter>, of: fn(&Filter) -> &String) -> impl IntoView {
    choices.into_iter().map(|(value, words)| option(value, words, filter, of)).collect_view()
}

/// A choice of a select. It follows the filter, which other controls change too, and stays chosen when other choices come before it.
fn option(value: String, words: String, filter: RwSignal<Filter>, of: fn(&Filter) -> &String) -> impl IntoView {
    let is_chosen = {
        let value = value.clone();
        move || *of(&filter.read()) == value
    };
    view! { <option value=value prop:selected=is_chosen>{words}</option> }
}

/// The subject that everything shown is about, with a button that ends it.
#[component]
fn Chip(choice: Choice, directory: Directory) -> impl IntoView {
    let name = Memo::new(move |_| choice.filter.read().about.as_ref().map(|about| directory.subject(about)));
    view! {
        <Show when=move || name.read().is_some()>
            <p class="audit__about" data-testid="audit-about-chip">
                <span>{move || fill(key!("console_audit_about"), &[("what", &name.get().unwrap_or_default())])}</span>
                <button
                    type="button"
                    data-testid="audit-about-clear"
                    aria-label=move || fill(key!("console_audit_about_clear"), &[("what", &name.get().unwrap_or_default())])
                    on:click=move |_| choice.clear_subject()
                >
                    {icon(icon::CROSS)}
                </button>
            </p>
        </Show>
    }
}
