//! The WebSocket to the relay: sends text frames, tells what happens to it.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{CloseEvent, MessageEvent, WebSocket};

use crate::env::window;

/// What happens to a connection.
pub enum ConnectionNews {
    /// It is open.
    Up,
    /// A text frame came.
    Frame(String),
    /// It is closed, with this code (1006 when it broke).
    Down(u16),
}

/// An open or opening connection. Dropping it closes it; nothing more is told of it.
pub struct Socket {
    socket: WebSocket,
    up: Closure<dyn FnMut()>,
    frame: Closure<dyn FnMut(MessageEvent)>,
    down: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Opens a connection to the relay that served this page. None if the browser will not even try.
    pub fn open(news: impl Fn(ConnectionNews) + 'static) -> Option<Self> {
        let location = window().location();
        let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
        let socket = WebSocket::new(&[scheme, "://", &location.host().ok()?, "/socket"].concat()).ok()?;
        let news = Rc::new(news);
        let (up, frame) = (Rc::clone(&news), Rc::clone(&news));
        let opened = Self {
            up: Closure::new(move || up(ConnectionNews::Up)),
            frame: Closure::new(move |event: MessageEvent| {
                if let Some(text) = event.data().as_string() {
                    frame(ConnectionNews::Frame(text));
                }
            }),
            down: Closure::new(move |event: CloseEvent| news(ConnectionNews::Down(event.code()))),
            socket,
        };
        opened.socket.set_onopen(Some(opened.up.as_ref().unchecked_ref()));
        opened.socket.set_onmessage(Some(opened.frame.as_ref().unchecked_ref()));
        opened.socket.set_onclose(Some(opened.down.as_ref().unchecked_ref()));
        Some(opened)
    }

    /// Sends a text frame. On a connection that is gone it is lost; `Down` follows.
    pub fn send(&self, text: &str) {
        self.socket.send_with_str(text).ok();
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        self.socket.close().ok();
    }
}
