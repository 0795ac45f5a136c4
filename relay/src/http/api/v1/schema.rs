//! Documents' schemas as JSON Schema (2020-12), for the document of the API.

use relay_settings::image::{IMAGE_PREFIX, IMAGE_PX_MAX, IMAGE_URL_BYTES_MAX};
use relay_settings::schema::weekly_fields;
use relay_settings::{
    DOCUMENT_ID_CHARS_MAX, Field, KEY_CHARS_MAX, LANGUAGES_MAX, MOMENT_MS_MAX, Schema, Shape, WEEKLY_MAX,
};
use serde_json::{Map, Value, json};

/// The pattern of a document's id.
const ID: &str = "^[a-z0-9-]+$";
const LANGUAGE: &str = "^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$";

/// The body of a kind's documents.
pub(super) fn body(schema: &Schema) -> Value {
    group(&schema.fields)
}

/// A document as it is answered: its body with id and version.
pub(super) fn document(schema: &Schema) -> Value {
    let mut object = group(&schema.fields);
    // An answer has every field.
    let mut required: Vec<Value> = ["id", "version"].map(Value::from).into();
    required.extend(schema.fields.iter().map(|field| Value::from(field.name)));
    object["required"] = Value::Array(required);
    object["properties"]["id"] = id("Its id, unique among those of its kind.");
    object["properties"]["version"] = json!({ "type": "integer", "minimum": 1, "description": "The change that wrote it; its `ETag` holds the same number." });
    object
}

/// A new document: its body with an id, which the relay makes when none is given.
pub(super) fn new(schema: &Schema) -> Value {
    let mut object = group(&schema.fields);
    let mut made = id("Its id; without one the relay makes one.");
    or_null(&mut made);
    object["properties"]["id"] = made;
    object
}

fn id(words: &str) -> Value {
    json!({ "type": "string", "pattern": ID, "minLength": 1, "maxLength": DOCUMENT_ID_CHARS_MAX, "description": words })
}

fn group(fields: &[Field]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| {
            let mut value = shape(&field.shape);
            if !field.is_required {
                or_null(&mut value);
            }
            (field.name.to_owned(), value)
        })
        .collect();
    let required: Vec<&str> = fields.iter().filter(|field| field.is_required).map(|field| field.name).collect();
    let mut object = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// A field that may be left out may be `null`, too.
fn or_null(value: &mut Value) {
    if let Some(kind) = value["type"].as_str() {
        value["type"] = json!([kind, "null"]);
    }
    if let Some(Value::Array(words)) = value.get_mut("enum") {
        words.push(Value::Null);
    }
}

fn shape(of: &Shape) -> Value {
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    match of {
        Shape::Line { chars_max } => {
            json!({ "type": "string", "minLength": 1, "maxLength": chars_max, "description": "One line of text, not blank." })
        }
        Shape::Text { chars_max } => {
            json!({ "type": "string", "minLength": 1, "maxLength": chars_max, "description": "Text, not blank." })
        }
        Shape::Number { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Choice(words) => json!({ "type": "string", "enum": words }),
        Shape::Colour => text("^#[0-9a-fA-F]{6}$"),
        Shape::Language => text(LANGUAGE),
        Shape::Zone => {
            json!({ "type": "string", "minLength": 1, "description": "An IANA time zone, as `Europe/Berlin`." })
        }
        Shape::Origin => {
            json!({ "type": "string", "minLength": 1, "description": "A web origin, as `https://www.example.com`." })
        }
        Shape::Date => json!({ "type": "string", "format": "date" }),
        Shape::Time => text("^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"),
        Shape::Moment => {
            json!({ "type": "integer", "minimum": 0, "maximum": MOMENT_MS_MAX, "description": "Unix time in milliseconds." })
        }
        Shape::Image => json!({
            "type": "string", "maxLength": IMAGE_URL_BYTES_MAX, "pattern": format!("^{IMAGE_PREFIX}"),
            "description": format!("A PNG as a `data:` URL, {IMAGE_PX_MAX} pixels wide and high at most. The relay writes it anew: only pixels are kept.")
        }),
        Shape::Agent => json!({ "type": "string", "format": "uuid", "description": "The id of an agent." }),
        Shape::Reference(kind) => id(&format!("The id of a document of the kind `{kind}`.")),
        Shape::List { of, items_min, items_max } => {
            let single = !of.is_nested();
            json!({ "type": "array", "items": shape(of), "minItems": items_min, "maxItems": items_max, "uniqueItems": single })
        }
        Shape::ByLanguage(of) => json!({
            "type": "object", "propertyNames": { "pattern": LANGUAGE }, "additionalProperties": shape(of), "maxProperties": LANGUAGES_MAX
        }),
        Shape::ByKey { of, entries_max } => json!({
            "type": "object", "propertyNames": { "pattern": "^[a-z0-9_.]+$", "maxLength": KEY_CHARS_MAX },
            "additionalProperties": shape(of), "maxProperties": entries_max
        }),
        Shape::Group(fields) => group(fields),
        Shape::Weekly => json!({ "type": "array", "items": group(&weekly_fields()), "maxItems": WEEKLY_MAX }),
    }
}
