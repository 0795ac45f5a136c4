//! Rooms: parts of the chat that are loaded when they are opened; and what is asked for before any script runs.

use serde_json::json;
use support::{Browser, Look, World, wait_until};

/// The chat as a page of its own, with half-written words in it.
fn alone(world: &World, visitor: &Browser) {
    visitor.go(&format!("{}/chat?site=demo&lang=en", world.relay.origin()));
    wait_until("the composer", || visitor.shows("[data-testid=composer]").then_some(()));
    visitor.cdp("Network.enable", &json!({}));
}

/// Requests for these addresses fail; with none, all come through.
fn cut(visitor: &Browser, addresses: &[&str]) {
    visitor.cdp("Network.setBlockedURLs", &json!({ "urls": addresses }));
}

/// Waits until a part says that it could not be loaded.
fn wait_trouble(visitor: &Browser) {
    wait_until("the room's trouble", || visitor.shows("[data-testid=room-failed]").then_some(()));
}

/// Waits until this is shown, and nothing says that it could not be loaded.
fn wait_part(visitor: &Browser, css: &str) {
    wait_until(&format!("the part, {css}"), || visitor.shows(css).then_some(()));
    assert!(!visitor.shows("[data-testid=room-failed]"), "the trouble is over");
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
    cut(&visitor, &["*split_earlier*"]);
    open_earlier(&visitor);
    wait_trouble(&visitor);
    visitor.screenshot("chat-room-failed");
    // Still not there when it is tried again; and one can go back to the talk.
    visitor.click("[data-testid=room-retry]");
    wait_trouble(&visitor);
    visitor.click("[data-testid=room-back]");
    wait_until("what was being written", || (written(&visitor) == "half a sentence").then_some(()));
    open_earlier(&visitor);
    wait_trouble(&visitor);
    cut(&visitor, &[]);
    visitor.click("[data-testid=room-retry]");
    wait_part(&visitor, "[data-testid=earlier-new]");
    visitor.screenshot("chat-room-earlier");
    // It fills the window below the header, so that a long list scrolls in it.
    let fills = "return document.querySelector('.earlier').getBoundingClientRect().bottom === innerHeight;";
    assert_eq!(visitor.script(fills, &[]), json!(true));
    visitor.click("[data-testid=earlier-back]");
    wait_until("what was being written", || (written(&visitor) == "half a sentence").then_some(()));
}

/// Requests for these addresses get no answer at all, as where a network swallows packets; with none, all go on.
fn swallow(visitor: &Browser, addresses: &[&str]) {
    let patterns: Vec<_> = addresses.iter().map(|address| json!({ "urlPattern": address })).collect();
    visitor.cdp("Fetch.disable", &json!({}));
    if !patterns.is_empty() {
        visitor.cdp("Fetch.enable", &json!({ "patterns": patterns }));
    }
}

/// Waits until a part that is being loaded says so, to the eye and to assistive technology.
fn wait_sign(visitor: &Browser) {
    let sign = "const room = document.querySelector('.room[aria-busy=true]');
        return !!room && getComputedStyle(room, '::before').opacity > 0.4;";
    wait_until("a sign that a part is being loaded", || (visitor.script(sign, &[]) == json!(true)).then_some(()));
}

#[test]
fn what_the_network_swallows_is_given_up_after_a_time() {
    let world = World::start();
    let visitor = world.browser(Look::PHONE.dark());
    alone(&world, &visitor);
    swallow(&visitor, &["*split_files*"]);
    visitor.keys("[data-testid=attach]", &visitor.file("statement.txt", b"Balance: 0.25 BTC\n"));
    wait_sign(&visitor);
    visitor.screenshot("chat-room-loading");
    wait_trouble(&visitor);
    visitor.screenshot("chat-room-files-failed-dark");
    swallow(&visitor, &[]);
    visitor.click("[data-testid=room-retry]");
    // The upload needs the same code, and has tried again by itself.
    wait_part(&visitor, "[data-testid=download]");
}

#[test]
fn a_style_sheet_that_the_network_swallows_is_given_up_and_asked_for_again() {
    let world = World::start();
    let visitor = world.browser(Look::PHONE);
    alone(&world, &visitor);
    swallow(&visitor, &["*/rooms.*.css"]);
    visitor.click("[data-testid=menu]");
    wait_sign(&visitor);
    wait_trouble(&visitor);
    visitor.screenshot("chat-room-menu-failed");
    swallow(&visitor, &[]);
    visitor.click("[data-testid=room-retry]");
    wait_part(&visitor, "[data-testid=earlier]");
    let once = "return [document.querySelectorAll('.menu__list').length, document.querySelectorAll('link[href*=rooms]').length,
        document.querySelectorAll('[aria-busy=true]').length];";
    assert_eq!(visitor.script(once, &[]), json!([1, 1, 0]), "one part, one sheet, nothing is waited for");
}

#[test]
fn each_room_that_does_not_come_can_be_had_a_moment_later() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.browser(Look::PHONE);
    alone(&world, &visitor);

    cut(&visitor, &["*split_menu*"]);
    visitor.click("[data-testid=menu]");
    wait_trouble(&visitor);
    cut(&visitor, &[]);
    visitor.click("[data-testid=room-retry]");
    wait_part(&visitor, "[data-testid=earlier]");
    visitor.press_escape();

    // The file's view and its upload are in one room. The upload gives up after some tries, and can be tried again by hand.
    cut(&visitor, &["*split_files*"]);
    visitor.keys("[data-testid=attach]", &visitor.file("statement.txt", b"Balance: 0.25 BTC\n"));
    wait_trouble(&visitor);
    cut(&visitor, &[]);
    visitor.click("[data-testid=room-retry]");
    wait_part(&visitor, "[data-testid=download]");

    ada.open_mine("statement.txt");
    cut(&visitor, &["*split_rating*"]);
    ada.end_conversation();
    wait_trouble(&visitor);
    cut(&visitor, &[]);
    visitor.click("[data-testid=room-retry]");
    wait_part(&visitor, "[data-testid=rating-score]");
}

#[test]
fn the_chat_is_loaded_anew_from_a_room_and_keeps_what_was_being_written() {
    let world = World::start();
    let visitor = world.browser(Look::DESKTOP);
    alone(&world, &visitor);
    visitor.keys("[data-testid=composer]", "half a sentence");
    cut(&visitor, &["*split_earlier*"]);
    open_earlier(&visitor);
    wait_trouble(&visitor);
    cut(&visitor, &[]);
    visitor.click("[data-testid=room-reload]");
    wait_until("the chat anew, with what was being written", || (written(&visitor) == "half a sentence").then_some(()));
    open_earlier(&visitor);
    wait_part(&visitor, "[data-testid=earlier-new]");
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
