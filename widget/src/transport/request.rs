//! One HTTP request to the relay, with progress. Dropping it ends it. `XMLHttpRequest` because `fetch` cannot tell how much was sent.

use std::rc::Rc;

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, ProgressEvent, XmlHttpRequest, XmlHttpRequestResponseType};

/// Names and values of a request's headers.
pub type Headers = Vec<(&'static str, String)>;

/// What happens to a request.
pub enum RequestNews {
    /// So many bytes of the body are sent.
    Sent(u64),
    /// It is over.
    Over(Response),
}

/// The relay's answer, or that there was none.
pub struct Response {
    /// The HTTP status; 0 when there was no answer.
    pub status: u16,
    /// The body: a `Blob`, or a text.
    pub body: JsValue,
}

/// What the response's body should be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// A `Blob`.
    Blob,
    /// A text.
    Text,
}

/// A running request. Dropping it aborts it; nothing more is told of it.
pub struct Request {
    request: XmlHttpRequest,
    sent: Closure<dyn FnMut(ProgressEvent)>,
    over: Closure<dyn FnMut(ProgressEvent)>,
}

impl Request {
    /// Sends a request. None if the browser refuses to send it.
    pub fn send(
        (method, path): (&str, &str),
        headers: &Headers,
        body: Option<&Blob>,
        want: Want,
        news: impl Fn(RequestNews) + 'static,
    ) -> Option<Self> {
        let request = XmlHttpRequest::new().ok()?;
        request.open(method, path).ok()?;
        for (name, value) in headers {
            request.set_request_header(name, value).ok()?;
        }
        if want == Want::Blob {
            request.set_response_type(XmlHttpRequestResponseType::Blob);
        }
        let news = Rc::new(news);
        let (sent, ended) = (Rc::clone(&news), request.clone());
        let running = Self {
            sent: Closure::new(move |event: ProgressEvent| sent(RequestNews::Sent(whole(event.loaded())))),
            over: Closure::new(move |_| {
                let status = ended.status().unwrap_or(0);
                news(RequestNews::Over(Response { status, body: ended.response().unwrap_or(JsValue::NULL) }));
            }),
            request,
        };
        if let (Some(_), Ok(upload)) = (body, running.request.upload()) {
            upload.set_onprogress(Some(running.sent.as_ref().unchecked_ref()));
        }
        running.request.set_onloadend(Some(running.over.as_ref().unchecked_ref()));
        running.request.send_with_opt_blob(body).ok()?;
        Some(running)
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Ok(upload) = self.request.upload() {
            upload.set_onprogress(None);
        }
        self.request.set_onloadend(None);
        self.request.abort().ok();
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of bytes, never negative")]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}
