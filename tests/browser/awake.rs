//! A chat with something to do wakes by itself on the next page; one without never does.

use serde_json::{Value, json};
use support::{Agent, Browser, Look, RawSocket, Visitor, World, eventually, wait_until};
use wire::{AgentState, ClientFrame, ConversationState, MessageId, Say};

const KEY: &str = "causeway.awake";

/// What waking may cost the page's thread. Ten times as much is a fault even on a busy machine with a debug driver.
const WAKING_MS: f64 = 30.0;

/// The names that the page itself has kept.
fn kept(browser: &Browser) -> Vec<String> {
    let names =
        browser.script("return [document.cookie, ...Object.keys(localStorage), ...Object.keys(sessionStorage)];", &[]);
    names
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn has_frame(browser: &Browser) -> bool {
    let script = "const host = document.querySelector('causeway-launcher'); return !!host && !!host.shadowRoot.querySelector('iframe');";
    browser.script(script, &[]) == true
}

fn badge(browser: &Browser) -> String {
    let script = "const host = document.querySelector('causeway-launcher');
        return host ? host.shadowRoot.querySelector('[data-testid=launcher]').textContent : '';";
    browser.script(script, &[]).as_str().unwrap_or_default().trim().to_owned()
}

/// Waits for the launcher, and then until the page has had every chance to wake the chat.
fn settled(browser: &Browser) {
    wait_until("the launcher", || {
        (browser.script("return !!document.querySelector('causeway-launcher');", &[]) == true).then_some(())
    });
    let idle = "return new Promise((done) => requestIdleCallback(() => requestIdleCallback(() => setTimeout(done, 100, true))));";
    assert_eq!(browser.script(idle, &[]), true);
}

/// A visitor on a quiet page who wrote a first message.
fn began(world: &World, text: &str) -> Visitor {
    let visitor = world.visitor();
    visitor.go(&world.site.page("odd/quiet.html"));
    visitor.open_chat();
    visitor.say(text);
    visitor.sent(text);
    visitor.top();
    wait_until("the page keeps that", || (kept(&visitor) == [KEY]).then_some(()));
    visitor
}

fn answer(world: &World, text: &str) -> RawSocket {
    world.relay.agent("ada@example.com", "Ada L.", 4);
    let mut ada = RawSocket::agent(&world.relay, &world.relay.sign_in("ada@example.com"));
    ada.presence(AgentState::Online);
    let row = ada.row("the visitor's conversation", |row| matches!(row.state, ConversationState::Assigned { .. }));
    say(&mut ada, row.conversation, text);
    ada
}

fn say(socket: &mut RawSocket, conversation: wire::ConversationId, text: &str) {
    let id = MessageId(support::new_id());
    socket.send(&ClientFrame::Say { conversation, id, say: Say::Text { text: text.into() } });
}

#[test]
fn before_a_first_message_there_is_nothing_and_looking_changes_nothing() {
    let world = World::start();
    let visitor = world.visitor();
    for _ in 0..2 {
        visitor.go(&world.site.page("odd/quiet.html"));
        settled(&visitor);
        assert!(!has_frame(&visitor), "no frame");
        assert_eq!(kept(&visitor), Vec::<String>::new());
        visitor.open_chat();
        visitor.keys("[data-testid=composer]", "half a thought");
        visitor.top();
        assert_eq!(kept(&visitor), Vec::<String>::new(), "looking and thinking keep nothing on the page");
        drop(visitor.requests());
    }
    visitor.go(&world.site.page("odd/other.html"));
    settled(&visitor);
    let relay = world.relay.origin();
    let asked: Vec<_> = visitor.requests().into_iter().filter(|url| url.contains(&relay[7..])).collect();
    assert!(asked.iter().all(|url| url.ends_with("/embed.js")), "{asked:?}");
}

#[test]
fn unsent_words_go_out_on_the_next_page_without_the_chat_being_opened() {
    let mut world = World::start();
    world.relay.agent("watch@example.com", "Watch", 4);
    let visitor = began(&world, "before the outage");
    visitor.go(&world.site.page("odd/other.html"));
    settled(&visitor);
    wait_until("the chat is awake", || has_frame(&visitor).then_some(()));
    visitor.open_chat();
    world.relay.kill();
    visitor.say("written in the dark");
    visitor.wait_message("written in the dark", |shown| shown.state == "sending");
    // The browser has the loader in its cache; the chat itself cannot be reached yet.
    visitor.top();
    visitor.go(&world.site.page("odd/quiet.html"));
    world.relay.up();
    let stored = eventually(|| {
        let texts = world
            .relay
            .stored("watch@example.com")
            .into_values()
            .flatten()
            .filter(|event| matches!(&event.body, wire::Body::Text { text } if text == "written in the dark"));
        (texts.count() == 1).then_some(())
    });
    assert!(stored.is_some(), "it goes out by itself");
    assert_eq!(badge(&visitor), "", "nothing was opened");
}

#[test]
fn an_answer_shows_on_the_next_page_costs_little_and_moves_nothing() {
    let world = World::start();
    let visitor = began(&world, "Anybody?");
    visitor.go(&world.site.page("odd/other.html"));
    settled(&visitor);
    let _ada = answer(&world, "Here I am.");
    wait_until("the badge", || (badge(&visitor) == "1").then_some(()));
    assert_eq!(kept(&visitor), [KEY]);

    // What waking costs the page's own thread: the same page, asleep and awake, by the processor's clock.
    visitor.cdp("Performance.enable", &json!({ "timeDomain": "threadTicks" }));
    let cost = |visitor: &Visitor| {
        let metrics = visitor.cdp("Performance.getMetrics", &json!({}));
        let all = metrics["metrics"].as_array().expect("a list").clone();
        all.iter().find(|one| one["name"] == "TaskDuration").and_then(|one| one["value"].as_f64()).expect("a number")
    };
    visitor.go(&world.site.page("odd/quiet.html"));
    settled(&visitor);
    let before = cost(&visitor);
    wait_until("the badge again", || (badge(&visitor) == "1").then_some(()));
    let spent_ms = (cost(&visitor) - before) * 1_000.0;
    println!("from load and idle to the badge the page's thread worked {spent_ms:.1} ms, our questions included");
    assert!(spent_ms < 10.0 * WAKING_MS, "waking is to take {WAKING_MS} ms of the page's thread, not {spent_ms:.1}");
    let shift = "return new Promise((done) => new PerformanceObserver((list) => done(list.getEntries().length))
        .observe({ type: 'layout-shift', buffered: true }) || setTimeout(done, 300, 0));";
    assert_eq!(visitor.script(shift, &[]), 0, "nothing moved");
    let longest = "return new Promise((done) => { setTimeout(done, 300, 0);
        new PerformanceObserver((list) => done(Math.max(...list.getEntries().map((e) => e.duration)))).observe({ type: 'longtask', buffered: true }); });";
    println!("the longest task: {} ms", visitor.script(longest, &[]));

    visitor.open_chat();
    visitor.sees("agent", "Here I am.");
    visitor.top();
    wait_until("read", || badge(&visitor).is_empty().then_some(()));
}

#[test]
fn the_key_goes_with_what_there_is_to_do_and_by_the_tags_wish() {
    let world = World::start();
    let ada: Agent = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = began(&world, "One thing only");
    ada.open_mine("One thing only");
    ada.end_conversation();
    wait_until("nothing is left to do", || kept(&visitor).is_empty().then_some(()));
    visitor.go(&world.site.page("odd/other.html"));
    settled(&visitor);
    assert!(!has_frame(&visitor), "and nothing wakes");

    visitor.go(&world.site.page("odd/asleep.html"));
    visitor.click_launcher();
    wait_until("the ended conversation", || (visitor.enter_chat() && visitor.shows("footer button")).then_some(()));
    visitor.begin_again();
    visitor.say("Keep nothing of this");
    visitor.sent("Keep nothing of this");
    visitor.top();
    assert_eq!(kept(&visitor), Vec::<String>::new());
    visitor.script("localStorage.setItem('causeway.awake', '1');", &[]);
    visitor.go(&world.site.page("odd/asleep.html"));
    settled(&visitor);
    assert!(!has_frame(&visitor), "the tag's wish goes before a key");
    assert_eq!(kept(&visitor), Vec::<String>::new(), "and takes it away");
}

#[test]
fn the_chat_opens_again_where_it_was_open_if_the_site_wants_that() {
    let world = World::start();
    let visitor = world.visitor();
    let open = |visitor: &Visitor| {
        let script = "const host = document.querySelector('causeway-launcher');
            return !!host && host.shadowRoot.querySelector('[data-testid=launcher]').ariaExpanded === 'true';";
        visitor.script(script, &[]) == true
    };
    visitor.go(&world.site.page("odd/reopen.html"));
    visitor.open_chat();
    visitor.say("Stay with me");
    visitor.sent("Stay with me");
    visitor.top();
    visitor.go(&world.site.page("odd/reopen.html?next"));
    wait_until("it opens by itself", || open(&visitor).then_some(()));
    let focus = visitor.script("return document.activeElement === document.body;", &[]);
    assert_eq!(focus, true, "and takes no focus");
    visitor.go(&world.site.page("odd/quiet.html"));
    settled(&visitor);
    wait_until("awake", || has_frame(&visitor).then_some(()));
    assert!(!open(&visitor), "not where the site did not ask for it");
    visitor.go(&world.site.page("odd/reopen.html"));
    wait_until("open again", || open(&visitor).then_some(()));
    visitor.script("Causeway.close();", &[]);
    visitor.go(&world.site.page("odd/reopen.html?next"));
    settled(&visitor);
    wait_until("awake", || has_frame(&visitor).then_some(()));
    assert!(!open(&visitor), "not after it was closed");
}

#[test]
fn shutdown_ends_the_visitors_session_for_whoever_comes_next() {
    let world = World::start();
    let visitor = began(&world, "My private affairs");
    assert!(visitor.enter_chat());
    let token = visitor.script("return localStorage.getItem('causeway.demo.token');", &[]);
    let token = token.as_str().expect("a token").to_owned();
    let conversation = visitor.script("return localStorage.getItem('causeway.demo.conversation');", &[]);
    let path = format!("/transcript/{}?format=text", conversation.as_str().expect("an id"));
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("x-causeway-site", "demo")];
    let read = || world.relay.request("GET", &path, &headers, b"").expect("an answer").status;
    assert_eq!(read(), 200);
    visitor.top();
    // From a page on which the chat was never opened.
    visitor.script("localStorage.removeItem('causeway.awake');", &[]);
    visitor.go(&world.site.page("odd/other.html"));
    settled(&visitor);
    assert_eq!(visitor.script("return Causeway.shutdown();", &[]), true, "done, and said so");
    assert_eq!(kept(&visitor), Vec::<String>::new());
    let gone = "return !document.querySelector('causeway-launcher, causeway-end, iframe') && !('Causeway' in window);";
    assert_eq!(visitor.script(gone, &[]), true);
    assert_eq!(read(), 401, "the token opens nothing any more");

    visitor.go(&world.site.page("odd/quiet.html"));
    visitor.open_chat();
    let own = visitor.script("return Object.keys(localStorage).join(' ');", &[]);
    assert_eq!(own, "", "nothing is left in the chat's storage");
    assert!(visitor.messages().is_empty(), "the next person reads nothing");
}

#[test]
fn half_a_text_is_there_on_the_next_page_and_in_the_other_tab_until_it_is_sent() {
    let world = World::start();
    let visitor = began(&world, "To begin with");
    assert!(visitor.enter_chat());
    let written = || visitor.script("return document.querySelector('[data-testid=composer]').value;", &[]);
    visitor.keys("[data-testid=composer]", "and what I meant was");
    visitor.top();
    visitor.go(&world.site.page("odd/other.html"));
    visitor.open_chat();
    wait_until("half a text on the next page", || (written() == "and what I meant was").then_some(()));
    let first = visitor.new_tab();
    visitor.go(&world.site.page("odd/quiet.html"));
    visitor.open_chat();
    wait_until("and in another tab", || (written() == "and what I meant was").then_some(()));
    visitor.keys("[data-testid=composer]", "\u{e007}");
    visitor.sent("and what I meant was");
    visitor.tab(&first);
    assert!(visitor.enter_chat());
    wait_until("sent, it is gone everywhere", || (written() == "").then_some(()));
}

#[test]
fn half_a_text_of_several_lines_stands_as_high_as_it_was_written() {
    let world = World::start();
    for look in [Look::DESKTOP, Look::PHONE] {
        let visitor = world.visitor_as(look);
        visitor.go(&world.site.page("odd/quiet.html"));
        visitor.open_chat();
        let height = || {
            let script = "return document.querySelector('[data-testid=composer]').getBoundingClientRect().height;";
            visitor.script(script, &[]).as_f64().expect("a number")
        };
        let one = height();
        // Shift and Enter break the line.
        visitor.keys("[data-testid=composer]", "one\u{e008}\u{e007}two\u{e007}three\u{e007}four\u{e008}");
        let four = wait_until("four lines", || Some(height()).filter(|high| *high > one + 50.0));
        visitor.top();
        visitor.go(&world.site.page("odd/other.html"));
        visitor.open_chat();
        wait_until("the text on the next page, as high as before", || (height() - four).abs().lt(&1.0).then_some(()));
        visitor.resize(look.width.min(360), look.height);
        wait_until("still all to be seen", || {
            let script = "const e = document.querySelector('[data-testid=composer]'); return e.scrollHeight <= e.clientHeight + 1;";
            visitor.script(script, &[]).as_bool()?.then_some(())
        });
    }
}

#[test]
fn what_a_closed_tab_left_goes_out_from_the_other_one() {
    let mut world = World::start();
    world.relay.agent("watch@example.com", "Watch", 4);
    let visitor = began(&world, "From the first tab");
    let first = visitor.new_tab();
    visitor.go(&world.site.page("odd/other.html"));
    visitor.open_chat();
    visitor.sees("visitor", "From the first tab");
    world.relay.kill();
    visitor.say("from a tab that goes");
    visitor.wait_message("from a tab that goes", |shown| shown.state == "sending");
    visitor.close_tab();
    visitor.tab(&first);
    world.relay.up();
    assert!(visitor.enter_chat());
    // It would come back by itself, by now after a longer pause.
    visitor.script("dispatchEvent(new Event('online'));", &[]);
    visitor.sent("from a tab that goes");
    let texts = world.relay.stored("watch@example.com").into_values().flatten();
    let count = texts
        .filter(|event| matches!(&event.body, wire::Body::Text { text } if text == "from a tab that goes"))
        .count();
    assert_eq!(count, 1, "once");
}
