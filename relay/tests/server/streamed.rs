//! A connection over a stream, as a page behind a proxy that blocks WebSocket has one.

use std::future::ready;
use std::pin::Pin;

use futures_util::{Stream, StreamExt};
use wire::{ClientFrame, ServerFrame};

type Bytes = Pin<Box<dyn Stream<Item = Vec<u8>> + Send>>;

/// An open stream.
pub(crate) struct Streamed {
    client: reqwest::Client,
    base: String,
    pub(crate) key: String,
    bytes: Bytes,
    rest: String,
}

impl Streamed {
    /// Says hello; the status when the relay does not even answer with a stream.
    pub(crate) async fn open(
        address: &str,
        headers: &[(&'static str, String)],
        hello: String,
    ) -> Result<Self, reqwest::Response> {
        let (client, base) = (reqwest::Client::new(), format!("http://{address}"));
        let mut request = client.post(format!("{base}/stream")).body(hello);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.expect("answered");
        if answer.status() != 200 {
            return Err(answer);
        }
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert!(answer.headers()["cache-control"].to_str().is_ok_and(|value| value.contains("no-store")));
        assert_eq!(answer.headers()["x-accel-buffering"], "no");
        // A connection that breaks ends the bytes.
        let bytes = answer.bytes_stream().scan((), |(), part| ready(part.ok().map(|part| part.to_vec())));
        let mut opened = Self { client, base, key: String::new(), bytes: Box::pin(bytes), rest: String::new() };
        let first = opened.event().await;
        match first {
            Some((kind, data)) if kind == "open" => opened.key = data,
            Some(other) => opened.rest = format!("event: {}\ndata: {}\n\n", other.0, other.1),
            None => {}
        }
        Ok(opened)
    }

    /// Posts a body; the status of the answer.
    pub(crate) async fn post(&mut self, body: impl Into<reqwest::Body>) -> u16 {
        let request = self.client.post(format!("{}/frame", self.base)).header("x-line", &self.key);
        request.body(body).send().await.expect("answered").status().as_u16()
    }

    pub(crate) async fn send(&mut self, frame: &ClientFrame) {
        // A relay that has ended the connection already is noticed by whoever reads.
        self.post(serde_json::to_string(frame).expect("JSON")).await;
    }

    /// The next frame, or the code the connection was closed with; 1006 when it broke.
    pub(crate) async fn next(&mut self) -> Result<ServerFrame, u16> {
        match self.event().await {
            Some((kind, data)) if kind == "close" => Err(data.parse().expect("a code")),
            Some((kind, data)) => {
                assert_eq!(kind, "", "frames have no name");
                Ok(serde_json::from_str(&data).expect("a frame"))
            }
            None => Err(1006),
        }
    }

    /// The next event: its name and data.
    async fn event(&mut self) -> Option<(String, String)> {
        loop {
            while let Some((event, rest)) = self.rest.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.rest = rest;
                let field =
                    |name: &str| event.lines().find_map(|connection| connection.strip_prefix(name)).map(str::to_owned);
                if let Some(data) = field("data: ") {
                    return Some((field("event: ").unwrap_or_default(), data));
                }
            }
            let part = self.bytes.next().await?;
            // The tests' own words are ASCII, so that no character is ever cut in two.
            self.rest.push_str(&String::from_utf8(part).expect("UTF-8"));
        }
    }
}
