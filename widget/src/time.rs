//! Times as people write them in their language and time zone; the browser knows both.

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

use crate::env::{field, languages};

const DAY_MS: u64 = 86_400_000;
const MINUTE_MS: u64 = 60_000;

/// A format for hours and minutes, as they are written in the reader's region.
#[must_use]
pub fn clock(language: &str) -> Function {
    format(language, "timeStyle", "short")
}

/// A format for a date.
#[must_use]
pub fn date(language: &str) -> Function {
    format(language, "dateStyle", "long")
}

/// A format in a language. With the region that the browser has for this language; if it has none, with the browser's own choice of 12 or 24
/// hours.
fn format(language: &str, style: &str, value: &str) -> Function {
    let options = Object::new();
    Reflect::set(&options, &style.into(), &value.into()).ok();
    let first = |tag: &str| tag.split('-').next().map(str::to_owned);
    let own = languages().into_iter().find(|own| first(own) == first(language));
    if own.is_none() && style == "timeStyle" {
        let hours = Object::new();
        Reflect::set(&hours, &"hour".into(), &"numeric".into()).ok();
        let here = Intl::DateTimeFormat::new(&Array::new(), &hours).resolved_options();
        Reflect::set(&options, &"hourCycle".into(), &field(&here, "hourCycle")).ok();
    }
    Intl::DateTimeFormat::new(&Array::of1(&own.as_deref().unwrap_or(language).into()), &options).format()
}

/// How long it is until the reader's day ends.
#[must_use]
pub fn until_midnight_ms(at_ms: u64) -> u64 {
    DAY_MS - local_ms(at_ms) % DAY_MS
}

/// Writes a time with a format made above.
#[must_use]
pub fn write(format: &Function, at_ms: u64) -> String {
    let at = date_of(at_ms);
    format.call1(&JsValue::UNDEFINED, &at).ok().and_then(|text| text.as_string()).unwrap_or_default()
}

/// The number of the day, in the reader's time zone, of a time.
#[must_use]
pub fn day(at_ms: u64) -> u64 {
    local_ms(at_ms) / DAY_MS
}

fn local_ms(at_ms: u64) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "an offset of at most a day, in whole minutes")]
    let west_minutes = date_of(at_ms).get_timezone_offset() as i64;
    at_ms.saturating_add_signed(-west_minutes * MINUTE_MS.cast_signed())
}

/// The day in the reader's time zone, for names of files ("2026-11-21").
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
