//! Pictures of the product for people to look at: phone, desk and console, light and dark.

use support::{Agent, Look, Visitor, World, wait_until};

fn converse(visitor: &Visitor, ada: &Agent) {
    visitor.open_chat();
    visitor.say("My USDT withdrawal has been pending for two hours. TXID ends in 9f3a.");
    visitor.sent("9f3a");
    ada.open_mine("9f3a");
    ada.say("Hi! I see it: the network asked for more confirmations than usual. It is at 11 of 20.");
    ada.say("It will arrive in about 25 minutes. I stay here until it does.");
    visitor.sees("agent", "25 minutes");
    visitor.say("Thank you, see https://example.com/tx/9f3a for what I see on my side.");
    visitor.sent("on my side");
    ada.sees("visitor", "on my side");
    visitor.wait_message("on my side", |shown| shown.state == "seen");
}

#[test]
fn pictures_of_widget_and_console_in_light() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let desk = world.visitor();
    desk.screenshot("page-launcher");
    desk.open_chat();
    desk.top();
    desk.screenshot("widget-empty");
    desk.reload();
    converse(&desk, &ada);
    desk.top();
    desk.screenshot("widget-desktop");
    let phone = world.visitor_as(Look::PHONE);
    phone.screenshot("page-phone");
    converse(&phone, &ada);
    ada.note("Node on TRON lags since 13:40, see incident.");
    phone.top();
    phone.screenshot("widget-phone");
    ada.screenshot("console-light");
    ada.end_conversation();
    assert!(phone.enter_chat(), "the chat is still open");
    wait_until("the rating", || phone.shows("[data-testid=rating]").then_some(()));
    phone.top();
    phone.screenshot("widget-rating");
}

#[test]
fn pictures_of_widget_and_console_in_dark() {
    let world = World::start();
    let ada = world.agent_as("ada@example.com", "Ada L.", 4, Look::CONSOLE.dark());
    let desk = world.visitor_as(Look::DESKTOP.dark());
    converse(&desk, &ada);
    desk.top();
    desk.screenshot("widget-dark");
    ada.screenshot("console-dark");
    drop(desk);
    let phone = world.visitor_as(Look::PHONE.dark());
    converse(&phone, &ada);
    phone.top();
    phone.screenshot("widget-phone-dark");
}
