//! The document of the API (OpenAPI 3.1).

use std::collections::BTreeSet;

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use relay_settings::Kind;
use serde_json::{Value, json};
use utoipa::OpenApi as _;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{OpenApi, PathItem};

use super::idempotency::KEY_CHARS_MAX;
use super::schema;
use crate::app::App;

/// The part of a path that is a kind of document.
const KIND: &str = "{kind}";
/// What a reference to a schema begins with.
const SCHEMAS: &str = "#/components/schemas/";
/// Schemas that stand for those of each kind.
const STAND_INS: [&str; 4] = ["Document", "DocumentBody", "NewDocument", "DocumentPage"];

/// What the document says beside its routes.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Causeway", description = "Settings, people and conversations of a Causeway relay.", license(name = "Apache-2.0 OR MIT")),
    tags((name = "relay", description = "The relay itself"), (name = "people", description = "Who signs in"),
        (name = "conversations", description = "Conversations and visitors"),
        (name = "keys", description = "Keys of programs"),
        (name = "settings", description = "Documents: what is set up"), (name = "audit", description = "The audit log"))
)]
struct Base;

/// The document without its routes.
pub(super) fn base() -> OpenApi {
    Base::openapi()
}

/// The paths whose `POST` makes something: only there a request is carried out once for its key.
pub(super) fn making(document: &OpenApi) -> BTreeSet<String> {
    let makes = |item: &PathItem| item.post.as_ref().is_some_and(|post| post.responses.responses.contains_key("201"));
    document.paths.paths.iter().filter(|(_, item)| makes(item)).map(|(path, _)| path.clone()).collect()
}

/// The whole document: with the ways to say who asks, and with the routes of documents for each kind.
pub(super) fn complete(mut document: OpenApi) -> Value {
    let components = document.components.get_or_insert_default();
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("causeway_session")));
    let key = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    components.add_security_scheme("session", cookie);
    components.add_security_scheme("key", key);
    document.security = Some(["session", "key"].map(|name| SecurityRequirement::new(name, [""; 0])).into());
    let mut document = serde_json::to_value(document).expect("the document is JSON");
    each_kind(&mut document);
    name_operations(&mut document);
    document
}

/// Names each operation by its method and path, as `get_settings_label_id`: the names of functions are there more than once.
fn name_operations(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        let path = path.strip_prefix("/api/v1").unwrap_or(path).replace(['{', '}'], "").replace('/', "_");
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            operation["operationId"] = format!("{method}{path}").into();
            if method == "post" && operation["responses"].get("201").is_some() {
                may_be_repeated(operation);
            }
        }
    }
}

/// Replaces the routes that stand for all kinds by routes for each, whose bodies are that kind's.
fn each_kind(document: &mut Value) {
    let Some(Value::Object(paths)) = document.get_mut("paths") else { return };
    let templates: Vec<(String, Value)> =
        paths.iter().filter(|(path, _)| path.contains(KIND)).map(|(path, item)| (path.clone(), item.clone())).collect();
    for (path, item) in &templates {
        paths.remove(path);
        for kind in Kind::ALL {
            let mut item = item.clone();
            rename(&mut item, &|name| of_kind(name, *kind));
            for operation in item.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
                if let Some(parameters) = operation["parameters"].as_array_mut() {
                    parameters.retain(|parameter| parameter["name"] != "kind");
                }
            }
            paths.insert(path.replace(KIND, kind.as_str()), item);
        }
    }
    let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") else { return };
    for name in STAND_INS {
        let template = schemas.remove(name);
        for kind in Kind::ALL {
            let made = match name {
                "Document" => schema::document(kind.schema()),
                "DocumentBody" => schema::body(kind.schema()),
                "NewDocument" => schema::new(kind.schema()),
                _ => {
                    let mut page = template.clone().unwrap_or_default();
                    rename(&mut page, &|name| of_kind(name, *kind));
                    page
                }
            };
            schemas.insert(of_kind(name, *kind).unwrap_or_default(), made);
        }
    }
}

/// Adds the header by which a request is carried out once.
fn may_be_repeated(operation: &mut Value) {
    let header = json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "Chosen by the asker, once for each thing to be made. The same request with the same key gets the first answer again, for 24 hours.",
        "schema": { "type": "string", "minLength": 1, "maxLength": KEY_CHARS_MAX, "pattern": "^[!-~]+$" },
    });
    match operation["parameters"].as_array_mut() {
        Some(parameters) => parameters.push(header),
        None => operation["parameters"] = json!([header]),
    }
}

/// The name of a kind's own schema for one that stands for all kinds.
fn of_kind(name: &str, kind: Kind) -> Option<String> {
    STAND_INS.contains(&name).then(|| {
        let words = kind.as_str().split('_').map(|word| {
            let (first, rest) = word.split_at(1);
            [first.to_ascii_uppercase().as_str(), rest].concat()
        });
        let kind: String = words.collect();
        name.replacen("Document", &[&kind, "Document"].concat(), 1)
    })
}

/// Changes the names of schemas in all references.
fn rename(value: &mut Value, new: &dyn Fn(&str) -> Option<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if name == "$ref"
                    && let Value::String(path) = field
                {
                    if let Some(new) = path.strip_prefix(SCHEMAS).and_then(new) {
                        *path = [SCHEMAS, &new].concat();
                    }
                } else {
                    rename(field, new);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, new)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `GET /api/v1/openapi.json`: made once, when the relay starts.
pub(super) fn serve(document: &Value) -> MethodRouter<App> {
    let text = Bytes::from(document.to_string());
    get(async move || -> Response {
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        ([kind, (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))], text).into_response()
    })
}
