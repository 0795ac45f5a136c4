//! The whole chat: header, notices, timeline, footer, and what connects them with the page around.

use std::rc::Rc;
use widget::key;
use widget::signal::Signal;

use js_sys::Array;
use reactive_graph::graph::untrack;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use widget_core::VisitorInput;

use widget::clock::Timer;
use widget::dom::{El, el};
use widget::env::{document, listen, page_visible, root, setting, window};
use widget::part::icon::{self, icon};
use widget::part::{Field, Surroundings, connection_banner, drop_zone, timeline, typing};
use widget::text::Text;

use crate::chat::Chat;
use crate::earlier::earlier;
use crate::empty::empty;
use crate::footer::footer;
use crate::header::header;
use crate::host::{Host, HostNews};
use crate::queue::queue_card;
use crate::rating::rating_card;

/// The chat's window and its surroundings, for the parts.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    /// The texts.
    pub(crate) text: Text,
    /// The session.
    pub(crate) chat: Chat,
    /// Whether the window is open.
    opened: Signal<bool>,
    /// Whether the list of earlier conversations stands in it.
    pub(crate) earlier: Signal<bool>,
    /// The field to write in.
    pub(crate) field: Field,
    /// The page around; silent when the chat is a page of its own.
    host: Signal<Host>,
    /// Whether there is a page around.
    pub(crate) framed: bool,
    timer: Signal<Option<Timer>>,
}

impl Frame {
    /// Asks the page around to close the window.
    pub(crate) fn close(self) {
        if self.framed {
            self.host.with_untracked(Host::close);
        }
    }

    fn open(self) {
        self.opened.set(true);
        self.tell_visible();
        // The page gives the frame the focus before it says so, unless it opens the chat by itself: then it stays where it is.
        if !self.framed || document().has_focus().unwrap_or(true) {
            self.focus_field();
        }
    }

    fn tell_visible(self) {
        self.chat.send(VisitorInput::Visible { visible: page_visible() && self.opened.get_untracked() });
    }

    /// From the earlier conversations back to the talk.
    pub(crate) fn leave_earlier(self) {
        self.earlier.set(false);
        self.soon(Frame::focus_field);
    }

    /// Does something once what has just changed stands in the page.
    pub(crate) fn soon(self, run: impl Fn(Self) + 'static) {
        let timer = Timer::new(move || run(self));
        timer.set(0);
        self.timer.set(Some(timer));
    }

    /// Not where a finger writes: there the keyboard would cover half of what the visitor came to read. Whoever has no
    /// pointer at all works with the keyboard, and needs the focus most.
    fn focus_field(self) {
        let finger = window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|query| query.matches());
        if !finger {
            self.field.focus();
        }
    }

    fn hear(self, news: HostNews) {
        match news {
            HostNews::Open => self.open(),
            HostNews::Close => {
                self.opened.set(false);
                self.tell_visible();
            }
            HostNews::Page(page) => self.chat.send(VisitorInput::Page(page)),
        }
    }
}

/// The chat, or the reason why there is none. `early` holds the messages that the page around posted before.
pub(crate) fn app(catalogue: Array, early: &Array) -> El {
    let text = Text::new(catalogue);
    let host = Signal::new(Host::default());
    let Some(chat) = Chat::begin(host) else {
        return el("p", "stopped").text(&text.get(key!("closed_site")));
    };
    let framed = window().parent().ok().flatten().is_some_and(|parent| parent != window());
    let (opened, earlier) = (Signal::new(false), Signal::new(false));
    let frame = Frame { text, chat, opened, earlier, field: Field::new(), host, framed, timer: Signal::new(None) };
    let view = window_view(frame);
    host.set(Host::listen(early, move |news| frame.hear(news)));
    listen(&document(), "visibilitychange", move |_| frame.tell_visible());
    listen(&document(), "keydown", move |event| {
        let event: &KeyboardEvent = event.unchecked_ref();
        // What took the key for itself, an open menu for example, has prevented the default.
        if event.key() == "Escape" && !event.is_composing() && !event.default_prevented() {
            if earlier.get_untracked() { frame.leave_earlier() } else { frame.close() }
        }
    });
    // The page around gives the focus to the frame, not to what is in it.
    listen(&window(), "focus", move |_| {
        if document().active_element().is_none_or(|active| active.tag_name() == "BODY") {
            frame.focus_field();
        }
    });
    // A chat is made when somebody opens it, or when it has something to do: nobody has to tell it to connect.
    chat.send(VisitorInput::Open);
    if !framed {
        frame.open();
    }
    view
}

fn window_view(frame: Frame) -> El {
    let Frame { text, chat, earlier: elsewhere, .. } = frame;
    let zone = el("div", "window")
        .child(header(frame))
        .child(el("aside", "safe").child(icon(icon::LOCK)).child(el("span", "").text(&text.get(key!("safe")))))
        .when(move || !chat.read(|shown| shown.keeps), move || unkept(frame))
        .child(connection_banner(text, move || chat.read(|shown| (shown.online, shown.waiting))))
        .switch(
            move || if elsewhere.get() { 2 } else { 1 },
            move |screen| if screen == 1 { talk(frame) } else { earlier(frame) },
        );
    let open = move || untrack(|| !elsewhere.get() && !chat.read(|shown| shown.closed));
    drop_zone(zone, text, open, move |file| chat.attach(file))
}

/// The browser keeps nothing for a frame of another site: what that means, and the way to where it does.
fn unkept(frame: Frame) -> El {
    let text = frame.text;
    let line =
        el("p", "safe").test("unkept").attr("role", "status").child(el("span", "").text(&text.get(key!("unkept"))));
    if !frame.framed {
        return line;
    }
    let address = ["/chat?site=", &setting("site"), "&lang=", &root().lang()].concat();
    line.child(
        el("a", "link")
            .test("own-window")
            .attr("href", &address)
            .attr("target", "_blank")
            .text(&text.get(key!("own_window"))),
    )
}

fn talk(frame: Frame) -> El {
    let Frame { text, chat, .. } = frame;
    let surroundings = Surroundings {
        text,
        files: chat.files(),
        retry: Rc::new(move |id| chat.send(VisitorInput::Retry { id })),
        discard: Rc::new(move |id| chat.send(VisitorInput::Discard { id })),
        visitor_name: Rc::new(String::new),
        staff_notice: None,
    };
    let who = move || chat.read(|shown| shown.typing.clone());
    let below = vec![queue_card(frame), typing(text, who), rating_card(frame)];
    let main = el("main", "talk").child(empty(frame)).child(timeline(chat.board, surroundings, below));
    el("div", "screen").child(main).child(footer(frame))
}
