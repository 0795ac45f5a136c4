//! Networks that let no WebSocket through: the chat and the console work all the same, or say what is wrong.

use serde_json::json;
use support::{Agent, Browser, Look, Visitor, World, wait_until};

const BANNER: &str = "[data-testid=connection]";
const RESTORED: &str = "[data-testid=restored]";

/// Waits until the banner says this.
fn banner(browser: &Browser, words: &str) {
    let mut last = None;
    let said = support::eventually(|| {
        last = browser.shown_text(BANNER);
        last.as_ref()?.contains(words).then_some(())
    });
    assert!(said.is_some(), "the banner says {last:?} instead of {words:?}");
}

/// Waits until the page says that it is back, and then until it says nothing.
fn restored(browser: &Browser) {
    wait_until("it says that the connection is back", || browser.shows(RESTORED).then_some(()));
    wait_until("it says so no longer", || (!browser.shows(RESTORED) && !browser.shows(BANNER)).then_some(()));
}

fn own(browser: &Browser, author: &str) -> Vec<String> {
    browser.messages().into_iter().filter(|one| one.author == author).map(|one| one.text).collect()
}

#[test]
fn where_websockets_are_refused_the_whole_first_story_happens_all_the_same() {
    let (world, gate) = World::start_behind_gate();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Where is my withdrawal?");
    visitor.sent("Where is my withdrawal?");
    ada.open_mine("Where is my withdrawal?");
    ada.sees("visitor", "Where is my withdrawal?");
    visitor.wait_message("Where is my withdrawal?", |shown| shown.state == "seen");
    visitor.keys("[data-testid=composer]", "I was wond");
    wait_until("the visitor's typing sign", || ada.shows("[data-testid=typing]").then_some(()));
    visitor.keys("[data-testid=composer]", "ering\u{e007}");
    ada.say("It is on its way. 正在处理，请稍等。");
    ada.sent("请稍等。");
    visitor.sees("agent", "正在处理，请稍等。");
    assert!(gate.refused() >= 4, "each page tried WebSocket first: {}", gate.refused());
    let streams = gate.streams();
    assert!(streams >= 2, "each page has a stream: {streams}");

    // Everything is cut; both write on, and nothing is lost or doubled.
    gate.cut();
    for n in 0..5 {
        visitor.say(&format!("after the cut {n}"));
        ada.say(&format!("still here {n}"));
    }
    for n in 0..5 {
        visitor.sent(&format!("after the cut {n}"));
        ada.sent(&format!("still here {n}"));
    }
    visitor.sees("agent", "still here 4");
    ada.sees("visitor", "after the cut 4");
    assert!(gate.streams() > streams, "the cut was one");
    assert_eq!((own(&visitor, "visitor").len(), own(&visitor, "agent").len()), (7, 6));
    assert_eq!((own(&ada, "visitor"), own(&ada, "agent")), (own(&visitor, "visitor"), own(&visitor, "agent")));

    let uncaught: Vec<_> = ada.console_log().into_iter().filter(|line| line.contains("Uncaught")).collect();
    assert_eq!(uncaught, Vec::<String>::new(), "a line that is cut throws nothing");

    // With the way open again, a page that is loaded anew takes a WebSocket.
    gate.open();
    let streams = gate.streams();
    visitor.reload();
    visitor.open_chat();
    visitor.say("over a socket");
    visitor.sent("over a socket");
    ada.sees("visitor", "over a socket");
    assert_eq!((gate.streams(), gate.sockets()), (streams, 1), "no stream was needed");
}

#[test]
fn the_code_of_the_stream_that_does_not_come_is_asked_for_until_it_does() {
    let (world, gate) = World::start_behind_gate();
    let visitor = world.browser(Look::DESKTOP);
    visitor.go("about:blank");
    visitor.cdp("Network.enable", &json!({}));
    visitor.cdp("Network.setBlockedURLs", &json!({ "urls": ["*split_stream*"] }));
    visitor.go(&format!("{}/chat?site=demo&lang=en", gate.origin()));
    wait_until("the composer", || visitor.shows("[data-testid=composer]").then_some(()));
    visitor.keys("[data-testid=composer]", "Can you hear me?\u{e007}");
    wait_until("it waits for a connection", || visitor.shows(BANNER).then_some(()));
    wait_until("its code was asked for", || {
        visitor.console_log().iter().any(|line| line.contains("Failed to fetch")).then_some(())
    });
    assert_eq!(gate.streams(), 0, "without the code there is no stream");
    visitor.cdp("Network.setBlockedURLs", &json!({ "urls": [] }));
    // Each try waits longer than the one before; a browser that is back on a network need not wait.
    visitor.script("dispatchEvent(new Event('online'));", &[]);
    wait_until("it is sent", || visitor.messages().iter().any(|shown| shown.state == "sent").then_some(()));
    assert_eq!(gate.streams(), 1);
}

#[test]
fn a_network_that_swallows_streams_is_named_and_what_was_written_waits() {
    let (world, gate) = World::start_behind_gate();
    world.relay.agent("watch@example.com", "Watch", 4);
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor_as(Look::DESKTOP.dark());
    gate.buffer(true);
    gate.cut();
    visitor.open_chat();
    visitor.say("Can anybody hear me?");
    visitor.wait_message("Can anybody hear me?", |shown| shown.state == "sending");
    banner(&visitor, "Your network lets nothing through to the chat right now.");
    banner(&visitor, "your message is kept");
    visitor.top();
    visitor.screenshot("banner-blocked-dark");
    banner(&ada, "Your network lets nothing through to the chat right now.");
    ada.wait_text("Not connected");
    ada.screenshot("banner-blocked-console");

    gate.buffer(false);
    assert!(visitor.enter_chat(), "the chat is still open");
    // It goes on trying by itself, by now with pauses longer than a test should wait.
    for page in [&*visitor, &*ada] {
        page.script("dispatchEvent(new Event('online'));", &[]);
    }
    visitor.sent("Can anybody hear me?");
    ada.open_mine("Can anybody hear me?");
    ada.sees("visitor", "Can anybody hear me?");
    assert_eq!(own(&ada, "visitor").len(), 1, "delivered once");
}

/// Two messages written without a network, and what the page says about it.
fn goes_away_and_comes_back(world: &mut World, person: &Browser, name: &str) {
    world.relay.kill();
    // The browser's word: a killed relay alone is no network that went away.
    person.script("dispatchEvent(new Event('offline'));", &[]);
    person.say("written offline, one");
    banner(person, "You are offline. One message waits");
    person.say("written offline, two");
    banner(person, "You are offline. 2 messages wait");
    person.screenshot(&format!("banner-offline-{name}"));
    world.relay.up();
    person.script("dispatchEvent(new Event('online'));", &[]);
    wait_until("it says that the connection is back", || person.shows(RESTORED).then_some(()));
    let seen =
        "const e = document.querySelector('[data-testid=restored]'); return !e || getComputedStyle(e).opacity === '1';";
    wait_until("it is fully shown", || person.script(seen, &[]).as_bool()?.then_some(()));
    person.screenshot(&format!("banner-restored-{name}"));
    restored(person);
    person.sent("written offline, one");
    person.sent("written offline, two");
    assert_eq!(person.script("return navigator.onLine;", &[]), json!(true));
}

#[test]
fn offline_it_counts_what_waits_and_says_when_it_is_back() {
    let mut world = World::start();
    let ada: Agent = world.agent_as("ada@example.com", "Ada L.", 4, Look::CONSOLE.dark());
    let visitor: Visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Hello");
    visitor.sent("Hello");
    ada.open_mine("Hello");
    goes_away_and_comes_back(&mut world, &visitor, "light");
    goes_away_and_comes_back(&mut world, &ada, "console-dark");
    let told: Vec<_> = own(&visitor, "agent");
    assert_eq!(told.len(), 2, "{told:?}");
}
