//! Every item of the chat's menu, used once by its effect: by mouse, by finger and by keyboard.

use support::{Agent, Look, Visitor, World, wait_until};

/// How a person at the chat chooses something.
#[derive(Clone, Copy, Debug)]
enum By {
    Mouse,
    Finger,
    Keyboard,
}

const MENU: &str = ".menu > button";

impl By {
    fn choose(self, visitor: &Visitor, css: &str) {
        match self {
            Self::Mouse => visitor.click(css),
            Self::Finger => visitor.tap(css),
            Self::Keyboard => {
                // The menu's list is a room: whoever goes on before it is there goes past it.
                wait_until(&format!("{css} is there"), || visitor.shows(css).then_some(()));
                let focused = |visitor: &Visitor| {
                    let script = "return !!document.activeElement && document.activeElement.matches(arguments[0]);";
                    visitor.script(script, &[css.into()]) == true
                };
                let mut tabs = 0;
                while !focused(visitor) {
                    tabs += 1;
                    assert!(tabs < 40, "Tab reaches {css}");
                    visitor.press_tab();
                }
                visitor.press_enter();
            }
        }
    }
}

fn talking(world: &World, ada: &Agent, look: Look, text: &str) -> Visitor {
    let visitor = world.visitor_as(look);
    visitor.open_chat();
    visitor.say(text);
    visitor.sent(text);
    ada.open_mine(text);
    ada.say("I am here.");
    visitor.sees("agent", "I am here.");
    visitor
}

/// Whether the menu is open, and what in the chat has the focus.
fn shut_with_focus_kept(visitor: &Visitor) {
    wait_until("the menu is shut", || (!visitor.shows(".menu__list")).then_some(()));
    let focus = "return document.activeElement.matches('.menu > button');";
    assert_eq!(visitor.script(focus, &[]), true, "the focus is on the menu's button");
}

#[test]
fn ending_asks_once_and_ends_by_mouse_finger_and_keyboard() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    for (by, look) in [(By::Mouse, Look::DESKTOP), (By::Finger, Look::PHONE), (By::Keyboard, Look::DESKTOP)] {
        let text = format!("End this {by:?}");
        let visitor = talking(&world, &ada, look, &text);
        // First thought better of, then meant.
        by.choose(&visitor, MENU);
        by.choose(&visitor, "[data-testid=end]");
        wait_until("it asks", || visitor.shows("[data-testid=end-yes]").then_some(()));
        assert!(!visitor.shows("[data-testid=end]"), "the question stands in place of the item");
        by.choose(&visitor, "[data-testid=end-no]");
        shut_with_focus_kept(&visitor);
        visitor.say(&format!("Not yet {by:?}"));
        visitor.sent(&format!("Not yet {by:?}"));

        by.choose(&visitor, MENU);
        by.choose(&visitor, "[data-testid=end]");
        by.choose(&visitor, "[data-testid=end-yes]");
        wait_until("the chat says that it has ended", || visitor.shows("[data-testid=rating]").then_some(()));
        assert!(!visitor.shows("[data-testid=composer]"), "nothing more is written into it");
        ada.wait_text("The conversation has ended");
        // An ended conversation cannot be ended.
        by.choose(&visitor, MENU);
        assert!(visitor.shows("[data-testid=transcript]") && !visitor.shows("[data-testid=end]"));
    }
}

#[test]
fn the_menu_shuts_by_escape_by_a_press_elsewhere_and_by_leaving_it() {
    let world = World::start();
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.click(MENU);
    wait_until("the menu", || visitor.shows(".menu__list").then_some(()));
    visitor.press_escape();
    shut_with_focus_kept(&visitor);
    assert!(visitor.shows("[data-testid=composer]"), "Escape shut the menu, not the chat");
    visitor.click(MENU);
    visitor.click(".head__who");
    wait_until("a press elsewhere shuts it", || (!visitor.shows(".menu__list")).then_some(()));
    visitor.click(MENU);
    visitor.click(MENU);
    wait_until("its own button shuts it", || (!visitor.shows(".menu__list")).then_some(()));
    visitor.click(MENU);
    let mut tabs = 0;
    while visitor.shows(".menu__list") {
        tabs += 1;
        assert!(tabs < 10, "Tab leaves the menu, which shuts it");
        visitor.press_tab();
    }
}

#[test]
fn the_other_items_by_mouse_and_keyboard() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    for by in [By::Mouse, By::Keyboard] {
        let text = format!("The whole menu {by:?}");
        let visitor = talking(&world, &ada, Look::DESKTOP, &text);
        by.choose(&visitor, MENU);
        by.choose(&visitor, "[data-testid=transcript]");
        let (name, body) = visitor.download();
        assert!(String::from_utf8_lossy(&body).contains(&text), "{name} holds the conversation");
        assert!(visitor.shows(".menu__list"), "the menu stays, to say if that failed");
        by.choose(&visitor, "[data-testid=earlier]");
        wait_until("the earlier conversations", || visitor.shows(".earlier").then_some(()));
        by.choose(&visitor, ".earlier__back");
        wait_until("the talk again", || visitor.shows("[data-testid=composer]").then_some(()));
        visitor.sees("agent", "I am here.");
    }
}
