//! Holding a conversation and erasing its visitor, from the console's menu; every open page loses the words by itself.

use std::time::Instant;

use serde_json::json;
use support::{Agent, Browser, Visitor, World, wait_until};

/// What stands in everything that the visitor and the team write here.
const MARK: &str = "Zebra";
/// Why one of the conversations is held.
const REASON: &str = "a court asks for it";

fn act(agent: &Agent, name: &str) {
    agent.click("[data-testid=actions]");
    agent.click(&format!("[data-testid={name}]"));
}

fn shown(browser: &Browser, css: &str) -> String {
    wait_until(css, || browser.shown_text(css))
}

fn gone(browser: &Browser, css: &str) {
    wait_until(&format!("{css} is gone"), || (!browser.shows(css)).then_some(()));
}

/// Which control has the focus.
fn focused(browser: &Browser) -> String {
    let id = browser.script("return document.activeElement.dataset.testid || '';", &[]);
    id.as_str().expect("a text").to_owned()
}

/// Waits until a page says nothing of what was written, in texts and in labels.
fn says_nothing(who: &str, page: &Browser) {
    let script = "return document.documentElement.outerHTML.includes(arguments[0]);";
    wait_until(&format!("{who} sees nothing of it"), || (page.script(script, &[json!(MARK)]) == false).then_some(()));
}

/// Marks a page, so that a reload would be seen.
fn mark(page: &Browser) {
    page.script("window.stays = true;", &[]);
}

fn was_not_loaded_again(page: &Browser) {
    assert_eq!(page.script("return window.stays === true;", &[]), true, "it was loaded again");
}

/// As somebody sees it whose screen is bright.
fn picture(agent: &Agent, name: &str) {
    agent.resize(1440, 900);
    agent.emulate("prefers-color-scheme", "light");
    agent.screenshot(name);
}

/// Two conversations of one visitor, one of them ended, both with an agent who may do everything and shows the open one.
fn given(world: &World) -> (Agent, Visitor) {
    let eve = world.administrator();
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Zebra first question");
    visitor.sent("Zebra first question");
    eve.open_mine("Zebra first question");
    eve.say("Zebra first answer");
    visitor.sees("agent", "Zebra first answer");
    eve.end_conversation();
    visitor.begin_again();
    visitor.say("Zebra second question");
    visitor.sent("Zebra second question");
    eve.open_mine("Zebra second question");
    eve.note("Zebra note");
    let earlier = || eve.shown_text("[data-testid=earlier-row]").filter(|row| row.contains(MARK));
    wait_until("the first one beside it", earlier);
    (eve, visitor)
}

/// Holds the shown conversation, and looks at who holds it and why. Gives what axe-core finds.
fn hold(eve: &Agent) -> Vec<String> {
    act(eve, "hold");
    shown(eve, "[data-testid=hold-dialog]");
    eve.click("[data-testid=dialog-yes]");
    wait_until("a reason is wanted", || eve.shown_text("#hold-problem").filter(|text| !text.is_empty()));
    eve.keys("[data-testid=hold-reason]", REASON);
    picture(eve, "erase-hold");
    let mut found = eve.findings("hold");
    eve.click("[data-testid=dialog-yes]");
    gone(eve, "[data-testid=hold-dialog]");
    act(eve, "hold");
    assert_eq!(shown(eve, "[data-testid=hold-why]"), REASON);
    assert!(shown(eve, "[data-testid=hold-dialog]").contains("Eve"), "it says who");
    picture(eve, "erase-held");
    found.extend(eve.findings("held"));
    eve.press_escape();
    gone(eve, "[data-testid=hold-dialog]");
    wait_until("the focus is back", || (focused(eve) == "actions").then_some(()));
    found
}

/// Asks to erase the visitor of the shown conversation, which is held: a password is wanted, and nothing is done.
fn is_refused(world: &World, eve: &Agent) -> Vec<String> {
    let store = rusqlite::Connection::open(world.relay.data().join("causeway.sqlite3")).expect("the database");
    store.execute("UPDATE agent_session SET confirmed_at_ms = 1", []).expect("changed");
    act(eve, "erase");
    let question = wait_until("the question", || {
        eve.shown_text("[data-testid=erase-dialog]").filter(|text| text.contains("cannot be undone"))
    });
    for words in ["What goes", "messages, notes, labels", "Files", "What stays", "Keyed hashes", "Backups"] {
        assert!(question.contains(words), "{words} in {question}");
    }
    assert_eq!(focused(eve), "dialog-no", "who presses Enter by mistake erases nothing");
    picture(eve, "erase-question");
    let mut found = eve.findings("question");
    eve.click("[data-testid=erase-dialog] [data-testid=dialog-yes]");
    shown(eve, "[data-testid=again]");
    eve.keys("[data-testid=again-password]", world.relay.password());
    eve.click("[data-testid=again] [data-testid=dialog-yes]");
    let why = shown(eve, "[data-testid=held-why]");
    assert!(why.contains(REASON) && why.contains("Eve"), "{why}");
    assert!(shown(eve, "[data-testid=erase-state]").contains("Nothing was erased"));
    assert!(shown(eve, "[data-testid=erase-dialog] h2").contains("was not erased"));
    picture(eve, "erase-refused");
    found.extend(eve.findings("refused"));
    found
}

fn is_done(eve: &Agent) {
    wait_until("it is done", || {
        eve.shown_text("[data-testid=erase-state]").filter(|text| text.contains("No byte of them is left"))
    });
}

#[test]
fn what_is_held_is_not_erased_and_what_is_erased_leaves_every_open_page() {
    let world = World::start();
    let (eve, visitor) = given(&world);
    let mut found = hold(&eve);
    found.extend(is_refused(&world, &eve));
    visitor.say("Zebra third question");
    visitor.sent("Zebra third question");
    eve.click("[data-testid=held-open]");
    shown(&eve, "[data-testid=hold-why]");
    eve.click("[data-testid=dialog-yes]");
    gone(&eve, "[data-testid=hold-dialog]");
    wait_until("the focus is back", || (focused(&eve) == "actions").then_some(()));

    let ada = world.agent("ada@example.com", "Ada L.", 4);
    ada.set_presence("away");
    ada.click("[data-testid=list-ended]");
    let ended = || ada.shown_text("[data-testid=conversation-item]").filter(|row| row.contains("Zebra first answer"));
    wait_until("the first one has ended", ended);
    for page in [&*eve, &*ada, &*visitor] {
        mark(page);
    }
    act(&eve, "erase");
    wait_until("the question", || eve.shows("[data-testid=erase-dialog] [data-testid=dialog-yes]").then_some(()));
    eve.click("[data-testid=erase-dialog] [data-testid=dialog-yes]");
    let begun = Instant::now();
    for (who, page) in [("the visitor", &*visitor), ("the colleague", &*ada), ("the agent", &*eve)] {
        says_nothing(who, page);
        was_not_loaded_again(page);
    }
    println!("every open page was empty after {:?}", begun.elapsed());
    is_done(&eve);
    wait_until("the button that is left has the focus", || (focused(&eve) == "dialog-no").then_some(()));
    picture(&eve, "erase-done");
    eve.click("[data-testid=dialog-no]");
    gone(&eve, "[data-testid=erase-dialog]");
    eve.wait_text("What was here was erased");
    picture(&eve, "erase-timeline");
    found.extend(eve.findings("erased"));
    assert_eq!(found, Vec::<String>::new());

    // The chat begins anew, and takes words.
    visitor.screenshot("erase-chat");
    visitor.say("Walnut, somebody new");
    visitor.sent("Walnut, somebody new");
    // Asked again, the window says that it was done.
    act(&eve, "erase");
    is_done(&eve);
    assert!(!eve.shows("[data-testid=dialog-yes]"));
}

#[test]
fn who_may_neither_hold_nor_erase_is_offered_neither() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Zebra question");
    ada.open_mine("Zebra question");
    ada.click("[data-testid=actions]");
    wait_until("the menu", || ada.shows("[data-testid=release]").then_some(()));
    assert!(!ada.shows("[data-testid=hold]") && !ada.shows("[data-testid=erase]"));
}
