//! The header: who answers, whether anybody is there, and the menu.

use reactive_graph::graph::untrack;
use reactive_graph::prelude::*;
use reactive_graph::signal::RwSignal;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use widget::clock::now_ms;
use widget::dom::{El, el};
use widget::env::setting;
use widget::part::drop::stays_inside;
use widget::part::icon::{self, icon};
use widget_core::{Online, VisitorInput};

use crate::app::Frame;

/// Agent or site, presence, menu, minimise.
pub(crate) fn header(frame: Frame) -> El {
    let Frame { text, chat, .. } = frame;
    let agent = move || chat.read(|shown| shown.agent.clone());
    let answering = move || chat.read(|shown| if shown.online == Online::Live { Some(shown.answering) } else { None });
    let site = text.with("site_support", "site", &setting("site-name"));
    let title = move || agent().unwrap_or_else(|| text.get("support"));
    let presence = move || match (agent(), answering()) {
        (None, Some(0)) => text.get("answering_none"),
        (None, Some(count)) => text.count("answering", count.into()),
        _ => site.clone(),
    };
    let avatar = el("div", "avatar")
        .attr("aria-hidden", "true")
        .words(move || initials(&title()))
        .child(el("i", "").hidden(move || answering().unwrap_or(0) == 0));
    let who =
        el("div", "head__who").child(el("h1", "").attr("dir", "auto").words(title)).child(el("p", "").words(presence));
    let head = el("header", "head").child(avatar).child(who).child(menu(frame));
    if !frame.framed {
        return head;
    }
    head.child(
        el("button", "square")
            .test("close")
            .attr("aria-label", &text.get("close"))
            .click(move || frame.close())
            .child(icon(icon::DOWN)),
    )
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next();
    let last = words.next_back();
    // The sheet writes them as capitals: the browser knows every alphabet, and its tables weigh nothing here.
    first.into_iter().chain(last).collect()
}

/// What the menu shows.
#[derive(Clone, Copy)]
struct Menu {
    frame: Frame,
    open: RwSignal<bool>,
    /// Whether the visitor is being asked if they mean to end the conversation.
    sure: RwSignal<bool>,
    /// Whether the transcript could not be fetched.
    failed: RwSignal<bool>,
}

impl Menu {
    fn shut(self) {
        self.open.set(false);
        self.sure.set(false);
    }
}

fn menu(frame: Frame) -> El {
    let text = frame.text;
    let menu = Menu { frame, open: RwSignal::new(false), sure: RwSignal::new(false), failed: RwSignal::new(false) };
    let open = menu.open;
    let button = el("button", "square")
        .attr("aria-label", &text.get("menu"))
        .attr_of("aria-expanded", move || Some(String::from(if open.get() { "true" } else { "false" })))
        .click(move || if open.get_untracked() { menu.shut() } else { open.set(true) })
        .child(icon(icon::MORE));
    let back = button.clone();
    el("div", "menu")
        .on("keydown", move |event| {
            let event: &KeyboardEvent = event.unchecked_ref();
            if event.key() == "Escape" && open.get_untracked() {
                event.prevent_default();
                menu.shut();
                back.html().focus().ok();
            }
        })
        .on("focusout", move |event| {
            if open.get_untracked() && !stays_inside(event.unchecked_ref()) {
                menu.shut();
            }
        })
        .child(button)
        .when(move || open.get(), move || items(menu))
}

fn items(menu: Menu) -> El {
    let Menu { frame, sure, failed, .. } = menu;
    let text = frame.text;
    let begun = move || frame.chat.read(|shown| shown.conversation.is_some());
    let ended = move || frame.chat.read(|shown| shown.closed);
    let item = move |key: &str| el("button", "menu__item").text(&text.get(key));
    let ask = move || {
        el("div", "")
            .child(el("p", "menu__sure").text(&text.get("end_sure")))
            .child(item("end_yes").attr("class", "menu__item menu__item--danger").click(move || {
                frame.chat.send(VisitorInput::EndConversation);
                menu.shut();
            }))
            .child(item("end_no").click(move || menu.shut()))
    };
    el("div", "menu__list")
        .child(item("transcript").test("transcript").hidden(move || !begun()).click(move || save_transcript(menu)))
        .child(
            el("p", "menu__sure menu__sure--bad")
                .attr("role", "alert")
                .hidden(move || !failed.get())
                .text(&text.get("transcript_failed")),
        )
        .child(item("earlier").click(move || {
            menu.shut();
            frame.earlier.set(true);
        }))
        .child(item("end").hidden(move || sure.get() || !begun() || ended()).click(move || sure.set(true)))
        .when(move || sure.get(), ask)
}

fn save_transcript(menu: Menu) {
    let Menu { frame, failed, .. } = menu;
    let Some(conversation) = untrack(|| frame.chat.read(|shown| shown.conversation)) else { return };
    failed.set(false);
    let path = ["/transcript/", &conversation.to_string(), "?format=text"].concat();
    let name = ["support-", &widget::time::day_name(now_ms()), ".txt"].concat();
    frame.chat.files().save(&path, &name, move |came| failed.set(!came));
}
