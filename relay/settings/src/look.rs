//! What a site's chat shows of the documents: colours, texts, notices, when somebody is there again. For one language, at one moment.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::colour::Colour;
use crate::department::Department;
use crate::hours::{Hours, is_open, next_closing, next_opening};
use crate::image::Image;
use crate::language::Language;
use crate::notice::{Notice, NoticeKind, Segment};
use crate::site::{Colours, Site};
use crate::texts::Texts;
use crate::{DocumentId, DocumentKey, Kind, Snapshot};

/// Notices that one chat shows; pinned ones come first, then security, maintenance, news.
pub const NOTICES_MAX: usize = 5;

/// The chat's backgrounds, light and dark, as in `www/tokens.css`.
const BACKGROUNDS: [Colour; 2] = [Colour::new(0xff, 0xff, 0xff), Colour::new(0x0f, 0x15, 0x18)];
/// The names of the texts that a site's greeting replaces: the greeting itself, and the line below it, which is left empty.
const GREETING: [&str; 2] = ["greeting", "greeting_note"];
/// The names of the texts that say that nobody is there.
const OFFLINE: [&str; 2] = ["answering_none", "queue_nobody_note"];

/// What a site's chat shows of the documents. A field that is as the product has it by itself is not written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Look {
    /// The site's name.
    pub name: String,
    /// Its logo: a PNG as a `data:` URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<Image>,
    /// The colours, by the names of the style sheet's properties (`--site-…`); none where they are the product's own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub colours: BTreeMap<&'static str, Colour>,
    /// Texts that replace the product's own, by their names in its catalogue.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: BTreeMap<String, String>,
    /// Whether visitors may attach files.
    pub attachments: bool,
    /// Whether it says that nobody asks for passwords.
    pub password_notice: bool,
    /// When the next department opens, Unix time in milliseconds; none while one is open, or when none will be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_ms: Option<u64>,
    /// Notices, in order; at most [`NOTICES_MAX`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<LookNotice>,
}

/// A notice as a chat shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LookNotice {
    /// The document's id, by which a browser remembers that it was put away.
    pub id: DocumentId,
    /// The document's version: one that says something else is shown again.
    pub version: u64,
    /// What it is about.
    pub kind: NoticeKind,
    /// What it says.
    pub text: String,
    /// Whether a visitor may put it away.
    pub dismissible: bool,
}

impl Look {
    /// The look of a site in a language, at a moment (Unix time in milliseconds). None when there is no such site.
    #[must_use]
    pub fn of(snapshot: &Snapshot, site: &DocumentId, language: &str, at_ms: u64) -> Option<Self> {
        let set: &Site = snapshot.get(site)?;
        let choose = |texts| in_language(texts, language, &set.default_language);
        let mut texts = BTreeMap::new();
        if let Some(greeting) = choose(&set.greeting) {
            texts.insert(GREETING[0].to_owned(), greeting.clone());
            texts.insert(GREETING[1].to_owned(), String::new());
        }
        if let Some(offline) = choose(&set.offline) {
            texts.extend(OFFLINE.map(|name| (name.to_owned(), offline.clone())));
        }
        // Texts of this very language only: the product's own are better than somebody's in another one.
        let replaced = snapshot.all::<Texts>().filter(|(_, texts)| texts.site == *site);
        let same = replaced.filter(|(_, texts)| texts.language.as_str() == language);
        for (_, of_language) in same {
            texts.extend(of_language.texts.iter().map(|(name, text)| (name.clone(), text.clone())));
        }
        Some(Self {
            name: set.name.clone(),
            logo: set.logo.clone(),
            colours: if set.colours == Colours::default() { BTreeMap::new() } else { properties(&set.colours) },
            texts,
            attachments: set.attachments,
            password_notice: set.password_notice,
            opens_ms: opens_ms(snapshot, site, at_ms),
            notices: notices(snapshot, (site, language, &set.default_language), at_ms),
        })
    }

    /// The first moment after `at_ms` at which a site's look may become another although no document changes: a notice begins or ends, hours begin
    /// or end. Unix time in milliseconds.
    #[must_use]
    pub fn changes_ms(snapshot: &Snapshot, site: &DocumentId, at_ms: u64) -> Option<u64> {
        let notices = shown_at(snapshot, site).flat_map(|(_, notice)| [notice.from_ms, notice.until_ms]).flatten();
        let hours = departments(snapshot, site).filter_map(|department| hours(snapshot, department));
        let hours = hours.flat_map(|hours| [next_opening(hours, at_ms), next_closing(hours, at_ms)]).flatten();
        notices.chain(hours).filter(|change_ms| *change_ms > at_ms).min()
    }
}

/// The colours as the chat uses them. As a link or a button an accent must be readable on the background; then the text on it is black or white.
fn properties(colours: &Colours) -> BTreeMap<&'static str, Colour> {
    let shown = |accent: Colour, text: Colour, background: Colour| {
        let shown = accent.readable_on(background);
        (shown, if shown == accent { text } else { shown.text_on() })
    };
    let (light, on_light) = shown(colours.light, colours.text_on_light, BACKGROUNDS[0]);
    let (dark, on_dark) = shown(colours.dark, colours.text_on_dark, BACKGROUNDS[1]);
    [
        ("light", light),
        ("on-light", on_light),
        ("dark", dark),
        ("on-dark", on_dark),
        // The ground of the visitor's own messages.
        ("mine", colours.light),
        ("on-mine", colours.text_on_light),
    ]
    .into()
}

/// One accent for both themes, as the script tag may choose it in place of the site's colours; its texts are black or white.
#[must_use]
pub fn accent_colours(accent: Colour) -> BTreeMap<&'static str, Colour> {
    let text = accent.text_on();
    properties(&Colours { light: accent, text_on_light: text, dark: accent, text_on_dark: text })
}

/// The text in a language: in the very same, in another of the same first part, in the site's own; else none.
fn in_language<'a>(texts: &'a BTreeMap<Language, String>, language: &str, own: &Language) -> Option<&'a String> {
    let first = |tag: &str| tag.split('-').next().map(str::to_owned);
    let same = texts.iter().find(|(tag, _)| tag.as_str() == language);
    let near = || texts.iter().find(|(tag, _)| first(tag.as_str()) == first(language));
    same.or_else(near).map(|(_, text)| text).or_else(|| texts.get(own))
}

fn departments<'a>(snapshot: &'a Snapshot, site: &'a DocumentId) -> impl Iterator<Item = &'a Department> {
    let of_site = move |department: &Department| department.site.as_ref().is_none_or(|of| of == site);
    snapshot.all::<Department>().map(|(_, department)| department).filter(move |department| of_site(department))
}

/// A department's hours; none is always open.
fn hours<'a>(snapshot: &'a Snapshot, department: &Department) -> Option<&'a Hours> {
    snapshot.get(department.hours.as_ref()?)
}

/// When the next department opens; none while one is open, when none will be, and where there are no departments.
fn opens_ms(snapshot: &Snapshot, site: &DocumentId, at_ms: u64) -> Option<u64> {
    let mut earliest = None;
    for department in departments(snapshot, site) {
        let hours = hours(snapshot, department)?;
        if is_open(hours, at_ms) {
            return None;
        }
        earliest = earliest.into_iter().chain(next_opening(hours, at_ms)).min();
    }
    earliest
}

/// The notices of a site for visitors whom nobody has identified, whenever they are shown.
fn shown_at<'a>(snapshot: &'a Snapshot, site: &'a DocumentId) -> impl Iterator<Item = (&'a DocumentId, &'a Notice)> {
    snapshot.all::<Notice>().filter(move |(_, notice)| {
        let of_site = notice.site.as_ref().is_none_or(|of| of == site);
        of_site && matches!(notice.segment, Segment::Everybody | Segment::Anonymous)
    })
}

fn notices(snapshot: &Snapshot, (site, language, own): (&DocumentId, &str, &Language), at_ms: u64) -> Vec<LookNotice> {
    let now = |notice: &Notice| {
        notice.from_ms.is_none_or(|from_ms| from_ms <= at_ms) && notice.until_ms.is_none_or(|until_ms| at_ms < until_ms)
    };
    let rank = |notice: &Notice| {
        let kind = match notice.kind {
            NoticeKind::Security => 0,
            NoticeKind::Maintenance => 1,
            NoticeKind::News => 2,
        };
        (!notice.pinned, kind)
    };
    let mut all: Vec<_> = shown_at(snapshot, site).filter(|(_, notice)| now(notice)).collect();
    all.sort_by_key(|(id, notice)| (rank(notice), *id));
    let shown = all.into_iter().take(NOTICES_MAX).filter_map(|(id, notice)| {
        // In some language rather than not at all: it may be a warning.
        let text = in_language(&notice.texts, language, own).or_else(|| notice.texts.values().next())?.clone();
        let version = snapshot.document(&DocumentKey { kind: Kind::Notice, id: id.clone() })?.version();
        Some(LookNotice { id: id.clone(), version, kind: notice.kind, text, dismissible: notice.dismissible })
    });
    shown.collect()
}

#[cfg(test)]
mod tests;
