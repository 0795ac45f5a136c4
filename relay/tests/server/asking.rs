//! Requests of the API: of an agent by its cookie, or of a program by its key.

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

use crate::support::{Relay, add_agent_as};

/// Who asks.
pub(crate) struct Asker {
    client: Client,
    headers: Vec<(&'static str, String)>,
    origin: String,
}

impl Asker {
    /// An agent who signs in.
    pub(crate) async fn of(relay: &Relay, name: &str) -> Self {
        Self::with(relay, vec![("cookie", relay.cookie(name).await), ("origin", relay.origin())])
    }

    /// Somebody with these headers.
    pub(crate) fn with(relay: &Relay, headers: Vec<(&'static str, String)>) -> Self {
        Self { client: Client::new(), headers, origin: relay.origin() }
    }

    /// A request to a path below `/api/v1/`.
    pub(crate) fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}/api/v1/{path}", self.origin));
        self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }

    /// A program with a key.
    pub(crate) fn with_key(relay: &Relay, key: &str) -> Self {
        Self::with(relay, vec![("authorization", format!("Bearer {key}"))])
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path).send().await.expect("answered")
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        self.ask(Method::POST, path).json(body).send().await.expect("answered")
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Response {
        self.ask(Method::PUT, path).header("if-match", "*").json(body).send().await.expect("answered")
    }

    pub(crate) async fn patch(&self, path: &str, etag: &str, body: &Value) -> Response {
        self.ask(Method::PATCH, path).header("if-match", etag).json(body).send().await.expect("answered")
    }

    pub(crate) async fn delete(&self, path: &str) -> Response {
        self.ask(Method::DELETE, path).send().await.expect("answered")
    }
}

/// A relay with the administrator eve beside the agents ann and bob.
pub(crate) async fn with_administrator() -> Relay {
    Relay::start_filled("", |folder| add_agent_as(folder, "eve", relay_settings::BuiltInRole::Administrator)).await
}

/// The JSON of an answer with this status.
pub(crate) async fn json(response: Response, status: u16) -> Value {
    let url = response.url().clone();
    let found = response.status();
    let text = response.text().await.expect("a body");
    assert_eq!(found, status, "{url}: {text}");
    serde_json::from_str(&text).expect("JSON")
}

/// What an answer of this status finds wrong, by field.
pub(crate) async fn fields(response: Response, status: u16) -> Vec<String> {
    let problem = json(response, status).await;
    let problems = problem["problems"].as_array().cloned().unwrap_or_default();
    problems.iter().map(|problem| problem["field"].as_str().expect("a field").to_owned()).collect()
}
