//! The texts of a transcript, in one of our languages, and times in its reader's time zone.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::DateTime;
use chrono_tz::Tz;
use relay_core::conversation::Conversation;
use relay_core::store::{Query, QueryAnswer};
use wire::{Body, Lane, Seq};

use crate::store::Reader;

type Catalogue = BTreeMap<String, String>;

/// The languages there are; the first one is for everybody else.
static CATALOGUES: LazyLock<[(&str, Catalogue); 2]> = LazyLock::new(|| {
    let console = [
        ("en", include_str!("../../../www/locale/en/console.json")),
        ("zh-CN", include_str!("../../../www/locale/zh-CN/console.json")),
    ];
    console.map(|(language, text)| (language, serde_json::from_str(text).expect("our own catalogues are JSON")))
});

/// A language of ours and a time zone.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    language: &'static str,
    catalogue: &'static Catalogue,
    zone: Tz,
}

/// The options of a transcript. What is not given, or not known, comes from the conversation.
#[derive(Clone, Debug, Default)]
pub struct TranscriptOptions {
    /// A language tag (BCP 47).
    pub language: Option<String>,
    /// An IANA time zone.
    pub zone: Option<String>,
}

impl Words {
    /// The language that fits a tag best, by its first part, and the zone of a name, or UTC.
    #[must_use]
    pub fn new(language: &str, zone: &str) -> Self {
        let first = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let fits = |&&(known, _): &&(&str, Catalogue)| first(known) == first(language);
        let (language, catalogue) = CATALOGUES.iter().find(fits).unwrap_or(&CATALOGUES[0]);
        Self { language, catalogue, zone: zone.parse().unwrap_or(Tz::UTC) }
    }

    /// As the options say, else in the visitor's language and time zone. Reads at most one page of the staff lane: the visitor's context is at
    /// its beginning.
    pub fn of(conversation: &Conversation, options: &TranscriptOptions, reader: &mut dyn Reader) -> Self {
        let zone = options.zone.clone().filter(|zone| zone.parse::<Tz>().is_ok());
        let zone = zone.unwrap_or_else(|| {
            let query = Query::Events { conversation: conversation.id, lane: Lane::Staff, after: Seq::ZERO };
            let Ok(QueryAnswer::Events { events, .. }) = reader.query(&query) else { return String::new() };
            let recorded = events
                .into_iter()
                .find_map(|event| if let Body::Context { page } = event.body { Some(page.time_zone) } else { None });
            recorded.unwrap_or_default()
        });
        Self::new(options.language.as_deref().unwrap_or(&conversation.language), &zone)
    }

    /// The language's tag.
    #[must_use]
    pub const fn language(&self) -> &'static str {
        self.language
    }

    /// The zone's name.
    #[must_use]
    pub fn zone(&self) -> &'static str {
        self.zone.name()
    }

    /// The words of a key, without `relay_`.
    #[must_use]
    pub fn get(&self, key: &str) -> &'static str {
        self.catalogue.get(&["relay_", key].concat()).map_or("", String::as_str)
    }

    /// The words of a key with its placeholders filled; placeholders in what is filled in are ignored.
    #[must_use]
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut out = String::new();
        let mut rest = self.get(key);
        while let Some((before, behind)) = rest.split_once('{') {
            out.push_str(before);
            let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
            out.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
            rest = after;
        }
        out + rest
    }

    /// A time in the zone, to the second.
    #[must_use]
    pub fn time(&self, at_ms: u64) -> String {
        let at = i64::try_from(at_ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
        at.with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_or_zone_that_is_none_of_ours_is_english_and_utc() {
        for (language, zone, wanted) in [
            ("en-GB", "Europe/London", ("en", "2023-11-14 22:13:20")),
            ("zh-CN", "Asia/Shanghai", ("zh-CN", "2023-11-15 06:13:20")),
            ("zh", "Asia/Kathmandu", ("zh-CN", "2023-11-15 03:58:20")),
            ("zh-Hant-TW", "America/New_York", ("zh-CN", "2023-11-14 17:13:20")),
            ("ja", "Nowhere/At_All", ("en", "2023-11-14 22:13:20")),
            ("", "", ("en", "2023-11-14 22:13:20")),
            ("../zh", "../../etc/passwd", ("en", "2023-11-14 22:13:20")),
        ] {
            let words = Words::new(language, zone);
            assert_eq!((words.language(), words.time(1_700_000_000_000).as_str()), wanted, "{language} {zone}");
        }
        // Summer time and winter time differ.
        assert_eq!(Words::new("en", "Europe/Berlin").time(1_720_000_000_000), "2024-07-03 11:46:40");
    }

    #[test]
    fn what_is_put_in_brings_no_places_of_its_own() {
        let words = Words::new("en", "");
        let filled = words.fill("file", &[("bytes", "5"), ("name", "{bytes}{name}")]);
        assert_eq!(filled, "[file] {bytes}{name} (5 bytes)");
        for (_, catalogue) in CATALOGUES.iter() {
            assert!(catalogue.keys().filter(|key| key.starts_with("relay_")).count() > 15);
        }
    }
}
