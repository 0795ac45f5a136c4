//! What each site's chat shows of the documents in force, ready to be sent: in every language of ours, with a number that tells one look from another.
//!
//! Made anew when a document changes, and when time alone changes something: a notice begins, a department opens.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use relay_settings::colour::Colour;
use relay_settings::site::Site;
use relay_settings::{DocumentId, Look, Snapshot, accent_colours};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wire::SiteId;

use super::image::png_of;
use crate::hex::digits;

/// The texts of the chat in one language, by name.
pub(crate) type Catalogue = BTreeMap<String, String>;

/// The texts of the chat in each language there is; the first one is for everybody else.
static CATALOGUES: LazyLock<[(&str, Catalogue); 2]> = LazyLock::new(|| {
    let chat = [
        ("en", include_str!("../../../www/locale/en/chat.json")),
        ("zh-CN", include_str!("../../../www/locale/zh-CN/chat.json")),
    ];
    chat.map(|(language, text)| (language, serde_json::from_str(text).expect("our own catalogues are JSON")))
});

/// The texts of the chat in a language of ours; none when it has none.
pub(crate) fn catalogue(language: &str) -> Option<&'static Catalogue> {
    CATALOGUES.iter().find(|(known, _)| *known == language).map(|(_, catalogue)| catalogue)
}

/// The looks of all sites at one version of the documents.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    by_site: BTreeMap<SiteId, SiteLook>,
    /// When one of them changes by time alone, Unix time in milliseconds.
    pub(crate) until_ms: Option<u64>,
}

/// One site's look.
#[derive(Debug)]
pub(crate) struct SiteLook {
    /// Another number when anything in it is another, in any language. Never 0.
    pub(crate) number: u32,
    by_language: BTreeMap<&'static str, Arc<str>>,
    /// The image in its chat's header.
    pub(crate) logo: Option<Logo>,
}

/// A site's logo, under an address that another one does not have.
#[derive(Clone, Debug)]
pub(crate) struct Logo {
    /// A PNG.
    pub(crate) png: Bytes,
    /// The beginning of its SHA-256, in hexadecimal digits.
    pub(crate) version: String,
}

impl Logo {
    fn of(site: &Site) -> Option<Self> {
        let png = png_of(site.logo.as_ref()?).ok()?;
        let version = digits(&Sha256::digest(&png)[..8]);
        Some(Self { png: png.into(), version })
    }
}

impl Looks {
    /// The looks at a moment.
    pub(crate) fn of(snapshot: &Snapshot, now_ms: u64) -> Self {
        let mut looks = Self::default();
        for (id, _) in snapshot.all::<Site>() {
            let (Ok(site), Some(look)) = (id.as_str().parse(), SiteLook::of(snapshot, id, now_ms)) else { continue };
            looks.by_site.insert(site, look);
            looks.until_ms = looks.until_ms.into_iter().chain(Look::changes_ms(snapshot, id, now_ms)).min();
        }
        looks
    }

    /// The look of a site.
    pub(crate) fn get(&self, site: &SiteId) -> Option<&SiteLook> {
        self.by_site.get(site)
    }

    /// The number of each site's look.
    pub(crate) fn numbers(&self) -> BTreeMap<SiteId, u32> {
        self.by_site.iter().map(|(site, look)| (site.clone(), look.number)).collect()
    }
}

impl SiteLook {
    /// A site's look at a moment; none when there is no such site.
    pub(crate) fn of(snapshot: &Snapshot, site: &DocumentId, now_ms: u64) -> Option<Self> {
        let mut all = Vec::new();
        let logo = snapshot.get(site).and_then(Logo::of);
        let mut hash = Sha256::new();
        for (language, _) in CATALOGUES.iter() {
            let mut look = chat_look(&Look::of(snapshot, site, language, now_ms)?);
            if let Some(logo) = &logo {
                // By an address: in the page it would be loaded each time.
                look["logo"] = format!("/logo?site={site}&v={}", logo.version).into();
            }
            hash.update(look.to_string());
            all.push((*language, look));
        }
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
        let number = u32::from_be_bytes([a, b, c, d]).max(1);
        let numbered = all.into_iter().map(|(language, mut look)| {
            look["number"] = number.into();
            (language, Arc::from(look.to_string()))
        });
        Some(Self { number, by_language: numbered.collect(), logo })
    }

    /// As JSON, in a language of ours; in the first one when it is none.
    pub(crate) fn json(&self, language: &str) -> Arc<str> {
        let first = || self.by_language.get(CATALOGUES[0].0);
        self.by_language.get(language).or_else(first).cloned().unwrap_or_else(|| Arc::from("{}"))
    }
}

/// A look with one accent in place of the site's colours, written `#rgb` or `#rrggbb`. Another text changes nothing.
pub(crate) fn with_accent(look: &str, accent: &str) -> String {
    let digits = accent.strip_prefix('#').unwrap_or_default();
    let doubled: String =
        if digits.len() == 3 { digits.chars().flat_map(|digit| [digit, digit]).collect() } else { digits.to_owned() };
    let (Ok(accent), Ok(Value::Object(mut look))) =
        (["#", &doubled].concat().parse::<Colour>(), serde_json::from_str(look))
    else {
        return look.to_owned();
    };
    look.insert("colours".to_owned(), json!(accent_colours(accent)));
    Value::Object(look).to_string()
}

/// A look as the chat reads it: texts have the numbers of the list that a page loads (`widget/src/text.rs`), which has no names.
pub(crate) fn chat_look(look: &Look) -> Value {
    let numbered = |(name, text): (&String, &String)| {
        let number = CATALOGUES[0].1.keys().position(|known| known == name)?;
        Some(json!([number, text]))
    };
    let texts: Vec<Value> = look.texts.iter().filter_map(numbered).collect();
    let mut chat = serde_json::to_value(look).unwrap_or_default();
    if let Value::Object(fields) = &mut chat {
        fields.remove("texts");
        if !texts.is_empty() {
            fields.insert("texts".to_owned(), texts.into());
        }
    }
    chat
}

#[cfg(test)]
mod tests {
    use relay_settings::{DocumentKey, Kind};

    use super::*;

    fn snapshot(documents: &[(Kind, &str, Value)]) -> Snapshot {
        let key = |kind, id: &str| DocumentKey { kind, id: id.parse().expect("an id") };
        Snapshot::build(1, documents.iter().map(|(kind, id, body)| (key(*kind, id), 1, body.clone())))
    }

    #[test]
    fn a_number_follows_what_any_language_shows_and_nothing_else() {
        let site = |more: &str| {
            let mut body = json!({ "name": "Demo" });
            let more: serde_json::Map<String, Value> = serde_json::from_str(more).expect("JSON");
            body.as_object_mut().expect("an object").extend(more);
            (Kind::Site, "demo", body)
        };
        let number = |documents: &[(Kind, &str, Value)]| {
            let looks = Looks::of(&snapshot(documents), 1_000);
            looks.get(&"demo".parse().expect("a site")).expect("there").number
        };
        let plain = number(&[site("{}")]);
        assert_eq!(plain, number(&[site(r#"{ "origins": ["https://example.com"] }"#)]));
        assert_eq!(plain, number(&[site("{}"), (Kind::Site, "other", json!({ "name": "Other" }))]));
        let others = [
            number(&[site(r#"{ "greeting": { "zh-CN": "您好" } }"#)]),
            number(&[site(r#"{ "attachments": false }"#)]),
            number(&[site("{}"), (Kind::Notice, "n", json!({ "kind": "news", "texts": { "en": "New" } }))]),
        ];
        assert!(others.iter().all(|other| *other != plain && *other != 0), "{plain} {others:?}");
    }

    #[test]
    fn an_accent_takes_the_place_of_the_sites_colours() {
        let look = r##"{"colours":{"mine":"#1d4ed8"},"name":"A"}"##;
        let mine = |accent: &str| {
            let look: Value = serde_json::from_str(&with_accent(look, accent)).expect("JSON");
            assert_eq!(look["name"], "A");
            look["colours"]["mine"].as_str().expect("a colour").to_owned()
        };
        assert_eq!(["#fa0", "#0F766E"].map(mine), ["#ffaa00", "#0f766e"]);
        for bad in ["", "#", "red", "#12345", "#1234567", "#gggggg", "0f766e", "#é0f766", "url(x)"] {
            assert_eq!(mine(bad), "#1d4ed8", "{bad}");
        }
    }

    #[test]
    fn texts_have_the_numbers_of_the_list_that_the_page_loads() {
        let texts = json!({ "site": "demo", "language": "en", "texts": { "send": "Go", "no_such_text": "x" } });
        let snapshot = snapshot(&[(Kind::Site, "demo", json!({ "name": "Demo" })), (Kind::Texts, "t", texts)]);
        let look = SiteLook::of(&snapshot, &"demo".parse().expect("an id"), 1_000).expect("there");
        let shown: Value = serde_json::from_str(&look.json("en")).expect("JSON");
        let names: Vec<&String> = catalogue("en").expect("there").keys().collect();
        let number = shown["texts"][0][0].as_u64().expect("a number");
        assert_eq!(
            (names[usize::try_from(number).expect("small")].as_str(), &shown["texts"][0][1]),
            ("send", &json!("Go"))
        );
        assert_eq!(shown["texts"].as_array().map(Vec::len), Some(1));
        assert_eq!((&shown["number"], &shown["attachments"]), (&json!(look.number), &json!(true)));
        let chinese: Value = serde_json::from_str(&look.json("zh-CN")).expect("JSON");
        assert_eq!(chinese.get("texts"), None);
        assert_eq!(look.json("fr"), look.json("en"));
    }
}
