//! The texts in the reader's language, and times as they are written in it.

use std::cell::RefCell;

use js_sys::{Array, Function, Reflect};
use reactive_graph::owner::{expect_context, provide_context};
use wasm_bindgen::JsCast;
use wire::{Close, Refusal, digits};

use crate::clock::{Timer, now_ms};
use crate::env::{document, field, listen, root, window};
use crate::signal::Signal;
use crate::time;

/// The first character of a word as a reader sees it: a flag of two code points is one (Unicode's extended grapheme clusters). In browsers that
/// do not know these, the first code point.
#[must_use]
pub fn first_character(word: &str) -> String {
    let cluster = || {
        let make: Function = field(&field(&window(), "Intl"), "Segmenter").dyn_into().ok()?;
        let segmenter = Reflect::construct(&make, &Array::new()).ok()?;
        let segment: Function = field(&segmenter, "segment").dyn_into().ok()?;
        let segments = segment.call1(&segmenter, &word.into()).ok()?;
        field(&Array::from(&segments).get(0), "segment").as_string()
    };
    cluster().unwrap_or_else(|| word.chars().take(1).collect())
}

// The names of the texts in order: `CHAT`, what the chat shows and most of which the console shows, too, and `CONSOLE`, what only the console shows.
include!(concat!(env!("OUT_DIR"), "/names.rs"));

/// The index of a text in the list of texts that a page loads. The list has no names: they would only be weight.
///
/// A list is in the order of names, first those of `chat.json`, then those of `console.json`. The chat loads the first part only, so one number
/// is right in both lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u32);

impl Key {
    /// The key of a name. Called by [`key!`] while this is compiled; a name that no text has does not compile.
    #[must_use]
    pub const fn of(name: &str) -> Self {
        let at = match find(CHAT, name.as_bytes()) {
            None => match find(CONSOLE, name.as_bytes()) {
                None => panic!("no text has this name in www/locale/en/"),
                Some(at) => CHAT.len() + at,
            },
            Some(at) => at,
        };
        #[expect(clippy::cast_possible_truncation, reason = "texts are few")]
        Self(at as u32)
    }
}

/// Where a name is among names in order. While crates are compiled each step costs: half of what is left goes with each comparison.
const fn find(names: &[&str], name: &[u8]) -> Option<usize> {
    let (mut from, mut to) = (0, names.len());
    while from < to {
        let middle = usize::midpoint(from, to);
        match order(name, names[middle].as_bytes()) {
            0 => return Some(middle),
            1 => from = middle + 1,
            _ => to = middle,
        }
    }
    None
}

/// How one name compares with another: after it (1), the same (0), before it (-1).
const fn order(one: &[u8], other: &[u8]) -> i32 {
    let mut at = 0;
    while at < one.len() && at < other.len() {
        if one[at] != other[at] {
            return if one[at] > other[at] { 1 } else { -1 };
        }
        at += 1;
    }
    match (at < one.len(), at < other.len()) {
        (true, _) => 1,
        (false, true) => -1,
        (false, false) => 0,
    }
}

/// The key of a text by its name in the catalogue; a wrong name does not compile.
#[macro_export]
macro_rules! key {
    ($name:literal) => {
        const { $crate::text::Key::of($name) }
    };
}

/// Texts by key; a copy is the same catalogue.
#[derive(Clone, Copy)]
pub struct Text(Signal<Inner>);

struct Inner {
    /// Today's number, and the timer that changes it at midnight.
    today: Signal<u64>,
    midnight: Timer,
    /// As the page loaded it.
    loaded: Array,
    /// With the site's own texts in it.
    catalogue: RefCell<Array>,
    clock: Function,
    date: Function,
}

impl Text {
    /// With the list of texts that the page loaded.
    pub fn new(catalogue: Array) -> Self {
        let language = root().lang();
        let today = Signal::new(time::day(now_ms()));
        let (clock, date) = (time::clock(&language), time::date(&language));
        let late = Signal::new(None::<Self>);
        let midnight = Timer::new(move || {
            if let Some(text) = late.get_untracked() {
                text.watch_midnight();
            }
        });
        let (loaded, catalogue) = (catalogue.clone(), RefCell::new(catalogue));
        let text = Self(Signal::new(Inner { today, midnight, loaded, catalogue, clock, date }));
        late.set(Some(text));
        text.watch_midnight();
        // The timer may be late on a machine that slept over midnight.
        listen(&document(), "visibilitychange", move |_| text.watch_midnight());
        text
    }

    /// The same, given to all components below by a context. The chat passes it on instead: a table of contexts weighs a kilobyte.
    pub fn provide(catalogue: Array) -> Self {
        let text = Self::new(catalogue);
        provide_context(text);
        text
    }

    /// The texts that were given by [`Text::provide`].
    #[must_use]
    pub fn here() -> Self {
        expect_context()
    }

    /// Puts a site's own texts in place of the product's: pairs of number and text. What is shown already stays until it is made anew.
    pub fn replace(self, pairs: &Array) {
        self.0.with_untracked(|inner| {
            let now = inner.loaded.slice(0, inner.loaded.length());
            for pair in pairs.iter() {
                let pair = Array::from(&pair);
                if let Some(number) = pair.get(0).as_f64() {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "a small whole number"
                    )]
                    now.set(number as u32, pair.get(1));
                }
            }
            inner.catalogue.replace(now);
        });
    }

    /// The text of a key.
    #[must_use]
    pub fn get(self, key: Key) -> String {
        self.0.with_untracked(|inner| inner.catalogue.borrow().get(key.0).as_string()).unwrap_or_default()
    }

    /// The text of a key with one `{name}` in it replaced. A value that may be written from the right is isolated (U+2068, U+2069), so that it
    /// does not change the direction of the text around it.
    #[must_use]
    pub fn with(self, key: Key, name: &str, value: &str) -> String {
        // Split by a character: code that searches for a text weighs a kilobyte more.
        let mut out = String::new();
        for (at, part) in self.get(key).split('{').enumerate() {
            let behind = if at == 0 { None } else { part.strip_prefix(name).and_then(|part| part.strip_prefix('}')) };
            let isolates = behind.is_some() && !value.is_ascii();
            out.push_str(if isolates { "\u{2068}" } else { "" });
            out.push_str(if behind.is_some() {
                value
            } else if at == 0 {
                ""
            } else {
                "{"
            });
            out.push_str(if isolates { "\u{2069}" } else { "" });
            out.push_str(behind.unwrap_or(part));
        }
        out
    }

    /// The text for a number: the second for exactly one, else the first with `{n}` replaced.
    #[must_use]
    pub fn count(self, [many, one]: [Key; 2], n: u64) -> String {
        if n == 1 { self.get(one) } else { self.with(many, "n", &digits(n)) }
    }

    /// Hours and minutes of a time ("14:02").
    #[must_use]
    pub fn clock(self, at_ms: u64) -> String {
        self.0.with_untracked(|inner| time::write(&inner.clock, at_ms))
    }

    /// Changes `today` if a new day has begun, and waits for the next midnight.
    fn watch_midnight(self) {
        let now_ms = now_ms();
        self.0.try_with(|inner| {
            if inner.today.get_untracked() != time::day(now_ms) {
                inner.today.set(time::day(now_ms));
            }
            inner.midnight.set(time::until_midnight_ms(now_ms));
        });
    }

    fn today(self) -> u64 {
        self.0.with_untracked(|inner| inner.today.get())
    }

    /// The day of a time: "Today", "Yesterday" or the date. Effects that read it run again at midnight.
    #[must_use]
    pub fn day(self, at_ms: u64) -> String {
        match self.today().saturating_sub(time::day(at_ms)) {
            0 => self.get(key!("today")),
            1 => self.get(key!("yesterday")),
            _ => self.0.with_untracked(|inner| time::write(&inner.date, at_ms)),
        }
    }

    /// A moment to come: its date, then hours and minutes.
    #[must_use]
    pub fn moment(self, at_ms: u64) -> String {
        self.0.with_untracked(|inner| [time::write(&inner.date, at_ms), time::write(&inner.clock, at_ms)].join(", "))
    }

    /// Hours and minutes for today, else the day.
    #[must_use]
    pub fn when(self, at_ms: u64) -> String {
        if self.today() == time::day(at_ms) { self.clock(at_ms) } else { self.day(at_ms) }
    }

    /// A length in the unit that people use ("340 KB", "2.4 MB").
    #[must_use]
    pub fn bytes(self, bytes: u64) -> String {
        const KIB: u64 = 1024;
        const MIB: u64 = KIB * KIB;
        if bytes < MIB {
            return [&digits(bytes.div_ceil(KIB)), " KB"].concat();
        }
        let tenths = bytes * 10 / MIB;
        let (whole, rest) = (digits(tenths / 10), digits(tenths % 10));
        if rest == "0" { [&whole, " MB"].concat() } else { [&whole, ".", &rest, " MB"].concat() }
    }

    /// What a refusal says to a person.
    #[must_use]
    pub fn refusal(self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::TextTooLong { chars_max } => {
                self.with(key!("refused_text_too_long"), "n", &digits((*chars_max).into()))
            }
            Refusal::FileTooLarge { bytes_max } => {
                self.with(key!("refused_file_too_large"), "size", &self.bytes(*bytes_max))
            }
            Refusal::PictureTooLarge { pixels_max } => {
                self.with(key!("refused_picture"), "n", &digits(pixels_max / 1_000_000))
            }
            Refusal::TextEmpty => self.get(key!("refused_text_empty")),
            Refusal::TextInvalid => self.get(key!("refused_text_invalid")),
            Refusal::Ended => self.get(key!("refused_ended")),
            Refusal::RateLimited { .. } => self.get(key!("refused_rate")),
            Refusal::Busy | Refusal::StoreDown => self.get(key!("refused_busy")),
            Refusal::FileEmpty => self.get(key!("refused_file_empty")),
            Refusal::FileKind => self.get(key!("refused_file_kind")),
            Refusal::FileEncoding => self.get(key!("refused_file_encoding")),
            Refusal::QuotaExceeded { .. } => self.get(key!("refused_quota")),
            Refusal::DiskFull => self.get(key!("refused_disk")),
            Refusal::FileMissing => self.get(key!("refused_file_missing")),
            Refusal::UploadBroken => self.get(key!("refused_upload_broken")),
            Refusal::TooManyConversations => self.get(key!("refused_many")),
            Refusal::Taken => self.get(key!("refused_taken")),
            Refusal::AtCapacity => self.get(key!("refused_capacity")),
            Refusal::NotFound
            | Refusal::NotAllowed
            | Refusal::UnknownFrame
            | Refusal::RatingInvalid
            | Refusal::SignInFailed
            | Refusal::SignedOut
            | Refusal::TokenInvalid
            | Refusal::SiteUnknown
            | Refusal::OriginRefused
            | Refusal::Malformed
            | Refusal::Blocked => self.get(key!("refused_other")),
        }
    }

    /// Why the relay does not want this page to come back.
    #[must_use]
    pub fn close(self, close: Close) -> String {
        self.get(match close {
            Close::Version => key!("closed_version"),
            Close::SiteUnknown | Close::OriginRefused => key!("closed_site"),
            Close::SignedOut => key!("closed_signed_out"),
            Close::Restart
            | Close::Slow
            | Close::Idle
            | Close::Busy
            | Close::HelloLate
            | Close::Flood
            | Close::RightsChanged
            | Close::Malformed
            | Close::TooLarge
            | Close::TokenInvalid
            | Close::Blocked => key!("closed_other"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn keys_number_the_lists_that_the_build_writes() {
        // As `xtask/src/finish.rs` does: a map of JSON is in the order of names.
        let names = |file: &str| -> Vec<String> {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../www/locale/en").join(file);
            let texts: serde_json::Map<String, serde_json::Value> =
                serde_json::from_slice(&std::fs::read(path).expect("it is read")).expect("a catalogue");
            texts.into_iter().map(|(name, _)| name).filter(|name| !name.starts_with("relay_")).collect()
        };
        let names = names("chat.json").into_iter().chain(names("console.json"));
        for (number, name) in names.enumerate() {
            assert_eq!(Key::of(&name), Key(u32::try_from(number).expect("few texts")), "{name}");
        }
    }

    #[test]
    #[should_panic(expected = "no text has this name")]
    fn a_name_that_no_text_has_is_no_key() {
        let _ = Key::of("no_such_text");
    }
}
