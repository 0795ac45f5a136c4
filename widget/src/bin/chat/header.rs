//! The header: who answers, whether anybody is there, and the menu.

use reactive_graph::graph::untrack;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use widget::clock::now_ms;
use widget::dom::{El, el};
use widget::env::{document, listen, setting};
use widget::key;
use widget::part::drop::{contains, goes_outside};
use widget::part::icon::{self, icon};
use widget::signal::Signal;
use widget::text::{Key, first_character};
use widget_core::{Online, VisitorInput};

use crate::app::Frame;

/// Agent or site, presence, menu, minimise.
pub(crate) fn header(frame: Frame) -> El {
    let Frame { text, chat, .. } = frame;
    let agent = move || if frame.earlier.get() { None } else { chat.read(|shown| shown.agent.clone()) };
    let answering = move || chat.read(|shown| if shown.online == Online::Live { Some(shown.answering) } else { None });
    let site = text.with(key!("site_support"), "site", &setting("site-name"));
    let title = move || agent().unwrap_or_else(|| text.get(key!("support")));
    let presence = move || match (agent(), answering()) {
        (None, Some(0)) => text.get(key!("answering_none")),
        (None, Some(count)) => text.count([key!("answering"), key!("answering_one")], count.into()),
        _ => site.clone(),
    };
    // The one who has the conversation, where somebody does.
    let here = move || match answering() {
        Some(count) if agent().is_none() => count > 0,
        online => online.is_some() && chat.read(|shown| shown.holder),
    };
    let avatar = el("div", "avatar")
        .attr("aria-hidden", "true")
        .words(move || initials(&title()))
        .child(el("i", "").test("here").hidden(move || !here()));
    let who =
        el("div", "head__who").child(el("h1", "").attr("dir", "auto").words(title)).child(el("p", "").words(presence));
    let head = el("header", "head").child(avatar).child(who).child(menu(frame));
    if !frame.framed {
        return head;
    }
    head.child(
        el("button", "square")
            .test("close")
            .attr("aria-label", &text.get(key!("close")))
            .click(move || frame.close())
            .child(icon(icon::DOWN)),
    )
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let (first, last) = (words.next().unwrap_or_default(), words.last().unwrap_or_default());
    // The sheet writes them as capitals: the browser knows every alphabet, and its tables weigh nothing here.
    [first_character(first), first_character(last)].concat()
}

/// What the menu shows.
#[derive(Clone)]
struct Menu {
    frame: Frame,
    open: Signal<bool>,
    /// Whether the visitor is being asked if they mean to end the conversation.
    sure: Signal<bool>,
    /// Whether the transcript could not be fetched.
    failed: Signal<bool>,
    /// What opens it.
    button: El,
}

impl Menu {
    fn shut(&self) {
        self.open.set(false);
        self.sure.set(false);
    }

    /// Shuts it by a choice made in it: the focus must not go away with what had it.
    fn leave(&self) {
        self.button.html().focus().ok();
        self.shut();
    }
}

fn menu(frame: Frame) -> El {
    let text = frame.text;
    let open = Signal::new(false);
    let button = el("button", "square")
        .test("menu")
        .attr("aria-label", &text.get(key!("menu")))
        .attr_of("aria-expanded", move || Some(String::from(if open.get() { "true" } else { "false" })))
        .child(icon(icon::MORE));
    let menu = Menu { frame, open, sure: Signal::new(false), failed: Signal::new(false), button: button.clone() };
    let (toggled, escaped, left, pressed, shown) = (menu.clone(), menu.clone(), menu.clone(), menu.clone(), menu);
    let whole = el("div", "menu")
        .on("keydown", move |event| {
            let event: &KeyboardEvent = event.unchecked_ref();
            if event.key() == "Escape" && open.get_untracked() {
                event.prevent_default();
                escaped.leave();
            }
        })
        .on("focusout", move |event| {
            if goes_outside(event.unchecked_ref()) {
                left.shut();
            }
        })
        .child(button.click(move || if open.get_untracked() { toggled.shut() } else { open.set(true) }))
        .when(move || open.get(), move || items(shown.clone()));
    let inside = whole.clone();
    listen(&document(), "pointerdown", move |event| {
        if open.get_untracked() && !contains(Some(inside.raw().clone().into()), event.target()) {
            pressed.shut();
        }
    });
    whole
}

widget::room!("menu", "00000000000000000000000000000006", items(menu: Menu) = items_now, |menu| menu.frame.text);

fn items_now(menu: &Menu) -> El {
    let &Menu { frame, sure, failed, .. } = menu;
    let text = frame.text;
    let begun = move || frame.chat.read(|shown| shown.conversation.is_some());
    let ended = move || frame.chat.read(|shown| shown.closed);
    let item = move |key: Key| el("button", "menu__item").text(&text.get(key));
    let (ends, stays, saves, goes) = (menu.clone(), menu.clone(), menu.clone(), menu.clone());
    let yes = item(key!("end_yes")).test("end-yes").attr("class", "menu__item menu__item--danger").click(move || {
        ends.leave();
        frame.chat.send(VisitorInput::EndConversation);
    });
    let (question, answer) = (
        el("div", "").hidden(move || !sure.get()).child(el("p", "menu__sure").text(&text.get(key!("end_sure")))),
        yes.clone(),
    );
    let asks = question.clone();
    let ask = move || {
        // Shown and focused before the item that had the focus goes: hiding it would take the focus out of the menu.
        asks.raw().remove_attribute("hidden").ok();
        answer.html().focus().ok();
        sure.set(true);
    };
    let end = item(key!("end")).test("end").hidden(move || sure.get() || !begun() || ended()).click(ask);
    el("div", "menu__list")
        .child(
            item(key!("transcript")).test("transcript").hidden(move || !begun()).click(move || save_transcript(&saves)),
        )
        .child(
            el("p", "menu__sure menu__sure--bad")
                .attr("role", "alert")
                .hidden(move || !failed.get())
                .text(&text.get(key!("transcript_failed"))),
        )
        .child(item(key!("earlier")).test("earlier").click(move || {
            frame.earlier.set(true);
            goes.shut();
        }))
        .child(end)
        .child(question.child(yes).child(item(key!("end_no")).test("end-no").click(move || stays.leave())))
}

fn save_transcript(menu: &Menu) {
    let &Menu { frame, failed, .. } = menu;
    let Some(conversation) = untrack(|| frame.chat.read(|shown| shown.conversation)) else { return };
    failed.set(false);
    let path = ["/transcript/", &conversation.text(), "?format=text"].concat();
    let name = ["support-", &widget::time::day_name(now_ms()), ".txt"].concat();
    frame.chat.files().save(&path, &name, move |came| failed.set(!came));
}
