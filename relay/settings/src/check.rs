//! The generic check of a body against the schema of its kind: all problems at once, each with its field.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::body::Problems;
use crate::colour::Colour;
use crate::image::{IMAGE_PREFIX, IMAGE_URL_BYTES_MAX, Image};
use crate::language::Language;
use crate::origin::Origin;
use crate::schema::weekly_fields;
use crate::time::{Date, TimeOfDay};
use crate::zone::Zone;
use crate::{DocumentId, DocumentKey, Field, ProblemCode, Schema, Shape};

/// Languages in one object.
pub const LANGUAGES_MAX: usize = 40;
/// Characters of a key in an object of texts.
pub const KEY_CHARS_MAX: usize = 80;
/// The latest moment: the end of the year 2199.
pub const MOMENT_MS_MAX: u64 = 7_258_118_399_999;
/// Intervals of one week: four for each day.
pub const WEEKLY_MAX: usize = 28;

/// Checks a body's fields, shapes and bounds.
pub(crate) fn check_schema(schema: &Schema, value: &Value, problems: &mut Problems) {
    let Value::Object(object) = value else {
        return problems.add("", ProblemCode::Shape, "A document is an object. Write its fields in braces.");
    };
    check_fields(&schema.fields, object, "", problems);
}

fn check_fields(fields: &[Field], object: &Map<String, Value>, path: &str, problems: &mut Problems) {
    for name in object.keys().filter(|name| !fields.iter().any(|field| field.name == name.as_str())) {
        // A name is a stranger's text: a short part of it says enough.
        let name: String = name.chars().take(KEY_CHARS_MAX).collect();
        problems.add(join(path, &name), ProblemCode::Unknown, "There is no such field. Remove it or correct its name.");
    }
    for field in fields {
        let path = join(path, field.name);
        match object.get(field.name) {
            None | Some(Value::Null) if field.is_required => {
                problems.add(path, ProblemCode::Required, "It is missing. Give a value.");
            }
            None | Some(Value::Null) => {}
            Some(value) => check_shape(&field.shape, value, &path, problems),
        }
    }
}

fn check_shape(shape: &Shape, value: &Value, path: &str, problems: &mut Problems) {
    match (shape, value) {
        (Shape::Flag, Value::Bool(_)) => {}
        (Shape::Number { min, max }, Value::Number(number)) => {
            check_number(number.as_u64(), number.is_i64(), *min, *max, path, problems);
        }
        (Shape::Moment, Value::Number(number)) => {
            check_number(number.as_u64(), number.is_i64(), 0, MOMENT_MS_MAX, path, problems);
        }
        (Shape::List { of, items_min, items_max }, Value::Array(items)) => {
            check_list(of, items, *items_min, *items_max, path, problems);
        }
        (Shape::Weekly, Value::Array(items)) => {
            check_list(&Shape::Group(weekly_fields()), items, 0, WEEKLY_MAX, path, problems);
        }
        (Shape::Group(fields), Value::Object(object)) => check_fields(fields, object, path, problems),
        (Shape::ByLanguage(of), Value::Object(object)) => {
            let is_key = |key: &str| key.parse::<Language>().is_ok();
            check_entries(of, object, LANGUAGES_MAX, &is_key, "a language as en or zh-CN", path, problems);
        }
        (Shape::ByKey { of, entries_max }, Value::Object(object)) => {
            check_entries(of, object, *entries_max, &is_text_key, "a key of a-z, 0-9, _ and .", path, problems);
        }
        (shape, Value::String(text)) => check_text(shape, text, path, problems),
        (shape, _) => problems.add(path, ProblemCode::Shape, format!("It is not {}.", wanted(shape))),
    }
}

fn check_number(number: Option<u64>, is_negative: bool, min: u64, max: u64, path: &str, problems: &mut Problems) {
    match number {
        Some(number) if (min..=max).contains(&number) => {}
        None if !is_negative => problems.add(path, ProblemCode::Shape, "It is not a whole number."),
        _ => problems.add(path, ProblemCode::OutOfRange, format!("Give a whole number from {min} to {max}.")),
    }
}

fn check_list(of: &Shape, items: &[Value], min: usize, max: usize, path: &str, problems: &mut Problems) {
    if items.len() > max {
        return problems.add(path, ProblemCode::TooLong, format!("There are {} entries; {max} at most.", items.len()));
    }
    if items.len() < min {
        problems.add(path, ProblemCode::Required, format!("There are too few entries; {min} at least."));
    }
    let mut seen = BTreeSet::new();
    for (at, item) in items.iter().enumerate() {
        let path = join(path, &at.to_string());
        if let Value::String(text) = item
            && !seen.insert(text.to_ascii_lowercase())
        {
            problems.add(path.as_str(), ProblemCode::Taken, "It is in the list already. Remove one of them.");
        }
        check_shape(of, item, &path, problems);
    }
}

fn check_entries(
    of: &Shape,
    object: &Map<String, Value>,
    max: usize,
    is_key: &dyn Fn(&str) -> bool,
    wanted: &str,
    path: &str,
    problems: &mut Problems,
) {
    if object.len() > max {
        return problems.add(path, ProblemCode::TooLong, format!("There are {} entries; {max} at most.", object.len()));
    }
    for (key, value) in object {
        if is_key(key) {
            check_shape(of, value, &join(path, key), problems);
        } else {
            let key: String = key.chars().take(KEY_CHARS_MAX).collect();
            problems.add(join(path, &key), ProblemCode::Unknown, format!("Its name is not {wanted}."));
        }
    }
}

fn is_text_key(key: &str) -> bool {
    (1..=KEY_CHARS_MAX).contains(&key.len())
        && key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.'))
}

fn check_text(shape: &Shape, text: &str, path: &str, problems: &mut Problems) {
    let is_valid = match shape {
        Shape::Line { chars_max } | Shape::Text { chars_max } => {
            return check_words(text, *chars_max, matches!(shape, Shape::Line { .. }), path, problems);
        }
        Shape::Choice(words) => words.contains(&text),
        Shape::Colour => text.parse::<Colour>().is_ok(),
        Shape::Language => text.parse::<Language>().is_ok(),
        Shape::Zone => text.parse::<Zone>().is_ok(),
        Shape::Origin => text.parse::<Origin>().is_ok(),
        Shape::Date => text.parse::<Date>().is_ok(),
        Shape::Time => text.parse::<TimeOfDay>().is_ok(),
        Shape::Image => text.parse::<Image>().is_ok(),
        Shape::Agent => text.parse::<wire::AgentId>().is_ok(),
        Shape::Reference(_) => text.parse::<DocumentId>().is_ok(),
        Shape::Number { .. }
        | Shape::Flag
        | Shape::Moment
        | Shape::List { .. }
        | Shape::ByLanguage(_)
        | Shape::ByKey { .. }
        | Shape::Group(_)
        | Shape::Weekly => false,
    };
    if !is_valid {
        problems.add(path, ProblemCode::Shape, format!("It is not {}.", wanted(shape)));
    }
}

/// Text that people write: not blank, no controls; on a line nothing either that turns the direction of what stands beside it.
fn check_words(text: &str, chars_max: usize, is_line: bool, path: &str, problems: &mut Problems) {
    if wire::is_blank(text) {
        return problems.add(
            path,
            ProblemCode::Required,
            "It is blank. Write something, or leave the field out if it may be.",
        );
    }
    if text.len() > chars_max && text.chars().count() > chars_max {
        return problems.add(
            path,
            ProblemCode::TooLong,
            format!("It has more than {chars_max} characters. Shorten it."),
        );
    }
    let is_wrong = |char: char| {
        let acts = char.is_control() || wire::is_line_break(char) || wire::turns_line(char);
        if is_line { acts } else { char.is_control() && !matches!(char, '\n' | '\t') }
    };
    if is_line && text.trim() != text {
        problems.add(path, ProblemCode::Shape, "It begins or ends with white space. Remove it.");
    }
    if text.chars().any(is_wrong) {
        let remedy = if is_line {
            "It has line breaks, controls or marks of direction. Write it on one line without them."
        } else {
            "It has control characters. Remove them."
        };
        problems.add(path, ProblemCode::Shape, remedy);
    }
}

/// What a shape is, to be read after "It is not".
fn wanted(shape: &Shape) -> String {
    let words = match shape {
        Shape::Line { .. } | Shape::Text { .. } => "a text",
        Shape::Number { .. } => "a whole number",
        Shape::Flag => "true or false",
        Shape::Choice(words) => return format!("one of {}", words.join(", ")),
        Shape::Colour => "a colour; write it as #0f766e",
        Shape::Language => "a language; write it as en or zh-CN",
        Shape::Zone => "a time zone; write it as Europe/Berlin, as the IANA database spells it",
        Shape::Origin => "an origin; write it as https://www.example.com, without a path",
        Shape::Date => "a date; write it as 2027-01-31, from the year 2000 to 2199",
        Shape::Time => "a time of day; write it as 09:30, from 00:00 to 24:00",
        Shape::Moment => "a moment; write it in milliseconds since 1970",
        Shape::Image => {
            return format!("an image; write a PNG as {IMAGE_PREFIX}…, {IMAGE_URL_BYTES_MAX} bytes at most");
        }
        Shape::Agent => "the id of an agent",
        Shape::Reference(kind) => return format!("the id of a document of the kind {kind}"),
        Shape::List { .. } | Shape::Weekly => "a list",
        Shape::ByLanguage(_) => "an object with a value for each language",
        Shape::ByKey { .. } => "an object with a text for each key",
        Shape::Group(_) => "an object",
    };
    words.to_owned()
}

impl Schema {
    /// The documents that a body names, each with the field that names it. What has another shape than the schema says is passed over, so that also
    /// a body that is not valid is asked.
    #[must_use]
    pub fn references(&self, value: &Value) -> Vec<(String, DocumentKey)> {
        let mut found = Vec::new();
        if let Value::Object(object) = value {
            references_of_fields(&self.fields, object, "", &mut found);
        }
        found
    }
}

fn references_of_fields(
    fields: &[Field],
    object: &Map<String, Value>,
    path: &str,
    found: &mut Vec<(String, DocumentKey)>,
) {
    for field in fields {
        if let Some(value) = object.get(field.name) {
            references_of_shape(&field.shape, value, &join(path, field.name), found);
        }
    }
}

fn references_of_shape(shape: &Shape, value: &Value, path: &str, found: &mut Vec<(String, DocumentKey)>) {
    match (shape, value) {
        (Shape::Reference(kind), Value::String(text)) => {
            if let Ok(id) = text.parse() {
                found.push((path.to_owned(), DocumentKey { kind: *kind, id }));
            }
        }
        (Shape::Group(fields), Value::Object(object)) => references_of_fields(fields, object, path, found),
        (Shape::List { of, .. }, Value::Array(items)) if may_refer(of) => {
            for (at, item) in items.iter().enumerate() {
                references_of_shape(of, item, &join(path, &at.to_string()), found);
            }
        }
        (Shape::ByLanguage(of) | Shape::ByKey { of, .. }, Value::Object(object)) if may_refer(of) => {
            for (key, item) in object {
                references_of_shape(of, item, &join(path, key), found);
            }
        }
        _ => {}
    }
}

/// Whether a shape can hold a reference at any depth.
fn may_refer(shape: &Shape) -> bool {
    match shape {
        Shape::Reference(_) => true,
        Shape::Group(fields) => fields.iter().any(|field| may_refer(&field.shape)),
        Shape::List { of, .. } | Shape::ByLanguage(of) | Shape::ByKey { of, .. } => may_refer(of),
        Shape::Line { .. }
        | Shape::Text { .. }
        | Shape::Number { .. }
        | Shape::Flag
        | Shape::Choice(_)
        | Shape::Colour
        | Shape::Language
        | Shape::Zone
        | Shape::Origin
        | Shape::Date
        | Shape::Time
        | Shape::Moment
        | Shape::Image
        | Shape::Agent
        | Shape::Weekly => false,
    }
}

pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
