//! Rooms: parts of the chat that are loaded when they are opened; and what is asked for before any script runs.

use serde_json::json;
use support::{Browser, Look, World, wait_until};

/// The chat as a page of its own, with half-written words in it.
fn alone(world: &World, visitor: &Browser) {
    visitor.go(&format!("{}/chat?site=demo&lang=en", world.relay.origin()));
    wait_until("the composer", || visitor.shows("[data-testid=composer]").then_some(()));
    visitor.cdp("Network.enable", &json!({}));
}

/// Whether requests for the room of earlier conversations come through.
fn cut(visitor: &Browser, cut: bool) {
    let urls = if cut { json!(["*split_earlier*"]) } else { json!([]) };
    visitor.cdp("Network.setBlockedURLs", &json!({ "urls": urls }));
}

fn open_earlier(visitor: &Browser) {
    visitor.click("[data-testid=menu]");
    visitor.click("[data-testid=earlier]");
}

fn written(visitor: &Browser) -> String {
    let words = visitor.script("return document.querySelector('[data-testid=composer]')?.value ?? '';", &[]);
    words.as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_room_that_does_not_come_says_so_and_can_be_tried_again() {
    let world = World::start();
    let visitor = world.browser(Look::PHONE);
    alone(&world, &visitor);
    visitor.keys("[data-testid=composer]", "half a sentence");
    cut(&visitor, true);
    open_earlier(&visitor);
    wait_until("the room's trouble", || visitor.shows("[data-testid=room-failed]").then_some(()));
    visitor.screenshot("chat-room-failed");
    cut(&visitor, false);
    visitor.click("[data-testid=room-retry]");
    wait_until("the room", || visitor.shows("[data-testid=earlier-new]").then_some(()));
    assert!(!visitor.shows("[data-testid=room-failed]"), "the trouble is over");
    visitor.screenshot("chat-room-earlier");
    // It fills the window below the header, so that a long list scrolls in it.
    let fills = "return document.querySelector('.earlier').getBoundingClientRect().bottom === innerHeight;";
    assert_eq!(visitor.script(fills, &[]), json!(true));
    visitor.click("[data-testid=earlier-back]");
    wait_until("what was being written", || (written(&visitor) == "half a sentence").then_some(()));
}

#[test]
fn the_chat_is_loaded_anew_from_a_room_and_keeps_what_was_being_written() {
    let world = World::start();
    let visitor = world.browser(Look::DESKTOP);
    alone(&world, &visitor);
    visitor.keys("[data-testid=composer]", "half a sentence");
    cut(&visitor, true);
    open_earlier(&visitor);
    wait_until("the room's trouble", || visitor.shows("[data-testid=room-failed]").then_some(()));
    cut(&visitor, false);
    visitor.click("[data-testid=room-reload]");
    wait_until("the chat anew, with what was being written", || (written(&visitor) == "half a sentence").then_some(()));
    open_earlier(&visitor);
    wait_until("the room", || visitor.shows("[data-testid=earlier-new]").then_some(()));
}

#[test]
fn program_and_texts_are_asked_for_before_the_script_runs() {
    let world = World::start();
    let visitor = world.browser(Look::DESKTOP);
    alone(&world, &visitor);
    let started =
        "const at = (end) => performance.getEntriesByType('resource').filter((one) => one.name.includes(end));
        const script = at('chat-start')[0].responseEnd;
        return ['chat_bg', 'locale-en'].map((end) => [at(end).length, at(end)[0].startTime < script]);";
    assert_eq!(
        visitor.script(started, &[]),
        json!([[1, true], [1, true]]),
        "each once, and before the script was here"
    );
}
