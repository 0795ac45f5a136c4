//! What a browser does not keep: a chat without storage, and a file whose page went while it was on its way.

use serde_json::json;
use support::{Browser, Look, World, wait_until};

fn shown(page: &Browser, css: &str) {
    wait_until(&format!("{css} shows"), || page.shows(css).then_some(()));
}

fn gone(page: &Browser, css: &str) {
    wait_until(&format!("{css} goes"), || (!page.shows(css)).then_some(()));
}

#[test]
fn without_storage_the_chat_says_so_works_and_loses_nothing_while_the_page_lives() {
    let mut world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor_as(Look::DESKTOP.forgets_frames());
    visitor.open_chat();
    shown(&visitor, "[data-testid=unkept]");
    let words = visitor.shown_text("[data-testid=unkept]").expect("the words");
    assert!(words.contains("keep"), "{words}");
    visitor.say("Nothing is kept here");
    visitor.sent("Nothing is kept here");
    ada.open_mine("Nothing is kept here");
    ada.say("I answer all the same.");
    visitor.sees("agent", "I answer all the same.");

    world.relay.kill();
    visitor.say("written in the dark");
    visitor.say("and this behind it");
    visitor.wait_message("and this behind it", |one| one.state == "sending");
    // Put away and opened again: the page lives, and so do the words.
    visitor.top();
    visitor.script("Causeway.close();", &[]);
    visitor.open_chat();
    visitor.keys("[data-testid=composer]", "half a thought");
    world.relay.up();
    visitor.sent("written in the dark");
    visitor.sent("and this behind it");
    ada.sees("visitor", "and this behind it");
    let texts: Vec<String> = visitor.messages().into_iter().map(|one| one.text).collect();
    for text in ["Nothing is kept here", "I answer all the same.", "written in the dark", "and this behind it"] {
        assert_eq!(texts.iter().filter(|one| one.contains(text)).count(), 1, "{text}: {texts:?}");
    }
    let half = visitor.script("return document.querySelector('[data-testid=composer]').value;", &[]);
    assert_eq!(half, "half a thought");
    let kept = "try { return localStorage.length; } catch { return 0; }";
    assert_eq!(visitor.script(kept, &[]), 0, "and indeed nothing is kept");
}

#[test]
fn a_file_whose_page_went_is_shown_as_not_sent_and_can_be_removed_or_chosen_again() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let chat = world.browser(Look::DESKTOP);
    let home = format!("{}/chat?site=demo", world.relay.origin());
    chat.go(&home);
    shown(&chat, "[data-testid=composer]");
    chat.say("A statement follows");
    chat.sent("A statement follows");
    ada.open_mine("A statement follows");
    let speed = |bytes: i64| {
        chat.cdp("Network.enable", &json!({}));
        let speed = json!({ "offline": false, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes });
        chat.cdp("Network.emulateNetworkConditions", &speed);
    };
    speed(20_000);
    let file = chat.file("statement.txt", &vec![b'a'; 2 * 1024 * 1024]);
    chat.keys("[data-testid=attach]", &file);
    shown(&chat, "[data-testid=upload]");
    chat.go("about:blank");
    speed(-1);
    chat.go(&home);
    chat.wait_message("statement.txt", |one| one.state == "failed");
    let reason = chat.shown_text("[data-testid=upload-error]").expect("why");
    assert!(reason.contains("Not sent") && reason.contains("Choose it again"), "{reason}");
    chat.sent("A statement follows");
    chat.click("[data-testid=remove]");
    wait_until("it is gone", || chat.messages().iter().all(|one| !one.text.contains("statement.txt")).then_some(()));
    chat.reload();
    chat.sent("A statement follows");
    assert!(chat.messages().iter().all(|one| !one.text.contains("statement.txt")), "and stays so");
    gone(&chat, "[data-testid=upload-error]");

    chat.keys("[data-testid=attach]", &chat.file("statement.txt", b"Balance: 0.25 BTC\n"));
    chat.sent("statement.txt");
    ada.sees("visitor", "statement.txt");
}
