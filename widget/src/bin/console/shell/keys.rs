//! The keyboard: moving through lists, the search, notes, and where the focus goes.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use relay_settings::Right;
use wasm_bindgen::JsCast;
use web_sys::Element;
use widget::env::document;
use widget_core::{AgentInput, AgentSession};

use crate::desk::Desk;
use crate::desk::rights::{has, rights};
use crate::desk::route::{Page, Which};
use crate::desk::screen::{Asking, Ending, Screen, Section, Tab, What};
use crate::inbox;
use crate::shell::command;
use crate::talk::actions::Action;
use crate::ui::focus::{focus, recover, step_in};
use crate::ui::width;

/// The rows that the keyboard moves through.
const ROWS: &str = ".entry";

/// Listens on the whole page, as long as the desk is shown.
pub(crate) fn watch(desk: Desk, screen: Screen, search: NodeRef<html::Input>) {
    let handle = window_event_listener(leptos::ev::keydown, move |event| press(&event, desk, screen, search));
    on_cleanup(move || handle.remove());
}

fn press(event: &KeyboardEvent, desk: Desk, screen: Screen, search: NodeRef<html::Input>) {
    if event.key().eq_ignore_ascii_case("k") && (event.ctrl_key() || event.meta_key()) && !event.alt_key() {
        event.prevent_default();
        return command::open(screen);
    }
    if event.default_prevented() || event.ctrl_key() || event.meta_key() || event.is_composing() {
        return;
    }
    let writing = is_writing(event);
    match event.key().as_str() {
        _ if event.alt_key() => press_alt(event, desk, screen),
        "Escape" => escape(event, desk, screen, search),
        "/" if !writing => {
            event.prevent_default();
            if let Some(field) = search.get_untracked() {
                let _ = field.focus();
                field.select();
            }
        }
        "ArrowDown" if !writing || is(event, search) => step(event, 1),
        "ArrowUp" if !writing || is(event, search) => step(event, -1),
        "j" if !writing => step(event, 1),
        "k" if !writing => step(event, -1),
        "x" if !writing => pick_focused(event, screen),
        "?" if !writing => {
            event.prevent_default();
            screen.asking.set(Some(Asking::Keys));
        }
        _ => {}
    }
}

/// The shortcuts that also work while one writes. By the key's position, not its letter: with Alt some systems type another one.
fn press_alt(event: &KeyboardEvent, desk: Desk, screen: Screen) {
    let code = event.code();
    let list = code.strip_prefix("Digit").and_then(|digit| digit.parse::<usize>().ok());
    if let Some(tab) = list.and_then(|list| Tab::ALL.get(list.checked_sub(1)?)) {
        event.prevent_default();
        inbox::choose(desk, screen, *tab);
        return;
    }
    if code == "KeyM" && has(desk, Right::ConversationEndMany) {
        event.prevent_default();
        if screen.picking.get_untracked() {
            screen.stop_picking();
        } else {
            screen.picking.set(screen.tab.get_untracked().view().is_some());
        }
        return;
    }
    let Some(conversation) = desk.peek(AgentSession::shown) else { return };
    let may = untrack(|| rights(desk, desk.row(conversation).as_ref()));
    let act = |action: Action| {
        if action.allowed(may) {
            action.act(desk, screen, conversation);
        }
    };
    match code.as_str() {
        "KeyN" => {
            screen.note.update(|note| *note = !*note);
            focus("[data-testid='composer']");
        }
        "KeyT" if may.take => desk.tell(AgentInput::Take { conversation }),
        "KeyE" if may.end => desk.end(Ending::new(What::One(conversation))),
        "KeyG" => act(Action::Release),
        "KeyS" => act(Action::Spam),
        "KeyB" => act(Action::Block),
        "KeyV" => {
            screen.panel.update(|open| *open = !*open);
            focus(".visitor__close");
        }
        "KeyT" | "KeyE" => {}
        _ => return,
    }
    event.prevent_default();
}

/// Chooses the row in focus among many, or not any more.
fn pick_focused(event: &KeyboardEvent, screen: Screen) {
    let Some(row) = document().active_element().filter(|_| screen.picking.get_untracked()) else { return };
    if let Some(id) = row.get_attribute("data-conversation").and_then(|id| id.parse().ok()) {
        event.prevent_default();
        let picked = screen.picked.with_untracked(|picked| picked.contains(&id));
        screen.pick(id, !picked);
    }
}

fn escape(event: &KeyboardEvent, desk: Desk, screen: Screen, search: NodeRef<html::Input>) {
    event.prevent_default();
    if screen.section.get_untracked() == Section::Settings {
        // Closes the panel beside a list; a form of settings stays, for it stands in no way.
        screen.setting.update(|setting| {
            if matches!(setting.page, Page::Team | Page::Keys) {
                setting.which = Which::List;
            }
        });
        recover("[data-page]");
    } else if screen.picking.get_untracked() && !is_writing(event) {
        screen.stop_picking();
    } else if screen.panel.get_untracked() {
        screen.panel.set(false);
        focus(".talk__panel");
    } else if is(event, search) && !screen.search.read_untracked().is_empty() {
        screen.search.set(String::new());
    } else {
        // In a window with one column the list replaces the conversation; in others only the focus moves.
        if width::is_below(720.0) {
            desk.leave();
        }
        focus_row();
    }
}

/// Moves the focus by so many rows, from the focused or the shown one.
fn step(event: &KeyboardEvent, by: i32) {
    step_in(event, ROWS, by);
}

/// Moves the focus to the shown conversation's row, or to the first one.
fn focus_row() {
    focus(".entry[aria-current]");
    let on_row = document().active_element().is_some_and(|element| element.class_list().contains("entry"));
    if !on_row {
        focus(ROWS);
    }
}

fn is_writing(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}

fn is(event: &KeyboardEvent, field: NodeRef<html::Input>) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    field.get_untracked().is_some_and(|field| target.as_ref() == Some(field.as_ref()))
}
