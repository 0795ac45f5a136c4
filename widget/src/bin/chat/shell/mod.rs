//! What every part of the chat is given: the texts, the session, the field to write in, and the page around.

pub(crate) mod host;
mod page;
pub(crate) mod session;

use widget::clock::Timer;
use widget::env::{document, page_visible, window};
use widget::key;
use widget::part::Field;
use widget::signal::Signal;
use widget::text::Text;
use widget_core::{Online, VisitorInput};

use crate::look;
use host::{Host, HostNews};
use session::Chat;

/// The chat's window and its surroundings, for the parts.
#[derive(Clone, Copy)]
pub(crate) struct Shell {
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
    /// What is being written in it; outlives it.
    pub(crate) written: Signal<String>,
    /// How many looks of the site were shown, from 1 on: what is shown is made anew with each.
    pub(crate) looks: Signal<u32>,
    /// The page around; silent when the chat is a page of its own.
    host: Signal<Host>,
    /// Whether there is a page around.
    pub(crate) framed: bool,
    timer: Signal<Option<Timer>>,
}

impl Shell {
    /// A closed window that shows the talk.
    pub(crate) fn new(text: Text, chat: Chat, host: Signal<Host>, framed: bool) -> Self {
        let (opened, earlier) = (Signal::new(false), Signal::new(false));
        let (written, looks) = (Signal::new(String::new()), Signal::new(1));
        look::wear(text);
        Self {
            text,
            chat,
            opened,
            earlier,
            field: Field::new(),
            written,
            looks,
            host,
            framed,
            timer: Signal::new(None),
        }
    }

    /// Takes a file, where the site takes any.
    pub(crate) fn attach(self, file: web_sys::File) {
        if look::has("attachments") {
            self.chat.attach(file);
        }
    }

    /// While nobody answers: when somebody does again, where the site's hours say so; else nothing.
    pub(crate) fn opens(self) -> String {
        let nobody = self.chat.read(|shown| shown.online == Online::Live && shown.answering == 0);
        let opens_ms = look::field("opens_ms").as_f64().filter(|_| nobody);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole milliseconds since 1970")]
        let opens = opens_ms.map(|at_ms| self.text.with(key!("opens"), "time", &self.text.moment(at_ms as u64)));
        opens.unwrap_or_default()
    }

    /// Shows the site's look that stands in the page now.
    pub(crate) fn wear(self) {
        let writes = document().active_element().is_some_and(|active| active.tag_name() == "TEXTAREA");
        look::wear(self.text);
        self.looks.set(self.looks.get_untracked() + 1);
        if writes {
            self.soon(Self::focus_field);
        }
    }

    /// Asks the page around to close the window.
    pub(crate) fn close(self) {
        if self.framed {
            self.host.with_untracked(Host::close);
        }
    }

    /// The window is open now.
    pub(crate) fn open(self) {
        self.opened.set(true);
        self.tell_visible();
        // The page gives the frame the focus before it says so, unless it opens the chat by itself: then it stays where it is.
        if !self.framed || document().has_focus().unwrap_or(true) {
            self.focus_field();
        }
    }

    /// Says to the session whether the visitor sees the chat.
    pub(crate) fn tell_visible(self) {
        self.chat.send(VisitorInput::Visible { visible: page_visible() && self.opened.get_untracked() });
    }

    /// From the earlier conversations back to the talk.
    pub(crate) fn leave_earlier(self) {
        self.earlier.set(false);
        self.soon(Self::focus_field);
    }

    /// Does something once what has just changed stands in the page.
    pub(crate) fn soon(self, run: impl Fn(Self) + 'static) {
        let timer = Timer::new(move || run(self));
        timer.set(0);
        self.timer.set(Some(timer));
    }

    /// Not where a finger writes: there the keyboard would cover half of what the visitor came to read. Whoever has no
    /// pointer at all works with the keyboard, and needs the focus most.
    pub(crate) fn focus_field(self) {
        let finger = window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|query| query.matches());
        if !finger {
            self.field.focus();
        }
    }

    /// Does what the page around asks for.
    pub(crate) fn on_host_news(self, news: HostNews) {
        match news {
            HostNews::Open => self.open(),
            HostNews::Close => {
                self.opened.set(false);
                self.tell_visible();
            }
            HostNews::Look(look) => {
                look::put(&look);
                self.wear();
            }
            HostNews::Page(page) => self.chat.send(VisitorInput::Page(page)),
        }
    }
}
