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

/// A desk with something in every list, at its busiest.
fn busy(world: &World, agent: &Agent) -> Vec<Visitor> {
    let words = ["My deposit of 0.5 BTC is missing.", "请尽快帮我冻结账户", "Is the API down? I get 503 since noon."];
    let visitors: Vec<Visitor> = words
        .iter()
        .map(|words| {
            let visitor = world.visitor();
            visitor.open_chat();
            visitor.say(words);
            visitor.sent(words);
            visitor
        })
        .collect();
    agent.open_mine("0.5 BTC");
    agent.say("I look at it.");
    agent.sent("I look at it.");
    visitors
}

/// The question, the list of keys, the boxes, the blocks.
fn windows(agent: &Agent, name: &str) {
    agent.click("[data-testid=actions]");
    agent.screenshot(&format!("{name}-menu"));
    agent.click("[data-testid=block]");
    wait_until("the question", || agent.shows("[data-testid=block-dialog]").then_some(()));
    agent.screenshot(&format!("{name}-block"));
    agent.click("[data-testid=dialog-no]");
    agent.press_escape();
    wait_until("the list", || agent.shows("[data-testid=list-waiting]").then_some(()));
    agent.click("[data-testid=list-waiting]");
    agent.click("[data-testid=many]");
    agent.click("[data-testid=pick-all]");
    agent.screenshot(&format!("{name}-many"));
    agent.click("[data-testid=many-cancel]");
    agent.click("[data-testid=keys-open]");
    wait_until("the keys", || agent.shows("[data-testid=keys-dialog]").then_some(()));
    agent.screenshot(&format!("{name}-keys"));
    agent.press_escape();
    agent.click("[data-testid=defence]");
    wait_until("the switch", || agent.shows("[data-testid=flood-switch]").then_some(()));
    agent.screenshot(&format!("{name}-defence"));
}

#[test]
fn pictures_of_a_busy_desk() {
    let world = World::start();
    let sue = world.supervisor_as("sue@example.com", "Sue P.", 1, Look::CONSOLE);
    let _visitors = busy(&world, &sue);
    sue.click("[data-testid=list-open]");
    sue.screenshot("desk-light");
    windows(&sue, "desk-light");
    let forced = serde_json::json!({ "features": [{ "name": "forced-colors", "value": "active" }] });
    sue.cdp("Emulation.setEmulatedMedia", &forced);
    sue.click("[data-testid=inbox]");
    sue.click("[data-testid=list-open]");
    sue.screenshot("desk-forced");
}

#[test]
fn pictures_of_a_busy_desk_on_a_phone_in_the_dark_and_in_chinese() {
    let world = World::start();
    let look = Look { language: "zh-CN", ..Look::PHONE.dark() };
    let sue = world.supervisor_as("sue@example.com", "Sue P.", 1, look);
    let _visitors = busy(&world, &sue);
    sue.screenshot("desk-phone-talk");
    windows(&sue, "desk-phone");
    let wide = World::supervisor_as(
        &world,
        "ann@example.com",
        "Ann Q.",
        2,
        Look { language: "zh-CN", ..Look::CONSOLE.dark() },
    );
    wide.click("[data-testid=list-open]");
    wide.screenshot("desk-dark-chinese");
}
