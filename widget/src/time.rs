//! Times as people write them in their language and time zone; the browser knows both.

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

const DAY_MS: u64 = 86_400_000;
const MINUTE_MS: u64 = 60_000;

/// Writes hours and minutes.
#[must_use]
pub fn clock(language: &str) -> Function {
    format(language, &[("hour", "2-digit"), ("minute", "2-digit")])
}

/// Writes a day of a year.
#[must_use]
pub fn date(language: &str) -> Function {
    format(language, &[("day", "numeric"), ("month", "long"), ("year", "numeric")])
}

fn format(language: &str, choices: &[(&str, &str)]) -> Function {
    let options = Object::new();
    for (name, value) in choices {
        Reflect::set(&options, &(*name).into(), &(*value).into()).ok();
    }
    Intl::DateTimeFormat::new(&Array::of1(&language.into()), &options).format()
}

/// Writes a time with a format made above.
#[must_use]
pub fn write(format: &Function, at_ms: u64) -> String {
    let at = date_of(at_ms);
    format.call1(&JsValue::UNDEFINED, &at).ok().and_then(|text| text.as_string()).unwrap_or_default()
}

/// The number of the reader's own day that a time falls on.
#[must_use]
pub fn day(at_ms: u64) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "an offset of at most a day, in whole minutes")]
    let west_minutes = date_of(at_ms).get_timezone_offset() as i64;
    let local_ms = at_ms.saturating_add_signed(-west_minutes * MINUTE_MS.cast_signed());
    local_ms / DAY_MS
}

/// The reader's own day as a name for files ("2026-11-21").
#[must_use]
pub fn day_name(at_ms: u64) -> String {
    let local_ms = day(at_ms) * DAY_MS;
    let text = String::from(date_of(local_ms).to_iso_string());
    text.split('T').next().unwrap_or_default().to_owned()
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age fit into a float's 53 bits")]
fn date_of(at_ms: u64) -> Date {
    Date::new(&JsValue::from_f64(at_ms as f64))
}
