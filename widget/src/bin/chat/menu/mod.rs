//! The menu: a button in the header, and the list that it opens.

use reactive_graph::graph::untrack;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use widget::clock::now_ms;
use widget::dom::{El, el};
use widget::env::{document, listen};
use widget::key;
use widget::part::drop::{contains, goes_outside};
use widget::part::icon::{self, icon};
use widget::signal::Signal;
use widget::text::Key;
use widget_core::VisitorInput;

use crate::shell::Shell;

/// What the menu shows.
#[derive(Clone)]
struct Menu {
    shell: Shell,
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

/// The button, and the list while it is open.
pub(crate) fn menu(shell: Shell) -> El {
    let text = shell.text;
    let open = Signal::new(false);
    let button = el("button", "square")
        .test("menu")
        .attr("aria-label", &text.get(key!("menu")))
        .attr_of("aria-expanded", move || Some(String::from(if open.get() { "true" } else { "false" })))
        .child(icon(icon::MORE));
    let menu = Menu { shell, open, sure: Signal::new(false), failed: Signal::new(false), button: button.clone() };
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
        // The menu may be gone: the chat was made anew.
        if open.try_with(|open| *open) == Some(true) && !contains(Some(inside.raw().clone().into()), event.target()) {
            pressed.shut();
        }
    });
    whole
}

widget::room!("menu", "00000000000000000000000000000006", items(menu: Menu) = items_now, |menu| menu.shell.text);

fn items_now(menu: &Menu) -> El {
    let &Menu { shell, sure, failed, .. } = menu;
    let text = shell.text;
    let begun = move || shell.chat.read(|shown| shown.conversation.is_some());
    let ended = move || shell.chat.read(|shown| shown.closed);
    let item = move |key: Key| el("button", "menu__item").text(&text.get(key));
    let (ends, stays, saves, goes) = (menu.clone(), menu.clone(), menu.clone(), menu.clone());
    let yes = item(key!("end_yes")).test("end-yes").attr("class", "menu__item menu__item--danger").click(move || {
        ends.leave();
        shell.chat.send(VisitorInput::EndConversation);
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
            shell.earlier.set(true);
            goes.shut();
        }))
        .child(end)
        .child(question.child(yes).child(item(key!("end_no")).test("end-no").click(move || stays.leave())))
}

fn save_transcript(menu: &Menu) {
    let &Menu { shell, failed, .. } = menu;
    let Some(conversation) = untrack(|| shell.chat.read(|shown| shown.conversation)) else { return };
    failed.set(false);
    let path = ["/transcript/", &conversation.text(), "?format=text"].concat();
    let name = ["support-", &widget::time::day_name(now_ms()), ".txt"].concat();
    shell.chat.files().save(&path, &name, move |came| failed.set(!came));
}
