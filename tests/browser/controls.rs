//! Every button and key that no story of its own presses: pressed once, and its effect seen.

use serde_json::json;
use support::{Agent, Browser, Look, RawSocket, Visitor, World, new_id, wait_until};
use wire::{ClientFrame, ConversationId, MessageId};

const DOWN: &str = "\u{e015}";
const UP: &str = "\u{e013}";
const RIGHT: &str = "\u{e014}";
const LEFT: &str = "\u{e012}";

fn gone(page: &Browser, css: &str) {
    wait_until(&format!("{css} goes"), || (!page.shows(css)).then_some(()));
}

fn shown(page: &Browser, css: &str) {
    wait_until(&format!("{css} shows"), || page.shows(css).then_some(()));
}

/// What an expression of the page is.
fn value(page: &Browser, expression: &str) -> serde_json::Value {
    page.script(&format!("return {expression};"), &[])
}

fn served(world: &World, ada: &Agent, text: &str) -> Visitor {
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say(text);
    visitor.sent(text);
    ada.open_mine(text);
    visitor
}

#[test]
fn a_visitor_leaves_the_queue_and_begins_another_conversation() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    ada.set_presence("away");
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Not so urgent");
    // Nobody serves the queue, so no position in it is named.
    shown(&visitor, "[data-testid=queue-place]");
    assert_eq!(visitor.position(), None);
    visitor.click("[data-testid=queue-leave]");
    gone(&visitor, "[data-testid=queue-place]");

    visitor.click("[data-testid=menu]");
    visitor.click("[data-testid=earlier]");
    shown(&visitor, "[data-testid=earlier-new]");
    assert!(!visitor.shows("[data-testid=earlier-row]"), "the one that is shown is no earlier one");
    visitor.click("[data-testid=earlier-new]");
    wait_until("an empty conversation", || visitor.messages().is_empty().then_some(()));
    visitor.say("Something else");
    visitor.sent("Something else");
    visitor.click("[data-testid=menu]");
    visitor.click("[data-testid=earlier]");
    wait_until("the earlier conversation", || {
        (value(&visitor, "document.querySelectorAll('[data-testid=earlier-row]').length") == 1).then_some(())
    });
    let first = "const rows = [...document.querySelectorAll('[data-testid=earlier-row]')];
        rows.find((row) => row.innerText.includes('Not so urgent')).click();";
    visitor.script(first, &[]);
    visitor.sees("visitor", "Not so urgent");
}

#[test]
fn links_open_a_tab_of_their_own_and_files_are_cancelled_removed_played_and_saved() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let chat = world.browser(Look::DESKTOP);
    chat.go(&format!("{}/chat?site=demo", world.relay.origin()));
    shown(&chat, "[data-testid=composer]");
    chat.say(&format!("I was on {}/index.html", world.site.origin()));
    chat.sent("I was on");
    chat.click("[data-testid=link]");
    wait_until("another tab", || (chat.tabs().len() == 2).then_some(()));
    ada.open_mine("I was on");

    // A slow way up, so that there is something to cancel.
    let slow = json!({ "offline": false, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 20_000 });
    chat.cdp("Network.enable", &json!({}));
    chat.cdp("Network.emulateNetworkConditions", &slow);
    chat.keys("[data-testid=attach]", &chat.file("long.txt", &vec![b'a'; 2 * 1024 * 1024]));
    shown(&chat, "[data-testid=upload]");
    chat.click("[data-testid=upload-cancel]");
    gone(&chat, "[data-testid=upload]");
    let fast = json!({ "offline": false, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
    chat.cdp("Network.emulateNetworkConditions", &fast);

    chat.keys("[data-testid=attach]", &chat.file("chart.png", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"));
    shown(&chat, "[data-testid=upload-error]");
    chat.click("[data-testid=remove]");
    gone(&chat, "[data-testid=upload-error]");

    // What breaks on the way goes again when it is asked to.
    chat.cdp("Network.setBlockedURLs", &json!({ "urls": ["*/upload/*"] }));
    chat.keys("[data-testid=attach]", &chat.file("statement.txt", b"Balance: 0.25 BTC\n"));
    shown(&chat, "[data-testid=upload-error]");
    chat.cdp("Network.setBlockedURLs", &json!({ "urls": [] }));
    chat.click("[data-testid=retry]");
    shown(&ada, "[data-testid=download]");
    ada.click("[data-testid=download]");
    let (name, body) = ada.download();
    assert_eq!((name.as_str(), body.as_slice()), ("statement.txt", &b"Balance: 0.25 BTC\n"[..]));

    chat.keys("[data-testid=attach]", &chat.file("film.mp4", b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41"));
    shown(&chat, "[data-testid=play]");
    chat.click("[data-testid=play]");
    wait_until("the film", || value(&chat, "!!document.querySelector('video[controls]')").as_bool()?.then_some(()));
}

#[test]
fn where_nothing_is_kept_for_frames_a_window_of_its_own_keeps_it() {
    let world = World::start();
    let visitor = world.visitor_as(Look::DESKTOP.forgets_frames());
    visitor.open_chat();
    shown(&visitor, "[data-testid=unkept]");
    visitor.click("[data-testid=own-window]");
    let own = wait_until("a window of its own", || visitor.tabs().into_iter().nth(1));
    visitor.tab(&own);
    shown(&visitor, "[data-testid=composer]");
    assert!(!visitor.shows("[data-testid=unkept]"), "here it is kept");
    visitor.say("From a window of its own");
    visitor.sent("From a window of its own");
    visitor.reload();
    visitor.sees("visitor", "From a window of its own");
}

#[test]
fn the_consoles_lists_search_and_menus_by_mouse_and_by_keys() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("First of all");
    visitor.sent("First of all");
    shown(&ada, "[data-testid=toast-dismiss]");
    ada.click("[data-testid=toast-dismiss]");
    gone(&ada, "[data-testid=toast-dismiss]");

    let pressed = "document.querySelector('[data-testid=sound]').getAttribute('aria-pressed')";
    let before = value(&ada, pressed);
    ada.click("[data-testid=sound]");
    wait_until("the sound is switched", || (value(&ada, pressed) != before).then_some(()));
    ada.reload();
    shown(&ada, "[data-testid=presence]");
    assert_ne!(value(&ada, pressed), before, "the choice stays");

    let mut other = RawSocket::visitor(&world.relay, None);
    other.register();
    other.say(ConversationId(new_id()), "Second of all");
    ada.click("[data-testid=list-mine]");
    let rows = "document.querySelectorAll('[data-testid=conversation-item]').length";
    wait_until("both rows", || (value(&ada, rows) == 2).then_some(()));
    ada.press("/");
    assert_eq!(value(&ada, "document.activeElement.dataset.testid"), "search");
    ada.press("First");
    wait_until("one row", || (value(&ada, rows) == 1).then_some(()));
    ada.press_escape();
    wait_until("both rows again", || (value(&ada, rows) == 2).then_some(()));
    ada.press_escape();

    let focused = "[...document.querySelectorAll('[data-testid=conversation-item]')].indexOf(document.activeElement)";
    wait_until("the focus on a row", || (value(&ada, focused) != -1).then_some(()));
    let at = |key: &str, wanted: i64| {
        ada.press(key);
        wait_until(&format!("row {wanted}"), || (value(&ada, focused) == wanted).then_some(()));
    };
    ada.script("document.querySelector('[data-testid=conversation-item]').focus();", &[]);
    at("j", 1);
    at("k", 0);
    at(DOWN, 1);
    at(UP, 0);

    let tab = |key: &str, wanted: &str| {
        ada.press(key);
        let chosen = "document.querySelector('[role=tab][aria-selected=true]').dataset.testid";
        wait_until(&format!("the tab {wanted}"), || (value(&ada, chosen) == wanted).then_some(()));
    };
    ada.click("[data-testid=list-mine]");
    tab(RIGHT, "list-open");
    tab(RIGHT, "list-left");
    tab(LEFT, "list-open");
    ada.click("[data-testid=list-messages]");
    wait_until("the messages", || ada.shows("[data-testid=list-messages][aria-selected=true]").then_some(()));
    drop(visitor);
}

#[test]
fn the_visitors_panel_its_earlier_conversations_and_transcripts() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = served(&world, &ada, "The first matter");
    ada.note("known customer");
    ada.click("[data-testid=transcript-notes]");
    ada.click("[data-testid=console_transcript_text]");
    let (name, body) = ada.download();
    let text = String::from_utf8_lossy(&body).into_owned();
    assert!(text.contains("The first matter") && text.contains("known customer"), "{name}: {text}");
    let page = "document.querySelector('[data-testid=console_transcript_html]').href";
    let page = value(&ada, page).as_str().unwrap_or_default().to_owned();
    assert!(page.contains("format=html&notes=true"), "{page}");
    assert!(page.contains("&language=en&zone="), "in the reader's language and hours: {page}");

    ada.end_conversation();
    shown(&visitor, "[data-testid=rating]");
    visitor.begin_again();
    visitor.say("The second matter");
    visitor.sent("The second matter");
    ada.open_mine("The second matter");
    shown(&ada, "[data-testid=earlier-row]");
    ada.click("[data-testid=earlier-row]");
    ada.sees("visitor", "The first matter");

    // One column: the way back, and the panel as a drawer.
    ada.resize(390, 844);
    ada.click("[data-testid=back]");
    shown(&ada, "[data-testid=list-mine]");
    ada.open_mine("The second matter");
    ada.click("[data-testid=panel]");
    shown(&ada, "[data-testid=panel-close]");
    ada.click("[data-testid=panel-close]");
    gone(&ada, "[data-testid=panel-close]");
    ada.click("[data-testid=panel]");
    shown(&ada, "[data-testid=panel-close]");
    ada.press_escape();
    gone(&ada, "[data-testid=panel-close]");
}

#[test]
fn ended_conversations_go_on_after_the_first_page() {
    const MORE_THAN_A_PAGE: usize = 60;
    let world = World::start();
    world.relay.agent("ada@example.com", "Ada L.", 4);
    let mut visitor = RawSocket::visitor(&world.relay, None);
    visitor.register();
    for number in 0..MORE_THAN_A_PAGE {
        let conversation = ConversationId(new_id());
        visitor.say(conversation, &format!("matter {number}"));
        visitor.send(&ClientFrame::End { conversation, id: MessageId(new_id()) });
    }
    let ada = world.browser(Look::CONSOLE);
    let ada = {
        ada.go(&format!("{}/console", world.relay.origin()));
        ada.keys("[data-testid=email]", "ada@example.com");
        ada.keys("[data-testid=password]", world.relay.password());
        ada.click("[data-testid=sign-in]");
        ada
    };
    ada.click("[data-testid=list-ended]");
    let rows = "document.querySelectorAll('[data-testid=conversation-item]').length";
    let first = wait_until("a first page", || value(&ada, rows).as_u64().filter(|rows| *rows > 0));
    shown(&ada, "[data-testid=more]");
    ada.click("[data-testid=more]");
    wait_until("more rows", || (value(&ada, rows).as_u64()? > first).then_some(()));
}

#[test]
fn a_chat_that_does_not_come_can_be_put_away() {
    let mut world = World::start();
    let visitor = world.visitor();
    assert!(world.relay.stop(), "the relay ends cleanly when asked to");
    visitor.click_launcher();
    let open = "document.querySelector('causeway-launcher').shadowRoot.querySelector('.open') !== null";
    wait_until("the window", || value(&visitor, open).as_bool()?.then_some(()));
    let press =
        "document.querySelector('causeway-launcher').shadowRoot.querySelector('[data-testid=minimise]').click();";
    visitor.script(press, &[]);
    wait_until("no window", || (value(&visitor, open) == false).then_some(()));
}
