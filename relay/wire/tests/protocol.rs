//! `docs/protocol.md` says what the code says: its JSON, close codes, refusals and limits are generated and compared here.
//!
//! `UPDATE_GOLDEN=1 cargo test -p wire` rewrites the generated parts. A part stands between `<!-- NAME -->` and the next
//! blank line: a code block of one golden value (`golden client_frame.ping`), or a table (`table limits`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use wire::{Close, Refusal};

/// Golden files whose every value must stand in the document.
const WHOLE_FILES: [&str; 4] = ["client_frame", "server_frame", "body", "conversation_state"];
/// As wide as a reader's screen.
const COLUMNS: usize = 116;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// JSON in the order it is written in, which the golden files' readers are used to.
enum Json {
    Leaf(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Leaf(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Leaf(value.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Leaf("null".to_owned()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Leaf(serde_json::to_string(value).expect("a text is JSON")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = from.next_element()? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(entry) = from.next_entry()? {
            object.push(entry);
        }
        Ok(Json::Object(object))
    }
}

impl Json {
    /// On one line.
    fn flat(&self) -> String {
        match self {
            Self::Leaf(text) => text.clone(),
            Self::List(list) => format!("[{}]", list.iter().map(Self::flat).collect::<Vec<_>>().join(", ")),
            Self::Object(object) => {
                let fields = object.iter().map(|(name, value)| format!("\"{name}\": {}", value.flat()));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// On one line where it fits behind `used` columns, else one field a line.
    fn laid_out(&self, indent: usize, used: usize) -> String {
        let flat = self.flat();
        if flat.len() + used <= COLUMNS {
            return flat;
        }
        let inner = indent + 2;
        let (open, lines, close) = match self {
            Self::Leaf(_) => return flat,
            Self::List(list) => ('[', list.iter().map(|value| value.laid_out(inner, inner)).collect::<Vec<_>>(), ']'),
            Self::Object(object) => {
                let field = |(name, value): &(String, Self)| {
                    format!("\"{name}\": {}", value.laid_out(inner, inner + name.len() + 4))
                };
                ('{', object.iter().map(field).collect(), '}')
            }
        };
        let pad = " ".repeat(inner);
        format!("{open}\n{pad}{}\n{}{close}", lines.join(&format!(",\n{pad}")), " ".repeat(indent))
    }
}

/// Every value of the golden files, by `file.name`.
fn golden() -> BTreeMap<String, Json> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("the golden files are there").flatten() {
        let path = entry.path();
        let file = path.file_stem().and_then(|name| name.to_str()).expect("a plain name").to_owned();
        let text = std::fs::read_to_string(&path).expect("a golden file can be read");
        let Json::Object(values) = serde_json::from_str(&text).expect("golden files are JSON") else {
            panic!("{file} holds one object")
        };
        all.extend(values.into_iter().map(|(name, value)| (format!("{file}.{name}"), value)));
    }
    all
}

/// What the `///` lines above a line say, for every line that `item` names.
fn documented(source: &str, item: impl Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let (mut words, mut found) = (Vec::new(), Vec::new());
    for line in source.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            words.push(text.trim().to_owned());
        } else {
            found.extend(item(line).map(|name| (name, words.join(" "))));
            words.clear();
        }
    }
    found
}

/// `[`LINKS`]` of the code's documentation lead nowhere here.
fn plain(words: &str) -> String {
    words.replace("[`crate::limit::", "`").replace("[`", "`").replace("`]", "`").replace('|', "\\|")
}

fn table(name: &str) -> String {
    let mut out = String::new();
    match name {
        "close" => {
            out.push_str("| code | words in the close frame | come back? | why |\n|---|---|---|---|\n");
            let source = read("relay/wire/src/close.rs");
            let reasons = documented(&source, |line| {
                let (name, code) = line.split_once(" = ")?;
                let code: u16 = code.strip_suffix(',')?.parse().ok()?;
                name.chars().all(char::is_alphabetic).then(|| code.to_string())
            });
            assert_eq!(reasons.len(), Close::ALL.len(), "close.rs is read otherwise than it is written");
            for (code, why) in reasons {
                let close = Close::from_code(code.parse().expect("a number")).expect("a code of ours");
                let back = if Close::come_back(close.code()) { "yes" } else { "no" };
                writeln!(out, "| {code} | {} | {back} | {} |", close.reason(), plain(&why)).expect("a text grows");
            }
        }
        "refusals" => {
            out.push_str("| refusal | try again? | why |\n|---|---|---|\n");
            let source = read("relay/wire/src/refusal.rs");
            // The enumeration alone: what is implemented for it names the variants again.
            let variants = source.split("\nimpl ").next().unwrap_or_default();
            let reasons = documented(variants, |line| {
                let name = line.split([',', ' ']).next()?;
                let plain = name.starts_with(char::is_uppercase) && name.chars().all(char::is_alphanumeric);
                let variant = plain && line.ends_with([',', '{']);
                variant.then(|| snake(name))
            });
            let golden = golden();
            for (name, why) in reasons {
                let json = golden.get(&format!("refusal.{name}")).unwrap_or_else(|| panic!("no golden {name}")).flat();
                let refusal: Refusal = serde_json::from_str(&json).expect("a golden refusal");
                let again = if refusal.retry() { "yes" } else { "no" };
                writeln!(out, "| `{json}` | {again} | {} |", plain(&why)).expect("a text grows");
            }
            let rows = out.lines().count() - 2;
            assert_eq!(rows, golden.keys().filter(|name| name.starts_with("refusal.")).count(), "one row each");
        }
        "limits" => {
            out.push_str("| name | value | what |\n|---|---|---|\n");
            let source = read("relay/wire/src/limit.rs");
            let limits = documented(&source, |line| Some(line.strip_prefix("pub const ")?.to_owned()));
            assert!(!limits.is_empty());
            for (constant, what) in limits {
                let (name, rest) = constant.split_once(':').expect("a constant has a type");
                let product = rest.split_once('=').expect("a constant has a value").1.trim_end_matches(';');
                let factors = product.split('*').map(|factor| factor.trim().replace('_', ""));
                let value: u64 = factors.map(|factor| factor.parse::<u64>().expect("a product of numbers")).product();
                writeln!(out, "| `{name}` | {value} | {} |", plain(&what)).expect("a text grows");
            }
        }
        other => panic!("there is no table `{other}`"),
    }
    out.pop();
    out
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for char in name.chars() {
        if char.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(char.to_ascii_lowercase());
    }
    out
}

/// The document with every generated part as it must be, and the names of the parts it has.
fn generated(document: &str) -> (String, BTreeSet<String>) {
    let golden = golden();
    let (mut out, mut names) = (String::new(), BTreeSet::new());
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(name) = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")) else { continue };
        let part = match name.split_once(' ') {
            Some(("golden", value)) => {
                let json =
                    golden.get(value).unwrap_or_else(|| panic!("the document names {value}, which no file holds"));
                format!("```json\n{}\n```", json.laid_out(0, 0))
            }
            Some(("table", name)) => table(name),
            _ => panic!("what is `{name}`?"),
        };
        names.insert(name.to_owned());
        out.push_str(&part);
        out.push_str("\n\n");
        for old in lines.by_ref() {
            if old.is_empty() {
                break;
            }
        }
    }
    (out, names)
}

#[test]
fn the_document_says_what_the_code_says() {
    let path = workspace().join("docs/protocol.md");
    let document = read("docs/protocol.md");
    let (wanted, names) = generated(&document);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &wanted).expect("the document can be written");
    } else {
        let differing = document.lines().zip(wanted.lines()).find(|(is, should)| is != should);
        assert!(
            document == wanted,
            "docs/protocol.md is not what the code says; UPDATE_GOLDEN=1 cargo test -p wire rewrites it:\n{differing:?}"
        );
    }
    let must = golden().into_keys().filter(|name| WHOLE_FILES.iter().any(|file| name.starts_with(&format!("{file}."))));
    let missing: Vec<_> = must.filter(|name| !names.contains(&format!("golden {name}"))).collect();
    assert!(missing.is_empty(), "docs/protocol.md lacks {missing:?}");
    for table in ["table close", "table refusals", "table limits"] {
        assert!(names.contains(table), "docs/protocol.md lacks the {table}");
    }
}

#[test]
fn frames_and_fields_that_the_document_names_exist() {
    // A field renamed in the code must not live on in the prose: every word with an underscore is one of the golden files,
    // or the cookie's name.
    const COOKIE: &str = "causeway_session";
    let document = read("docs/protocol.md");
    let mut known: BTreeSet<String> = BTreeSet::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")).expect("there").flatten()
    {
        let text = std::fs::read_to_string(entry.path()).expect("a golden file can be read");
        known.extend(text.split('"').map(str::to_owned));
    }
    let words = document
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.contains('_') && word.chars().all(|char| char.is_ascii_lowercase() || char == '_'));
    let unknown: BTreeSet<_> = words.filter(|word| !known.contains(*word) && *word != COOKIE).collect();
    assert!(unknown.is_empty(), "docs/protocol.md speaks of {unknown:?}");
}

#[test]
fn every_type_of_frame_is_listed() {
    let golden = golden();
    let of = |(name, value): (&String, &Json)| {
        let (Json::Object(value), true) = (value, name.starts_with("client_frame.")) else { return None };
        let (_, kind) = value.iter().find(|(field, _)| field == "type")?;
        Some(kind.flat().trim_matches('"').to_owned())
    };
    let types: std::collections::BTreeSet<String> = golden.iter().filter_map(of).collect();
    let declared = wire::ClientFrame::TYPES.iter().map(|kind| (*kind).to_owned()).collect();
    assert_eq!(types, declared);
}
