//! The page around the chat: one `MessageChannel`, accepted once and only from an origin of the site.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, MessagePort};
use wire::{PageContext, Seq};

use widget::env::{field, listen, root, setting, window};

use super::page;

/// What the page around the chat says.
pub(crate) enum HostNews {
    /// The chat's window is open.
    Open,
    /// It is closed; the chat goes on in the background.
    Close,
    /// The visitor is on this page now.
    Page(PageContext),
    /// The console tries a look.
    Look(String),
}

/// The channel to the page; silent when there is none.
#[derive(Clone, Default)]
pub(crate) struct Host {
    port: Rc<RefCell<Option<MessagePort>>>,
    /// What the page was told last, or is to be told first: whether the chat has something to do.
    awake: Rc<Cell<Option<bool>>>,
}

/// Where a tab remembers that the chat was open in it.
const OPEN: &str = "causeway.open";

impl Host {
    /// Waits for the page's channel; `early` may hold the message that brings it.
    pub(crate) fn listen(early: &Array, news: impl Fn(HostNews) + 'static) -> Self {
        let host = Self::default();
        let news: Rc<dyn Fn(HostNews)> = Rc::new(news);
        for event in early.iter() {
            host.judge(event.unchecked_ref(), &news);
        }
        let later = host.clone();
        listen(&window(), "message", move |event| later.judge(event.unchecked_ref(), &news));
        host
    }

    /// The visitor wants the window closed.
    pub(crate) fn close(&self) {
        self.post("close", None);
    }

    /// How many messages of agents are unread.
    pub(crate) fn unread(&self, count: u32) {
        self.post("unread", Some(("count", f64::from(count))));
    }

    /// Whether there is something for which the chat should be made again on the next page.
    pub(crate) fn awake(&self, awake: bool) {
        if self.awake.replace(Some(awake)) != Some(awake) {
            self.tell_awake();
        }
    }

    fn tell_awake(&self) {
        if let Some(awake) = self.awake.get() {
            self.post("awake", Some(("count", f64::from(u8::from(awake)))));
        }
    }

    /// A message of an agent arrived.
    #[expect(clippy::cast_precision_loss, reason = "no conversation has 2^53 events")]
    pub(crate) fn message(&self, seq: Seq) {
        self.post("message", Some(("seq", seq.0 as f64)));
    }

    /// Takes the channel out of a message, if it is the first one and comes from an origin of the site.
    fn judge(&self, event: &MessageEvent, news: &Rc<dyn Fn(HostNews)>) {
        let data = event.data();
        let origin = event.origin();
        // The relay's own console, which may not be the page around.
        if let (Some(look), Ok(own)) = (field(&data, "look").as_string(), window().location().origin())
            && origin == own
        {
            return news(HostNews::Look(look));
        }
        let known = setting("origins").split_ascii_whitespace().any(|allowed| allowed == origin);
        if !known || self.port.borrow().is_some() || kind(&data) != "connect" || field(&data, "causeway") != 1.0 {
            return;
        }
        let Ok(port) = event.ports().get(0).dyn_into::<MessagePort>() else { return };
        tell(news, &field(&data, "page"));
        let news = Rc::clone(news);
        let hear = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let data = event.data();
            match kind(&data).as_str() {
                "open" => {
                    remember_open(true);
                    news(HostNews::Open);
                }
                "close" => {
                    remember_open(false);
                    news(HostNews::Close);
                }
                "theme" => {
                    let theme = field(&data, "theme").as_string().unwrap_or_default();
                    root().set_attribute("data-theme", &theme).ok();
                }
                "page" => tell(&news, &data),
                _ => {}
            }
        });
        port.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        // Lives as long as the page, like the port.
        hear.forget();
        *self.port.borrow_mut() = Some(port);
        let was_open = tab().and_then(|tab| tab.get_item(OPEN).ok().flatten()).is_some();
        self.post("ready", Some(("count", f64::from(u8::from(was_open)))));
        self.tell_awake();
    }

    fn post(&self, kind: &str, value: Option<(&str, f64)>) {
        let Some(port) = &*self.port.borrow() else { return };
        let message = Object::new();
        Reflect::set(&message, &"type".into(), &kind.into()).ok();
        if let Some((name, value)) = value {
            Reflect::set(&message, &name.into(), &value.into()).ok();
        }
        port.post_message(&message).ok();
    }
}

/// What this tab keeps over its pages.
fn tab() -> Option<web_sys::Storage> {
    window().session_storage().ok().flatten()
}

fn remember_open(open: bool) {
    let Some(tab) = tab() else { return };
    if open { tab.set_item(OPEN, "1") } else { tab.remove_item(OPEN) }.ok();
}

fn kind(data: &JsValue) -> String {
    field(data, "type").as_string().unwrap_or_default()
}

fn tell(news: &Rc<dyn Fn(HostNews)>, page: &JsValue) {
    let text = |name| field(page, name).as_string().unwrap_or_default();
    news(HostNews::Page(page::context(&text("url"), &text("title"))));
}
