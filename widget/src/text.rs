//! The catalogue of texts in the reader's language, and times as they write them.

use js_sys::{Array, Function, Object, Reflect};
use reactive_graph::owner::{LocalStorage, StoredValue, expect_context, provide_context};
use reactive_graph::prelude::*;
use reactive_graph::signal::RwSignal;
use wasm_bindgen::JsCast;
use wire::{Close, Refusal, digits};

use crate::clock::{Timer, now_ms};
use crate::env::{document, field, listen, root};
use crate::time;

/// What a reader takes for the first character of a word: a flag and a family are one (Unicode's extended grapheme clusters, which the browser
/// knows). Where the browser is too old for that, the first code point.
#[must_use]
pub fn first_character(word: &str) -> String {
    let cluster = || {
        let make: Function = field(&field(&js_sys::global(), "Intl"), "Segmenter").dyn_into().ok()?;
        let segmenter = Reflect::construct(&make, &Array::new()).ok()?;
        let segment: Function = field(&segmenter, "segment").dyn_into().ok()?;
        let segments = segment.call1(&segmenter, &word.into()).ok()?;
        field(&Array::from(&segments).get(0), "segment").as_string()
    };
    cluster().unwrap_or_else(|| word.chars().take(1).collect())
}

/// Texts by key; a copy is the same catalogue.
#[derive(Clone, Copy)]
pub struct Text(StoredValue<Words, LocalStorage>);

struct Words {
    /// The day that it is here, and what tells of the next one.
    today: RwSignal<u64>,
    midnight: Timer,
    catalogue: Object,
    clock: Function,
    date: Function,
}

impl Text {
    /// A catalogue: an object of texts by key.
    pub fn new(catalogue: Object) -> Self {
        let language = root().lang();
        let today = RwSignal::new(time::day(now_ms()));
        let (clock, date) = (time::clock(&language), time::date(&language));
        let late = StoredValue::new_local(None::<Self>);
        let midnight = Timer::new(move || {
            if let Some(text) = late.get_value() {
                text.mind_the_day();
            }
        });
        let text = Self(StoredValue::new_local(Words { today, midnight, catalogue, clock, date }));
        late.set_value(Some(text));
        text.mind_the_day();
        // A machine that slept through midnight may not have counted the time.
        listen(&document(), "visibilitychange", move |_| text.mind_the_day());
        text
    }

    /// The same, known to all components below. The chat hands it on instead: a table of contexts weighs a kilobyte.
    pub fn provide(catalogue: Object) -> Self {
        let text = Self::new(catalogue);
        provide_context(text);
        text
    }

    /// The catalogue, for a component.
    #[must_use]
    pub fn here() -> Self {
        expect_context()
    }

    /// The text of a key. A missing one shows its key, which a test would notice.
    #[must_use]
    pub fn get(self, key: &str) -> String {
        self.0.with_value(|words| field(&words.catalogue, key).as_string()).unwrap_or_else(|| key.to_owned())
    }

    /// The text of a key with one `{name}` in it replaced. A value that may be written from the right is isolated (U+2068, U+2069): it must not
    /// turn what stands around it.
    #[must_use]
    pub fn with(self, key: &str, name: &str, value: &str) -> String {
        // By characters: the search for any text weighs a kilobyte.
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

    /// The text for a number: of `key_one` for exactly one, else of `key` with `{n}` replaced.
    #[must_use]
    pub fn count(self, key: &str, n: u64) -> String {
        if n == 1 { self.get(&[key, "_one"].concat()) } else { self.with(key, "n", &digits(n)) }
    }

    /// Hours and minutes of a time ("14:02").
    #[must_use]
    pub fn clock(self, at_ms: u64) -> String {
        self.0.with_value(|words| time::write(&words.clock, at_ms))
    }

    /// Says that a new day has begun, when it has, and waits for the next.
    fn mind_the_day(self) {
        let now_ms = now_ms();
        self.0.try_with_value(|words| {
            if words.today.get_untracked() != time::day(now_ms) {
                words.today.set(time::day(now_ms));
            }
            words.midnight.set(time::until_midnight_ms(now_ms));
        });
    }

    fn today(self) -> u64 {
        self.0.with_value(|words| words.today.get())
    }

    /// The day of a time: "Today", "Yesterday" or the date. What follows it hears of midnight.
    #[must_use]
    pub fn day(self, at_ms: u64) -> String {
        match self.today().saturating_sub(time::day(at_ms)) {
            0 => self.get("today"),
            1 => self.get("yesterday"),
            _ => self.0.with_value(|words| time::write(&words.date, at_ms)),
        }
    }

    /// Hours and minutes for today, else the day.
    #[must_use]
    pub fn when(self, at_ms: u64) -> String {
        if self.today() == time::day(at_ms) { self.clock(at_ms) } else { self.day(at_ms) }
    }

    /// A length in the unit people read ("340 KB", "2.4 MB").
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
            Refusal::TextTooLong { chars_max } => self.with("refused_text_too_long", "n", &digits((*chars_max).into())),
            Refusal::FileTooLarge { bytes_max } => self.with("refused_file_too_large", "size", &self.bytes(*bytes_max)),
            Refusal::PictureTooLarge { pixels_max } => {
                self.with("refused_picture", "n", &digits(pixels_max / 1_000_000))
            }
            Refusal::TextEmpty => self.get("refused_text_empty"),
            Refusal::TextInvalid => self.get("refused_text_invalid"),
            Refusal::Ended => self.get("refused_ended"),
            Refusal::RateLimited { .. } => self.get("refused_rate"),
            Refusal::Busy | Refusal::StoreDown => self.get("refused_busy"),
            Refusal::FileEmpty => self.get("refused_file_empty"),
            Refusal::FileKind => self.get("refused_file_kind"),
            Refusal::FileEncoding => self.get("refused_file_encoding"),
            Refusal::QuotaExceeded { .. } => self.get("refused_quota"),
            Refusal::DiskFull => self.get("refused_disk"),
            Refusal::FileMissing => self.get("refused_file_missing"),
            Refusal::UploadBroken => self.get("refused_upload_broken"),
            Refusal::TooManyConversations => self.get("refused_many"),
            Refusal::Taken => self.get("refused_taken"),
            Refusal::AtCapacity => self.get("refused_capacity"),
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
            | Refusal::Blocked => self.get("refused_other"),
        }
    }

    /// Why the relay does not want this page to come back.
    #[must_use]
    pub fn close(self, close: Close) -> String {
        self.get(match close {
            Close::Version => "closed_version",
            Close::SiteUnknown | Close::OriginRefused => "closed_site",
            Close::SignedOut => "closed_signed_out",
            Close::Restart
            | Close::Slow
            | Close::Idle
            | Close::Busy
            | Close::HelloLate
            | Close::Flood
            | Close::Malformed
            | Close::TooLarge
            | Close::TokenInvalid
            | Close::Blocked => "closed_other",
        })
    }
}
