//! When a department is open.

use serde::{Deserialize, Serialize};
use wire::limit::NAME_CHARS_MAX;

use crate::body::{Body, Problems};
use crate::time::{DAY_MINUTES, Date, Day, TimeOfDay};
use crate::zone::Zone;
use crate::{DocumentId, Kind, ProblemCode, Right, Schema, Shape};

#[cfg(not(target_arch = "wasm32"))]
mod open;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use open::time_zone;
#[cfg(not(target_arch = "wasm32"))]
pub use open::{AHEAD_DAYS_MAX, is_open, next_closing, next_opening};

/// When a department is open: times of a week in its zone, without holidays, with exceptions.
///
/// An interval belongs to the day on which it begins: one over midnight goes on into a holiday, and does not begin on one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Its name, for agents.
    pub name: String,
    /// The site that it is for; none means all.
    pub site: Option<DocumentId>,
    /// The zone that times and dates are in.
    pub zone: Zone,
    /// The times of a week; empty is never open.
    #[serde(default)]
    pub weekly: Vec<Interval>,
    /// Days on which nothing begins.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// Days with times of their own, which hold on holidays too.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
}

/// Times of one day of the week. An end that is not after its start is on the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The day on which it begins.
    pub day: Day,
    /// Its start.
    pub from: TimeOfDay,
    /// Its end, the first minute that is closed.
    pub to: TimeOfDay,
}

/// A day on which nothing begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// The day.
    pub date: Date,
    /// What it is called, for agents.
    pub name: Option<String>,
    /// Whether it is on the same day of every year.
    #[serde(default)]
    pub yearly: bool,
}

/// A day with times of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The day.
    pub date: Date,
    /// Why, for agents.
    pub name: Option<String>,
    /// Its times; empty is closed.
    #[serde(default)]
    pub times: Vec<Span>,
}

/// Times of one date. An end that is not after its start is on the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// Its start.
    pub from: TimeOfDay,
    /// Its end, the first minute that is closed.
    pub to: TimeOfDay,
}

impl Body for Hours {
    const KIND: Kind = Kind::Hours;
    const CHANGED_BY: Right = Right::SettingsRouting;
    const READ_BY: Right = Right::ConversationRead;

    fn schema() -> Schema {
        let name = || Shape::Line { chars_max: NAME_CHARS_MAX };
        Schema::new()
            .required("name", name())
            .read()
            .optional("site", Shape::Reference(Kind::Site))
            .read()
            .required("zone", Shape::Zone)
            .read()
            .optional("weekly", Shape::Weekly)
            .read()
            .optional(
                "holidays",
                Schema::new()
                    .required("date", Shape::Date)
                    .optional("name", name())
                    .optional("yearly", Shape::Flag)
                    .group()
                    .list(),
            )
            .read()
            .optional(
                "exceptions",
                Schema::new()
                    .required("date", Shape::Date)
                    .optional("name", name())
                    .optional(
                        "times",
                        Schema::new().required("from", Shape::Time).required("to", Shape::Time).group().list_of(0, 8),
                    )
                    .group()
                    .list(),
            )
            .read()
    }

    fn check(&self, problems: &mut Problems) {
        let week = self.weekly.iter().map(|interval| {
            let start = u32::from(DAY_MINUTES) * (interval.day as u32) + u32::from(interval.from.minutes());
            (start, start + length(interval.from, interval.to))
        });
        let week: Vec<_> = week.collect();
        check_times("weekly", self.weekly.iter().map(|one| (one.from, one.to)), problems);
        check_apart("weekly", &week, u32::from(DAY_MINUTES) * 7, problems);
        check_once("holidays", self.holidays.iter().map(|one| one.date), problems);
        check_once("exceptions", self.exceptions.iter().map(|one| one.date), problems);
        for (at, exception) in self.exceptions.iter().enumerate() {
            let path = format!("exceptions.{at}.times");
            check_times(&path, exception.times.iter().map(|one| (one.from, one.to)), problems);
            let spans = exception.times.iter().map(|one| {
                let start = u32::from(one.from.minutes());
                (start, start + length(one.from, one.to))
            });
            // Two days hold everything that begins on one.
            check_apart(&path, &spans.collect::<Vec<_>>(), u32::from(DAY_MINUTES) * 2, problems);
        }
    }

    fn site(&self) -> Option<&DocumentId> {
        self.site.as_ref()
    }

    fn names(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name.to_lowercase())]
    }
}

/// Minutes on the clock from a start to its end, perhaps on the next day.
fn length(from: TimeOfDay, to: TimeOfDay) -> u32 {
    let (from, to) = (u32::from(from.minutes()), u32::from(to.minutes()));
    if to > from { to - from } else { to + u32::from(DAY_MINUTES) - from }
}

fn check_times(path: &str, times: impl Iterator<Item = (TimeOfDay, TimeOfDay)>, problems: &mut Problems) {
    for (at, (from, to)) in times.enumerate() {
        if from == to {
            let remedy = "It begins and ends at the same time. A whole day is from 00:00 to 24:00.";
            problems.add(format!("{path}.{at}.to"), ProblemCode::Contradiction, remedy);
        }
        if from.minutes() == DAY_MINUTES {
            problems.add(
                format!("{path}.{at}.from"),
                ProblemCode::OutOfRange,
                "24:00 is an end only. Begin at 00:00 of the next day.",
            );
        }
    }
}

/// Says which interval begins while another lasts; the last one may reach over the end of the round.
fn check_apart(path: &str, intervals: &[(u32, u32)], round: u32, problems: &mut Problems) {
    let mut order: Vec<usize> = (0..intervals.len()).collect();
    order.sort_by_key(|at| intervals[*at]);
    for (place, at) in order.iter().enumerate() {
        let next = order[(place + 1) % order.len()];
        let start = intervals[next].0 + if place + 1 == order.len() { round } else { 0 };
        if order.len() > 1 && intervals[*at].1 > start {
            let remedy = format!("It begins before entry {} has ended. Join the two, or set them apart.", at + 1);
            problems.add(format!("{path}.{next}.from"), ProblemCode::Contradiction, remedy);
        }
    }
}

fn check_once(path: &str, dates: impl Iterator<Item = Date>, problems: &mut Problems) {
    let mut seen = std::collections::BTreeSet::new();
    for (at, date) in dates.enumerate() {
        if !seen.insert(date) {
            problems.add(
                format!("{path}.{at}.date"),
                ProblemCode::Taken,
                "The day is in the list already. Remove one of them.",
            );
        }
    }
}
