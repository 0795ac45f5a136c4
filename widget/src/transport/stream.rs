//! The connection where WebSockets are blocked: one long answer brings the relay's frames, one post after the other takes ours.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use js_sys::{Function, Object, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortController;
use wire::limit::{POST_BYTES_MAX, POST_FRAMES_MAX};

use crate::env::{field, window};
use crate::transport::ConnectionNews;

/// An open or opening connection. Dropping it ends it; nothing more is told of it.
pub struct Stream(Rc<Inner>);

/// Named by the call into the room, hence not private.
pub(crate) struct Inner {
    news: Box<dyn Fn(ConnectionNews)>,
    /// Ends every request of this connection.
    abort: AbortController,
    over: Cell<bool>,
    asked: Cell<bool>,
    /// The connection's key, which each post names; empty until the relay has given it.
    key: RefCell<String>,
    /// Frames that wait for the post before them to be answered: their order counts.
    waiting: RefCell<VecDeque<String>>,
    posting: Cell<bool>,
    /// The beginning of an event whose end has not come.
    part: RefCell<Vec<u8>>,
}

impl Stream {
    /// A connection, which the first frame sent opens. None if the browser lacks what it needs.
    pub fn open(news: impl Fn(ConnectionNews) + 'static) -> Option<Self> {
        Some(Self(Rc::new(Inner {
            news: Box::new(news),
            abort: AbortController::new().ok()?,
            over: Cell::default(),
            asked: Cell::default(),
            key: RefCell::default(),
            waiting: RefCell::default(),
            posting: Cell::default(),
            part: RefCell::default(),
        })))
    }

    /// Sends a text frame, the first one to open the connection.
    pub fn send(&self, text: String) {
        self.0.waiting.borrow_mut().push_back(text);
        send_waiting(Rc::downgrade(&self.0));
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.over.set(true);
        self.0.abort.abort();
    }
}

// Few visitors need it, so all that is done with frames is in a room.
crate::room!("stream", "00000000000000000000000000000005", send_waiting(inner: Weak<Inner>) = send_now else |inner| {
    if let Some(inner) = inner.upgrade() {
        inner.down(1006);
    }
});

fn send_now(inner: &Weak<Inner>) {
    let Some(inner) = inner.upgrade() else { return };
    if inner.asked.get() {
        return inner.post();
    }
    let first = inner.waiting.borrow_mut().pop_front();
    if let Some(text) = first {
        inner.asked.set(true);
        inner.fetch("/stream", &text, Inner::opened);
    }
}

impl Inner {
    /// Posts what waits, unless a post is under way.
    fn post(self: &Rc<Self>) {
        let mut waiting = self.waiting.borrow_mut();
        if self.posting.get() || self.key.borrow().is_empty() {
            return;
        }
        let mut body = String::new();
        for _ in 0..POST_FRAMES_MAX {
            if waiting.front().is_none_or(|next| !body.is_empty() && body.len() + next.len() >= POST_BYTES_MAX) {
                break;
            }
            body.push_str(&waiting.pop_front().unwrap_or_default());
            body.push('\n');
        }
        if !body.is_empty() {
            self.posting.set(true);
            self.fetch("/frame", &body, |inner, answer| {
                inner.posting.set(false);
                if is_ok(answer) {
                    inner.post();
                } else {
                    inner.down(1006);
                }
            });
        }
    }

    /// The relay answers the hello.
    fn opened(self: &Rc<Self>, answer: &JsValue) {
        let reader = call(&field(answer, "body"), "getReader");
        if is_ok(answer) && reader.is_object() {
            self.read(reader);
        } else {
            self.down(1006);
        }
    }

    /// Reads the answer, one part after the other.
    fn read(self: &Rc<Self>, reader: JsValue) {
        let next = call(&reader, "read");
        self.then(&next, move |inner, read| {
            let bytes = field(read, "value");
            if bytes.is_undefined() {
                return inner.down(1006);
            }
            inner.part.borrow_mut().extend(bytes.unchecked_into::<Uint8Array>().to_vec());
            inner.take_events();
            if !inner.over.get() {
                inner.read(reader);
            }
        });
    }

    /// Takes each event that has come whole.
    fn take_events(self: &Rc<Self>) {
        let mut part = self.part.take();
        let mut from = 0;
        while let Some(length) = part[from..].windows(2).position(|two| two == b"\n\n") {
            if let Ok(event) = std::str::from_utf8(&part[from..from + length]) {
                self.event(event);
            }
            from += length + 2;
        }
        part.drain(..from);
        self.part.replace(part);
    }

    fn event(self: &Rc<Self>, event: &str) {
        let (kind, data) = event.split_once('\n').unwrap_or(("", event));
        let Some(data) = data.strip_prefix("data: ") else { return };
        if self.over.get() {
        } else if kind.starts_with("event: o") {
            data.clone_into(&mut self.key.borrow_mut());
            self.post();
        } else if kind.starts_with("event: c") {
            self.down(data.parse::<u64>().ok().and_then(|code| code.try_into().ok()).unwrap_or(1006));
        } else {
            (self.news)(ConnectionNews::Frame(data.to_owned()));
        }
    }

    fn down(&self, code: u16) {
        if !self.over.replace(true) {
            self.abort.abort();
            (self.news)(ConnectionNews::Down(code));
        }
    }

    fn fetch(self: &Rc<Self>, path: &str, body: &str, then: fn(&Rc<Self>, &JsValue)) {
        let (init, headers) = (Object::new(), Object::new());
        let set = |object: &Object, name: &str, value: &JsValue| drop(Reflect::set(object, &name.into(), value));
        set(&headers, "x-line", &self.key.borrow().as_str().into());
        set(&init, "method", &"POST".into());
        set(&init, "headers", &headers);
        set(&init, "body", &body.into());
        set(&init, "signal", &self.abort.signal());
        let fetch: Function = field(&window(), "fetch").unchecked_into();
        let answer = fetch.call2(&window(), &path.into(), &init).unwrap_or_default();
        self.then(&answer, then);
    }

    /// Goes on when the promise is fulfilled or rejected; its value tells which.
    fn then(self: &Rc<Self>, promise: &JsValue, run: impl FnOnce(&Rc<Self>, &JsValue) + 'static) {
        let late = Rc::downgrade(self);
        let run = Closure::once_into_js(move |given: JsValue| {
            if let Some(inner) = late.upgrade().filter(|inner| !inner.over.get()) {
                run(&inner, &given);
            }
        });
        if let Ok(then) = field(promise, "then").dyn_into::<Function>() {
            // One of both is called, once.
            then.call2(promise, &run, &run).ok();
        }
    }
}

fn is_ok(answer: &JsValue) -> bool {
    field(answer, "ok").is_truthy()
}

/// Calls a method of a foreign object; `undefined` when there is no such method.
fn call(object: &JsValue, name: &str) -> JsValue {
    let method = field(object, name).dyn_into::<Function>().ok();
    method.and_then(|method| method.call0(object).ok()).unwrap_or_default()
}
