//! The relay dies, at the worst of moments: what the visitor was told is true, and the rest goes out by itself.

use std::collections::BTreeMap;
use std::thread;

use support::{World, wait_until};
use wire::Body;

/// Every text in the store and how often it stands there.
fn stored_texts(world: &World) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for event in world.relay.stored("watch@example.com").into_values().flatten() {
        if let Body::Text { text } = event.body {
            *count.entry(text).or_default() += 1;
        }
    }
    count
}

#[test]
fn killed_in_the_middle_of_a_burst_nothing_shown_as_sent_is_lost_or_doubled() {
    const BURST: usize = 40;
    const BEFORE_KILL: usize = 12;
    let mut world = World::start();
    world.relay.agent("watch@example.com", "Watch", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    let burst = || visitor.messages().into_iter().filter(|one| one.text.contains("burst-"));
    let recorded = || burst().filter(|one| matches!(&*one.state, "sent" | "seen"));

    let sent_before = thread::scope(|scope| {
        scope.spawn(|| (0..BURST).for_each(|n| visitor.say(&format!("burst-{n:02}"))));
        wait_until("the burst is under way", || (recorded().count() >= BEFORE_KILL).then_some(()));
        world.relay.kill();
        recorded().map(|one| one.text).collect::<Vec<_>>()
    });
    let waiting = burst().filter(|one| one.state == "sending").count();
    assert!(waiting > 0, "the relay died while words were on their way");
    wait_until("the chat says that it reconnects", || visitor.shows("[data-testid=connection]").then_some(()));

    world.relay.up();
    wait_until("the rest goes out by itself", || (recorded().count() == BURST).then_some(()));
    wait_until("the banner goes away", || (!visitor.shows("[data-testid=connection]")).then_some(()));

    let stored = stored_texts(&world);
    let expected: BTreeMap<String, usize> = (0..BURST).map(|n| (format!("burst-{n:02}"), 1)).collect();
    assert_eq!(stored, expected, "each message is in the store exactly once");
    for shown in sent_before {
        assert!(expected.keys().any(|text| shown.contains(text)), "shown as sent and not in the store: {shown}");
    }
    let shown: Vec<u64> = burst().map(|one| one.seq).collect();
    assert!(shown.is_sorted() && shown.len() == BURST, "in order, none twice: {shown:?}");
}

#[test]
fn written_while_the_relay_is_down_it_goes_out_after_a_reload() {
    let mut world = World::start();
    world.relay.agent("watch@example.com", "Watch", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("before the outage");
    visitor.sent("before the outage");
    world.relay.kill();
    visitor.say("written in the dark");
    visitor.wait_message("written in the dark", |shown| shown.state == "sending");
    // The page goes away with the message unsent; only the browser's storage remembers it.
    visitor.top();
    visitor.go("about:blank");

    world.relay.up();
    visitor.go(&world.site.origin());
    visitor.open_chat();
    visitor.sent("written in the dark");
    let stored = stored_texts(&world);
    assert_eq!(stored.get("written in the dark"), Some(&1));
}

#[test]
fn a_very_first_message_survives_an_outage_too() {
    let mut world = World::start();
    world.relay.agent("watch@example.com", "Watch", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    world.relay.kill();
    visitor.say("my very first words");
    visitor.wait_message("my very first words", |shown| shown.state == "sending");
    visitor.top();
    visitor.go("about:blank");
    world.relay.up();
    visitor.go(&world.site.origin());
    visitor.open_chat();
    visitor.sent("my very first words");
    assert_eq!(stored_texts(&world).get("my very first words"), Some(&1));
}

#[test]
fn an_agents_answer_survives_an_outage_too() {
    let mut world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Are you there?");
    visitor.sent("Are you there?");
    ada.open_mine("Are you there?");
    world.relay.kill();
    ada.say("written while the relay was down");
    ada.wait_message("written while the relay was down", |shown| shown.state == "sending");
    world.relay.up();
    ada.sent("written while the relay was down");
    visitor.sees("agent", "written while the relay was down");
}

#[test]
fn a_stopped_relay_leaves_the_page_alone_and_the_launcher_says_so() {
    let mut world = World::start();
    let visitor = world.visitor();
    assert!(world.relay.stop(), "the relay ends cleanly when asked to");
    visitor.click_launcher();
    let notice = "const root = document.querySelector('causeway-launcher').shadowRoot;
        const alert = root.querySelector('[role=alert]');
        return alert && alert.checkVisibility({ visibilityProperty: true }) ? alert.textContent : '';";
    let text = wait_until("the launcher says that the chat cannot be reached", || {
        let text = visitor.script(notice, &[]).as_str()?.to_owned();
        (!text.is_empty()).then_some(text)
    });
    assert!(text.contains("reached"), "{text}");

    world.relay.up();
    let retry = "const root = document.querySelector('causeway-launcher').shadowRoot;
        root.querySelector('[data-testid=retry-launcher]').click();";
    visitor.script(retry, &[]);
    visitor.chat_ready();

    let seen = visitor.console_log();
    drop(visitor);

    // A page that loads while the relay is down has no launcher, and no trouble either.
    world.relay.kill();
    let visitor = world.visitor();
    let alive =
        visitor.script("return document.querySelector('causeway-launcher') === null && document.readyState;", &[]);
    assert_eq!(alive, "complete");
    let log = visitor.console_log();
    let uncaught: Vec<_> = seen.iter().chain(&log).filter(|line| line.contains("Uncaught")).collect();
    assert!(uncaught.is_empty(), "nothing is thrown into the page: {uncaught:#?}");
}
