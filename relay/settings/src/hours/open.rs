//! Whether hours are open at a moment, and when that changes: pure functions of the hours, the moment, and the bundled database of time zones.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{self, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use super::{Hours, TimeOfDay};
use crate::time::{DAY_MINUTES, Day};

/// How many days ahead an opening or closing is looked for: over a year, so that a yearly holiday is passed.
pub const AHEAD_DAYS_MAX: usize = 400;

/// Whether it is open at a moment (Unix time in milliseconds). The first moment of an interval is open, its end is not.
#[must_use]
pub fn is_open(hours: &Hours, at_ms: u64) -> bool {
    // What begins on a later day has not begun.
    Openings::around(hours, at_ms, 0).is_some_and(|mut openings| {
        openings.find(|opening| opening.until_ms > at_ms).is_some_and(|opening| opening.from_ms <= at_ms)
    })
}

/// The first moment after `at_ms` at which it opens, having been closed just before; none when it does not within [`AHEAD_DAYS_MAX`].
#[must_use]
pub fn next_opening(hours: &Hours, at_ms: u64) -> Option<u64> {
    Openings::around(hours, at_ms, AHEAD_DAYS_MAX)?.map(|opening| opening.from_ms).find(|from_ms| *from_ms > at_ms)
}

/// The first moment after `at_ms` at which it closes, having been open just before; none when it does not within [`AHEAD_DAYS_MAX`].
#[must_use]
pub fn next_closing(hours: &Hours, at_ms: u64) -> Option<u64> {
    let mut openings = Openings::around(hours, at_ms, AHEAD_DAYS_MAX)?;
    let until_ms = openings.by_ref().map(|opening| opening.until_ms).find(|until_ms| *until_ms > at_ms)?;
    // One that lasts as far as was looked may go on.
    let looked_until_ms = openings.moment(openings.date, TimeOfDay::MIDNIGHT)?;
    (until_ms < looked_until_ms).then_some(until_ms)
}

/// The zone with this name, in any case.
pub(crate) fn time_zone(name: &str) -> Option<TimeZone> {
    static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    ZONES.get(name).ok()
}

/// A time without a break in which it is open, in Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Opening {
    from_ms: u64,
    until_ms: u64,
}

/// The openings from the day before a moment on, in order, those that touch joined.
struct Openings<'a> {
    hours: &'a Hours,
    zone: TimeZone,
    /// The next day to read.
    date: civil::Date,
    days_left: usize,
    /// Openings of the days read so far, in order, joined.
    ready: Vec<Opening>,
}

impl<'a> Openings<'a> {
    fn around(hours: &'a Hours, at_ms: u64, ahead_days: usize) -> Option<Self> {
        let zone = time_zone(hours.zone.as_str())?;
        let at = Timestamp::from_millisecond(i64::try_from(at_ms).ok()?).ok()?;
        // What began yesterday may last: nothing lasts longer than to the end of the next day.
        let date = zone.to_datetime(at).date().yesterday().ok()?;
        Some(Self { hours, zone, date, days_left: ahead_days + 2, ready: Vec::new() })
    }

    /// Reads one day: what begins on it.
    fn read_day(&mut self) {
        let Ok(next) = self.date.tomorrow() else {
            self.days_left = 0;
            return;
        };
        let mut spans: Vec<Opening> = spans(self.hours, self.date)
            .into_iter()
            .filter_map(|(from, to)| {
                let ends_on = if to > from { self.date } else { next };
                Some(Opening { from_ms: self.moment(self.date, from)?, until_ms: self.moment(ends_on, to)? })
            })
            // On a day that the zone skipped, or in the hour that it skipped, nothing may be left.
            .filter(|opening| opening.from_ms < opening.until_ms)
            .collect();
        spans.sort_by_key(|opening| opening.from_ms);
        for span in spans {
            match self.ready.last_mut() {
                Some(last) if span.from_ms <= last.until_ms => last.until_ms = last.until_ms.max(span.until_ms),
                _ => self.ready.push(span),
            }
        }
        self.date = next;
        self.days_left -= 1;
    }

    /// The first moment at which a clock in the zone shows this time or a later one. So a time that is skipped is the moment of the change, one that
    /// comes twice is its first, and an interval that ends when another begins touches it on every day.
    fn moment(&self, date: civil::Date, time: TimeOfDay) -> Option<u64> {
        let minutes = time.minutes();
        let (date, minutes) = if minutes == DAY_MINUTES { (date.tomorrow().ok()?, 0) } else { (date, minutes) };
        let clock: DateTime = date.at((minutes / 60) as i8, (minutes % 60) as i8, 0, 0);
        let moment = match self.zone.to_ambiguous_timestamp(clock).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(clock).ok()?,
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(clock).ok()?,
            AmbiguousOffset::Gap { after, .. } => {
                let earlier = after.to_timestamp(clock).ok()?;
                self.zone.following(earlier).next()?.timestamp()
            }
        };
        u64::try_from(moment.as_millisecond()).ok()
    }
}

impl Iterator for Openings<'_> {
    type Item = Opening;

    fn next(&mut self) -> Option<Opening> {
        // The first is whole once another follows it, or the day after its end begins.
        while self.days_left > 0 {
            let is_whole = match self.ready.as_slice() {
                [] => false,
                [first] => {
                    self.moment(self.date, TimeOfDay::MIDNIGHT).is_some_and(|begin_ms| first.until_ms < begin_ms)
                }
                _ => true,
            };
            if is_whole {
                break;
            }
            self.read_day();
        }
        (!self.ready.is_empty()).then(|| self.ready.remove(0))
    }
}

/// The times that begin on a day: those of its exception, none on a holiday, else those of the week.
fn spans(hours: &Hours, date: civil::Date) -> Vec<(TimeOfDay, TimeOfDay)> {
    if let Some(exception) = hours.exceptions.iter().find(|exception| is_same(exception.date, date)) {
        return exception.times.iter().map(|span| (span.from, span.to)).collect();
    }
    let is_holiday = hours.holidays.iter().any(|holiday| {
        let is_day = holiday.date.month() == date.month() && holiday.date.day() == date.day();
        is_day && (holiday.yearly || holiday.date.year() == date.year())
    });
    if is_holiday {
        return Vec::new();
    }
    let day = Day::ALL[date.weekday().to_monday_zero_offset() as usize];
    hours.weekly.iter().filter(|interval| interval.day == day).map(|interval| (interval.from, interval.to)).collect()
}

fn is_same(one: crate::time::Date, other: civil::Date) -> bool {
    (one.year(), one.month(), one.day()) == (other.year(), other.month(), other.day())
}

#[cfg(test)]
mod tests;
