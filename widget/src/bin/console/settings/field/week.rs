//! The editor for the times of a week: a row for each day, with any number of intervals.

use js_sys::Date;
use leptos::prelude::*;
use relay_settings::time::Day;
use serde_json::{Value, json};
use widget::env::root;
use widget::key;

use super::one::Line;
use super::{ProblemOf, Spot};
use crate::ui::icon::{self, icon};
use crate::ui::words::{fill, t};

/// Monday, 2024-01-01, at noon in UTC: the days after it give the names of the week's days.
const MONDAY_MS: f64 = 1_704_110_400_000.0;
const DAY_MS: f64 = 86_400_000.0;

/// The times of a week.
#[component]
pub(super) fn Week(spot: Spot) -> impl IntoView {
    // The day of each entry, in the list's order.
    let days = Memo::new(move |_| {
        let entries = spot.entries().into_iter();
        entries.map(|entry| entry["day"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    });
    // A week around the clock is whole days.
    let every_day = move |_| {
        let all: Vec<_> = Day::NAMES.iter().map(|day| json!({ "day": day, "from": "00:00", "to": "24:00" })).collect();
        spot.put(Some(all.into()));
    };
    view! {
        <div class="week">
            {Day::NAMES.iter().enumerate().map(|(at, day)| view! { <DayRow spot days at day /> }).collect_view()}
        </div>
        <button type="button" class="button" data-testid="week-all" on:click=every_day>{t(key!("console_hours_always"))}</button>
    }
}

#[component]
fn DayRow(
    spot: Spot,
    /// The day of each entry.
    days: Memo<Vec<String>>,
    /// Which day.
    at: usize,
    day: &'static str,
) -> impl IntoView {
    let name = day_name(at);
    let of_day = Memo::new(move |_| {
        let all = days.get();
        let of_day = all.iter().enumerate().filter(|(_, other)| *other == day);
        of_day.map(|(at, _)| at).collect::<Vec<_>>()
    });
    let add = move |_| {
        // After the last of the day; else as an office has it.
        let entries = spot.entries();
        let last = of_day
            .get_untracked()
            .last()
            .and_then(|at| entries.get(*at))
            .and_then(|entry| entry["to"].as_str().map(str::to_owned));
        let (from, to) = last.map_or_else(|| ("09:00".to_owned(), "17:00"), |last| (last, "24:00"));
        spot.part(&entries.len().to_string()).put(Some(json!({ "day": day, "from": from, "to": to })));
    };
    let copy = move |_| {
        let of_day: Vec<Value> = spot.entries().into_iter().filter(|entry| entry["day"] == day).collect();
        let on = |day: &&'static str| {
            let mut entries = of_day.clone();
            for entry in &mut entries {
                entry["day"] = (*day).into();
            }
            entries
        };
        let all: Vec<Value> = Day::NAMES.iter().flat_map(on).collect();
        spot.put(Some(all.into()));
    };
    let interval = move |at: usize| {
        let entry = spot.part(&at.to_string());
        let (from, to) = (entry.part("from"), entry.part("to"));
        let remove = move |_| entry.put(None);
        view! {
            <span class="week__interval" data-testid="interval">
                <label><span class="unseen">{t(key!("console_hours_from"))}</span><Line spot=from /></label>
                "–"
                <label><span class="unseen">{t(key!("console_hours_to"))}</span><Line spot=to /></label>
                <button type="button" class="button button--icon" data-testid="interval-remove" aria-label=t(key!("console_remove")) on:click=remove>
                    {icon(icon::CROSS)}
                </button>
                <ProblemOf spot=from />
                <ProblemOf spot=to />
            </span>
        }
    };
    let add_words = fill(key!("console_hours_add"), &[("day", &name)]);
    let copy_words = fill(key!("console_hours_copy"), &[("day", &name)]);
    view! {
        <div class="week__day" data-testid="day" data-day=day>
            <b>{name}</b>
            <div class="week__intervals">
                {move || of_day.get().into_iter().map(interval).collect_view()}
                <Show when=move || of_day.read().is_empty()>
                    <span class="week__closed">{t(key!("console_hours_closed"))}</span>
                </Show>
            </div>
            <button type="button" class="button button--icon" data-testid="interval-add" aria-label=add_words on:click=add>
                {icon(icon::PLUS)}
            </button>
            <button
                type="button"
                class="button"
                data-testid="day-copy"
                aria-label=copy_words
                hidden=move || of_day.read().is_empty()
                on:click=copy
            >
                {t(key!("console_hours_copy_short"))}
            </button>
        </div>
    }
}

/// The name of a day of the week in the reader's language, Monday first.
#[expect(clippy::cast_precision_loss, reason = "one of seven")]
fn day_name(at: usize) -> String {
    let options = js_sys::Object::new();
    for (name, value) in [("weekday", "long"), ("timeZone", "UTC")] {
        js_sys::Reflect::set(&options, &name.into(), &value.into()).ok();
    }
    Date::new(&(MONDAY_MS + at as f64 * DAY_MS).into()).to_locale_date_string(&root().lang(), &options).into()
}
