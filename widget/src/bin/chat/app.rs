//! The whole chat: header, notices, timeline, footer, and what connects them with the page around.

use js_sys::{Array, Object};
use leptos::html::Textarea;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use widget_core::VisitorInput;

use widget::env::{document, listen, page_visible, window};
use widget::part::icon::{self, icon};
use widget::part::{ConnectionBanner, DropZone, TimelineView, Typing};
use widget::text::Text;

use crate::chat::Chat;
use crate::earlier::earlier;
use crate::empty::empty;
use crate::footer::footer;
use crate::header::header;
use crate::host::{Host, HostNews};
use crate::queue::queue_card;
use crate::rating::rating_card;

/// What the chat shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    /// The conversation.
    Talk,
    /// The list of earlier ones.
    Earlier,
}

/// The chat's window and its surroundings, for the components.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    /// Whether the window is open.
    pub(crate) opened: RwSignal<bool>,
    /// Which screen stands in it.
    pub(crate) screen: RwSignal<Screen>,
    /// The field to write in.
    pub(crate) field: NodeRef<Textarea>,
    /// The page around; none when the chat is a page of its own.
    pub(crate) host: StoredValue<Host, LocalStorage>,
    /// Whether there is a page around.
    pub(crate) framed: bool,
}

impl Frame {
    /// Asks the page around to close the window.
    pub(crate) fn close(self) {
        if self.framed {
            self.host.with_value(Host::close);
        }
    }
}

/// The chat, or the reason why there is none.
pub(crate) fn app(catalogue: Object, early: &Array) -> AnyView {
    let text = Text::provide(catalogue);
    let frame = Frame {
        opened: RwSignal::new(false),
        screen: RwSignal::new(Screen::Talk),
        field: NodeRef::new(),
        host: StoredValue::new_local(Host::default()),
        framed: is_framed(),
    };
    let Some(chat) = Chat::begin(frame.host) else {
        return view! { <p class="stopped">{text.get("closed_site")}</p> }.into_any();
    };
    provide_context(chat);
    provide_context(frame);
    frame.host.set_value(Host::listen(early, move |news| match news {
        HostNews::Open => open(chat, frame),
        HostNews::Close => {
            frame.opened.set(false);
            tell_visible(chat, frame);
        }
        HostNews::Page(page) => chat.send(VisitorInput::Page(page)),
    }));
    listen(&document(), "visibilitychange", move |_| tell_visible(chat, frame));
    listen(&document(), "keydown", move |event| {
        let event: KeyboardEvent = event.unchecked_into();
        // What took the key for itself, an open menu for example, has prevented the default.
        if event.key() == "Escape" && !event.is_composing() && !event.default_prevented() {
            frame.close();
        }
    });
    if !frame.framed {
        open(chat, frame);
    }
    window_view(chat, frame, text)
}

fn open(chat: Chat, frame: Frame) {
    frame.opened.set(true);
    chat.send(VisitorInput::Open);
    tell_visible(chat, frame);
    focus_field(frame);
}

fn tell_visible(chat: Chat, frame: Frame) {
    chat.send(VisitorInput::Visible { visible: page_visible() && frame.opened.get_untracked() });
}

/// Not where a finger writes: there the keyboard would cover half of what the visitor came to read.
fn focus_field(frame: Frame) {
    let mouse = window().match_media("(hover: hover)").ok().flatten().is_some_and(|query| query.matches());
    if mouse {
        request_animation_frame(move || {
            if let Some(field) = frame.field.get_untracked() {
                field.focus().ok();
            }
        });
    }
}

fn is_framed() -> bool {
    window().parent().ok().flatten().is_some_and(|parent| parent != window())
}

fn window_view(chat: Chat, frame: Frame, text: Text) -> AnyView {
    let talking = move || frame.screen.get() == Screen::Talk;
    let closed = chat.part(|shown| shown.closed);
    let open_talk = Signal::derive(move || talking() && !closed.get());
    view! {
        <DropZone
            class="window"
            open=open_talk
            on_file=UnsyncCallback::new(move |file| chat.attach(file))
        >
            {header()}
            <p class="safe">{icon(icon::LOCK)} <span>{text.get("safe")}</span></p>
            <ConnectionBanner
                online=chat.part(|shown| shown.online)
                waiting=chat.part(|shown| shown.drafts)
            />
            {move || if talking() { talk(chat) } else { earlier().into_any() }}
        </DropZone>
    }
    .into_any()
}

fn talk(chat: Chat) -> AnyView {
    view! {
        <main class="talk">
            {empty()}
            <TimelineView
                board=chat.board
                files=chat.files
                retry=UnsyncCallback::new(move |id| chat.send(VisitorInput::Retry { id }))
                discard=UnsyncCallback::new(move |id| chat.send(VisitorInput::Discard { id }))
            >
                {queue_card()}
                <Typing who=chat.part(|shown| shown.typing.clone()) />
                {rating_card()}
            </TimelineView>
        </main>
        {footer()}
    }
    .into_any()
}
