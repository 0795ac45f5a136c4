//! Times as only the console writes them: how long somebody waits, short dates, the time in another time zone.

use js_sys::{Array, Date, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use widget::time;

use crate::ui::words::{language, text};

/// A time that grows: "0:07", "4:10", "1:02:33".
pub(crate) fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// The time of day today, the day before that: "14:03", "12 Oct".
pub(crate) fn short(at_ms: u64, now_ms: u64) -> String {
    if time::day(at_ms) == time::day(now_ms) { text().clock(at_ms) } else { day(at_ms) }
}

/// Day and time: "12 Oct, 14:03".
pub(crate) fn long(at_ms: u64) -> String {
    write(at_ms, &[("day", "numeric"), ("month", "short"), ("hour", "numeric"), ("minute", "2-digit")])
}

/// A moment to the second, with its year, zone of the reader: "12 Oct 2026, 14:03:07".
pub(crate) fn exact(at_ms: u64) -> String {
    write(at_ms, &[("dateStyle", "medium"), ("timeStyle", "medium")])
}

/// A day with its year: "12 Oct 2026".
pub(crate) fn date(at_ms: u64) -> String {
    write(at_ms, &[("dateStyle", "medium")])
}

/// A day: "12 Oct".
pub(crate) fn day(at_ms: u64) -> String {
    write(at_ms, &[("day", "numeric"), ("month", "short")])
}

/// The time of day in another time zone; empty when the browser does not know the zone.
pub(crate) fn clock_in(zone: &str, at_ms: u64) -> String {
    write(at_ms, &[("hour", "numeric"), ("minute", "2-digit"), ("timeZone", zone)])
}

/// A language's name in the reader's language; the tag itself when the browser does not know it.
pub(crate) fn language_name(tag: &str) -> String {
    let name = intl("DisplayNames", &[("type", "language")]).and_then(|names| {
        let of: Function = Reflect::get(&names, &"of".into()).ok()?.dyn_into().ok()?;
        of.call1(&names, &tag.into()).ok()?.as_string()
    });
    name.unwrap_or_else(|| tag.to_owned())
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age fit into a float's 53 bits")]
fn write(at_ms: u64, choices: &[(&str, &str)]) -> String {
    let at = Date::new(&JsValue::from_f64(at_ms as f64));
    let words = intl("DateTimeFormat", choices).and_then(|format| {
        let write: Function = Reflect::get(&format, &"format".into()).ok()?.dyn_into().ok()?;
        write.call1(&format, &at).ok()?.as_string()
    });
    words.unwrap_or_default()
}

/// `new Intl[name]([language], options)`, as a call that may fail: a visitor's time zone may be invalid, and the typed constructors of the
/// bindings do not return the error.
fn intl(name: &str, choices: &[(&str, &str)]) -> Option<JsValue> {
    let options = Object::new();
    for (choice, value) in choices {
        Reflect::set(&options, &(*choice).into(), &(*value).into()).ok()?;
    }
    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let make: Function = Reflect::get(&intl, &name.into()).ok()?.dyn_into().ok()?;
    Reflect::construct(&make, &Array::of2(&Array::of1(&language().into()), &options)).ok()
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_have_minutes_and_hours_only_when_needed() {
        for (ms, text) in [(0, "0:00"), (999, "0:00"), (7_000, "0:07"), (250_000, "4:10"), (3_753_000, "1:02:33")] {
            assert_eq!(span(ms), text);
        }
    }
}
