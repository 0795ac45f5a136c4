//! The main stories in Firefox, beside Chromium: visitor and agent, the relay's death, files, the end.

use support::{Look, World, wait_until};

#[test]
fn a_whole_conversation_between_two_firefoxes() {
    let world = World::start();
    let ada = world.agent_as("ada@example.com", "Ada L.", 4, Look::CONSOLE.firefox());
    let visitor = world.visitor_as(Look::DESKTOP.firefox());
    visitor.open_chat();
    visitor.say("Where is my withdrawal?");
    visitor.sent("Where is my withdrawal?");
    ada.open_mine("Where is my withdrawal?");
    visitor.wait_message("Where is my withdrawal?", |shown| shown.state == "seen");
    ada.keys("[data-testid=composer]", "It is on");
    wait_until("the agent's typing sign", || visitor.shows("[data-testid=typing]").then_some(()));
    ada.keys("[data-testid=composer]", " its way.\u{e007}");
    visitor.sees("agent", "It is on its way.");

    visitor.reload();
    visitor.open_chat();
    visitor.sees("visitor", "Where is my withdrawal?");
    visitor.sees("agent", "It is on its way.");
    let picture = visitor.picture(320, 180);
    visitor.keys("input[type=file]", &visitor.file("shot.png", &picture));
    visitor.sees_image(320);
    ada.sees_image(320);
    let picture = ada.picture(260, 140);
    ada.keys("input[type=file]", &ada.file("answer.png", &picture));
    visitor.sees_image(260);
    visitor.top();
    visitor.screenshot("widget-firefox");
    ada.screenshot("console-firefox");
    assert!(visitor.enter_chat(), "the chat is still open");

    let (name, body) = visitor.take_transcript();
    let text = String::from_utf8_lossy(&body);
    assert!(name.ends_with(".txt") && text.contains("Where is my withdrawal?"), "{name}: {text}");

    ada.note("seen in Firefox");
    ada.end_conversation();
    visitor.rate(5);
    visitor.begin_again();
    visitor.say("One more thing");
    visitor.sent("One more thing");
}

#[test]
fn a_killed_relay_loses_nothing_in_firefox() {
    let mut world = World::start();
    let ada = world.agent_as("ada@example.com", "Ada L.", 4, Look::CONSOLE.firefox());
    let visitor = world.visitor_as(Look::DESKTOP.firefox());
    visitor.open_chat();
    visitor.say("before the outage");
    visitor.sent("before the outage");
    ada.open_mine("before the outage");
    world.relay.kill();
    visitor.say("written in the dark");
    visitor.wait_message("written in the dark", |shown| shown.state == "sending");
    ada.say("answered in the dark");
    wait_until("the banner", || visitor.shows("[data-testid=connection]").then_some(()));
    world.relay.up();
    visitor.sent("written in the dark");
    ada.sent("answered in the dark");
    visitor.sees("agent", "answered in the dark");
    ada.sees("visitor", "written in the dark");

    // With the page gone, only the browser's storage remembers.
    world.relay.kill();
    visitor.say("the page goes away");
    visitor.wait_message("the page goes away", |shown| shown.state == "sending");
    visitor.top();
    visitor.go("about:blank");
    world.relay.up();
    visitor.go(&world.site.origin());
    visitor.open_chat();
    visitor.sent("the page goes away");
    ada.sees("visitor", "the page goes away");
}
