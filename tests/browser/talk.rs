//! A visitor and an agent talk: the first answer, many words at once, coming back, the end.

use std::thread;

use support::{Agent, Browser, Visitor, World, wait_until};
use wire::Body;

/// A visitor who wrote `text`, and the agent who has it open.
fn talking(world: &World, text: &str) -> (Visitor, Agent) {
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say(text);
    visitor.sent(text);
    ada.open_mine(text);
    ada.sees("visitor", text);
    (visitor, ada)
}

#[test]
fn first_message_and_answer() {
    let world = World::start();
    let (visitor, ada) = talking(&world, "Where is my withdrawal?");
    visitor.wait_message("Where is my withdrawal?", |shown| shown.state == "seen");
    ada.say("It is on its way.");
    ada.sent("It is on its way.");
    visitor.sees("agent", "It is on its way.");
    ada.wait_message("It is on its way.", |shown| shown.state == "seen");
    wait_until("the agent's name in the chat", || visitor.shown_text("body")?.contains("Ada").then_some(()));

    let log = world.relay.log();
    for private in ["withdrawal", "on its way", "ada@example.com", "Ada L."] {
        assert!(!log.contains(private), "the relay logged {private:?}");
    }
}

#[test]
fn each_side_sees_the_other_typing() {
    let world = World::start();
    let (visitor, ada) = talking(&world, "Hello");
    visitor.keys("[data-testid=composer]", "I was wond");
    wait_until("the visitor's typing sign", || ada.shows("[data-testid=typing]").then_some(()));
    ada.keys("[data-testid=composer]", "Tell me m");
    wait_until("the agent's typing sign", || visitor.shows("[data-testid=typing]").then_some(()));
    wait_until("the typing sign goes away by itself", || (!visitor.shows("[data-testid=typing]")).then_some(()));
}

/// The marks (`mark-…`) of a timeline in the order shown.
fn marks(browser: &Browser) -> Vec<String> {
    let texts = browser.messages();
    let marks = texts.iter().filter_map(|shown| shown.text.split_whitespace().find(|word| word.starts_with("mark-")));
    marks.map(str::to_owned).collect()
}

#[test]
fn fifty_messages_from_each_side_at_once_stand_in_one_order() {
    const EACH: usize = 50;
    let world = World::start();
    let (visitor, ada) = talking(&world, "Let us begin");
    thread::scope(|scope| {
        scope.spawn(|| (0..EACH).for_each(|n| visitor.say(&format!("mark-v{n:02}"))));
        (0..EACH).for_each(|n| ada.say(&format!("mark-a{n:02}")));
    });
    let all_recorded = |browser: &Browser| {
        let shown = browser.messages();
        let recorded = shown.iter().filter(|one| one.text.contains("mark-") && one.seq > 0).count();
        (recorded == 2 * EACH).then_some(())
    };
    wait_until("the visitor sees all", || all_recorded(&visitor));
    wait_until("the agent sees all", || all_recorded(&ada));

    world.relay.agent("watch@example.com", "Watch", 4);
    let stored = world.relay.stored("watch@example.com");
    assert_eq!(stored.len(), 1, "one conversation");
    let texts = stored.values().flatten().filter_map(|event| match &event.body {
        Body::Text { text } if text.starts_with("mark-") => Some(text.clone()),
        _ => None,
    });
    let stored: Vec<String> = texts.collect();
    assert_eq!(marks(&visitor), stored, "the visitor's order is the store's");
    assert_eq!(marks(&ada), stored, "the agent's order is the store's");
    for side in ["mark-v", "mark-a"] {
        let own: Vec<_> = stored.iter().filter(|mark| mark.starts_with(side)).collect();
        assert!(own.is_sorted(), "what one person wrote stands in the order written: {own:?}");
    }
}

#[test]
fn reload_and_reopen_keep_the_conversation() {
    let world = World::start();
    let (visitor, ada) = talking(&world, "Please keep this");
    ada.say("Kept.");
    visitor.sees("agent", "Kept.");

    visitor.press_escape();
    visitor.open_chat();
    visitor.sees("agent", "Kept.");

    visitor.reload();
    visitor.open_chat();
    visitor.sees("visitor", "Please keep this");
    visitor.sees("agent", "Kept.");
    visitor.say("And I am back.");
    visitor.sent("And I am back.");
    ada.sees("visitor", "And I am back.");

    ada.reload();
    ada.open_mine("And I am back.");
    ada.sees("visitor", "Please keep this");
    ada.sees("agent", "Kept.");
}

#[test]
fn chinese_from_page_to_console_and_back() {
    let world = World::start();
    let page = world.site.text("index.html").replace("data-site=\"demo\"", "data-site=\"demo\" data-lang=\"zh-CN\"");
    let page = world.site.put("zh.html", &page);
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.go(&page);
    visitor.open_chat();
    let composer = "const e = document.querySelector('[data-testid=composer]');
        return document.documentElement.lang + ' ' + (e.placeholder || e.getAttribute('aria-label'));";
    let words = visitor.script(composer, &[]);
    let words = words.as_str().expect("a text");
    assert!(words.starts_with("zh"), "the chat says its language: {words}");
    assert!(words.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "the chat speaks Chinese: {words}");

    visitor.say("我的提现还没有到账，请帮我查一下。");
    visitor.sent("我的提现还没有到账，请帮我查一下。");
    ada.open_mine("我的提现还没有到账");
    ada.say("正在处理，请稍等。");
    visitor.sees("agent", "正在处理，请稍等。");
    visitor.top();
    visitor.screenshot("widget-chinese");
}

#[test]
fn an_ended_conversation_is_rated_and_taken_home() {
    let world = World::start();
    let (visitor, ada) = talking(&world, "One last question");
    ada.say("Here is the answer.");
    visitor.sees("agent", "Here is the answer.");
    ada.end_conversation();

    visitor.rate(5);
    let (name, body) = visitor.take_transcript();
    let text = String::from_utf8_lossy(&body).into_owned();
    assert!(text.contains("One last question") && text.contains("Here is the answer."), "{name}: {text}");
    assert!(text.find("One last question") < text.find("Here is the answer."), "in the order said: {text}");
}

#[test]
fn words_stay_words() {
    let world = World::start();
    let (visitor, ada) = talking(&world, "Hello");
    let hostile = "<img src=x onerror=document.title=1> <b>bold</b> javascript:alert(1) https://example.com/a?b=1&c=2";
    // Shift and Enter break the line and do not send.
    visitor.keys("[data-testid=composer]", "first line\u{e008}\u{e007}\u{e000}second line\u{e007}");
    visitor.sent("first line\nsecond line");
    ada.sees("visitor", "first line\nsecond line");
    visitor.say(hostile);
    ada.sees("visitor", hostile);
    ada.say(hostile);
    visitor.sees("agent", hostile);
    let check = "const all = [...document.querySelectorAll('[data-testid=message]')];
        const links = all.flatMap((e) => [...e.querySelectorAll('a')]);
        return [all.some((e) => e.querySelector('b, img')), links.length, links.every((a) =>
            a.getAttribute('href') === 'https://example.com/a?b=1&c=2' && a.rel === 'noopener noreferrer nofollow ugc')];";
    for side in [&*visitor, &*ada] {
        assert_eq!(
            side.script(check, &[]),
            serde_json::json!([false, 2, true]),
            "markup is shown, addresses are links"
        );
    }
}

#[test]
fn two_tabs_of_one_visitor_show_one_conversation() {
    let world = World::start();
    let (visitor, ada) = talking(&world, "From the first tab");
    let first = visitor.new_tab();
    visitor.go(&world.site.origin());
    visitor.open_chat();
    visitor.sees("visitor", "From the first tab");
    visitor.say("From the second tab");
    visitor.sent("From the second tab");
    ada.sees("visitor", "From the second tab");
    ada.say("I see both");
    visitor.sees("agent", "I see both");
    visitor.tab(&first);
    assert!(visitor.enter_chat(), "the first tab's chat is still there");
    visitor.sees("visitor", "From the second tab");
    visitor.sees("agent", "I see both");
    let own = visitor.messages().iter().filter(|one| one.author == "visitor").count();
    assert_eq!(own, 2, "nothing twice");
}
