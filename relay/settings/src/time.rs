//! Days of the week, times of day and dates, without a zone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text_type::text_in_json;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the days of the week")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Day {
    /// All of them, from Monday, as in ISO 8601.
    pub const ALL: [Self; 7] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday, Self::Saturday, Self::Sunday];
    /// Their names in JSON, in the same order.
    pub const NAMES: &[&str] = &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
}

/// A time of day in minutes, written `09:30`. `24:00` is the end of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

/// Minutes of a day on the clock.
pub const DAY_MINUTES: u16 = 24 * 60;

impl TimeOfDay {
    /// `00:00`.
    pub const MIDNIGHT: Self = Self(0);

    /// Minutes since midnight, 1,440 at most.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

/// A text that is no time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time of day; write it as 09:30, from 00:00 to 24:00")]
pub struct TimeOfDayError;

impl FromStr for TimeOfDay {
    type Err = TimeOfDayError;

    fn from_str(text: &str) -> Result<Self, TimeOfDayError> {
        let minutes = match text.as_bytes() {
            [a, b, b':', c, d] => Some([*a, *b, *c, *d]),
            _ => None,
        };
        let digits = minutes.filter(|digits| digits.iter().all(u8::is_ascii_digit)).ok_or(TimeOfDayError)?;
        let [a, b, c, d] = digits.map(|digit| u16::from(digit - b'0'));
        let (hour, minute) = (a * 10 + b, c * 10 + d);
        let time = Self(hour * 60 + minute);
        if minute > 59 || time.0 > DAY_MINUTES { Err(TimeOfDayError) } else { Ok(time) }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

text_in_json!(TimeOfDay);

/// A day of the calendar from 2000 to 2199, written `2027-01-31` (ISO 8601).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i16,
    month: i8,
    day: i8,
}

impl Date {
    /// The year, from 2000 to 2199.
    #[must_use]
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The month, from 1 to 12.
    #[must_use]
    pub const fn month(self) -> i8 {
        self.month
    }

    /// The day of the month, from 1.
    #[must_use]
    pub const fn day(self) -> i8 {
        self.day
    }
}

/// A text that is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date; write it as 2027-01-31, from the year 2000 to 2199")]
pub struct DateError;

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 10
            && bytes
                .iter()
                .enumerate()
                .all(|(at, byte)| if matches!(at, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() });
        if !shaped {
            return Err(DateError);
        }
        let number = |from: usize, to: usize| {
            bytes[from..to].iter().fold(0_i16, |sum, digit| sum * 10 + i16::from(digit - b'0'))
        };
        let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + i16::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if !(2000..2200).contains(&year) || !(1..=12).contains(&month) || !(1..=days).contains(&day) {
            return Err(DateError);
        }
        Ok(Self { year, month: month as i8, day: day as i8 })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

text_in_json!(Date);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_dates_have_one_spelling() {
        for good in ["00:00", "09:30", "23:59", "24:00"] {
            assert_eq!(good.parse::<TimeOfDay>().map(|time| time.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "9:30", "24:01", "12:60", "99:99", "12:3x", "12-30", "１２:00"] {
            assert_eq!(bad.parse::<TimeOfDay>(), Err(TimeOfDayError), "{bad}");
        }
        for good in ["2000-01-01", "2028-02-29", "2199-12-31"] {
            assert_eq!(good.parse::<Date>().map(|date| date.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "2027-02-29",
            "2100-02-29",
            "2027-13-01",
            "2027-00-01",
            "2027-04-31",
            "1999-12-31",
            "2200-01-01",
            "2027/01/01",
        ] {
            assert_eq!(bad.parse::<Date>(), Err(DateError), "{bad}");
        }
    }

    #[test]
    fn days_are_named_as_they_are_written() {
        for (day, name) in Day::ALL.iter().zip(Day::NAMES) {
            assert_eq!(serde_json::to_value(day).unwrap(), *name);
        }
    }
}
