//! The keyboard: moving through lists, the search, notes, and where the focus goes.

use leptos::ev::{FocusEvent, KeyboardEvent};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node};
use widget::env::document;
use widget_core::{AgentInput, AgentSession};

use crate::actions::Action;
use crate::defence::supervises;
use crate::desk::Desk;
use crate::inbox;
use crate::screen::{Asking, Ending, Screen, Tab, What};
use crate::talk::rights;

/// The rows that the keyboard moves through.
const ROWS: &str = ".entry";

/// Listens on the whole page, as long as the desk is shown.
pub(crate) fn watch(desk: Desk, screen: Screen, search: NodeRef<html::Input>) {
    let handle = window_event_listener(leptos::ev::keydown, move |event| press(&event, desk, screen, search));
    on_cleanup(move || handle.remove());
}

fn press(event: &KeyboardEvent, desk: Desk, screen: Screen, search: NodeRef<html::Input>) {
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

/// The ways that also work while one writes. The key's place, not its letter: with Alt some systems type another one.
fn press_alt(event: &KeyboardEvent, desk: Desk, screen: Screen) {
    let code = event.code();
    let list = code.strip_prefix("Digit").and_then(|digit| digit.parse::<usize>().ok());
    if let Some(tab) = list.and_then(|list| Tab::ALL.get(list.checked_sub(1)?)) {
        event.prevent_default();
        inbox::choose(desk, screen, *tab);
        return;
    }
    if code == "KeyM" && supervises(desk) {
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
    if screen.picking.get_untracked() && !is_writing(event) {
        screen.stop_picking();
    } else if screen.panel.get_untracked() {
        screen.panel.set(false);
        focus(".talk__panel");
    } else if is(event, search) && !screen.search.read_untracked().is_empty() {
        screen.search.set(String::new());
    } else {
        // On one column the conversation makes room for the list; beside it only the focus moves.
        if widget::env::window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|width| width < 720.0)
        {
            desk.leave();
        }
        focus_row();
    }
}

/// Moves the focus by so many rows, from the focused or the shown one.
fn step(event: &KeyboardEvent, by: i32) {
    step_in(event, ROWS, by);
}

/// The same among whatever fits a selector.
pub(crate) fn step_in(event: &KeyboardEvent, selector: &str, by: i32) {
    let Ok(rows) = document().query_selector_all(selector) else { return };
    let count = i32::try_from(rows.length()).unwrap_or(i32::MAX);
    if count == 0 {
        return;
    }
    event.prevent_default();
    let all = || (0..rows.length()).filter_map(|index| rows.get(index)?.dyn_into::<Element>().ok());
    let focused = document().active_element();
    let at = all()
        .position(|row| Some(&row) == focused.as_ref())
        .or_else(|| all().position(|row| row.has_attribute("aria-current")))
        .and_then(|at| i32::try_from(at).ok());
    let to = at.map_or(0, |at| (at + by).clamp(0, count - 1));
    if let Some(row) = u32::try_from(to).ok().and_then(|to| rows.get(to)) {
        let _ = row.unchecked_into::<HtmlElement>().focus();
    }
}

/// Moves the focus to the shown conversation's row, or to the first one.
fn focus_row() {
    focus(".entry[aria-current]");
    let on_row = document().active_element().is_some_and(|element| element.class_list().contains("entry"));
    if !on_row {
        focus(ROWS);
    }
}

/// Moves the focus to the first element that fits.
pub(crate) fn focus(selector: &str) {
    if let Ok(Some(element)) = document().query_selector(selector) {
        let _ = element.unchecked_into::<HtmlElement>().focus();
    }
}

/// Whether the focus that leaves an element goes to something inside the element that listens.
pub(crate) fn stays_inside(event: &FocusEvent) -> bool {
    let listens = event.current_target().and_then(|target| target.dyn_into::<Node>().ok());
    let to = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
    listens.is_some_and(|listens| to.is_some_and(|to| listens.contains(Some(&to))))
}

fn is_writing(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}

fn is(event: &KeyboardEvent, field: NodeRef<html::Input>) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    field.get_untracked().is_some_and(|field| target.as_ref() == Some(field.as_ref()))
}
