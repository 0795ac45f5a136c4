//! The whole chat: its parts in one window, and what connects them with the page around.

use js_sys::Array;
use reactive_graph::graph::untrack;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use widget::dom::{El, el};
use widget::env::{document, listen, root, setting, window};
use widget::key;
use widget::part::icon::{self, icon};
use widget::part::{connection_banner, drop_zone};
use widget::signal::Signal;
use widget::text::Text;
use widget_core::VisitorInput;

use crate::earlier::earlier;
use crate::header::header;
use crate::look::has;
use crate::notices::{follow_look, notices};
use crate::shell::Shell;
use crate::shell::host::Host;
use crate::shell::session::Chat;
use crate::talk::talk;

/// Puts the chat into a page, or the reason why there is none. `early` holds the messages that the page around posted before.
pub(crate) fn app(body: El, catalogue: Array, early: &Array) {
    let text = Text::new(catalogue);
    let host = Signal::new(Host::default());
    let Some(chat) = Chat::begin(host) else {
        return drop(body.child(el("p", "stopped").text(&text.get(key!("closed_site")))));
    };
    let framed = window().parent().ok().flatten().is_some_and(|parent| parent != window());
    let shell = Shell::new(text, chat, host, framed);
    // Made anew as a whole when the site's look changes, which is rare: so every text may be another.
    drop(body.switch(move || shell.looks.get(), move |_| window_view(shell)));
    host.set(Host::listen(early, move |news| shell.on_host_news(news)));
    listen(&document(), "visibilitychange", move |_| shell.tell_visible());
    listen(&document(), "keydown", move |event| {
        let event: &KeyboardEvent = event.unchecked_ref();
        // What took the key for itself, an open menu for example, has prevented the default.
        if event.key() == "Escape" && !event.is_composing() && !event.default_prevented() {
            if shell.earlier.get_untracked() { shell.leave_earlier() } else { shell.close() }
        }
    });
    // The page around gives the focus to the frame, not to what is in it.
    listen(&window(), "focus", move |_| {
        if document().active_element().is_none_or(|active| active.tag_name() == "BODY") {
            shell.focus_field();
        }
    });
    // A chat is made when somebody opens it, or when it has something to do: nobody has to tell it to connect.
    chat.send(VisitorInput::Open);
    if !framed {
        shell.open();
    }
    follow_look(shell);
}

fn window_view(shell: Shell) -> El {
    let Shell { text, chat, earlier: elsewhere, .. } = shell;
    let zone = el("div", "window")
        .child(header(shell))
        .when(
            || has("password_notice"),
            move || el("aside", "safe").child(icon(icon::LOCK)).child(el("span", "").text(&text.get(key!("safe")))),
        )
        .when(|| has("notices"), move || notices(shell))
        .when(move || !chat.read(|shown| shown.keeps), move || unkept(shell))
        .child(connection_banner(text, move || chat.read(|shown| (shown.online, shown.waiting))))
        .switch(
            move || if elsewhere.get() { 2 } else { 1 },
            move |screen| if screen == 1 { talk(shell) } else { earlier(shell) },
        );
    let open = move || has("attachments") && untrack(|| !elsewhere.get() && !chat.read(|shown| shown.closed));
    drop_zone(zone, text, open, move |file| shell.attach(file))
}

/// The browser keeps nothing for a shell of another site: what that means, and the way to where it does.
fn unkept(shell: Shell) -> El {
    let text = shell.text;
    let mut words = el("span", "").text(&[&text.get(key!("unkept")), " "].concat());
    if shell.framed {
        let address = ["/chat?site=", &setting("site"), "&lang=", &root().lang()].concat();
        words = words.child(
            el("a", "link")
                .test("own-window")
                .attr("href", &address)
                .attr("target", "_blank")
                .text(&text.get(key!("own_window"))),
        );
    }
    el("p", "safe").test("unkept").attr("role", "status").child(words)
}
