//! Hard cases of hours, as a table: zone, times, moment, and what holds then.

use serde_json::{Value, json};

use super::*;

fn hours(zone: &str, weekly: &Value, more: &Value) -> Hours {
    let mut body = json!({ "name": "Hours", "zone": zone, "weekly": weekly });
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    crate::Kind::Hours.read(&body).unwrap_or_else(|problems| panic!("{problems:?}"));
    serde_json::from_value(body).unwrap()
}

/// The same times on every day of the week.
fn daily(from: &str, to: &str) -> Value {
    Day::NAMES.iter().map(|day| json!({ "day": day, "from": from, "to": to })).collect()
}

fn on(day: &str, from: &str, to: &str) -> Value {
    json!([{ "day": day, "from": from, "to": to }])
}

/// A moment of RFC 3339, in UTC or with its offset.
fn ms(text: &str) -> u64 {
    text.parse::<Timestamp>().unwrap_or_else(|error| panic!("{text}: {error}")).as_millisecond() as u64
}

fn shown(at_ms: Option<u64>) -> String {
    at_ms.map_or("never".to_owned(), |at| Timestamp::from_millisecond(at as i64).unwrap().to_string())
}

/// At `at`: whether it is open, when it opens next, when it closes next. Moments are in UTC.
#[track_caller]
fn check(hours: &Hours, at: &str, open: bool, opening: &str, closing: &str) {
    let at_ms = ms(at);
    let found = (is_open(hours, at_ms), shown(next_opening(hours, at_ms)), shown(next_closing(hours, at_ms)));
    assert_eq!(found, (open, opening.to_owned(), closing.to_owned()), "at {at}");
}

#[test]
fn an_ordinary_week() {
    let week = json!([
        { "day": "monday", "from": "09:00", "to": "12:00" }, { "day": "monday", "from": "13:00", "to": "17:00" },
        { "day": "friday", "from": "09:00", "to": "15:00" },
    ]);
    let hours = hours("Europe/Berlin", &week, &Value::Null);
    // Monday, 11 January 2027, in winter: one hour before UTC.
    check(&hours, "2027-01-11T07:59:59Z", false, "2027-01-11T08:00:00Z", "2027-01-11T11:00:00Z");
    check(&hours, "2027-01-11T08:00:00Z", true, "2027-01-11T12:00:00Z", "2027-01-11T11:00:00Z");
    check(&hours, "2027-01-11T10:59:59Z", true, "2027-01-11T12:00:00Z", "2027-01-11T11:00:00Z");
    check(&hours, "2027-01-11T11:00:00Z", false, "2027-01-11T12:00:00Z", "2027-01-11T16:00:00Z");
    check(&hours, "2027-01-11T16:00:00Z", false, "2027-01-15T08:00:00Z", "2027-01-15T14:00:00Z");
    check(&hours, "2027-01-15T14:00:00Z", false, "2027-01-18T08:00:00Z", "2027-01-18T11:00:00Z");
    // In summer two hours before.
    check(&hours, "2027-07-12T06:59:59Z", false, "2027-07-12T07:00:00Z", "2027-07-12T10:00:00Z");
}

#[test]
fn always_and_never() {
    let always = hours("Europe/Berlin", &daily("00:00", "24:00"), &Value::Null);
    for at in ["2027-01-11T00:00:00Z", "2027-03-28T01:00:00Z", "2027-10-31T00:30:00Z", "2027-12-31T23:00:00Z"] {
        check(&always, at, true, "never", "never");
    }
    // Each from noon to noon: they touch.
    check(
        &hours("Asia/Tokyo", &daily("12:00", "11:59"), &Value::Null),
        "2027-01-11T02:58:59Z",
        true,
        "2027-01-11T03:00:00Z",
        "2027-01-11T02:59:00Z",
    );
    let never = hours("Europe/Berlin", &json!([]), &Value::Null);
    check(&never, "2027-01-11T00:00:00Z", false, "never", "never");
    // Only exceptions, the last one passed, and one more than a year ahead.
    let rare = json!({ "exceptions": [{ "date": "2027-01-11", "times": [{ "from": "09:00", "to": "10:00" }] }] });
    let rare = hours("UTC", &json!([]), &rare);
    check(&rare, "2027-01-10T12:00:00Z", false, "2027-01-11T09:00:00Z", "2027-01-11T10:00:00Z");
    check(&rare, "2027-01-11T09:30:00Z", true, "never", "2027-01-11T10:00:00Z");
    check(&rare, "2027-01-11T10:00:00Z", false, "never", "never");
    check(&rare, "2025-01-01T00:00:00Z", false, "never", "never");
    // Moments that no calendar has.
    for at_ms in [u64::MAX, i64::MAX as u64, 0] {
        assert!(
            !is_open(&never, at_ms) && next_opening(&never, at_ms).is_none() && next_closing(&never, at_ms).is_none()
        );
    }
}

#[test]
fn over_midnight() {
    let nights = hours("UTC", &daily("22:00", "06:00"), &Value::Null);
    check(&nights, "2027-01-11T21:59:59Z", false, "2027-01-11T22:00:00Z", "2027-01-12T06:00:00Z");
    check(&nights, "2027-01-12T00:00:00Z", true, "2027-01-12T22:00:00Z", "2027-01-12T06:00:00Z");
    check(&nights, "2027-01-12T06:00:00Z", false, "2027-01-12T22:00:00Z", "2027-01-13T06:00:00Z");
    // Sunday's night reaches into the week's first day.
    let sunday = hours("UTC", &on("sunday", "22:00", "06:00"), &Value::Null);
    check(&sunday, "2027-01-11T03:00:00Z", true, "2027-01-17T22:00:00Z", "2027-01-11T06:00:00Z");
    // To midnight exactly, spelt in both ways.
    for to in ["24:00", "00:00"] {
        let evening = hours("UTC", &on("monday", "18:00", to), &Value::Null);
        check(&evening, "2027-01-11T23:59:59Z", true, "2027-01-18T18:00:00Z", "2027-01-12T00:00:00Z");
    }
}

#[test]
fn days_of_23_and_25_hours() {
    // Berlin goes from 02:00 to 03:00 on 28 March 2027, and from 03:00 to 02:00 on 31 October.
    let day = hours("Europe/Berlin", &on("sunday", "00:00", "24:00"), &Value::Null);
    check(&day, "2027-03-27T23:00:00Z", true, "2027-04-03T22:00:00Z", "2027-03-28T22:00:00Z");
    check(&day, "2027-10-30T22:00:00Z", true, "2027-11-06T23:00:00Z", "2027-10-31T23:00:00Z");
    // A night shift is an hour shorter, and an hour longer.
    let night = hours("Europe/Berlin", &on("saturday", "22:00", "06:00"), &Value::Null);
    check(&night, "2027-03-27T21:00:00Z", true, "2027-04-03T20:00:00Z", "2027-03-28T04:00:00Z");
    check(&night, "2027-10-30T20:00:00Z", true, "2027-11-06T21:00:00Z", "2027-10-31T05:00:00Z");
}

#[test]
fn a_time_that_does_not_exist_is_the_moment_of_the_change() {
    let from = hours("Europe/Berlin", &on("sunday", "02:30", "05:00"), &Value::Null);
    check(&from, "2027-03-28T00:59:59Z", false, "2027-03-28T01:00:00Z", "2027-03-28T03:00:00Z");
    let to = hours("Europe/Berlin", &on("sunday", "01:00", "02:30"), &Value::Null);
    check(&to, "2027-03-28T00:30:00Z", true, "2027-04-03T23:00:00Z", "2027-03-28T01:00:00Z");
    // Both within the hour that is skipped: not open on that day.
    let within = hours("Europe/Berlin", &on("sunday", "02:10", "02:50"), &Value::Null);
    check(&within, "2027-03-28T00:30:00Z", false, "2027-04-04T00:10:00Z", "2027-04-04T00:50:00Z");
    // Where the change is at midnight (Beirut, 28 March 2027, 00:00 to 01:00), the day begins at 01:00.
    let midnight = hours("Asia/Beirut", &on("sunday", "00:00", "24:00"), &Value::Null);
    check(&midnight, "2027-03-27T21:59:59Z", false, "2027-03-27T22:00:00Z", "2027-03-28T21:00:00Z");
}

#[test]
fn a_time_that_comes_twice_is_its_first() {
    let from = hours("Europe/Berlin", &on("sunday", "02:30", "05:00"), &Value::Null);
    check(&from, "2027-10-31T00:29:59Z", false, "2027-10-31T00:30:00Z", "2027-10-31T04:00:00Z");
    // When clocks go back it stays open.
    check(&from, "2027-10-31T01:00:00Z", true, "2027-11-07T01:30:00Z", "2027-10-31T04:00:00Z");
    let to = hours("Europe/Berlin", &on("sunday", "01:00", "02:30"), &Value::Null);
    check(&to, "2027-10-31T00:29:59Z", true, "2027-11-07T00:00:00Z", "2027-10-31T00:30:00Z");
    // Two that touch at such a time stay in touch.
    let both = json!([{ "day": "sunday", "from": "01:00", "to": "02:30" }, { "day": "sunday", "from": "02:30", "to": "05:00" }]);
    let both = hours("Europe/Berlin", &both, &Value::Null);
    check(&both, "2027-10-31T00:30:00Z", true, "2027-11-07T00:00:00Z", "2027-10-31T04:00:00Z");
    check(&both, "2027-03-28T00:30:00Z", true, "2027-04-03T23:00:00Z", "2027-03-28T03:00:00Z");
}

#[test]
fn zones_with_quarters_and_a_day_that_was_skipped() {
    let nepal = hours("Asia/Kathmandu", &on("monday", "09:00", "17:00"), &Value::Null);
    check(&nepal, "2027-01-11T03:14:59Z", false, "2027-01-11T03:15:00Z", "2027-01-11T11:15:00Z");
    // Half an hour of daylight saving: Lord Howe goes from 02:00 to 02:30 on 3 October 2027.
    let howe = hours("Australia/Lord_Howe", &on("sunday", "02:15", "04:00"), &Value::Null);
    check(&howe, "2027-10-02T15:00:00Z", false, "2027-10-02T15:30:00Z", "2027-10-02T17:00:00Z");
    // Samoa had no 30 December 2011, a Friday.
    let friday = hours("Pacific/Apia", &on("friday", "09:00", "17:00"), &Value::Null);
    check(&friday, "2011-12-30T09:00:00Z", false, "2012-01-05T19:00:00Z", "2012-01-06T03:00:00Z");
    let always = hours("Pacific/Apia", &daily("00:00", "24:00"), &Value::Null);
    check(&always, "2011-12-30T10:00:00Z", true, "never", "never");
    // A night that would end on the day that was skipped ends with the day before, a night that would begin on it began with the day after.
    let thursday = hours("Pacific/Apia", &on("thursday", "22:00", "06:00"), &Value::Null);
    check(&thursday, "2011-12-30T09:00:00Z", true, "2012-01-05T08:00:00Z", "2011-12-30T10:00:00Z");
    let skipped = hours("Pacific/Apia", &on("friday", "22:00", "06:00"), &Value::Null);
    check(&skipped, "2011-12-30T09:59:59Z", false, "2011-12-30T10:00:00Z", "2011-12-30T16:00:00Z");
}

#[test]
fn holidays_and_exceptions() {
    let more = json!({
        "holidays": [{ "date": "2026-12-25", "yearly": true }, { "date": "2027-01-12", "name": "Founding" }],
        "exceptions": [
            { "date": "2027-12-25", "times": [{ "from": "10:00", "to": "12:00" }] },
            { "date": "2027-01-14", "times": [] },
            { "date": "2027-01-15", "times": [{ "from": "20:00", "to": "02:00" }] },
        ],
    });
    let days = hours("UTC", &daily("09:00", "17:00"), &more);
    // A day of one year only.
    check(&days, "2027-01-12T10:00:00Z", false, "2027-01-13T09:00:00Z", "2027-01-13T17:00:00Z");
    check(&days, "2028-01-12T10:00:00Z", true, "2028-01-13T09:00:00Z", "2028-01-12T17:00:00Z");
    // The same day of every year; an exception opens on it.
    check(&days, "2028-12-25T11:00:00Z", false, "2028-12-26T09:00:00Z", "2028-12-26T17:00:00Z");
    check(&days, "2027-12-25T11:00:00Z", true, "2027-12-26T09:00:00Z", "2027-12-25T12:00:00Z");
    // An exception closes, and another has times of its own over midnight.
    check(&days, "2027-01-14T10:00:00Z", false, "2027-01-15T20:00:00Z", "2027-01-16T02:00:00Z");
    check(&days, "2027-01-15T10:00:00Z", false, "2027-01-15T20:00:00Z", "2027-01-16T02:00:00Z");
    check(&days, "2027-01-16T01:00:00Z", true, "2027-01-16T09:00:00Z", "2027-01-16T02:00:00Z");
    // A night goes on into a holiday and does not begin on one.
    let nights = hours("UTC", &daily("22:00", "06:00"), &json!({ "holidays": [{ "date": "2027-01-12" }] }));
    check(&nights, "2027-01-12T05:00:00Z", true, "2027-01-13T22:00:00Z", "2027-01-12T06:00:00Z");
    check(&nights, "2027-01-12T23:00:00Z", false, "2027-01-13T22:00:00Z", "2027-01-14T06:00:00Z");
    // The leap day of every year is in leap years only.
    let leap =
        hours("UTC", &daily("09:00", "17:00"), &json!({ "holidays": [{ "date": "2028-02-29", "yearly": true }] }));
    check(&leap, "2028-02-29T10:00:00Z", false, "2028-03-01T09:00:00Z", "2028-03-01T17:00:00Z");
    check(&leap, "2027-03-01T10:00:00Z", true, "2027-03-02T09:00:00Z", "2027-03-01T17:00:00Z");
    // All the night's end falls into the next exception's time: one opening.
    let joined = json!({ "exceptions": [{ "date": "2027-01-12", "times": [{ "from": "03:00", "to": "08:00" }] }] });
    let joined = hours("UTC", &daily("22:00", "06:00"), &joined);
    check(&joined, "2027-01-11T23:00:00Z", true, "2027-01-13T22:00:00Z", "2027-01-12T08:00:00Z");
}

/// Openings and closings agree with `is_open`, through both changes of several zones.
#[test]
fn openings_and_closings_are_where_it_changes() {
    let week = json!([
        { "day": "monday", "from": "00:00", "to": "02:30" }, { "day": "tuesday", "from": "23:00", "to": "01:00" },
        { "day": "saturday", "from": "22:00", "to": "02:15" }, { "day": "sunday", "from": "02:15", "to": "24:00" },
    ]);
    for zone in
        ["Europe/Berlin", "America/New_York", "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo"]
    {
        let hours = hours(zone, &week, &Value::Null);
        for start in ["2011-12-26T00:00:00Z", "2018-10-29T00:00:00Z", "2027-03-22T00:00:00Z", "2027-10-25T00:00:00Z"] {
            let start_ms = ms(start);
            let (mut at_ms, mut seen) = (start_ms, 0);
            while at_ms < start_ms + 14 * 86_400_000 {
                let open = is_open(&hours, at_ms);
                let next = if open { next_closing(&hours, at_ms) } else { next_opening(&hours, at_ms) };
                let next_ms = next.expect("a week changes");
                assert!(
                    next_ms > at_ms && is_open(&hours, next_ms) != open && is_open(&hours, next_ms - 1) == open,
                    "{zone} {start}"
                );
                // Nothing changes between.
                for part in 1..8 {
                    assert_eq!(is_open(&hours, at_ms + (next_ms - at_ms) * part / 8), open, "{zone} {start}");
                }
                (at_ms, seen) = (next_ms, seen + 1);
            }
            assert!(seen >= 8, "{zone} {start}: {seen}");
        }
    }
}
