//! `GET /api`: the document of the API as a page, without scripts.

use std::fmt::Write as _;

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use serde_json::{Map, Value};

use crate::app::App;
use crate::web::escape;

/// The page loads its style sheet and nothing else.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// Schemas that stand in each other are shown to this depth; deeper ones have a name of their own.
const DEPTH_MAX: usize = 8;

/// The page, made once.
pub(super) fn page(document: &Value) -> MethodRouter<App> {
    let text = Bytes::from(render(document));
    get(async move || -> Response {
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        let headers = [
            kind,
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (header::CONTENT_SECURITY_POLICY, POLICY),
        ];
        (headers, text).into_response()
    })
}

/// `GET /api/reference.css`.
pub(super) async fn styles() -> Response {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    ([kind, (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))], include_str!("reference.css"))
        .into_response()
}

/// The whole page.
fn render(document: &Value) -> String {
    let mut page = Page(String::with_capacity(64 * 1024));
    page.raw("<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">");
    page.raw("<title>Causeway API</title><link rel=stylesheet href=/api/reference.css><main>");
    page.element("h1", text(&document["info"], "title"));
    page.element("p", text(&document["info"], "description"));
    page.raw("<p>The same as <a href=/api/v1/openapi.json>OpenAPI 3.1</a>.</p><nav><ul>");
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = escape(text(tag, "name"));
        let _ = write!(page.0, "<li><a href=\"#{name}\">{}</a>", escape(text(tag, "description")));
    }
    page.raw("<li><a href=\"#schemas\">Bodies</a></ul></nav>");
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = text(tag, "name");
        let _ = write!(page.0, "<section id=\"{}\">", escape(name));
        page.element("h2", text(tag, "description"));
        for (path, item) in fields(&document["paths"]) {
            for (method, operation) in fields(item) {
                if operation["tags"].as_array().is_some_and(|tags| tags.iter().any(|other| other == name)) {
                    page.operation(method, path, operation);
                }
            }
        }
        page.raw("</section>");
    }
    page.raw("<section id=schemas><h2>Bodies</h2>");
    for (name, schema) in fields(&document["components"]["schemas"]) {
        let _ = write!(page.0, "<article id=\"schema-{}\">", escape(name));
        page.element("h3", name);
        page.element("p", text(schema, "description"));
        page.schema(schema, 0);
        page.raw("</article>");
    }
    page.raw("</section></main></html>");
    page.0
}

/// What is written of the page so far. Everything that is not ours is escaped.
struct Page(String);

impl Page {
    fn raw(&mut self, html: &str) {
        self.0.push_str(html);
    }

    /// An element with a text; none when the text is empty.
    fn element(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            let _ = write!(self.0, "<{name}>{}</{name}>", escape(text));
        }
    }

    fn operation(&mut self, method: &str, path: &str, operation: &Value) {
        let _ =
            write!(self.0, "<article><h3><b class=\"{0}\">{0}</b> <code>{1}</code></h3>", escape(method), escape(path));
        self.element("p", text(operation, "summary"));
        self.element("p", text(operation, "description"));
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let required = if parameter["required"] == true { ", required" } else { "" };
            let (name, place) = (escape(text(parameter, "name")), escape(text(parameter, "in")));
            let _ = write!(self.0, "<dl><dt><code>{name}</code> <i>{place}{required}</i>");
            let _ = write!(self.0, "<dd>{}</dd></dl>", escape(text(parameter, "description")));
        }
        if let Some(schema) = content(&operation["requestBody"]) {
            self.raw("<h4>Body</h4>");
            self.schema(schema, 0);
        }
        self.raw("<h4>Answers</h4><ul>");
        for (status, response) in fields(&operation["responses"]) {
            let _ = write!(self.0, "<li><b>{}</b> {} ", escape(status), escape(text(response, "description")));
            if let Some(schema) = content(response) {
                self.kind(schema);
            }
        }
        self.raw("</ul></article>");
    }

    /// The fields of an object, or what else a schema is.
    fn schema(&mut self, schema: &Value, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        let required =
            |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name));
        let Some(properties) = schema["properties"].as_object() else { return self.kind(schema) };
        self.raw("<dl>");
        for (name, property) in properties {
            let _ = write!(self.0, "<dt><code>{}</code> <i>", escape(name));
            self.kind(property);
            self.raw(if required(name) { ", required</i><dd>" } else { "</i><dd>" });
            self.raw(&escape(text(property, "description")));
            let inner = if property["type"] == "array" { &property["items"] } else { property };
            if inner["properties"].is_object() {
                self.schema(inner, depth + 1);
            }
        }
        self.raw("</dl>");
    }

    /// The type of a value in words, with its bounds.
    fn kind(&mut self, schema: &Value) {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            let name = escape(name);
            let _ = write!(self.0, "<a href=\"#schema-{name}\">{name}</a>");
            return;
        }
        for several in ["oneOf", "anyOf", "allOf"] {
            for (place, one) in schema[several].as_array().into_iter().flatten().enumerate() {
                self.raw(if place == 0 { "" } else { " or " });
                self.kind(one);
            }
        }
        match &schema["type"] {
            Value::String(name) => self.raw(&escape(name)),
            Value::Array(names) => {
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                self.raw(&escape(&names.join(" or ")));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
        }
        if schema["type"] == "array" {
            self.raw(" of ");
            self.kind(&schema["items"]);
        }
        if let Some(values) = schema["enum"].as_array() {
            let values: Vec<String> = values.iter().map(Value::to_string).collect();
            let _ = write!(self.0, " {}", escape(&values.join(", ")));
        }
        for (key, words) in [
            ("minLength", "at least {} characters"),
            ("maxLength", "at most {} characters"),
            ("minimum", "from {}"),
            ("maximum", "to {}"),
            ("minItems", "at least {}"),
            ("maxItems", "at most {}"),
            ("pattern", "like {}"),
        ] {
            if let Some(bound) = schema.get(key) {
                let bound = bound.as_str().map_or_else(|| bound.to_string(), str::to_owned);
                let _ = write!(self.0, ", {}", escape(&words.replace("{}", &bound)));
            }
        }
    }
}

/// The schema of a JSON body, when there is one.
fn content(of: &Value) -> Option<&Value> {
    fields(&of["content"]).next().map(|(_, media)| &media["schema"])
}

/// The fields of an object; none of anything else.
fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// A text field; empty when there is none.
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_document_says_is_text_and_never_markup() {
        let bad = "<script>\"&'";
        let document = json!({
            "info": { "title": bad, "description": bad },
            "tags": [{ "name": bad, "description": bad }],
            "paths": { bad: { bad: { "tags": [bad], "summary": bad, "parameters": [{ "name": bad, "in": bad }],
                "requestBody": { "content": { "x": { "schema": { "properties": { bad: { "enum": [bad], "pattern": bad } } } } } },
                "responses": { bad: { "description": bad, "content": { "x": { "schema": { "$ref": bad } } } } } } } },
            "components": { "schemas": { bad: { "description": bad, "type": [bad] } } },
        });
        let page = render(&document);
        assert!(!page.contains("<script") && page.matches("&lt;script").count() > 10, "{page}");
    }
}
