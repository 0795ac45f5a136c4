//! The details of an entry as lines of name and value, in words where this page has some.

use relay_settings::{Kind, Right, Scope};
use serde_json::{Map, Value};
use widget::key;
use widget::text::Key;

use super::directory::Directory;
use super::words;
use crate::settings::words::{choice, label};
use crate::settings::{path, rights};
use crate::ui::when;
use crate::ui::words::t;

/// The name of what a detail was before ends like this.
const BEFORE: &str = "_before";
/// Names of times end like this.
const OF_TIMES: &str = "_ms";
/// A smaller number of milliseconds is no time of this relay (this is in 2001) but a duration.
const TIME_MS_MIN: u64 = 1_000_000_000_000;
/// Stands for no value.
const NOTHING: &str = "–";

/// What a line is called.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Name {
    /// By words.
    Words(Key),
    /// By the words of a field, and which part of it this is.
    Part(Key, String),
    /// As the relay writes it.
    Raw(String),
}

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Told {
    Nothing,
    Plain(String),
    Words(Key),
    /// In milliseconds since 1970 UTC.
    Time(u64),
    /// An agent by their id.
    Agent(String),
    /// A role by its id.
    Role(String),
    /// A site by its id.
    Site(String),
    Scope(Box<Scope>),
    Named(Name, Box<Self>),
    Several(Vec<Self>),
    /// Before and after.
    Change(Box<Self>, Box<Self>),
}

/// The lines of an entry about a document of this kind, or about something else.
pub(super) fn lines(kind: Option<Kind>, detail: &Map<String, Value>) -> Vec<(Name, Told)> {
    let mut lines = Vec::new();
    for (name, value) in detail {
        let is_before = name.strip_suffix(BEFORE).is_some_and(|after| detail.contains_key(after));
        // What was before stands in the line of what came after. That nothing was left out needs no line.
        if is_before || (name == "left_out" && value.as_u64() == Some(0)) {
            continue;
        }
        match (name.as_str(), value, detail.get(&[name, BEFORE].concat())) {
            ("fields", Value::Array(fields), _) => lines.extend(fields.iter().map(|field| difference(kind, field))),
            (_, after, None) => lines.push((name_of(name), told(name, after))),
            (_, after, Some(before)) => lines.push((name_of(name), change(told(name, before), told(name, after)))),
        }
    }
    lines
}

fn change(before: Told, after: Told) -> Told {
    Told::Change(Box::new(before), Box::new(after))
}

fn name_of(name: &str) -> Name {
    words::detail(name).map_or_else(|| Name::Raw(name.to_owned()), Name::Words)
}

/// A value of a detail of this name.
fn told(name: &str, value: &Value) -> Told {
    match (name, value) {
        ("agent", Value::String(id)) => Told::Agent(id.clone()),
        ("roles", Value::String(id)) => Told::Role(id.clone()),
        ("rights", Value::String(right)) => right_of(right),
        ("scope", Value::Object(_)) => {
            let scope = serde_json::from_value(value.clone());
            scope.map_or_else(|_| of_any(name, value, told), |scope| Told::Scope(Box::new(scope)))
        }
        (_, Value::String(text)) => words::value(name, text).map_or_else(|| of_any(name, value, told), Told::Words),
        _ => of_any(name, value, told),
    }
}

fn right_of(name: &str) -> Told {
    name.parse::<Right>().map_or_else(|_| Told::Plain(name.to_owned()), |right| Told::Words(rights::words(right)))
}

/// What all values have in common; values inside are given to `inner` with their name.
fn of_any(name: &str, value: &Value, inner: fn(&str, &Value) -> Told) -> Told {
    match value {
        Value::Null => Told::Nothing,
        Value::Bool(true) => Told::Words(key!("console_yes")),
        Value::Bool(false) => Told::Words(key!("console_no")),
        Value::Number(number) => {
            let at_ms = number.as_u64().filter(|at_ms| name.ends_with(OF_TIMES) && *at_ms >= TIME_MS_MIN);
            at_ms.map_or_else(|| Told::Plain(number.to_string()), Told::Time)
        }
        Value::String(text) => Told::Plain(text.clone()),
        Value::Array(values) => Told::Several(values.iter().map(|value| inner(name, value)).collect()),
        Value::Object(fields) => {
            let named = |(name, value): (&String, &Value)| Told::Named(name_of(name), Box::new(inner(name, value)));
            Told::Several(fields.iter().map(named).collect())
        }
    }
}

/// A field of a document that was changed.
fn difference(kind: Option<Kind>, value: &Value) -> (Name, Told) {
    let Some(field) = value.get("field").and_then(Value::as_str) else {
        return (name_of("left_out"), of_any("", value, told));
    };
    let side = |side: &str| value.get(side).map_or(Told::Nothing, |value| of_field(kind, field, value));
    (name_of_field(kind, field), change(side("before"), side("after")))
}

/// The words of a field; of a part that has none, the words of what it is in, and its own path there.
fn name_of_field(kind: Option<Kind>, field: &str) -> Name {
    let Some(kind) = kind else { return Name::Raw(field.to_owned()) };
    if let Some((words, _)) = label(kind, field) {
        return Name::Words(words);
    }
    let parts = field.match_indices('.').rev().map(|(at, _)| (&field[..at], &field[at + 1..]));
    // A number is no field of its own but a part of the list before it.
    let is_list_entry = |path: &str| path.rsplit('.').next().is_some_and(|last| last.parse::<usize>().is_ok());
    let mut outer = parts.filter(|(outer, _)| !is_list_entry(outer));
    let found = outer.find_map(|(outer, rest)| Some((label(kind, outer)?.0, rest)));
    found.map_or_else(|| Name::Raw(field.to_owned()), |(words, rest)| Name::Part(words, rest.to_owned()))
}

/// A value of a field of a document.
fn of_field(kind: Option<Kind>, field: &str, value: &Value) -> Told {
    let last = field.rsplit('.').next().unwrap_or_default();
    let Value::String(text) = value else { return of_any(last, value, told) };
    let general = path::general(field);
    match (kind, general.as_str()) {
        (Some(Kind::Role), "rights") => right_of(text),
        (Some(_), "site") => Told::Site(text.clone()),
        (Some(kind), general) => choice(kind, general, text).map_or_else(|| Told::Plain(text.clone()), Told::Words),
        (None, _) => Told::Plain(text.clone()),
    }
}

impl Name {
    /// As it is shown.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Words(words) => t(*words),
            Self::Part(words, part) => [&t(*words), " · ", part].concat(),
            Self::Raw(name) => name.clone(),
        }
    }
}

impl Told {
    /// As it is shown; several values are each in a line of their own.
    pub(super) fn words(&self, directory: Directory) -> String {
        self.joined(directory, "\n")
    }

    fn joined(&self, directory: Directory, between: &str) -> String {
        match self {
            Self::Nothing => NOTHING.to_owned(),
            Self::Plain(text) => text.clone(),
            Self::Words(words) => t(*words),
            Self::Time(at_ms) => when::exact(*at_ms),
            Self::Agent(id) => directory.agent(id),
            Self::Role(id) => directory.role(id),
            Self::Site(id) => directory.site(id),
            Self::Scope(scope) => directory.scope(scope),
            Self::Named(name, value) => [&name.words(), ": ", &value.joined(directory, ", ")].concat(),
            Self::Several(values) if values.is_empty() => NOTHING.to_owned(),
            Self::Several(values) => {
                values.iter().map(|value| value.joined(directory, between)).collect::<Vec<_>>().join(between)
            }
            Self::Change(before, after) => {
                [&before.joined(directory, ", "), " → ", &after.joined(directory, ", ")].concat()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(text: &str) -> Told {
        Told::Plain(text.to_owned())
    }

    fn yes() -> Told {
        Told::Words(key!("console_yes"))
    }

    fn lines_of(kind: Option<Kind>, detail: &Value) -> Vec<(Name, Told)> {
        lines(kind, detail.as_object().expect("a detail is an object"))
    }

    #[test]
    fn details_are_in_words_where_there_are_some() {
        let all = json!({ "sites": "all", "departments": "all" });
        for (detail, name, value) in [
            (json!({ "reason": "New phone" }), key!("console_audit_detail_reason"), plain("New phone")),
            (json!({ "known_browser": true }), key!("console_audit_detail_known_browser"), yes()),
            (json!({ "second_factor": true }), key!("console_site_second_factor"), yes()),
            (
                json!({ "second_factor": "passkey" }),
                key!("console_site_second_factor"),
                Told::Words(key!("console_audit_value_passkey")),
            ),
            (json!({ "version": 12 }), key!("console_audit_detail_version"), plain("12")),
            (
                json!({ "until_ms": 1_800_000_000_000_u64 }),
                key!("console_audit_detail_until"),
                Told::Time(1_800_000_000_000),
            ),
            (json!({ "until_ms": null }), key!("console_audit_detail_until"), Told::Nothing),
            (
                json!({ "scope": "network" }),
                key!("console_audit_detail_scope"),
                Told::Words(key!("console_block_network")),
            ),
            (json!({ "scope": all }), key!("console_audit_detail_scope"), Told::Scope(Box::new(Scope::EVERYWHERE))),
            (
                json!({ "rights": ["audit_read", "of_a_newer_relay"] }),
                key!("console_audit_detail_rights"),
                Told::Several(vec![Told::Words(key!("console_right_audit_read")), plain("of_a_newer_relay")]),
            ),
            (
                json!({ "roles_before": ["agent"], "roles": [] }),
                key!("console_team_roles"),
                change(Told::Several(vec![Told::Role("agent".to_owned())]), Told::Several(Vec::new())),
            ),
            (
                json!({ "agent_before": "1", "agent": null }),
                key!("console_audit_kind_agent"),
                change(Told::Agent("1".to_owned()), Told::Nothing),
            ),
            (json!({ "left_out": 3 }), key!("console_audit_detail_left_out"), plain("3")),
        ] {
            assert_eq!(lines_of(None, &detail), [(Name::Words(name), value)], "{detail}");
        }
        assert_eq!(lines_of(None, &json!({ "left_out": 0 })), []);
    }

    #[test]
    fn what_is_not_known_stays_as_it_is() {
        let raw = |name: &str| Name::Raw(name.to_owned());
        for (detail, name, value) in [
            (json!({ "new": "text" }), "new", plain("text")),
            (json!({ "kept_before": 1 }), "kept_before", plain("1")),
            (json!({ "wait_ms": 250 }), "wait_ms", plain("250")),
            (json!({ "at_ms": -1 }), "at_ms", plain("-1")),
            (
                json!({ "new": { "a": [1, true], "b": null } }),
                "new",
                Told::Several(vec![
                    Told::Named(raw("a"), Box::new(Told::Several(vec![plain("1"), yes()]))),
                    Told::Named(raw("b"), Box::new(Told::Nothing)),
                ]),
            ),
        ] {
            assert_eq!(lines_of(None, &detail), [(raw(name), value)], "{detail}");
        }
    }

    #[test]
    fn fields_of_documents_are_called_as_in_their_forms() {
        let part = |words, part: &str| Name::Part(words, part.to_owned());
        for (kind, field, after, name, value) in [
            (
                Kind::Department,
                "name",
                json!("Deposits"),
                Name::Words(key!("console_department_name")),
                plain("Deposits"),
            ),
            (
                Kind::Department,
                "site",
                json!("demo"),
                Name::Words(key!("console_department_site")),
                Told::Site("demo".to_owned()),
            ),
            (Kind::Site, "colours.light", json!("#fff"), Name::Words(key!("console_site_colour_light")), plain("#fff")),
            (Kind::Site, "greeting.zh-CN", json!("你好"), part(key!("console_site_greeting"), "zh-CN"), plain("你好")),
            (
                Kind::Hours,
                "holidays.2.date",
                json!("2026-12-25"),
                Name::Words(key!("console_hours_date")),
                plain("2026-12-25"),
            ),
            (
                Kind::Hours,
                "weekly.2.from",
                json!("09:00"),
                part(key!("console_hours_weekly"), "2.from"),
                plain("09:00"),
            ),
            (Kind::Notice, "pinned", json!(true), Name::Words(key!("console_notice_pinned")), yes()),
            (
                Kind::Notice,
                "until_ms",
                json!(1_800_000_000_000_u64),
                Name::Words(key!("console_notice_until")),
                Told::Time(1_800_000_000_000),
            ),
            (
                Kind::Notice,
                "kind",
                json!("news"),
                Name::Words(key!("console_notice_kind")),
                Told::Words(key!("console_notice_kind_news")),
            ),
            (
                Kind::Role,
                "rights.3",
                json!("audit_read"),
                Name::Words(key!("console_role_rights")),
                Told::Words(key!("console_right_audit_read")),
            ),
            (Kind::Site, "of_a_newer_relay", json!("x"), Name::Raw("of_a_newer_relay".to_owned()), plain("x")),
        ] {
            let detail = json!({ "fields": [{ "field": field, "after": after }], "left_out": 0 });
            assert_eq!(lines_of(Some(kind), &detail), [(name, change(Told::Nothing, value))], "{kind} {field}");
        }
        let cut = json!({ "fields": ["… 3 more"] });
        assert_eq!(lines_of(None, &cut), [(Name::Words(key!("console_audit_detail_left_out")), plain("… 3 more"))]);
    }
}
